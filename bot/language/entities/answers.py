"""A bare number read as the answer to the question the bot has just asked."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.language.entities import bare, days
from bot.language.entities.model import Candidate, Message
from bot.language.entities.numbers import Numeral

_LIMITS = {"count": 60, "ordinal": 10, "time": 31, "duration": 60}
_BEFORE = re.compile(r"(?:^|[\s，。,.!?;:、(~]|[就要选分那是来改成做还按给我])$")
_AFTER = re.compile(
    r"\s?(?:[个号](?=[\s.,!?，。]*$|吧|可以|行|好))?(?=$|[\s，。,.!?;:、)]|吧|就|可|好|"
    r"行|呢|啊|咯|都|也|得|哦|喔)"
)


def find(message: Message, numerals: list[Numeral]) -> Iterator[Candidate]:
    """Yield bare numbers as the expected kind: instalments, an option, a day of the month, days of grace.

    Amounts are left to `money`, which knows more about them.
    """
    kind = message.context.expected
    if kind not in _LIMITS:
        return
    for numeral in numerals:
        number = numeral.whole
        if number is None or not 0 < number <= _LIMITS[kind] or numeral.scale > 10:
            continue
        left = message.before(numeral.start, 1)
        after = _AFTER.match(message.text, numeral.end)
        if after is None or not _BEFORE.search(left) or not _speaks_for_itself(message, numeral, after.end()):
            continue
        candidate = _read(message, kind, number, numeral)
        if candidate is not None:
            yield candidate


def _speaks_for_itself(message: Message, numeral: Numeral, end: int) -> bool:
    """No measure of its own after the number; "one" only as the whole answer."""
    if message.text[numeral.start : numeral.end] == "one" and len(message.text.strip(" .,!?")) > len(
        "one please"
    ):
        return False
    return end > numeral.end or bare.stands_bare(message, numeral)


def _read(message: Message, kind: str, number: int, numeral: Numeral) -> Candidate | None:
    if kind == "duration":
        return Candidate("duration", {"value": number, "unit": "day"}, numeral.start, numeral.end)
    if kind == "time":
        day = days.next_day_of_month(message.today, number)
        if day is None:
            return None
        return Candidate("time", {"value": day.isoformat()}, numeral.start, numeral.end, {"grain": "day"})
    return Candidate(kind, number, numeral.start, numeral.end)
