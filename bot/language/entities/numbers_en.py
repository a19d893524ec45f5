"""English numerals in words: two hundred and fifty, fifteen hundred, two grand, a few hundred."""

from __future__ import annotations

import re
from decimal import Decimal

from bot.language.entities.numbers_zh import FEW

_BELOW_20 = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TIES = "twenty thirty forty fifty sixty seventy eighty ninety"
_DAYS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth"
)
UNITS = {word: number for number, word in enumerate(_BELOW_20.split())}
_TENS = {word: 10 * number for number, word in enumerate(_TIES.split(), start=2)} | {"fourty": 40}
ORDINALS = {word: number for number, word in enumerate(_DAYS.split(), start=1)}
ORDINALS |= {"twentieth": 20, "thirtieth": 30, "thirty first": 31, "thirty-first": 31}
ORDINALS |= {f"twenty{gap}{word}": 20 + ORDINALS[word] for gap in " -" for word in _DAYS.split()[:9]}
"""Days of the month in words."""
SCALES = {
    "hundred": 100,
    "thousand": 1000,
    "grand": 1000,
    "lakh": 100_000,
    "lakhs": 100_000,
    "million": 1_000_000,
    "crore": 10_000_000,
}
_WORD = "|".join(sorted([*UNITS, *_TENS, *SCALES], key=len, reverse=True))
_SCALE = "hundreds?|thousands?|grand|lakhs?|million"
PATTERN = re.compile(
    rf"\b(?:(?P<some>(?:an?\s+)?couple(?:\s+of)?|(?:a\s+)?few|several)(?:\s+(?P<scale>{_SCALE}))?"
    rf"|(?P<half>half\s+a)\s+(?P<halved>grand|thousand|million)"
    rf"|(?P<words>(?:an?[\s-]+(?=(?:{_SCALE})\b))?(?:{_WORD})(?:(?:[\s-]+|\s+and\s+)(?:{_WORD})\b){{0,7}})"
    rf"(?P<more>\s+and\s+a\s+half)?(?:\s+(?P<after>{_SCALE}))?)\b",
    re.A,
)


_NEVER_ALONE = ("grand", "million", "lakh", "lakhs", "crore")


def value(words: str) -> Decimal | None:
    """Return the value of number words, None where they do not make one number ("five twenty")."""
    total = current = 0
    for word in re.findall(r"[a-z]+", words):
        if word in ("a", "an"):
            current = 1
        elif word in UNITS:
            if current % 10 or current % 100 == 10:
                return None
            current += UNITS[word]
        elif word in _TENS:
            if current % 100:
                return None
            current += _TENS[word]
        elif word == "hundred":
            if current > 99:
                return None
            current = (current or 1) * 100
        elif word in SCALES:
            total += (current or 1) * SCALES[word]
            current = 0
    return Decimal(total + current)


def bounds(match: re.Match[str]) -> tuple[Decimal, Decimal, bool, int] | None:
    """Return (low, high, vague, last unit) of a PATTERN match, None where the words make no number."""
    if match["half"]:
        number = Decimal(SCALES[match["halved"]]) / 2
        return number, number, False, SCALES[match["halved"]]
    if match["some"]:
        scale = _scale(match["scale"])
        if "couple" in match["some"]:
            return Decimal(2 * scale), Decimal(2 * scale), scale > 1, scale
        return Decimal(FEW[0] * scale), Decimal(FEW[1] * scale), True, scale
    read = None if match["words"] in _NEVER_ALONE and not match["after"] else value(match["words"])
    if read is None:
        return None
    if match["more"]:
        read += Decimal("0.5")
    scale = _scale(match["after"])
    last = _scale(re.split(r"[\s-]", match["words"])[-1])
    return read * scale, read * scale, False, max(scale, last)


def _scale(word: str | None) -> int:
    if word is None:
        return 1
    return SCALES.get(word) or SCALES.get(word.removesuffix("s"), 1)
