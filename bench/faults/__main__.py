"""Every kind of harm on both databases; status 1 when anything was lost, doubled or needlessly in doubt."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack

from rich.console import Console
from rich.table import Table

from bench.faults.instance import instance, is_there
from bench.faults.judge import Tally
from bench.faults.kinds import KINDS
from bench.faults.running import emptied, many, read_once, sqlite_database
from tests.conftest import postgres_database

_COLUMNS = ("runs", "reminders", "sent", "refused", "lost", "doubled", "doubtful", "needless", "seconds")


def tallies(runs: int, chosen: str = "") -> Iterator[Tally]:
    """Yield what came of each kind of harm that, with its database, fits the pattern."""
    with ExitStack() as stack:
        stack.enter_context(read_once())
        url, own = "", None
        if "sqlite" not in chosen:
            own = stack.enter_context(instance()) if is_there() else None
            url = own.url if own is not None else stack.enter_context(postgres_database())
        for kind in KINDS:
            # What nothing is done to needs no instants: it only shows that the house stands.
            wanted = runs if kind.strike or kind.bad or kind.clocks else min(runs, 20)
            for database in ("postgresql", "sqlite"):
                if kind.only not in (None, database) or not re.search(chosen, f"{kind.name}, {database}"):
                    continue
                if kind.name == "database server restarted" and own is None:
                    print("no initdb and pg_ctl here: the server is not restarted", file=sys.stderr)
                    continue
                if database == "postgresql":
                    yield asyncio.run(many(kind, emptied(url), wanted, instance=own))
                else:
                    with sqlite_database() as file:
                        yield asyncio.run(many(kind, file, wanted))


def main() -> None:
    """Print a table, and below it whatever must not be."""
    # Told to end, it takes its server with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    console, table = Console(width=140), Table("fault", "database", *_COLUMNS)
    faults = []
    for one in tallies(runs, " ".join(sys.argv[2:])):
        row = (
            one.runs,
            sum(one.states.values()),
            one.states["sent"],
            one.states["failed"],
            len(one.lost),
            len(one.doubled),
            one.doubtful,
            len(one.needless),
            round(one.seconds),
        )
        table.add_row(one.kind, one.database, *map(str, row))
        print(one.kind, one.database, *row, sep="\t", file=sys.stderr, flush=True)
        faults += [f"{one.kind}, {one.database}: {fault}" for fault in one.faults]
    console.print(table)
    print("doubtful: uncertain with a reason, needless: uncertain without one")
    for fault in faults:
        print(f"  {fault}")
    raise SystemExit(1 if faults else 0)


if __name__ == "__main__":
    main()
