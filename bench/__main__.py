"""`make bench`: interleaved rounds, medians, and the ratio with its spread."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import contact, delivery, entities, offers, parse, planning, reading

ROUNDS = 7
RESULTS = Path("bench/results/latest.json")


def rate(work: Callable[[], int], seconds: float = 0.4) -> float:
    """Return how many items a second `work` does; each call returns how many it did."""
    done, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds:
        done += work()
    return done / spent


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


def main() -> None:
    """Run every benchmark, print the table, keep the figures."""
    console = Console()
    table = Table("what", "ours / s", "beside", "other / s", "ratio (low-high)")
    results: dict[str, Any] = {}
    for name, beside, ours, other in (*offers.cases(), *contact.cases()):
        found = results[name] = compare(ours, other)
        ratio = f"{found['ratio']:.2f} ({found['low']:.2f}-{found['high']:.2f})"
        table.add_row(name, f"{found['ours']:,.0f}", beside, f"{found['other']:,.0f}", ratio)
    console.print(table)
    results["entities"], results["parse"] = entities.measure(), parse.measure()
    for name, what in (("entities", "extractors"), ("parse", "whole pipeline")):
        figures = ", ".join(f"{key} {value:.1f}" for key, value in results[name].items())
        console.print(f"{name} (milliseconds, one core, {what}): {figures}")
    results["reading"] = reading.measure()
    reading.show(console, results["reading"])
    results["planning"] = planning.measure()
    planning.show(console, results["planning"])
    results["delivery"], results["drain"] = delivery.measure(), delivery.drain()
    delivery.show(console, results["delivery"], results["drain"])
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
