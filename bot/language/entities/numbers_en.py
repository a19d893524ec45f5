"""English numerals in words: two hundred and fifty, fifteen hundred, two grand, a few hundred."""

from __future__ import annotations

import re
from decimal import Decimal

from bot.language.entities.numbers_zh import FEW

UNITS = {
    word: number
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS = {
    word: 10 * number
    for number, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
_TENS["fourty"] = 40
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
    re.A
)


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
    read = value(match["words"])
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
