"""How many a second: ours and another way in turns, medians, and the ratio with its spread."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable

from rich.console import Console
from rich.table import Table

ROUNDS = 7
Case = tuple[str, str, Callable[[], int], Callable[[], int]]
"""A name, the name of the other way, and both; each call returns how many it did."""
Found = dict[str, dict[str, float]]


def measure(cases: Iterable[Case]) -> Found:
    """Measure every case; by its name and the other's."""
    return {f"{name} | {beside}": compare(ours, other) for name, beside, ours, other in cases}


def compare(ours: Callable[[], int], other: Callable[[], int]) -> dict[str, float]:
    """Measure both in turns; return medians and the ratio's median, lowest and highest."""
    pairs = [(rate(ours), rate(other)) for _ in range(ROUNDS)]
    ratios = [mine / theirs for mine, theirs in pairs]
    return {
        "ours": statistics.median(mine for mine, _ in pairs),
        "other": statistics.median(theirs for _, theirs in pairs),
        "ratio": statistics.median(ratios),
        "low": min(ratios),
        "high": max(ratios),
    }


def rate(work: Callable[[], int], seconds: float = 0.4) -> float:
    """Return how many items a second `work` does on this core."""
    done, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds:
        done += work()
    return done / spent


def show(console: Console, found: Found) -> None:
    """Print the table."""
    table = Table("what", "ours / s and core", "beside", "other / s", "ratio (low-high)")
    for key, one in found.items():
        name, _, beside = key.partition(" | ")
        ratio = f"{one['ratio']:.1f} ({one['low']:.1f}-{one['high']:.1f})"
        table.add_row(name, f"{one['ours']:,.0f}", beside, f"{one['other']:,.0f}", ratio)
    console.print(table)
