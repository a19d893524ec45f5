"""A length of time found in a message."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bot.language.entities.model import plain

HALF_OF = {
    "hour": (30, "minute"),
    "month": (15, "day"),
    "year": (6, "month"),
    "day": (12, "hour"),
    "quarter": (45, "day"),
}
"""Half a month is 15 days."""
_IN_OTHER_UNITS = {"fortnight": (2, "week"), "quarter": (3, "month")}


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time, a range where `low` < `high`, at a half-open span of the folded text."""

    start: int
    end: int
    low: Decimal
    high: Decimal
    unit: str
    vague: bool = False
    next: bool = False
    """Said as "the next three weeks"."""

    def as_value(self) -> dict[str, Any]:
        """Return the JSON value: value or from and to, and unit."""
        if self.low == self.high:
            return {"value": plain(self.low), "unit": self.unit}
        return {"from": plain(self.low), "to": plain(self.high), "unit": self.unit}


def measured(start: int, end: int, low: Decimal, high: Decimal, unit: str, vague: bool = False) -> Length:
    """Return a length in units that are reported: a fortnight is two weeks, a quarter three months."""
    times, unit = _IN_OTHER_UNITS.get(unit, (1, unit))
    return Length(start, end, low * times, high * times, unit, vague)
