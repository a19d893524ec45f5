"""The records of all portfolios as one log: in order of time, chained anew, as CSV and as Parquet."""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from sqlalchemy import select

from bot.domain.chain import GENESIS, link
from bot.services.ledger import Chain
from bot.services.ledger import files as ledger_files
from bot.services.ledger.parquet import ParquetSink
from bot.storage.db import Database
from bot.storage.queries import INITIATED
from bot.storage.tables import LedgerEntry

Counts = dict[str, dict[str, int]]


def dump(db: Database, chain: Chain, path: Path) -> None:
    """Write the records of a portfolio's chain in order of time, one JSON object a line."""
    chosen = (
        select(LedgerEntry.record)
        .where(LedgerEntry.chain == chain)
        .order_by(LedgerEntry.at, LedgerEntry.number)
        .execution_options(yield_per=5000)
    )
    with db.begin() as session, path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{record}\n" for record in session.scalars(chosen))


def join(chain: Chain, parts: Sequence[Path], folder: Path) -> Counts:
    """Write `<chain>.csv` and `<chain>.parquet` from the dumps of all portfolios; return what was counted."""
    counts = _Counting()
    with ExitStack() as stack:
        sources = [stack.enter_context(part.open(encoding="utf-8", newline="\n")) for part in parts]
        sink = stack.enter_context(ParquetSink(chain, folder / f"{chain}.parquet"))
        file = stack.enter_context((folder / f"{chain}.csv").open("w", encoding="utf-8", newline=""))
        ledger_files.write(_told(_chained(_merged(sources)), sink, counts, chain), chain, "csv", file)
    return {name: dict(sorted(found.items())) for name, found in sorted(counts.found.items())}


def _merged(sources: Sequence[IO[str]]) -> Iterator[dict[str, Any]]:
    def records(file: IO[str]) -> Iterator[dict[str, Any]]:
        yield from map(json.loads, file)

    # Of two records of one instant that of the earlier portfolio comes first: a merge is stable.
    return heapq.merge(*(records(one) for one in sources), key=lambda record: str(record["at_utc"]))


def _chained(records: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    before = GENESIS
    for record in records:
        record["prev_hash"] = before
        before = record["hash"] = link(record, before)
        yield record


class _Counting:
    def __init__(self) -> None:
        self.found: dict[str, Counter[str]] = {}

    def add(self, name: str, key: str) -> None:
        self.found.setdefault(name, Counter())[key] += 1


def _told(
    records: Iterator[dict[str, Any]], sink: ParquetSink, counts: _Counting, chain: Chain
) -> Iterator[dict[str, Any]]:
    for record in records:
        sink.add(record)
        if chain == "events":
            counts.add("events", record["kind"])
        else:
            _count_contact(record, counts)
        yield record


def _count_contact(record: dict[str, Any], counts: _Counting) -> None:
    counts.add("contacts", f"{record['direction']} {record['purpose']}")
    if record["direction"] == "in":
        return
    counts.add("outcomes", record["outcome"])
    if record["purpose"] in INITIATED and record["outcome"] != "failed":
        counts.add("by_day", record["at_utc"][:10])
        counts.add("by_hour", record["at_local"][11:13])
        counts.add("by_template", str(record["template"]))
