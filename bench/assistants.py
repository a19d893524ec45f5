"""`python -m bench.assistants`: turns of Grace beside stock Rasa's, the same dialogues in one run."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import stock, turns
from bench.turns import CLIENTS, Door
from tests.stack import Stack

KEPT = Path("var/bench")
"""Where stock Rasa's models are kept: they are trained once, which takes minutes."""
RESULTS = Path("bench/results/turns.json")
SECONDS = 8.0


@contextmanager
def _stock(name: str) -> Iterator[tuple[Stack, Door]]:
    folder = KEPT / name.replace(" + ", "-").lower()
    if not (folder / "models" / "stock.tar.gz").is_file():
        stock.project(folder, stock.POLICIES[name])
        stock.train(folder)
    with tempfile.TemporaryDirectory() as state, stock.served(folder.resolve(), Path(state)) as found:
        yield found


def main(seconds: float = SECONDS) -> None:
    """Measure every assistant; print the table and keep the figures."""
    assistants = {
        "Grace": turns.variant(None),
        "Grace without adapters": turns.variant(""),
        **{f"stock, {name}": _stock(name) for name in stock.POLICIES},
    }
    console = Console()
    table = Table(
        "assistant", *(f"turns/s, {n}" for n in CLIENTS), "p50, p95, p99 ms at 1", "ms by turns so far"
    )
    kept = {}
    for name, opened in assistants.items():
        with opened as (stack, door):
            figures, longer = asyncio.run(turns.measured(stack, door, seconds))
        kept[name] = {"by_clients": [asdict(one) for one in figures], "by_turns": longer}
        waits = f"{figures[0].p50:.0f}, {figures[0].p95:.0f}, {figures[0].p99:.0f}"
        lengths = ", ".join(f"{turn}: {wait:.0f}" for turn, wait in longer[::3])
        table.add_row(name, *(f"{one.rate:.0f}" for one in figures), waits, lengths)
    console.print(table)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main(*(float(given) for given in sys.argv[1:]))
