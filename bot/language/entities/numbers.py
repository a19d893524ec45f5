"""Every numeral of a message, in digits or words, Chinese or English, with its range where it has one."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from bot.language.entities import joining, numbers_en, numbers_zh
from bot.language.entities.numeral import Numeral

MOST = 80
"""Numerals read in one message; past that it is no ordinary message."""
_LONGEST = 12
# What follows the unit: the 8 of 3万8, the 2千5 of 1万2千5.
_TAIL = rf"(?:[0-9]{{1,4}}|{numbers_zh.D})(?![0-9个天日周年期次月星礼号点成折人笔倍%]|分之|分钟|[kw])[千百]?"
_ARABIC = re.compile(
    r"(?<![0-9])(?<![0-9][.,])(?P<number>[0-9]{1,3}(?:,[0-9]{2,3}){1,4}(?![0-9])(?:\.[0-9]{1,4})?|"
    r"[0-9]+(?:\.[0-9]+)?)"
    r"(?:(?P<letter>[kw](?![a-z/])(?:(?P<odd>[1-9])(?![0-9a-z.,:]))?)"
    rf"|\s?(?P<han>[十百千]万|[万千百])(?P<tail>(?:{_TAIL}){{0,3}})"
    r"|(?P<and>\s+and\s+(?:a\s+)?half)?"
    rf"(?:(?:\s|-)?(?P<word>(?!k\b(?!\s|$|"
    rf"[.,!?]))(?:{numbers_en.SCALE}))\b(?P<half>\s+and\s+(?:a\s+)?half)?)?)?",
    re.A,
)
_PAIR = re.compile(rf"(?P<digits>[0-9]{{1,4}}|{numbers_zh.D})(?P<unit>[千百])?")
_MORE = re.compile(
    r"(?:多(?![少久次谢宽缓等])|余(?=[元块个天万])|来(?=[个天块元岁年蚊万]))(?P<myriad>万)?|"
    r"\+(?![0-9])|[\s-]odd\b",
    re.A,
)
_LETTERS = {"k": 1000, "w": 10000}
_HAN = numbers_zh.MAGNITUDES


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
        found.extend(_in_words(spoken) for spoken in numbers_en.read(match))
        if len(found) > 4 * MOST:
            break
    found.sort(key=lambda numeral: (numeral.start, -numeral.end))
    apart: list[Numeral] = []
    for numeral in found:
        if not apart or numeral.start >= apart[-1].end:
            apart.append(numeral)
    return joining.join(text, [_more(text, numeral) for numeral in apart[:MOST]])


def _in_words(spoken: numbers_en.Spoken) -> Numeral:
    whole = spoken.low >= 100 and not spoken.told
    return Numeral(
        spoken.start,
        spoken.end,
        spoken.low,
        spoken.high,
        spoken.vague,
        spoken.scale,
        grouped=whole,
        told=spoken.told,
    )


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
        if match["and"]:
            number += Decimal("0.5")
        scale = _scale(match)
        if match["half"]:
            number += Decimal("0.5")
        number = number * scale + _tail(match["odd"] or match["tail"], scale)
        grouped = "," in digits or (scale == 1 and "." in digits and len(digits.partition(".")[2]) == 2)
        found.append(Numeral(match.start(), match.end(), number, number, False, scale, True, grouped))
        if len(found) > 2 * MOST:
            break
    return found


def _scale(match: re.Match[str]) -> int:
    if match["letter"]:
        return _LETTERS[match["letter"][0]]
    if match["han"]:
        return numbers_zh.value("一" + match["han"]) if len(match["han"]) == 2 else _HAN[match["han"]]
    return numbers_en.SCALES.get(match["word"] or "", 1)


def _tail(tail: str | None, scale: int) -> int:
    """Return what follows the unit: 3万8 adds 8000, 3万8百 800, 3万500 500, 1万2千5 2500."""
    total = 0
    for pair in _PAIR.finditer(tail or ""):
        digits = pair["digits"]
        number = numbers_zh.DIGITS[digits] if digits in numbers_zh.DIGITS else int(digits)
        if pair["unit"]:
            scale = _HAN[pair["unit"]]
            total += number * scale
        else:
            total += number * scale // 10 if len(digits) == 1 else number
    return total


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
