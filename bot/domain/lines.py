"""Lines of due days: each day of a plan counted once from its first, with what a day costs, and kept."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from math import exp, log
from operator import mul

from bot.domain.calendars import CalendarPolicy, closed_days, rolled
from bot.domain.interest import (
    PRECISE,
    DayCount,
    Doubled,
    Factor,
    discounts,
    doubled,
    force_of,
    in_percent,
    rate_factor,
)
from bot.domain.policy import Frequency

Basis = tuple[date, Decimal, DayCount]
"""From when, at how many percent a year and by which day count interest runs."""

Rated = tuple[float, list[float], list[float]]
"""A continuous rate a day, the worth at it of a unit paid on each day, and that times the days until then."""

_WEEKS = {"weekly": 1, "biweekly": 2}


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

    __slots__ = ("_calendar", "_days", "_frequency", "_interest", "_payday", "_rates")

    def __init__(
        self, first: date, frequency: Frequency, payday: int | None, holidays: CalendarPolicy | None
    ) -> None:
        self._days = [first]
        self._frequency = frequency
        self._payday = payday
        self._calendar = holidays
        self._interest: dict[Basis, Interest] = {}
        self._rates: dict[tuple[date, int], Rated] = {}

    def days(self, count: int) -> list[date]:
        """Return at least the first `count` due days."""
        if len(self._days) < count:
            self._days = self._longer(_size(count))
        return self._days

    def interest(self, basis: Basis) -> Interest:
        """Return what interest makes of these days."""
        found = self._interest.get(basis)
        if found is None:
            found = self._interest[basis] = Interest(self, basis)
        return found

    def annual_rate(self, principal: int, amounts: Sequence[int], start: date) -> Decimal:
        """Return the effective yearly rate in percent of `amounts` on these days, as agreed on `start`.

        The amounts are more than the principal. Plans of one policy cost all but the same: from the rate of
        the one before, a step finds the next.
        """
        count = len(amounts)
        known = self._rates.get((start, count))
        if known is not None:
            force, worths, moments = known
            worth = sum(map(mul, amounts, worths))
            step = log(worth / principal) * worth / sum(map(mul, amounts, moments))
            if -PRECISE < step < PRECISE:
                return in_percent(force + step)
        after = [(day - start).days for day in self.days(count)[:count]]
        force = force_of(principal, sum(amounts), amounts, after)
        worths = [exp(-force * at) for at in after]
        self._rates[start, count] = force, worths, list(map(mul, worths, after))
        return in_percent(force)

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


class Interest:
    """What interest makes of the days of a line, as many as were asked for so far."""

    __slots__ = ("_basis", "_discounts", "_growth", "_line", "_shares")

    def __init__(self, line: Line, basis: Basis) -> None:
        self._line = line
        self._basis = basis
        self._shares: list[Doubled] = []
        self._growth: list[Doubled] = []
        self._discounts: list[int] = []

    def shares(self, count: int) -> list[Doubled]:
        """Return the interest on one unit from the start to each of at least `count` days."""
        if len(self._shares) < count:
            start, rate, counting = self._basis
            days = self._line.days(count)[: _size(count)]
            self._shares = doubled([rate_factor(rate, start, day, counting) for day in days])
        return self._shares

    def growth(self, count: int) -> list[Doubled]:
        """Return the interest on one unit from each day to the next, the first from the start."""
        if len(self._growth) < count:
            self._growth = doubled(self._spans(count))
        return self._growth

    def discounts(self, count: int) -> list[int]:
        """Return what `interest.discounts` says of the growth, for at least `count` days."""
        if len(self._discounts) < count:
            self._discounts = discounts(self._spans(count))
        return self._discounts

    def _spans(self, count: int) -> list[Factor]:
        start, rate, counting = self._basis
        days = [start, *self._line.days(count)[: _size(count)]]
        return [rate_factor(rate, a, b, counting) for a, b in pairwise(days)]


def _size(count: int) -> int:
    return next((size for size in _SIZES if size >= count), count)


@lru_cache(maxsize=4096)
def line(first: date, frequency: Frequency, payday: int | None, holidays: CalendarPolicy | None) -> Line:
    """Return the line of due days from `first`, which is open; the same one each time."""
    return Line(first, frequency, payday, holidays)
