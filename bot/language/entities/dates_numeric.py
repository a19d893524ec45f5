"""Dates in figures: 2026-12-15, 12/15, 15/12/2026, 15.12.2026, 12.15号."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.language.entities import days, fractions
from bot.language.entities.model import Message
from bot.language.entities.pieces import Day, Piece, single

_NUMERIC = re.compile(
    r"(?<![0-9])(?P<iso>(?:19|20)[0-9]{2})([-/.])(?P<month>[0-9]{1,2})\2(?P<day>[0-9]{1,2})(?![0-9])"
    r"|(?<![0-9/.$£€¥-])(?P<a>[0-9]{1,2})/(?P<b>[0-9]{1,2})"
    r"(?:/(?P<year>(?:20)?[0-9]{2}))?(?![0-9/])(?!\s+(?:of|now|up ?front)\b)(?:[号日])?"
    r"|(?<![0-9])(?P<a2>[0-9]{1,2})[.-](?P<b2>[0-9]{1,2})[.-](?P<year2>20[0-9]{2})(?![0-9])|"
    r"(?<![0-9.])(?P<m>[0-9]{1,2})\.(?P<d>[0-9]{1,2})[号日]"
)


def find(message: Message) -> Iterator[Piece]:
    """Yield dates in figures: 12/15, 15/12/2026, 12.15号."""
    parts = {match.start("above") for match in fractions.SLASHED.finditer(message.text)}
    for match in _NUMERIC.finditer(message.text):
        day = _numeric(message, match) if match.start() not in parts else None
        if day is not None:
            yield Piece(*match.span(), day=day)


def _numeric(message: Message, match: re.Match[str]) -> Day | None:
    if match["iso"]:
        found = days.valid(int(match["iso"]), int(match["month"]), int(match["day"]))
        return single(found) if found is not None else None
    if match["m"]:
        month, number, written = int(match["m"]), int(match["d"]), None
    else:
        first, second = int(match["a"] or match["a2"]), int(match["b"] or match["b2"])
        written = match["year"] or match["year2"]
        month, number = (first, second) if _month_first(message) else (second, first)
        if month > 12:
            month, number = number, month
    if written is None:
        found = days.next_annual(message.today, month, number)
    else:
        found = days.valid(int(written) % 100 + 2000, month, number)
    return single(found) if found is not None else None


def _month_first(message: Message) -> bool:
    """Whether 5/12 is the twelfth of May: for US dollars, and wherever Chinese is written."""
    return message.context.currency == "USD" or any("一" <= char <= "鿿" for char in message.text[:200])
