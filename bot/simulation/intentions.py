"""What borrowers mean to do later, and whether they will."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.simulation.people import Person


@dataclass(frozen=True, slots=True)
class Next:
    """What a borrower does later: a payment of a sum on a loan (None: all that is due), or one more act."""

    at: datetime
    act: str
    loan: str | None = None
    amount: int | None = None


def perhaps(
    person: Person, at: datetime, key: str, loan: str | None = None, amount: int | None = None
) -> list[Next]:
    """Return a payment, if this borrower keeps the word given; `amount` in minor units."""
    keeps = person.draw("keeps", key, person.said) < person.persona.keeps
    return [Next(at, "pay", loan, amount)] if keeps else []


def on(person: Person, day: date, key: str) -> datetime:
    """Return an instant of a day at which a borrower sees to a payment."""
    hour = int(person.between(9, 21, "hour", key, person.said))
    return datetime.combine(day, time(hour), ZoneInfo(person.timezone))


def day_after(person: Person, now: datetime, later: timedelta, hour: int) -> datetime:
    """Return an hour of a borrower's day, some time later."""
    zone = ZoneInfo(person.timezone)
    return datetime.combine((now + later).astimezone(zone).date(), time(hour), zone)
