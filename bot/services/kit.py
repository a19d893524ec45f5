"""What every service works with: the database, the clock, policies, texts and settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from uuid import uuid4
from zoneinfo import ZoneInfo

from bot.domain.money import Money
from bot.language import formats
from bot.language.lint import Lexicon
from bot.language.texts import Texts
from bot.settings import Settings
from bot.storage.db import Database
from bot.storage.policies import Policies


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """Return the current instant, aware UTC."""
        ...


@dataclass
class SystemClock:
    """The machine's clock, moved by an offset for demos and tests."""

    offset: timedelta = timedelta()

    def now(self) -> datetime:
        """Return the machine's time plus the offset."""
        return datetime.now(UTC) + self.offset


@dataclass
class MovableClock:
    """A clock that stands still until it is moved."""

    at: datetime

    def now(self) -> datetime:
        """Return the instant at which it stands."""
        return self.at

    def move(self, by: timedelta) -> None:
        """Move it."""
        self.at += by


def random_id() -> str:
    """Return an id that nothing else has."""
    return str(uuid4())


@dataclass(frozen=True)
class Kit:
    """Handed to every service by the composition root."""

    db: Database
    clock: Clock
    policies: Policies
    texts: Texts
    lexicon: Lexicon
    settings: Settings
    new_id: Callable[[], str] = random_id
    """Names what is known under a name of its own, such as a conversation; a simulation draws it by seed."""


def local_day(at: datetime, timezone: str) -> date:
    """Return the calendar day that a borrower's wall shows."""
    return at.astimezone(ZoneInfo(timezone)).date()


def written(money: Money, locale: str) -> str:
    """Write money for a locale."""
    return formats.money(money.amount, money.currency, locale)
