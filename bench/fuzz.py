"""`python -m bench.fuzz [COUNT] [--seed N]`: random messages read whole; none may fail or be slow."""

from __future__ import annotations

import argparse
import heapq
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bench.entities import SIZE, UNITS, sentences
from bot.language.entities import Context
from bot.language.entities.model import EXPECTED

COUNT = 100_000
SLOWEST = 10
LIMIT = 50
"""Milliseconds of processor time that a message may take."""
PROCESSES = 2
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
_REAL = 0.4
_HUGE = 0.02
_ZONES = ("Asia/Shanghai", "Europe/London", "America/New_York", "Pacific/Auckland", "Africa/Lagos")
_CURRENCIES = ("CNY", "USD", "GBP", "JPY", "KWD", "HKD", "NGN", "INR", "ZAR")
_RANGES = (
    (0x20, 0x7F), (0xA0, 0x24F), (0x2000, 0x206F), (0x3000, 0x30FF), (0x4E00, 0x9FFF), (0xFF00, 0xFFEF),
    (0x600, 0x6FF), (0x900, 0x97F), (0xD800, 0xDFFF), (0x1F300, 0x1FAFF), (0, 0x10FFFF),
)  # fmt: skip


_PIECES = (
    "<b>", "</script>", "<!--", "&nbsp;", "[x](y)", "{\"a\":1}", "{{", "%s", "\\", "/intent{}",
    "```", "'; --",
    "\u202e", "\u202d", "\u2066", "\u200f", "\u0000", "\u0007", "\u001b[31m", "\r\n", "\t",
    "\u2028", "\ufeff",
    "👨‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇨🇳", "\u200d", "Z͑ͫa̴l͟g̨o", "e\u0301\u0323", "\u0e33",
    "שלום", "مرحبا ادفع", "नमस्ते", "สวัสดี",
    "😭" * 30, "٣٤٥", "ⅷ", "½", "㊿", "㍿", "ﷺ", "ﬃ", "₂", "ａｂｃ", "𝒑𝒂𝒚", "ⓟⓐⓨ",
)  # fmt: skip


def messages(rng: random.Random, count: int) -> Iterator[tuple[str, Context]]:
    """Yield random messages with contexts: words of the trade, spoilt sentences, any characters."""
    real = sentences()
    for _ in range(count):
        make = rng.choices((_talk, _noise, _repeated, _pieces), (5, 2, 1, 2))[0]
        text = _spoilt(rng, real) if rng.random() < _REAL else make(rng)
        if rng.random() < _HUGE:
            text = (text or " ") * (SIZE // max(1, len(text)) + 1)
        yield text[:SIZE], _context(rng)


def _pieces(rng: random.Random) -> str:
    """Markup, controls, marks of direction, joined emoji and other scripts, among words of the trade."""
    return rng.choice(("", " ")).join(
        rng.choice(rng.choice((_PIECES, _TALK))) for _ in range(rng.randint(1, 30))
    )


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


def shape(text: str) -> str:
    """Describe a message without telling what it says."""
    letters, digits = sum(map(str.isalpha, text)), sum(map(str.isdigit, text))
    return f"{len(text):,} characters, {letters:,} letters, {digits:,} digits, {len(set(text)):,} different"


def main() -> int:
    """Read them all; print what failed and the slowest. Returns 1 where anything failed or was too slow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=PROCESSES)
    parser.add_argument("--limit", type=int, default=LIMIT, help="milliseconds of processor time")
    chosen = parser.parse_args()
    with ThreadPoolExecutor(chosen.processes) as pool:
        parts = pool.map(lambda part: _run(chosen, part), range(chosen.processes))
        done = [one for part in parts for one in part]
    failed = sum(part["failed"] for part in done)
    slow = sum(part["slow"] for part in done)
    read, once = (sum(part[name] for part in done) for name in ("read", "once"))
    print(
        f"{read:,} messages (seed {chosen.seed}): {failed} failed, {slow} took more than {chosen.limit} ms "
        f"of processor time; {once} did once, but not when read again (garbage was collected). The slowest:"
    )
    for spent, told in heapq.nlargest(SLOWEST, (tuple(one) for part in done for one in part["slowest"])):
        print(f"{spent:7.2f} ms  {told}")
    return int(failed + slow > 0)


def _run(chosen: argparse.Namespace, part: int) -> list[dict[str, Any]]:
    """Read one part of the messages in Rasa's environment, which lacks what `bot.processes` needs."""
    from bot import processes

    found = subprocess.run(
        [
            str(processes.ASSISTANT_PYTHON),
            *(
                "-m",
                "bench.hostile",
                str(processes.MODEL),
                str(chosen.count),
                str(chosen.seed),
                str(part),
                str(chosen.processes),
                str(chosen.limit),
            ),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
        cwd=processes.ROOT,
        env={**os.environ, "PYTHONPATH": ".", "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    return [json.loads(found.stdout.splitlines()[-1])]


if __name__ == "__main__":
    sys.exit(main())
