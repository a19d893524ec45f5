"""Numerals that belong together: 300-400, 三到五百, "3 or 4", 2、3百, "3 hundred and 20"."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from bot.language.entities.numeral import Numeral

_TO = re.compile(r"\s*(?:-|~|到|至|(?:up\s)?to|and)\s*")
_OR = re.compile(r"\s*(?:or|或者?|/)\s*")
_FURTHEST_APART = 8
_MEASURES = ("天", "周", "个", "年", "期", "次", "笔", "成")
_COUNTS = re.compile(r"[a-z]|\s*(?:days?|weeks?|months?|years?|hours?|payments?|instal|parts?|%)", re.A)


def join(text: str, numerals: list[Numeral]) -> list[Numeral]:
    """Join "300-400", 三到五百, "3 or 4"; a chain of dashes is a code or a date and stays apart."""
    gaps = [text[left.end : right.start] for left, right in pairwise(numerals)]
    joined: list[Numeral] = []
    skip = False
    for place, numeral in enumerate(numerals):
        if skip:
            skip = False
            continue
        chained = any(0 <= i < len(gaps) and gaps[i] in ("-", "/", ".") for i in (place - 1, place + 1))
        if place < len(gaps) and not chained:
            following = numerals[place + 1]
            both = _sum(text, numeral, following, gaps[place]) or _range(
                text, numeral, following, gaps[place]
            )
            if both is not None:
                joined.append(both)
                skip = True
                continue
        joined.append(numeral)
    return joined


def _sum(text: str, left: Numeral, right: Numeral, gap: str) -> Numeral | None:
    """Add "3 hundred and 20" and "1 thousand 5 hundred" up."""
    if not (left.arabic and left.single and right.single and right.low < left.scale):
        return None
    if gap == " and " and right.scale == 1:
        if _COUNTS.match(text, right.end):
            return None
    elif gap != " " or right.scale == 1:
        return None
    total = left.low + right.low
    return replace(left, end=right.end, low=total, high=total, grouped=True)


def _range(text: str, left: Numeral, right: Numeral, gap: str) -> Numeral | None:
    if not (left.single and right.single) or len(gap) > _FURTHEST_APART:
        return None
    low, high = left.low, right.high
    implied = _implied(left, right)
    if gap == "、":
        told = implied > 1 or (high < 10 and text[right.end : right.end + 1] in _MEASURES)
        if not told or high != (low + 1) * implied:
            return None
    elif _OR.fullmatch(gap):
        rounded = 10 <= low < high <= 2 * low and low % 10 == high % 10 == 0
        if not (
            rounded
            or high - low == 1
            or (right.scale > 1 and left.scale == 1 and high == (low + 1) * right.scale)
        ):
            return None
    elif not _TO.fullmatch(gap) or ("and" in gap and not text.endswith("between ", 0, left.start)):
        return None
    low *= implied
    if low >= high:
        return None
    vague = left.vague or right.vague
    return Numeral(
        left.start, right.end, low, high, vague, right.scale, right.arabic, left.grouped or right.grouped
    )


def _implied(left: Numeral, right: Numeral) -> int:
    """Return the scale that the lower end leaves to the upper one: 三到五百, 5-6k, 5-600."""
    if left.scale > 1:
        return 1
    if right.scale > 1:
        return right.scale if left.low < right.high / right.scale else 1
    step = 10 ** (len(str(int(right.high))) - 1)
    told = left.low < 10 and step >= 100 and right.high % step == 0 and left.low < right.high / step
    return step if told else 1
