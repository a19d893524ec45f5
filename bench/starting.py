"""`python -m bench.starting`: seconds from the command to the first answer, and what all processes hold.

Grace is started by `grace serve`, and a chat page asks until it is answered; beside it stands Rasa with the
pipeline of `rasa init` and our action server, asked through its REST channel.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import stock
from bench.turns import Door, asked
from bench.whole import PageDoor
from bot import processes
from tests.stack import Stack, running

ROUNDS = 3
Found = dict[str, dict[str, float]]


def measure(rounds: int = ROUNDS) -> Found:
    """Start each in turns; return medians: `seconds` to the first answer, `mb` of all processes after it."""
    ways: dict[str, Callable[[Path], tuple[float, float]]] = {"Grace, all of it": _ours, stock.BASIS: _stock}
    stock.ready(stock.BASIS)
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            with tempfile.TemporaryDirectory() as state:
                runs[name].append(way(Path(state)))
    return {
        name: {
            "seconds": statistics.median(seconds for seconds, _ in found),
            "mb": statistics.median(held for _, held in found),
        }
        for name, found in runs.items()
    }


def _ours(state: Path) -> tuple[float, float]:
    with running(state, burst=0.0, chat_frames=100_000) as stack, (state / "serve.log").open("wb") as log:
        start = time.perf_counter()
        stack.children["serve"] = subprocess.Popen(
            [sys.executable, "-m", "bot.cli", "serve"],
            cwd=processes.ROOT,
            env=processes.environment(stack.settings),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            stack.wait("app", "rasa", "actions", child="serve")
            return asyncio.run(_asked(stack, PageDoor(stack), start))
        finally:
            # Asked, not killed: it ends what it started.
            child = stack.children.pop("serve")
            child.terminate()
            child.wait()


def _stock(state: Path) -> tuple[float, float]:
    start = time.perf_counter()
    with stock.served(stock.folder(stock.BASIS), state) as (stack, door):
        return asyncio.run(_asked(stack, door, start))


async def _asked(stack: Stack, door: Door, start: float) -> tuple[float, float]:
    """Return seconds from the start to the first answer, and megabytes after two dialogues."""
    talk = asked(stack, door, "zh_CN")
    await anext(talk)
    waited = time.perf_counter() - start
    for rest in (talk, asked(stack, door, "en")):
        async for _ in rest:
            pass
    held = sum(memory(child.pid) for child in stack.children.values())
    await door.close()
    return waited, held


def memory(leader: int) -> float:
    """Return the megabytes of a process and all below it; a page that several share counts once in all."""
    found = 0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if _descends(int(entry.name), leader):
                text = (entry / "smaps_rollup").read_text("ascii")
                found += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
        except OSError:
            continue  # It has ended since.
    return found / 1024


def _descends(pid: int, leader: int) -> bool:
    """Tell whether a process is another or below it: `grace serve` gives each of its own a session."""
    while pid > 1:
        if pid == leader:
            return True
        pid = int(Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[1])
    return False


def show(console: Console, found: Found) -> None:
    """Print the table."""
    table = Table("from the command on", "seconds to the first answer", "memory of all processes, MB")
    for name, one in found.items():
        table.add_row(name, f"{one['seconds']:.1f}", f"{one['mb']:.0f}")
    console.print(table)


if __name__ == "__main__":
    show(Console(), measure())
