"""Parts of a time expression before they are put together: days, clock times, instants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

HOUR = 60
"""Minutes."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day, or the days `first` to `last`; grain "week", "month" or "year" for a whole one.

    `bare` tells what was said without its week, month or year: ("weekday", 4), ("day", 15), ("date", 15)
    with the month, ("month", 4); the end of a range rolls past its start by it. `recurring`
    is the period of 每月15号, `side` is "to" for 这周内.
    """

    first: date
    last: date
    grain: str = "day"
    bare: tuple[str, int] | None = None
    recurring: str | None = None
    vague: bool = False
    side: str | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day in minutes after midnight, or a part of the day from `begin` to `finish`.

    `loose` when morning or afternoon was left open; `attached` when the words mean a time only beside a day;
    `daily` for every day at that time.
    """

    begin: int
    finish: int | None = None
    grain: str = "hour"
    loose: bool = False
    attached: bool = False
    vague: bool = False
    daily: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a time expression at a half-open span of the folded text; an empty one is no time at all."""

    start: int
    end: int
    day: Day | None = None
    clock: Clock | None = None
    instant: tuple[datetime, datetime] | None = None
    """First and last instant, for 两小时后."""
    side: str | None = None
    vague: bool = False
    opened: bool = False
    """Said as the beginning of a range: "Monday between 9am …"."""


def single(
    day: date, *, bare: tuple[str, int] | None = None, recurring: str | None = None, vague: bool = False
) -> Day:
    """Return a Day of one date."""
    return Day(day, day, "day", bare, recurring, vague)
