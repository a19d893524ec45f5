"""Parts of what is owed, worked out where that is known: half, 三分之一, 1/3, ½."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from bot.language.entities import currencies, hedges, parts_en, parts_zh
from bot.language.entities.model import Candidate, Message

_SIGNS = dict(
    zip(
        "½⅓⅔¼¾", (Fraction(1, 2), Fraction(1, 3), Fraction(2, 3), Fraction(1, 4), Fraction(3, 4)), strict=True
    )
)
_SIGN = re.compile(r"(?<![0-9])[½⅓⅔¼¾]")
# 先还1/3: behind a word for paying it is a part; 1/3还 is the third of January.
SLASHED = re.compile(
    r"(?:[还付给交缴打转俾畀]|pay|give)(?:个|你们?|掉|了)?\s?(?P<above>[1-4])/(?P<below>[2-9])(?![0-9/号日])"
)
"""A part written like a date."""


def find(message: Message) -> Iterator[Candidate]:
    """Yield the named parts of the outstanding amount; `value` is worked out where that amount is known.

    The whole is yielded once, however often it is said.
    """
    whole = False
    for span, part, vague in _parts(message):
        if part == 1 and whole:
            continue
        whole = whole or part == 1
        yield _candidate(message, span, part, vague)


def _parts(message: Message) -> Iterator[tuple[tuple[int, int], Fraction, bool]]:
    yield from parts_zh.find(message)
    for match in _SIGN.finditer(message.text):
        yield match.span(), _SIGNS[match.group()], False
    for match in SLASHED.finditer(message.text):
        above, below = int(match["above"]), int(match["below"])
        if above < below:
            yield (match.start("above"), match.end()), Fraction(above, below), False
    for span, part in parts_en.find(message):
        yield span, part, False


def _candidate(message: Message, span: tuple[int, int], part: Fraction, vague: bool) -> Candidate:
    share = Decimal(part.numerator) / Decimal(part.denominator)
    owed, unit = message.context.outstanding, message.context.currency
    value: dict[str, Any] = {"fraction": str(round(share, 4).normalize())}
    if owed is not None:
        value["value"] = currencies.amount(owed * part.numerator / part.denominator, unit)
    value["unit"] = unit
    extra: dict[str, Any] = {}
    if vague or hedges.vague(message.text, *span):
        extra["vague"] = True
    bound = hedges.bound(message.text, *span)
    if bound is not None:
        extra["bound"] = bound
    return Candidate("money", value, *span, extra)
