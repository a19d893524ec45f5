"""Days with names of their own: 国庆, 春节, Christmas, Easter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from bot.language.entities import lunar
from bot.language.entities.days import easter, next_annual
from bot.language.entities.model import Message
from bot.language.entities.pieces import Piece, single

_FIXED = {
    "元旦": (1, 1), "情人节": (2, 14), "妇女节": (3, 8), "三八节": (3, 8), "五一": (5, 1),
    "劳动节": (5, 1), "儿童节": (6, 1), "六一": (6, 1), "国庆": (10, 1), "十一": (10, 1),
    "十一长假": (10, 1), "十一假期": (10, 1), "双十一": (11, 11), "双11": (11, 11), "双十二": (12, 12),
    "双12": (12, 12), "平安夜": (12, 24), "圣诞": (12, 25), "跨年": (12, 31),
    "christmas eve": (12, 24), "christmas": (12, 25), "xmas": (12, 25), "boxing day": (12, 26),
    "new year's eve": (12, 31), "new years eve": (12, 31), "nye": (12, 31), "new year's": (1, 1),
    "new years": (1, 1), "new year": (1, 1), "valentine's day": (2, 14), "valentines day": (2, 14),
    "halloween": (10, 31), "national day": (10, 1),
}  # fmt: skip
# Month and day of the lunar year; the eve is the last of its last month.
_LUNAR = {
    "春节": (1, 1), "过年": (1, 1), "除夕": (12, 30), "年三十": (12, 30), "大年三十": (12, 30),
    "年夜": (12, 30), "元宵": (1, 15), "端午": (5, 5), "七夕": (7, 7), "中秋": (8, 15), "重阳": (9, 9),
    "腊八": (12, 8), "chinese new year": (1, 1), "lunar new year": (1, 1), "spring festival": (1, 1),
    "dragon boat": (5, 5), "mid-autumn": (8, 15), "mid autumn": (8, 15),
}  # fmt: skip


def _moving(today: date, of_year: Callable[[int], date]) -> date:
    found = of_year(today.year)
    return found if found >= today else of_year(today.year + 1)


def _thanksgiving(year: int) -> date:
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 21)


def _tomb_sweeping(year: int) -> date:
    return date(year, 4, 4 if year % 4 < 2 else 5)


_MOVING: dict[str, Callable[[int], date]] = {
    "清明": _tomb_sweeping,
    "thanksgiving": _thanksgiving,
    "easter": easter,
    "good friday": lambda year: easter(year) - timedelta(days=2),
}
_NAMES = sorted([*_FIXED, *_LUNAR, *_MOVING], key=len, reverse=True)
_PATTERN = re.compile(
    r"(?P<over>过(?:完|了|罢)年)|"
    r"(?<![0-9一二两三四五六七八九十百千几半多去今明后前当那每同个新过周成少青中晚老整全])"
    r"(?P<year>年)(?=前(?:一定|肯定|[必能会还给清结付转凑争再]|\s*(?:$|[，。,.!?]))|后(?:再|还|给|才|联系|开|"
    r"一定|能|付|说|结|\s*(?:$|[，。,.!?])))|"
    rf"(?P<name>{'|'.join(re.escape(name) for name in _NAMES)})"
    r"(?:节假期|长假|假期|节|假| day\b)?(?![a-z个块元百千万十])",
    re.A,
)
# 五一 and 十一 are numerals far more often than feasts.
_UNTIED = re.compile(
    r"(?<=[一二两三四五六七八九十百千万月号0-9])(?:五一|六一|十一)|(?:五一|六一|十一)(?!节|长|"
    r"黄|假|前|后|之|以|放|左右|到|回|还|再|给|$|[，。,.\s!?])"
)


def find(message: Message) -> Iterator[Piece]:
    """Yield the holidays of a message; 过完年 is what comes after one."""
    for match in _PATTERN.finditer(message.text):
        day = _next(message.today, match)
        if day is not None:
            yield Piece(*match.span(), day=single(day), side="from" if match["over"] else None)


def _next(today: date, match: re.Match[str]) -> date | None:
    """Return the next occurrence of a matched holiday, None where its table ends or it is no holiday."""
    if match["over"] or match["year"]:
        return lunar.next_yearly(today, *_LUNAR["春节"])
    name = match["name"]
    if _UNTIED.match(match.string, match.start()):
        return None
    if name in _LUNAR:
        return lunar.next_yearly(today, *_LUNAR[name])
    if name in _MOVING:
        return _moving(today, _MOVING[name])
    return next_annual(today, *_FIXED[name])
