"""`python -m bench.assistants`: turns of Grace beside stock Rasa's, the same dialogues in one run.

All run side by side and are asked in turns, so that what else the machine does falls on each alike. A figure
is the median of the rounds, a ratio that of the rounds' ratios, with the lowest and the highest.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import stock, turns, whole
from bench.turns import CLIENTS, Door
from tests.stack import Stack

_WAITED = ("1", "16")
_NAMED = {"rate": "turns/s", "p95": "p95 ms"}
LENGTHENED = (stock.BASIS, "Grace", "Grace, no adapters")
Runs = dict[str, list[dict[str, float]]]
"""Figures by the number of clients, a round each."""
Found = dict[str, Any]


@contextmanager
def _stock(name: str) -> Iterator[tuple[Stack, Door]]:
    with tempfile.TemporaryDirectory() as state, stock.served(stock.ready(name), Path(state)) as found:
        yield found


def _assistants() -> dict[str, AbstractContextManager[tuple[Stack, Door]]]:
    return {
        **{name: _stock(name) for name in stock.POLICIES},
        "Grace": turns.variant(),
        "Grace, no vectors": turns.variant(GRACE_VECTORS="off"),
        "Grace, no adapters": turns.variant(GRACE_RASA_ADAPTERS=""),
        "Grace, whole way, SQLite": whole.served("sqlite"),
        "Grace, whole way, PostgreSQL": whole.served("postgresql"),
    }


def measure(seconds: float = 5.0, rounds: int = 3, clients: Sequence[int] = CLIENTS, only: str = "") -> Found:
    """Return, by assistant, each round's figures at each number of clients, and waits by a session's events.

    Every assistant whose name fits the pattern is asked for some seconds a round; `stock.BASIS` always is.
    """
    with ExitStack() as opened:
        doors = {
            name: opened.enter_context(one)
            for name, one in _assistants().items()
            if name == stock.BASIS or re.search(only, name)
        }
        return asyncio.run(_all(doors, seconds, rounds, clients))


async def _all(
    doors: dict[str, tuple[Stack, Door]], seconds: float, rounds: int, clients: Sequence[int]
) -> Found:
    for stack, door in doors.values():
        await turns.load(stack, door, 2, seconds / 2)
    runs: dict[str, Runs] = {name: {str(number): [] for number in clients} for name in doors}
    for number in clients:
        for _ in range(rounds):
            for name, (stack, door) in doors.items():
                runs[name][str(number)].append(asdict(await turns.load(stack, door, number, seconds)))
    longer = {name: await turns.lengthening(*doors[name]) for name in LENGTHENED if name in doors}
    for _, door in doors.values():
        await door.close()
    return {"turns": runs, "by_events": longer}


def show(console: Console, found: Found) -> None:
    """Print the tables."""
    basis = found["turns"][stock.BASIS]
    counts = list(basis)
    rated = [f"turns/s, {n}" for n in counts]
    table = Table("assistant", *rated, *(f"p50, p95, p99 ms, {n}" for n in counts if n in _WAITED))
    against = [(n, field) for n in counts if n in _WAITED for field in ("rate", "p95")]
    beside = Table(f"against {stock.BASIS}", *(f"{_NAMED[field]} at {n}" for n, field in against))
    for name, runs in found["turns"].items():
        rates = (f"{_median(runs[n], 'rate'):.0f}" for n in counts)
        table.add_row(name, *rates, *(_waits(runs[n]) for n in counts if n in _WAITED))
        beside.add_row(name, *(_ratio(runs[n], basis[n], field) for n, field in against))
    events = Table("assistant", "events in the conversation: median ms of the ten turns there")
    for name, points in found["by_events"].items():
        events.add_row(name, ", ".join(f"{events}: {wait:.1f}" for events, wait in points))
    console.print(table, beside, events)


def _waits(runs: list[dict[str, float]]) -> str:
    return ", ".join(f"{_median(runs, field):.1f}" for field in ("p50", "p95", "p99"))


def _median(runs: list[dict[str, float]], field: str) -> float:
    return float(statistics.median(one[field] for one in runs))


def _ratio(ours: list[dict[str, float]], theirs: list[dict[str, float]], field: str) -> str:
    ratios = [a[field] / b[field] for a, b in zip(ours, theirs, strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"


def main() -> None:
    """Measure for as long as is asked for, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each is asked in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, nargs="+", default=CLIENTS, help="how many ask side by side")
    parser.add_argument("--only", default="", help="a pattern that names the assistants")
    given = parser.parse_args()
    show(Console(width=140), measure(given.seconds, given.rounds, given.clients, given.only))


if __name__ == "__main__":
    main()
