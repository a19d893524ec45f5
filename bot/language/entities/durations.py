"""Lengths of time: 三个月, 半个月, 一年零三个月, "two more weeks", "1 week to 10 days"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from bot.language.entities import durations_en, durations_zh, hedges
from bot.language.entities.length import Length
from bot.language.entities.model import Candidate, Message
from bot.language.entities.numeral import Numeral

_LONGEST = 1900
"""More than that many of anything is a year."""
_MOST = 80
_SUM = re.compile(r"(?:零|又|外?加|\s?and\s|,?\s)?")
_TO = re.compile(r"\s?(?:到|至|-|~|to)\s?")
# How many of the smaller unit make one of the larger.
_PARTS = {("year", "month"): 12, ("week", "day"): 7, ("hour", "minute"): 60}
_IN_DAYS = {"day": 1, "week": 7, "month": 30}


def find(message: Message, numerals: list[Numeral]) -> list[Length]:
    """Return the lengths of time of a message; overlapping ones are left to the caller."""
    found: list[Length] = []
    for numeral in numerals:
        if 0 < numeral.high < _LONGEST:
            length = durations_zh.counted(message.text, numeral) or durations_en.counted(
                message.text, numeral
            )
            if length is not None:
                found.append(length)
    found += [*durations_zh.halves(message), *durations_en.ones(message)]
    return list(
        _together(message.text, sorted(found[:_MOST], key=lambda length: (length.start, -length.end)))
    )


def candidates(message: Message, lengths: list[Length]) -> Iterator[Candidate]:
    """Yield the lengths as duration entities."""
    for length in lengths:
        vague = length.vague or hedges.vague(message.text, length.start, length.end)
        yield Candidate(
            "duration", length.as_value(), length.start, length.end, {"vague": True} if vague else {}
        )


def _together(text: str, lengths: list[Length]) -> Iterator[Length]:
    """Put together what is one length or one range."""
    place = 0
    while place < len(lengths):
        left = lengths[place]
        right = lengths[place + 1] if place + 1 < len(lengths) else None
        gap = text[left.end : right.start] if right is not None and right.start >= left.end else None
        both = None
        if right is not None and gap is not None and left.low == left.high and right.low == right.high:
            both = _sum(left, right, gap) or _range(left, right, gap)
        yield both or left
        place += 1 if both is None else 2


def _sum(left: Length, right: Length, gap: str) -> Length | None:
    """Add 一年零三个月 up to 15 months, "1 week and 3 days" to 10 days."""
    parts = _PARTS.get((left.unit, right.unit))
    if parts is None or _SUM.fullmatch(gap) is None or left.low != left.low.to_integral_value():
        return None
    total = left.low * parts + right.low
    return replace(
        left, end=right.end, low=total, high=total, unit=right.unit, vague=left.vague or right.vague
    )


def _range(left: Length, right: Length, gap: str) -> Length | None:
    """Join 一年到两年 and 十天八天; 半个月到一个月 is 15 to 30 days."""
    low, high, unit = left.low, right.low, left.unit
    if gap == "" and unit == right.unit and high < low:
        return replace(left, end=right.end, low=high, high=low, vague=True)
    if _TO.fullmatch(gap) is None:
        return None
    if unit != right.unit:
        if unit not in _IN_DAYS or right.unit not in _IN_DAYS:
            return None
        low, high, unit = low * _IN_DAYS[unit], high * _IN_DAYS[right.unit], "day"
    return replace(left, end=right.end, low=low, high=high, unit=unit) if low < high else None
