"""Lines of due days: each day of a plan counted once from its first, with what a day costs, and kept."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

from bot.domain.calendars import CalendarPolicy, closed_days, rolled
from bot.domain.interest import DayCount, Factor, discounts, rate_factor
from bot.domain.policy import Frequency

Basis = tuple[date, Decimal, DayCount]
"""From when, at how many percent a year and by which day count interest runs."""

_WEEKS = {"weekly": 1, "biweekly": 2}
_NONE: list[Factor] = []


def add_months(start: date, months: int, day: int | None = None) -> date:
    """Return the same day of a later month, or `day` of it; a 31st clamps to the end and comes back after."""
    index = start.month - 1 + months
    year, month = start.year + index // 12, index % 12 + 1
    return date(year, month, min(day or start.day, calendar.monthrange(year, month)[1]))


def next_payday(payday: int, today: date) -> date:
    """Return the first day after `today` that is the `payday` of its month, clamped to the month's end."""
    this_month = add_months(today, 0, payday)
    return this_month if this_month > today else add_months(today, 1, payday)


# How many days are counted at once; each list is whole before anybody sees it, as several threads may ask.
_SIZES = (12, 24, 60, 120)


class Line:
    """The due days from `first` on, as many as were asked for so far; a shorter plan is its beginning.

    Each plain day is counted from the first, so that no move off a closed day adds up.
    """

    __slots__ = ("_calendar", "_days", "_discounts", "_frequency", "_growth", "_payday", "_shares")

    def __init__(
        self, first: date, frequency: Frequency, payday: int | None, holidays: CalendarPolicy | None
    ) -> None:
        self._days = [first]
        self._frequency = frequency
        self._payday = payday
        self._calendar = holidays
        self._shares: dict[Basis, list[Factor]] = {}
        self._growth: dict[Basis, list[Factor]] = {}
        self._discounts: dict[Basis, list[tuple[Decimal, Decimal]]] = {}

    def days(self, count: int) -> list[date]:
        """Return at least the first `count` due days."""
        if len(self._days) < count:
            self._days = self._longer(_size(count))
        return self._days

    def shares(self, basis: Basis, count: int) -> list[Factor]:
        """Return the interest on one unit from the start to each of at least `count` days."""
        known = self._shares.get(basis, _NONE)
        if len(known) < count:
            start, rate, counting = basis
            days = self.days(count)[: _size(count)]
            known = self._shares[basis] = [rate_factor(rate, start, day, counting) for day in days]
        return known

    def growth(self, basis: Basis, count: int) -> list[Factor]:
        """Return the interest on one unit from each day to the next, the first from the start."""
        known = self._growth.get(basis, _NONE)
        if len(known) < count:
            start, rate, counting = basis
            days = [start, *self.days(count)[: _size(count)]]
            spans = pairwise(days)
            known = self._growth[basis] = [rate_factor(rate, a, b, counting) for a, b in spans]
        return known

    def discounts(self, basis: Basis, count: int) -> list[tuple[Decimal, Decimal]]:
        """Return what `interest.discounts` says of the growth, for at least `count` days."""
        known = self._discounts.get(basis)
        if known is None or len(known) < count:
            known = self._discounts[basis] = discounts(self.growth(basis, count))
        return known

    def _longer(self, count: int) -> list[date]:
        closed = closed_days(self._calendar)
        roll = self._calendar.roll if self._calendar else "following"
        first = self._days[0]
        days = [first]
        for number in range(1, count):
            if self._frequency in _WEEKS:
                plain = first + timedelta(weeks=number * _WEEKS[self._frequency])
            else:
                plain = add_months(first, number, self._payday)
            days.append(rolled(plain, days[-1], roll, closed))
        return days


def _size(count: int) -> int:
    return next((size for size in _SIZES if size >= count), count)


@lru_cache(maxsize=4096)
def line(first: date, frequency: Frequency, payday: int | None, holidays: CalendarPolicy | None) -> Line:
    """Return the line of due days from `first`, which is open; the same one each time."""
    return Line(first, frequency, payday, holidays)
