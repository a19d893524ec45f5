"""English numerals in words: two hundred and fifty, fifteen hundred, one fifty, eight eight zero."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
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
TENS = {word: 10 * number for number, word in enumerate(_TIES.split(), start=2)} | {"fourty": 40}
ORDINALS = {word: number for number, word in enumerate(_DAYS.split(), start=1)}
ORDINALS |= {"twentieth": 20, "thirtieth": 30, "thirty first": 31, "thirty-first": 31}
ORDINALS |= {f"twenty{gap}{word}": 20 + ORDINALS[word] for gap in " -" for word in _DAYS.split()[:9]}
"""Days of the month in words."""
_HUNDRED, _THOUSAND, _LAKH, _MILLION, _CRORE = 100, 1000, 100_000, 1_000_000, 10_000_000
SCALES = {
    "hundred": _HUNDRED, "hundreds": _HUNDRED, "thousand": _THOUSAND, "thousands": _THOUSAND,
    "grand": _THOUSAND, "k": _THOUSAND, "thou": _THOUSAND, "hazar": _THOUSAND, "hazaar": _THOUSAND,
    "lakh": _LAKH, "lakhs": _LAKH, "lac": _LAKH, "lacs": _LAKH, "million": _MILLION, "mil": _MILLION,
    "milli": _MILLION, "crore": _CRORE, "crores": _CRORE,
}  # fmt: skip
_ALONE = ("hundred", "thousand")
# A spoken nought, inside a row of digits only.
_NOUGHTS = ("oh", "o")
_POINT = "point"
_FIRST = "|".join(sorted([*UNITS, *TENS, *SCALES, _POINT], key=len, reverse=True))
_NEXT = "|".join((_FIRST, *_NOUGHTS))
SCALE = "|".join(sorted(SCALES, key=len, reverse=True))
# "and" belongs to a numeral only behind a scale: "fifty and seventy" are two.
_AND = r"(?:(?<=hundred)|(?<=thousand)|(?<=grand)|(?<=lakh)|(?<=million)|(?<=crore))\s+(?:and|n|&)\s+"
PATTERN = re.compile(
    rf"\b(?:(?P<some>(?:an?\s+)?(?:couple(?:\s+of)?|coupla)|(?:a\s+)?few|several)(?:\s+(?P<scale>{SCALE}))?"
    rf"|(?P<half>half\s+(?:an?\s+)?)(?P<halved>{SCALE})"
    rf"|(?P<words>(?:an?[\s-]+(?=(?:{SCALE})\b))?(?:{_FIRST})\b(?:(?:[\s-]+|{_AND})(?:{_NEXT})\b){{0,8}})"
    rf"(?P<more>\s+and\s+(?:a\s+)?half)?(?:\s+(?P<after>{SCALE}))?)\b",
    re.A,
)
_TOKEN = re.compile(r"[a-z]+")
_ROW = 3
"""Digits that make an amount when named one by one."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A numeral in words at a half-open span; `told` where it was named in parts: "one fifty"."""

    start: int
    end: int
    low: Decimal
    high: Decimal
    vague: bool = False
    scale: int = 1
    told: bool = False


def read(match: re.Match[str]) -> Iterator[Spoken]:
    """Yield the numerals of a PATTERN match: one as a rule, several where the words make no single number."""
    start, end = match.span()
    if match["half"]:
        scale = SCALES[match["halved"]]
        yield Spoken(start, end, Decimal(scale) / 2, Decimal(scale) / 2, False, scale)
    elif match["some"]:
        scale = SCALES.get(match["scale"] or "", 1)
        low, high = (2, 2) if "coup" in match["some"] else FEW
        yield Spoken(start, end, Decimal(low * scale), Decimal(high * scale), scale > 1 or high > low, scale)
    else:
        tokens = [(token.group(), *token.span()) for token in _TOKEN.finditer(match["words"])]
        for words, first, last in _segments(tokens):
            number = _number(words)
            if number is None or (len(words) == 1 and words[0] in SCALES and words[0] not in _ALONE):
                continue
            scale, ending = SCALES.get(words[-1], 1), start + last
            if last == len(match["words"]):  # "and a half" and the scale behind it are the last one's
                half = Decimal("0.5") if match["more"] else Decimal(0)
                after = SCALES.get(match["after"] or "", 1)
                number, scale, ending = (number + half) * after, max(scale, after), end
            yield Spoken(
                start + first, ending, number, number, False, scale, words[0] in UNITS and _in_parts(words)
            )


def _segments(tokens: list[tuple[str, int, int]]) -> Iterator[tuple[list[str], int, int]]:
    """Split words into the longest runs that are one number each; words that are none are passed over."""
    while tokens:
        for size in range(len(tokens), 0, -1):
            words = [word for word, _, _ in tokens[:size]]
            if words[-1] not in ("and", "n") and _number(words) is not None:
                yield words, tokens[0][1], tokens[size - 1][2]
                break
        tokens = tokens[size:]


def _number(words: list[str]) -> Decimal | None:
    if _POINT in words:
        return _decimal(words)
    whole = _whole(words)
    return _told(words) if whole is None else whole


def _whole(words: list[str]) -> Decimal | None:
    """Return the value of well-formed number words, else None."""
    total = current = 0
    for word in words:
        if word in ("a", "an"):
            current = 1
        elif word in UNITS:
            if current % 10 or current % 100 == 10 or (word == "zero" and len(words) > 1):
                return None
            current += UNITS[word]
        elif word in TENS:
            if current % 100:
                return None
            current += TENS[word]
        elif SCALES.get(word) == _HUNDRED:
            if current > 99:
                return None
            current = (current or 1) * _HUNDRED
        elif word in SCALES:
            total += (current or 1) * SCALES[word]
            current = 0
        elif word not in ("and", "n"):
            return None
    return Decimal(total + current)


def _decimal(words: list[str]) -> Decimal | None:
    """Read "seventeen point five" and "two point five grand"."""
    place = words.index(_POINT)
    head, rest = words[:place], words[place + 1 :]
    scale = SCALES[rest.pop()] if rest and rest[-1] in SCALES else 1
    whole = _whole(head) if head else Decimal(0)
    if whole is None or not rest or not all(word in _NOUGHTS or UNITS.get(word, 10) < 10 for word in rest):
        return None
    return (whole + Decimal(f"0.{_row(rest)}")) * scale


def _row(words: list[str]) -> str:
    return "".join("0" if word in _NOUGHTS else str(UNITS[word]) for word in words)


def _in_parts(words: list[str]) -> bool:
    return _POINT not in words and _whole(words) is None


def _told(words: list[str]) -> Decimal | None:
    """Read digits named one by one, "eight eight zero", and hundreds left out, "one fifty"."""
    if len(words) >= _ROW and all(word in _NOUGHTS or UNITS.get(word, 10) < 10 for word in words):
        return Decimal(_row(words)) if words[0] != "zero" else None
    head, rest = UNITS.get(words[0], 0), _whole(words[1:]) if len(words) in (2, 3) else None
    if rest is None or not 10 <= rest <= 99 or head in (0, 10, 19):
        return None
    return head * 100 + rest
