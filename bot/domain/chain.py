"""A hash chain over records: whoever changes, drops or inserts one breaks every hash that follows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

GENESIS = "0" * 64
"""What the first record of a chain names as the hash before it."""

ERASED = "[erased]"
"""What stands where words were erased; a record that has it need not fit its hash."""

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Break:
    """The first record that does not hold: its place in the chain or file (from 1), and what is wrong."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of checking a chain: how many records hold, the hash of the last of them, the first break.

    `erased` are the places of records whose words were taken out: they stand where they stood, and whether
    anything else in them was changed only the database can tell.
    """

    count: int
    head: str
    broken: Break | None = None
    erased: tuple[int, ...] = ()


_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode
_PREVIOUS = "prev_hash"


def canonical(value: Any) -> str:
    """Write a value as JSON in the one way that is hashed: sorted keys, no spaces, characters as they are."""
    return _encode(value)


def link(record: Record, prev_hash: str) -> str:
    """Return the hash of a record: SHA-256 of its fields and of the hash before it, 64 hex digits."""
    fields = {name: value for name, value in record.items() if name != "hash"}
    return hashlib.sha256(_encode({**fields, _PREVIOUS: prev_hash}).encode()).hexdigest()


def sealed(record: Record, prev_hash: str) -> tuple[str, str]:
    """Return the canonical text of a record without its links, and its hash as `link` has it."""
    early = _encode({name: value for name, value in record.items() if name < _PREVIOUS})[1:-1]
    late = _encode({name: value for name, value in record.items() if name > _PREVIOUS})[1:-1]
    parts = [early, late] if early and late else [early or late]
    linked = ",".join(part for part in (early, f'"{_PREVIOUS}":"{prev_hash}"', late) if part)
    return f"{{{','.join(parts)}}}", hashlib.sha256(f"{{{linked}}}".encode()).hexdigest()


def verify(records: Iterable[Record], *, start: str | None = GENESIS) -> Verdict:
    """Check records that carry `prev_hash` and `hash`, in order, up to the first that does not hold.

    `start` is the hash before the first; None takes the first record's word for it, as in a part of a chain.
    """
    head, count = start, 0
    erased: list[int] = []
    for number, record in enumerate(records, 1):
        before = str(record.get("prev_hash"))
        if head is not None and before != head:
            reason = "does not follow the record before it: one was removed, added or moved here"
            return Verdict(count, head, Break(number, reason), tuple(erased))
        if record.get("hash") != link(record, before):
            if not _is_erased(record):
                broken = Break(number, "was changed: its hash does not fit it")
                return Verdict(count, head or before, broken, tuple(erased))
            erased.append(number)
        head, count = str(record["hash"]), number
    return Verdict(count, head or GENESIS, None, tuple(erased))


def digest(records: Iterable[tuple[int, Record]]) -> str:
    """Return one hash over records and their numbers in a chain, as they are left: 64 hex digits."""
    left = [[number, _content(record)] for number, record in records]
    return hashlib.sha256(canonical(left).encode()).hexdigest()


def _content(record: Record) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in ("hash", "prev_hash")}


def _is_erased(value: Any) -> bool:
    """Tell whether words were erased anywhere within a record."""
    if isinstance(value, Mapping):
        return any(_is_erased(one) for one in value.values())
    if isinstance(value, list):
        return any(_is_erased(one) for one in value)
    return bool(value == ERASED)
