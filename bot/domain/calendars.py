"""Days on which nobody can pay: weekends and public holidays, and where a payment moves then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache, lru_cache
from typing import Literal

import holidays
from pydantic import BaseModel, ConfigDict, Field, model_validator

Roll = Literal["following", "preceding", "modified following"]
Closed = Callable[[date], bool]

_DAY = timedelta(days=1)
# The package looks through all its calendars each time it is asked.
_countries = cache(holidays.list_supported_countries)


class CalendarPolicy(BaseModel):
    """The holiday calendar of a product, and how a due day that is closed moves.

    `country` (ISO 3166) and `subdivision` name a calendar of the `holidays` package, which knows weekends
    and, in China, the weekends that are worked.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    country: str = Field(pattern=r"^[A-Z]{2}$", description="an ISO 3166 code such as GB")
    subdivision: str | None = Field(default=None, description="a part of the country such as ENG")
    roll: Roll = "following"

    @model_validator(mode="after")
    def _is_known(self) -> CalendarPolicy:
        known = _countries()
        if self.country not in known:
            raise ValueError(f"there is no holiday calendar of country {self.country}")
        if self.subdivision is not None and self.subdivision not in known[self.country]:
            parts = ", ".join(known[self.country]) or "none"
            raise ValueError(f"{self.country} has no subdivision {self.subdivision}; it has {parts}")
        return self


def closed_days(calendar: CalendarPolicy | None) -> Closed:
    """Return the test for a day on which nobody can pay; without a calendar every day is open."""
    return _always_open if calendar is None else _closed(calendar.country, calendar.subdivision)


def nearest_open(day: date, low: date, high: date, closed: Closed) -> date | None:
    """Return the open day within `low`..`high` next to `day`: later if there is one, else earlier."""
    later = earlier = min(max(day, low), high)
    while later <= high:
        if not closed(later):
            return later
        later += _DAY
    while earlier >= low:
        if not closed(earlier):
            return earlier
        earlier -= _DAY
    return None


def rolled(day: date, after: date, roll: Roll, closed: Closed) -> date:
    """Move `day` off a closed day as `roll` says, and always to a day later than `after`."""
    found = _step(day, -_DAY if roll == "preceding" else _DAY, closed)
    if roll == "modified following" and found.month != day.month:
        found = _step(day, -_DAY, closed)
    if found <= after:
        found = _step(max(day, after + _DAY), _DAY, closed)
    return found


def _step(day: date, by: timedelta, closed: Closed) -> date:
    while closed(day):
        day += by
    return day


def _always_open(day: date) -> bool:
    return False


@lru_cache
def _closed(country: str, subdivision: str | None) -> Closed:
    calendar = holidays.country_holidays(country, subdiv=subdivision)
    return lru_cache(maxsize=4096)(lambda day: not calendar.is_working_day(day))
