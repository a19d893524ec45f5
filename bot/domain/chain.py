"""A hash chain over records: whoever changes, drops or inserts one breaks every hash that follows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

GENESIS = "0" * 64
"""What the first record of a chain names as the hash before it."""

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Break:
    """The first record that does not hold: its place in the chain or file (from 1), and what is wrong."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of checking a chain: how many records hold, the hash of the last of them, the first break."""

    count: int
    head: str
    broken: Break | None = None


def canonical(value: Any) -> str:
    """Write a value as JSON in the one way that is hashed: sorted keys, no spaces, characters as they are."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def link(record: Record, prev_hash: str) -> str:
    """Return the hash of a record: SHA-256 of its fields and of the hash before it, 64 hex digits."""
    fields = {name: value for name, value in record.items() if name != "hash"}
    return hashlib.sha256(canonical({**fields, "prev_hash": prev_hash}).encode()).hexdigest()


def verify(records: Iterable[Record], *, start: str | None = GENESIS) -> Verdict:
    """Check records that carry `prev_hash` and `hash`, in order, up to the first that does not hold.

    `start` is the hash before the first; None takes the first record's word for it, as in a part of a chain.
    """
    head, count = start, 0
    for number, record in enumerate(records, 1):
        before = str(record.get("prev_hash"))
        if head is not None and before != head:
            reason = "does not follow the record before it: one was removed, added or moved here"
            return Verdict(count, head, Break(number, reason))
        if record.get("hash") != link(record, before):
            return Verdict(count, head or before, Break(number, "was changed: its hash does not fit it"))
        head, count = str(record["hash"]), number
    return Verdict(count, head or GENESIS)
