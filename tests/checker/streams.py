"""Checks files of any size: rows are dealt out by borrower first, and each lot is then checked by itself."""

from __future__ import annotations

import hashlib
import json
import pickle
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import IO

from tests.checker.files import Row, rows
from tests.checker.rules import Finding, check

_BATCH = 500
_ROWS_A_LOT = 100_000
_BYTES_A_ROW = 900


@dataclass(frozen=True)
class Report:
    """How many rows there were of each kind, and every breach that was found, in order of the files."""

    contacts: int
    events: int
    findings: tuple[Finding, ...]


class _Lots:
    """Files of rows, one a lot; a row goes to the lot of its borrower, one of nobody to all of them."""

    def __init__(self, folder: Path, name: str, count: int, stack: ExitStack) -> None:
        self.paths = [folder / f"{name}-{lot}.pickle" for lot in range(count)]
        self._files: list[IO[bytes]] = [stack.enter_context(path.open("wb")) for path in self.paths]
        self._waiting: list[list[Row]] = [[] for _ in self.paths]

    def put(self, row: Row) -> None:
        who = row["borrower"] or row.get("address_hash")
        if who is None:
            for lot in range(len(self.paths)):
                self._add(lot, row)
        else:
            self._add(zlib.crc32(who.encode()) % len(self.paths), row)

    def _add(self, lot: int, row: Row) -> None:
        self._waiting[lot].append(row)
        if len(self._waiting[lot]) >= _BATCH:
            self._write(lot)

    def _write(self, lot: int) -> None:
        pickle.dump(self._waiting[lot], self._files[lot], pickle.HIGHEST_PROTOCOL)
        self._waiting[lot] = []

    def finish(self) -> None:
        for lot in range(len(self.paths)):
            self._write(lot)


def check_folder(folder: Path, pack: str, jobs: int = 1) -> Report:
    """Check `contacts.csv` and `events.csv` of a folder: hashes, rules, and that all were under `pack`."""
    files = {name: folder / f"{name}.csv" for name in ("contacts", "events")}
    size = sum(path.stat().st_size for path in files.values())
    lots = max(1, size // (_ROWS_A_LOT * _BYTES_A_ROW))
    with tempfile.TemporaryDirectory(prefix="checker-") as temporary, ExitStack() as stack:
        dealt = {}
        found: list[Finding] = []
        counts = {}
        end = None
        for name, path in files.items():
            dealt[name] = _Lots(Path(temporary), name, lots, stack)
            count = 0
            for row in _chained(rows(path), name, found):
                row["#"] = count
                count += 1
                at = datetime.fromisoformat(row["at_utc"])
                end = at if end is None or at > end else end
                if name == "contacts" and row["pack"] and pack not in row["pack"].split("+"):
                    found.append(Finding("pack", row["#"], f"under {row['pack']}, not under {pack}"))
                dealt[name].put(row)
            dealt[name].finish()
            counts[name] = count
        stack.close()
        work = [(a, b, end) for a, b in zip(dealt["contacts"].paths, dealt["events"].paths, strict=True)]
        if jobs == 1 or lots == 1:
            found += [one for lot in work for one in _check_lot(lot)]
        else:
            with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
                found += [one for lot in pool.map(_check_lot, work) for one in lot]
    return Report(
        counts["contacts"], counts["events"], tuple(sorted(found, key=lambda one: (one.row, one.rule)))
    )


def _chained(source: Iterator[Row], name: str, found: list[Finding]) -> Iterator[Row]:
    before = None
    for number, row in enumerate(source):
        fields = {key: value for key, value in row.items() if key != "hash"}
        text = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        if before not in (None, row["prev_hash"]) or hashlib.sha256(text.encode()).hexdigest() != row["hash"]:
            found.append(Finding("chain", number, f"row {number} of {name} was changed, or does not follow"))
        before = row["hash"]
        yield row


def _check_lot(lot: tuple[Path, Path, datetime | None]) -> list[Finding]:
    contacts, events, end = lot
    return check(list(_read(contacts)), list(_read(events)), end)


def _read(path: Path) -> Iterator[Row]:
    with path.open("rb") as file:
        while True:
            try:
                batch: Sequence[Row] = pickle.load(file)
            except EOFError:
                return
            yield from batch
