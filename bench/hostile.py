"""`python -m bench.hostile MODEL COUNT SEED PART PARTS LIMIT`, where Rasa lives: a part of `bench.fuzz`."""

from __future__ import annotations

import asyncio
import gc
import heapq
import json
import random
import sys
import time
from typing import Any

from bench.fuzz import SLOWEST, messages, shape
from bot.assistant.parse import Reader
from bot.language.entities import Context

_AGAIN = 3


async def run(reader: Reader, count: int, seed: int, part: int, parts: int, limit: int) -> dict[str, Any]:
    """Read every `parts`-th message; one above `limit` ms is read again, and its shortest time counts."""
    slowest: list[tuple[float, str]] = []
    tally = {"read": 0, "failed": 0, "slow": 0, "once": 0}
    for number, (text, context) in enumerate(messages(random.Random(seed), count)):
        if number % parts != part:
            continue
        tally["read"] += 1
        try:
            spent = first = await _milliseconds(reader, text, context)
            for _ in range(_AGAIN if first > limit else 0):
                spent = min(spent, await _milliseconds(reader, text, context))
        except Exception as error:
            tally["failed"] += 1
            print(f"{type(error).__name__} on message {number}: {shape(text)}", file=sys.stderr)
            continue
        tally["slow"] += spent > limit
        tally["once"] += spent <= limit < first
        heapq.heappush(slowest, (spent, f"message {number}: {shape(text)}"))
        if len(slowest) > SLOWEST:
            heapq.heappop(slowest)
    return {**tally, "slowest": slowest}


async def _milliseconds(reader: Reader, text: str, context: Context) -> float:
    given = {
        "at": context.at.isoformat(),
        "timezone": context.timezone,
        "currency": context.currency,
        "outstanding": None if context.outstanding is None else str(context.outstanding),
    }
    start = time.process_time()
    await reader.parse(text, given)
    return (time.process_time() - start) * 1000


def main(model: str, count: int, seed: int, part: int, parts: int, limit: int) -> None:
    """Print the figures of a part as JSON."""
    reader = Reader(model)
    gc.freeze()
    print(json.dumps(asyncio.run(run(reader, count, seed, part, parts, limit))))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:7]))
