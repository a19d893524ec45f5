"""How well and how fast messages are read: our pipeline, with and without vectors, beside DIET."""

from __future__ import annotations

import json
import os
import subprocess

from rich.console import Console
from rich.table import Table

from bot import processes

SENTENCES = 2000
NAMES = ("grace", "grace without vectors", "DIET")


def measure(sentences: int = SENTENCES) -> dict[str, dict[str, float]]:
    """Train every pipeline on the same sentences; return accuracy, milliseconds, seconds and megabytes."""
    return {name: _one(name, sentences) for name in NAMES}


def _one(name: str, sentences: int) -> dict[str, float]:
    done = subprocess.run(
        [str(processes.ASSISTANT_PYTHON), "-m", "bench.rival", name, str(sentences)],
        capture_output=True,
        text=True,
        check=True,
        cwd=processes.ROOT,
        env={**os.environ, "PYTHONPATH": ".", "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def show(console: Console, figures: dict[str, dict[str, float]]) -> None:
    """Print the table."""
    table = Table(
        "pipeline", "right zh", "right en", "p50 ms", "p99 ms", "training s", "model MB", "memory MB"
    )
    for name, one in figures.items():
        table.add_row(
            name,
            f"{one['zh']:.3f}",
            f"{one['en']:.3f}",
            f"{one['p50_ms']:.1f}",
            f"{one['p99_ms']:.1f}",
            f"{one['trained_s']:.0f}",
            f"{one['model_mb']:.1f}",
            f"{one['memory_mb']:.0f}",
        )
    console.print(table)


if __name__ == "__main__":
    show(Console(), measure())
