"""Every numeral of a message, in digits or words, Chinese or English, with its range where it has one."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from bot.language.entities import numbers_en, numbers_zh

MOST = 80
"""Numerals read in one message; past that it is no ordinary message."""
_LONGEST = 12
_ARABIC = re.compile(
    r"(?<![0-9])(?<![0-9][.,])(?P<number>[0-9]{1,3}(?:,[0-9]{2,3}){1,4}(?![0-9])(?:\.[0-9]{1,4})?|"
    r"[0-9]+(?:\.[0-9]+)?)"
    r"(?:(?P<letter>[kw](?![a-z/]))|\s?(?P<han>[十百千]万|[万千百])"
    rf"(?P<tail>(?:[0-9]{{1,4}}|{numbers_zh.D})(?![0-9个天日周年期次月星礼号点成折人笔倍%]|"
    rf"分之|分钟)[千百]?)?"
    r"|(?:\s|-)?(?P<word>hundred|thousand|grand|lakhs?|crores?|million|mil)\b(?P<half>\s+and\s+a\s+half)?)?",
    re.A,
)
_MORE = re.compile(
    r"(?:多(?![少久次谢宽缓等])|余(?=[元块个天万])|来(?=[个天块元岁年蚊万]))(?P<myriad>万)?|"
    r"\+(?![0-9])|[\s-]odd\b",
    re.A,
)
_TO = re.compile(r"\s*(?:-|~|到|至|to|and)\s*")
_OR = re.compile(r"\s*(?:or|或者?|/)\s*")
_LETTERS = {"k": 1000, "w": 10000}


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number, or a range where `low` < `high`, at a half-open span of the folded text.

    `scale` is the unit said last (3k: 1000, 五百: 100, 15: 1); `grouped`: written as amounts are (1,200,
    9.50, two hundred and five); `arabic`: in figures; `vague`: "a few", 多 or 来.
    """

    start: int
    end: int
    low: Decimal
    high: Decimal
    vague: bool = False
    scale: int = 1
    arabic: bool = False
    grouped: bool = False

    @property
    def single(self) -> bool:
        """One number rather than a range."""
        return self.low == self.high

    @property
    def whole(self) -> int | None:
        """The number as an int, if it is one whole number."""
        return int(self.low) if self.single and self.low == self.low.to_integral_value() else None


def scan(text: str, *, han: bool, latin: bool) -> list[Numeral]:
    """Return the numerals of a folded text in order, at most MOST; ranges ("300-400") are joined.

    `han` and `latin` tell whether the text has Chinese characters and Latin letters at all.
    """
    found = _arabic(text)
    for match in numbers_zh.PATTERN.finditer(numbers_zh.everyday(text)) if han else ():
        found.append(_spelled(match, numbers_zh.bounds(match)))
        if len(found) > 3 * MOST:
            break
    for match in numbers_en.PATTERN.finditer(text) if latin else ():
        read = numbers_en.bounds(match)
        if read is not None:
            found.append(_spelled(match, read))
        if len(found) > 4 * MOST:
            break
    found.sort(key=lambda numeral: (numeral.start, -numeral.end))
    apart: list[Numeral] = []
    for numeral in found:
        if not apart or numeral.start >= apart[-1].end:
            apart.append(numeral)
    return _join(text, [_more(text, numeral) for numeral in apart[:MOST]])


def _spelled(match: re.Match[str], read: tuple[Decimal, Decimal, bool, int]) -> Numeral:
    low, high, vague, scale = read
    return Numeral(match.start(), match.end(), low, high, vague, scale, grouped=low >= 100)


def _arabic(text: str) -> list[Numeral]:
    found: list[Numeral] = []
    for match in _ARABIC.finditer(text):
        digits = match["number"]
        if len(digits) > _LONGEST:
            continue
        number = Decimal(digits.replace(",", ""))
        scale = 1
        if match["letter"]:
            scale = _LETTERS[match["letter"]]
        elif match["han"]:
            scale = (
                numbers_zh.value("一" + match["han"])
                if len(match["han"]) == 2
                else numbers_zh.MAGNITUDES[match["han"]]
            )
        elif match["word"]:
            scale = {"mil": 1_000_000, "crores": 10_000_000}.get(match["word"]) or numbers_en.SCALES[
                match["word"]
            ]
        if match["half"]:
            number += Decimal("0.5")
        number = number * scale + _tail(match["tail"], scale)
        grouped = "," in digits or (scale == 1 and "." in digits and len(digits.partition(".")[2]) == 2)
        found.append(Numeral(match.start(), match.end(), number, number, False, scale, True, grouped))
        if len(found) > 2 * MOST:
            break
    return found


def _tail(tail: str | None, scale: int) -> int:
    """Return what follows the unit: 3万8 adds 8000, 3万8百 800, 3万500 500."""
    if not tail:
        return 0
    unit = numbers_zh.MAGNITUDES.get(tail[-1])
    digits = tail[:-1] if unit else tail
    number = numbers_zh.DIGITS[digits] if digits in numbers_zh.DIGITS else int(digits)
    if unit:
        return number * unit
    return number * scale // 10 if len(digits) == 1 else number


def _more(text: str, numeral: Numeral) -> Numeral:
    """Widen 一千多 to 1000-2000, 500+ to 500-600; 十来 stays ten, vaguely."""
    match = _MORE.match(text, numeral.end)
    if match is None or not numeral.single or numeral.low < 10:
        return numeral
    if match.group().startswith("来"):
        scale = 10000 if match["myriad"] else 1
        number = numeral.low * scale
        return replace(
            numeral,
            end=match.end(),
            low=number,
            high=number,
            vague=True,
            grouped=numeral.grouped or scale > 1,
        )
    step = Decimal(10)
    while numeral.low % (step * 10) == 0 and step < 10000:
        step *= 10
    scale = 10000 if match["myriad"] else 1
    low, high = numeral.low * scale, (numeral.low + step) * scale
    return replace(
        numeral, end=match.end(), low=low, high=high, vague=True, grouped=numeral.grouped or scale > 1
    )


def _join(text: str, numerals: list[Numeral]) -> list[Numeral]:
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
            both = _range(text, numeral, numerals[place + 1], gaps[place])
            if both is not None:
                joined.append(both)
                skip = True
                continue
        joined.append(numeral)
    return joined


def _range(text: str, left: Numeral, right: Numeral, gap: str) -> Numeral | None:
    if not (left.single and right.single) or len(gap) > 6:
        return None
    low, high = left.low, right.high
    if _OR.fullmatch(gap):
        rounded = 10 <= low < high <= 2 * low and low % 10 == high % 10 == 0
        if not (
            rounded
            or high - low == 1
            or (right.scale > 1 and left.scale == 1 and high == (low + 1) * right.scale)
        ):
            return None
    elif not _TO.fullmatch(gap) or ("and" in gap and not text.endswith("between ", 0, left.start)):
        return None
    if left.scale == 1 and low < high / right.scale:
        low *= right.scale
    if low >= high:
        return None
    vague = left.vague or right.vague
    return Numeral(
        left.start, right.end, low, high, vague, right.scale, right.arabic, left.grouped or right.grouped
    )
