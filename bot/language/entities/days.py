"""Calendar arithmetic: next occurrences, month ends, weeks that start on Monday."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, timedelta

DAY = timedelta(days=1)


def valid(year: int, month: int, day: int) -> date | None:
    """Return the date, None where the calendar has no such day."""
    if not (1 <= year <= 9000 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]):
        return None
    return date(year, month, day)


def month_end(day: date) -> date:
    """Return the last day of the month `day` is in."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def add_months(day: date, months: int) -> date:
    """Return the same day `months` later (or earlier), the last of the month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def monday(day: date) -> date:
    """Return the Monday of the week `day` is in."""
    return day - timedelta(days=day.weekday())


def next_weekday(today: date, weekday: int) -> date:
    """Return the next such weekday (0 is Monday), today excluded."""
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _months_from(today: date, months: int) -> Iterator[date]:
    first = today.replace(day=1)
    return (add_months(first, offset) for offset in range(months))


def next_day_of_month(today: date, day: int) -> date | None:
    """Return the next date with that day of the month, today included; None for day 0 or 32."""
    for first in _months_from(today, 4):
        found = valid(first.year, first.month, day)
        if found is not None and found >= today:
            return found
    return None


def next_recurring(today: date, day: int) -> date | None:
    """Return the next monthly occurrence: the 31st falls on the last day of a shorter month."""
    if not 1 <= day <= 31:
        return None
    for first in _months_from(today, 2):
        found = first.replace(day=min(day, month_end(first).day))
        if found >= today:
            return found
    return None


def next_annual(today: date, month: int, day: int) -> date | None:
    """Return the next date with that month and day, today included; None if no year has it."""
    for year in range(today.year, today.year + 9):
        found = valid(year, month, day)
        if found is not None and found >= today:
            return found
    return None


def next_month(today: date, month: int) -> date:
    """Return the first day of the next such month, the current month included."""
    return date(today.year + (month < today.month), month, 1)


def nth_weekday(first: date, weekday: int, nth: int) -> date | None:
    """Return the nth such weekday of the month that begins `first`, −1 for its last; None if it has none."""
    found = first + timedelta(days=(weekday - first.weekday()) % 7)
    if nth < 0:
        return found + timedelta(days=28 if (found + timedelta(days=28)).month == first.month else 21)
    found += timedelta(days=7 * (nth - 1))
    return found if found.month == first.month else None


def nth_week(first: date, nth: int) -> tuple[date, date]:
    """Return the nth seven days of the month that begins `first`, its last seven for −1."""
    if nth < 0:
        last = month_end(first)
        return last - timedelta(days=6), last
    start = first + timedelta(days=7 * (nth - 1))
    return start, min(start + timedelta(days=6), month_end(first))


def easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (the anonymous algorithm of 1876)."""
    golden = year % 19
    century, rest = divmod(year, 100)
    leap, odd = divmod(century, 4)
    moon = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap - moon + 15) % 30
    quad, left = divmod(rest, 4)
    weekday = (32 + 2 * odd + 2 * quad - epact - left) % 7
    fix = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * fix + 114, 31)
    return date(year, month, day + 1)
