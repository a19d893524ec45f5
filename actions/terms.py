"""Amount and day out of a message that promises: exact, vague, or not there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from actions.turn import Turn, day_of, days_of
from bot.domain.money import Money, MoneyError
from bot.services.accounts import Standing

VAGUE = "?"
"""Stands for a value that was named, but not as one value."""

_COARSE = ("week", "month", "year")
_EITHER = re.compile(r"或|还是|\bor\b", re.IGNORECASE)
_CORRECTS = re.compile(r"或|还是|不是|改|\b(?:or|not|no|instead)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a message names: amount in major units, day in ISO form; None when it names none.

    `ends` are both ends of an amount that is a range.
    """

    amount: str | None
    day: str | None
    ends: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """True when nothing was named."""
        return self.amount is None and self.day is None

    def over(self, amount: str | None, day: str | None) -> Terms:
        """Return these terms, filled up with what was known before."""
        return Terms(self.amount or amount, self.day or day, self.ends)

    def within(self, amount: str | None, day: str | None) -> bool:
        """Tell whether they name nothing but what was known before."""
        return self.amount in (None, amount) and self.day in (None, day)


def read_terms(turn: Turn, standing: Standing) -> Terms:
    """Read a message's terms in the loan's currency; "half" and "all" are of what is outstanding."""
    found = turn.entity("money")
    if found is None:
        return Terms(None, _read_day(turn))
    value: dict[str, Any] = found["value"]
    if "fraction" in value:
        amount = standing.loan.outstanding.times(Decimal(str(value["fraction"])))
        return Terms(str(amount.amount), _read_day(turn))
    if "from" in value or "to" in value or found.get("vague") or value.get("value") is None:
        ends = [value[end] for end in ("from", "to") if value.get(end)]
        return Terms(VAGUE, _read_day(turn), tuple(ends) if len(ends) == 2 else ())
    try:
        return Terms(str(Money.of(value["value"], standing.loan.currency).amount), _read_day(turn))
    except MoneyError:
        return Terms(VAGUE, _read_day(turn))


def _read_day(turn: Turn) -> str | None:
    found = named_day(turn)
    if len(days_ahead(turn)) > 1 and _EITHER.search(turn.text):
        return VAGUE
    if found is not None:
        exact = found.get("grain") not in _COARSE and not found.get("vague")
        day = day_of(found["value"]) if exact and not _is_range(found["value"]) else None
        return day.isoformat() if day else VAGUE
    duration = turn.entity("duration")
    if duration is None:
        return None
    days = None if duration.get("vague") else days_of(duration["value"])
    return (turn.today + timedelta(days=days)).isoformat() if days else VAGUE


def named_day(turn: Turn) -> dict[str, Any] | None:
    """The time that a promise is about: an exact day before a week, what is ahead before what is past."""
    times = [one for one in turn.entities if one.get("entity") == "time"]

    def rank(entity: dict[str, Any]) -> tuple[bool, bool]:
        day = day_of(entity["value"])
        return (day is None or day < turn.today, entity.get("grain") in _COARSE or _is_range(entity["value"]))

    return min(times, key=rank, default=None)


def days_ahead(turn: Turn) -> set[date]:
    """Return the exact days from today on that a message names."""
    days = {
        day_of(one["value"])
        for one in turn.entities
        if one.get("entity") == "time"
        and not (one.get("vague") or one.get("grain") in _COARSE or _is_range(one["value"]))
    }
    return {day for day in days if day is not None and day >= turn.today}


def names_two_payments(turn: Turn) -> bool:
    """Tell whether a message promises one payment and then another: "500 on Friday, the rest next week"."""
    two = turn.entity("money") is not None and len(days_ahead(turn)) > 1
    return two and not _CORRECTS.search(turn.text)


def _is_range(value: Any) -> bool:
    return isinstance(value, dict) and "from" in value
