"""How long the extractors take: ordinary messages, and the worst that anybody could send."""

from __future__ import annotations

import json
import statistics
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from bot.language.entities import Context, extract

# The assistant's environment, which reads these sentences too, has no rich.
if TYPE_CHECKING:
    from rich.console import Console

CONTEXT = Context(datetime(2025, 1, 15, 2, tzinfo=UTC), "Asia/Shanghai", "CNY", Decimal(12000))
SIZE = 20_000
"""Characters of a hostile message."""
SETS = Path("tests/understanding")
UNITS = {
    "digits": "1", "digits apart": "1 ", "digits and commas": "1,", "digits and dashes": "1-",
    "one": "一", "ten": "十", "a few": "几", "half": "半", "week": "下周", "weekdays": "下周一",
    "lists of weekdays": "周一、三、", "every month": "每月", "o'clock": "一点", "days of the month": "15号",
    "lists of days": "3、4号", "fractions": "三分之", "per cent": "百分之", "amounts": "500块 ",
    "amounts in parts": "1万2千5", "hedges": "最多还大概能", "options": "第三个", "past days": "还了周五",
    "names of languages": "文语话", "next friday": "next friday ", "hundreds": "one hundred and ",
    "amounts told": "one fifty ", "decimals": "one point five ", "ordinals": "5th ", "dates": "jan 1 ",
    "rates": "200 a month ", "hours": "between 2 and 4 ", "quarters": "quarter to five ",
    "products": "6 x ", "parts": "a third ", "the whole": "the full amount ",
    "past": "paid it on in at my the a ", "speaking": "speak to me in ", "syllables": "xia ge yue ",
    "maybe": "maybe i can ", "words": "a ", "hyphens": "a-", "brackets": "([", "spaces": " ",
    "dollars": "$", "letters": "ty", "combining": "e\u0301", "invisible": "1\u200b", "emoji": "👍🏽",
    "arabic digits": "٣", "surrogate": "\ud800",
}  # fmt: skip
"""Each is repeated to SIZE: what the patterns would stumble over, if they did."""


def measure() -> dict[str, float]:
    """Return milliseconds: p50, p99 and max of ordinary messages, and the worst of the hostile ones."""
    extract("说英文", CONTEXT)  # the first time, the names of languages are read
    spent = sorted(_milliseconds(text) for text in sentences())
    hostile = {name: min(_milliseconds(_long(unit)) for _ in range(3)) for name, unit in UNITS.items()}
    worst = max(hostile, key=lambda name: hostile[name])
    return {
        "p50": statistics.median(spent),
        "p99": spent[int(len(spent) * 0.99)],
        "max": spent[-1],
        f"hostile ({worst})": hostile[worst],
    }


def sentences() -> list[str]:
    """Return the messages of the development sets."""
    lines = [line for path in sorted(SETS.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
    return [str(json.loads(line)["text"]) for line in lines if line.strip()]


def _long(unit: str) -> str:
    return (unit * SIZE)[:SIZE]


def _milliseconds(text: str) -> float:
    start = time.process_time()
    extract(text, CONTEXT)
    return (time.process_time() - start) * 1000


def show(console: Console, found: dict[str, float]) -> None:
    """Print the figures."""
    figures = ", ".join(f"{key} {value:.2f}" for key, value in found.items())
    console.print(f"milliseconds of one core a message, extractors: {figures}")


if __name__ == "__main__":
    from rich.console import Console

    show(Console(), measure())
