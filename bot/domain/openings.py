"""The first instant at which a borrower's wall shows an hour that is open, exact where clocks change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Span = tuple[timedelta, timedelta]
"""From and to (excluded), counted from midnight."""

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
# Zones reach a day beyond UTC, and the calendar of `datetime` ends with the year 9999.
_CALENDAR_END = datetime(9999, 12, 28, tzinfo=UTC)


def spans(start: time, end: time) -> tuple[Span, ...]:
    """Return the stretches of a day from `start` to `end`; two where that spans midnight."""
    low, high = since_midnight(start), since_midnight(end)
    if low <= high:
        return ((low, high),)
    return ((timedelta(), high), (low, _DAY))


def outside(windows: Iterable[Span]) -> tuple[Span, ...]:
    """Return what of a day lies in none of the windows."""
    left, at = [], timedelta()
    for start, end in sorted(windows):
        if start > at:
            left.append((at, start))
        at = max(at, end)
    return (*left, (at, _DAY)) if at < _DAY else tuple(left)


def since_midnight(wall: time) -> timedelta:
    """Return how far the hands of a wall clock have come since they showed midnight."""
    return timedelta(hours=wall.hour, minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond)


def first_open(
    at: datetime,
    zone: ZoneInfo,
    is_open: Callable[[date], bool],
    closed: Sequence[Sequence[Span]],
    days: int,
) -> datetime | None:
    """Return the first instant at or after `at` (aware UTC) on an open local day outside its closed spans.

    `closed` holds the closed spans of each weekday, Monday first. None when the next `days` have no such
    instant, or the calendar has come to its end.
    """
    for start, end, offset in stretches(at, zone, days):
        local, last = (start + offset).replace(tzinfo=None), (end + offset).replace(tzinfo=None)
        while local < last:
            midnight = datetime.combine(local.date(), time())
            if is_open(local.date()):
                found = _first_outside(local - midnight, closed[local.weekday()])
                if found < _DAY and midnight + found < last:
                    return (midnight + found - offset).replace(tzinfo=UTC)
            local = midnight + _DAY
    return None


def _first_outside(at: timedelta, closed: Sequence[Span]) -> timedelta:
    for start, end in sorted(closed):
        if start <= at < end:
            at = end
    return at


def stretches(at: datetime, zone: ZoneInfo, days: int) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Cut time at every change of the clocks: within a stretch the wall runs evenly, `offset` before UTC."""
    start = at
    for _ in range(days + 2):
        if start >= _CALENDAR_END:
            return
        end = start + _DAY
        before, after = _offset(start, zone), _offset(end, zone)
        if before != after:
            change = _change(start, end, zone, before)
            yield start, change, before
            yield change, end, after
        else:
            yield start, end, before
        start = end


def _change(start: datetime, end: datetime, zone: ZoneInfo, before: timedelta) -> datetime:
    """Return the second at which the offset stops being `before`; clocks change on whole seconds."""
    low, high = start.replace(microsecond=0), end.replace(microsecond=0)
    if _offset(high, zone) == before:
        return high + _SECOND
    while high - low > _SECOND:
        middle = low + timedelta(seconds=(high - low) // _SECOND // 2)
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    return high


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None
    return offset
