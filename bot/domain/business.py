"""Business time: when a team is there, and minutes counted only while it is, exact where clocks change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.calendars import Closed
from bot.domain.openings import Span, first_open, outside, stretches

HORIZON = 400
"""Days after which a team that has not opened is taken never to open."""
_DAY = timedelta(days=1)
_ZERO = timedelta()


@dataclass(frozen=True)
class BusinessHours:
    """When a team is there: spans of the wall of `zone` by weekday, Monday first, but for closed days."""

    zone: ZoneInfo
    spans: tuple[tuple[Span, ...], ...]
    closed: Closed

    def is_open(self, at: datetime) -> bool:
        """Tell whether the team is there at an instant (aware UTC)."""
        return self.opening(at) == at

    def opening(self, at: datetime) -> datetime | None:
        """Return the first instant at or after `at` at which it is there; None when there is none."""
        shut = [outside(spans) for spans in self.spans]
        return first_open(at, self.zone, lambda day: not self.closed(day), shut, HORIZON)

    def open_spans(self, at: datetime, days: int = HORIZON) -> Iterator[tuple[datetime, datetime]]:
        """Return the stretches of time (aware UTC, the end excluded) from `at` on in which it is there."""
        for start, end, offset in stretches(at, self.zone, days):
            local, last = (start + offset).replace(tzinfo=None), (end + offset).replace(tzinfo=None)
            midnight = datetime.combine(local.date(), time())
            while midnight < last:
                for low, high in self._of_day(midnight):
                    first, then = max(midnight + low, local), min(midnight + high, last)
                    if first < then:
                        yield (first - offset).replace(tzinfo=UTC), (then - offset).replace(tzinfo=UTC)
                midnight += _DAY

    def _of_day(self, midnight: datetime) -> Sequence[Span]:
        return () if self.closed(midnight.date()) else sorted(self.spans[midnight.weekday()])

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return how much business time lies between two instants; negative when `end` comes first."""
        if end < start:
            return -self.between(end, start)
        passed = _ZERO
        for low, high in self.open_spans(start, (end - start).days + 1):
            if low >= end:
                break
            passed += min(high, end) - low
        return passed

    def after(self, start: datetime, minutes: float) -> datetime | None:
        """Return the instant at which so many business minutes have passed since `start`.

        With none to pass it is `start` itself; None for a team that does not open long enough.
        """
        left = timedelta(minutes=minutes)
        if left <= _ZERO:
            return start
        for low, high in self.open_spans(start):
            if high - low >= left:
                return low + left
            left -= high - low
        return None


@dataclass(frozen=True, slots=True)
class Countdown:
    """How much business time is left until something is due; negative once it is late."""

    left: timedelta
    due: datetime

    @property
    def is_late(self) -> bool:
        """True from the instant on at which it was due."""
        return self.left <= _ZERO


def countdown(hours: BusinessHours, due: datetime, now: datetime) -> Countdown:
    """Return the business time left until `due`."""
    return Countdown(hours.between(now, due), due)
