"""A bare number read as the answer to the question the bot has just asked."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.language.entities import bare, days
from bot.language.entities.model import Candidate, Message
from bot.language.entities.numeral import Numeral

_LIMITS = {"count": 60, "ordinal": 10, "time": 31, "duration": 60}
_FEW = re.compile(r"an? |couple|few|several|几")
_ONLY = re.compile(
    r"(?:好|那|就|选|嗯|ok|okay|yes|just)?[\s,，]*(?:一|one)(?:个|吧|please|pls|\s|[.,!?，。])*"
)
_COUNTED = re.compile(r"\s?[个号](?=[\s.,!?，。]*$|吧|可以|行|好)")


def find(message: Message, numerals: list[Numeral]) -> Iterator[Candidate]:
    """Yield bare numbers as the expected kind: instalments, an option, a day of the month, days of grace.

    Amounts are left to `money`, which knows more about them.
    """
    kind = message.context.expected
    if kind not in _LIMITS:
        return
    for numeral in numerals:
        number = numeral.whole
        if (
            number is None
            or numeral.vague
            or not 0 < number <= _LIMITS[kind]
            or numeral.scale > 10
            or _FEW.match(message.text, numeral.start)
        ):
            continue
        if _stands_alone(message, numeral) and message.answers(numeral.start, numeral.end):
            candidate = _read(message, kind, number, numeral)
            if candidate is not None:
                yield candidate


def _stands_alone(message: Message, numeral: Numeral) -> bool:
    """Nothing of another sense around the number; "one" and 一 only as the whole answer."""
    text = message.text
    spoken = text[numeral.start : numeral.end]
    if spoken in bare.WEAK and not _ONLY.fullmatch(text):
        return False
    if bare.EDGE_LEFT.search(message.before(numeral.start, 1)) is None:
        return False
    if message.context.expected in ("count", "ordinal") and _COUNTED.match(text, numeral.end):
        return True
    return bare.EDGE_RIGHT.match(text, numeral.end) is not None and bare.stands_bare(message, numeral)


def _read(message: Message, kind: str, number: int, numeral: Numeral) -> Candidate | None:
    if kind == "duration":
        return Candidate("duration", {"value": number, "unit": "day"}, numeral.start, numeral.end)
    if kind == "time":
        day = days.next_day_of_month(message.today, number)
        if day is None:
            return None
        return Candidate("time", {"value": day.isoformat()}, numeral.start, numeral.end, {"grain": "day"})
    return Candidate(kind, number, numeral.start, numeral.end)
