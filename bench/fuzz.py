"""`python -m bench.fuzz [COUNT] [--seed N]`: random messages through the extractors; none may raise."""

from __future__ import annotations

import argparse
import heapq
import random
import sys
import time
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bench.entities import UNITS, sentences
from bot.language.entities import Context, extract
from bot.language.entities.model import EXPECTED

COUNT = 100_000
SLOWEST = 5
_SHOWN = 80
_WORDS = (
    "下 上 这 个 周 一 二 三 五 六 七 十 百 千 万 两 半 几 多 月 日 号 底 初 年 点 分 天 后 前 内 期 成 折 "
    "块 元 毛 还 每 最多 "
    "大概 到 至 晚上 明天 下午 第 选 方案 英文 话 全部 一半 零 、 了 的 头 个点 前两 礼拜 拜 季度末 过完年 "
    "hou tian next "
    "this last friday monday week month year half two hundred and the of at by before after in on to from "
    "between paid "
    "sent i 3 15 5th jan may per pay 500 300-400 1,200 $ £ % pm : / - , . maybe or so every option b 1.5k "
    "3万8 １５號 x emi "
    "point fifty grand ½ 1/3 full amount all quarter third language polish speak 2w5 N20k # 6pm ago through "
    "ok"
)
_TALK = _WORDS.split()
_ZONES = ("Asia/Shanghai", "Europe/London", "America/New_York", "Pacific/Auckland", "Africa/Lagos")
_CURRENCIES = ("CNY", "USD", "GBP", "JPY", "KWD", "HKD", "NGN", "INR", "ZAR")
_RANGES = (
    (0x20, 0x7F), (0xA0, 0x24F), (0x2000, 0x206F), (0x3000, 0x30FF), (0x4E00, 0x9FFF), (0xFF00, 0xFFEF),
    (0x600, 0x6FF), (0x900, 0x97F), (0xD800, 0xDFFF), (0x1F300, 0x1FAFF), (0, 0x10FFFF),
)  # fmt: skip


def messages(rng: random.Random, count: int) -> Iterator[tuple[str, Context]]:
    """Yield random messages with contexts: words of the trade, spoilt sentences, any characters."""
    real = sentences()
    for _ in range(count):
        kind = rng.randrange(13)
        if kind < 5:
            text = _talk(rng)
        elif kind < 10:
            text = _spoilt(rng, real)
        else:
            text = _noise(rng) if kind < 12 else _repeated(rng)
        yield text, _context(rng)


def _talk(rng: random.Random) -> str:
    return rng.choice(("", " ")).join(rng.choices(_TALK, k=rng.randint(1, 24)))


def _noise(rng: random.Random) -> str:
    return "".join(chr(rng.randint(*rng.choice(_RANGES))) for _ in range(rng.randint(0, 80)))


def _spoilt(rng: random.Random, real: list[str]) -> str:
    """Cut, double and swap pieces of two sentences."""
    text = rng.choice(real) + rng.choice(("", " ", "，")) + rng.choice(real)
    for _ in range(rng.randint(1, 6)):
        start, end = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        text = text[:start] + rng.choice(("", text[start:end][::-1], rng.choice(_TALK))) + text[end:]
    return text


def _repeated(rng: random.Random) -> str:
    return rng.choice(list(UNITS.values())) * rng.randint(1, 200) + rng.choice(_TALK)


def _context(rng: random.Random) -> Context:
    at = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=rng.randrange(90 * 365 * 24 * 60))
    owed = Decimal(rng.randrange(10**9)) / 100 if rng.random() < 0.5 else None
    expected = rng.choice((None, *sorted(EXPECTED)))
    return Context(at, rng.choice(_ZONES), rng.choice(_CURRENCIES), owed, expected)


def main() -> int:
    """Run them; print what raised and the slowest. Returns 1 where anything raised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    slowest: list[tuple[float, int, str]] = []
    raised = 0
    for number, (text, context) in enumerate(messages(random.Random(chosen.seed), chosen.count)):
        start = time.process_time()
        try:
            extract(text, context)
        except Exception:
            raised += 1
            print(f"raised on {text!r} in {context}\n{traceback.format_exc()}")
        heapq.heappush(slowest, ((time.process_time() - start) * 1000, number, text))
        if len(slowest) > SLOWEST:
            heapq.heappop(slowest)
    print(f"{chosen.count:,} messages (seed {chosen.seed}), {raised} raised; the slowest:")
    for spent, _, text in sorted(slowest, reverse=True):
        print(f"{spent:7.2f} ms  {len(text):6,} characters  {text[:_SHOWN]!r}")
    return int(raised > 0)


if __name__ == "__main__":
    sys.exit(main())
