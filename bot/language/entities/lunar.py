"""The Chinese lunar calendar, 2024 to 2045: a table of observation, not of arithmetic."""

from __future__ import annotations

from datetime import date, timedelta

# By year: the day of its first month's first, its leap month (0 for none), and its months in binary behind
# a leading 1: 1 for thirty days, 0 for twenty-nine.
_WRITTEN = (
    "20240210 0 14b6, 20250129 6 34ae, 20260217 0 1a4e, 20270206 0 1d26, 20280126 5 3d26, 20290213 0 1d53, "
    "20300203 0 15aa, 20310123 3 2d6a, 20320211 0 196d, 20330131 11 295d, 20340219 0 14ad, 20350208 0 1a4d, "
    "20360128 6 3a4b, 20370215 0 1d25, 20380204 0 1d52, 20390124 5 3b54, 20400212 0 1b5a, 20410201 0 156d, "
    "20420122 2 295b, 20430210 0 149b, 20440130 7 3497, 20450217 0 1a4b"
)


def _read(written: str) -> tuple[int, tuple[date, int, str]]:
    new_year, leap, months = written.split()
    first = date(int(new_year[:4]), int(new_year[4:6]), int(new_year[6:]))
    return first.year, (first, int(leap), f"{int(months, 16):b}"[1:])


_YEARS = dict(map(_read, _WRITTEN.split(", ")))


def solar(year: int, month: int, day: int, *, leap: bool = False) -> date | None:
    """Return the date of a lunar day; `leap` for a leap month. None for no such day or outside the table.

    The thirtieth of a month of twenty-nine days is its last: 大年三十 is the eve, however long the month.
    """
    if year not in _YEARS or not (1 <= month <= 12 and 1 <= day <= 30):
        return None
    new_year, leap_month, months = _YEARS[year]
    if leap and month != leap_month:
        return None
    place = month - 1 + (leap or 0 < leap_month < month)
    lengths = [29 + int(long) for long in months]
    return new_year + timedelta(days=sum(lengths[:place]) + min(day, lengths[place]) - 1)


def next_yearly(today: date, month: int, day: int, *, leap: bool = False) -> date | None:
    """Return the next date, today included, that falls on a month's day of the lunar calendar."""
    for year in (today.year - 1, today.year, today.year + 1):
        found = solar(year, month, day, leap=leap)
        if found is not None and found >= today:
            return found
    return None


def month_start(last: date) -> date:
    """Return the first day of the lunar month whose last day is given."""
    longest = last - timedelta(days=29)
    starts = {
        solar(year, month, 1, leap=leap)
        for year in (last.year - 1, last.year)
        for month in range(1, 13)
        for leap in (False, True)
    }
    return longest if longest in starts else longest + timedelta(days=1)


def next_monthly(today: date, day: int) -> date | None:
    """Return the next date, today included, with that day of a lunar month."""
    for year in (today.year - 1, today.year):
        leap_month = _YEARS[year][1] if year in _YEARS else 0
        for month in range(1, 13):
            for leap in (False, True) if month == leap_month else (False,):
                found = solar(year, month, day, leap=leap)
                if found is not None and found >= today:
                    return found
    return None
