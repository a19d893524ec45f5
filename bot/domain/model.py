"""The nouns that decisions are made on: frozen snapshots, no identity, no storage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo

from bot.domain.money import Money
from bot.domain.values import quickly_made


class Purpose(StrEnum):
    """Why a message is sent; caps count those that the lender starts (`is_initiated`)."""

    REMINDER = "reminder"
    INSTALMENT = "instalment"
    NOTICE = "notice"
    REPLY = "reply"
    CONFIRMATION = "confirmation"
    HANDOFF = "handoff"

    @property
    def is_initiated(self) -> bool:
        """True when the lender speaks first, so that contact caps count it."""
        return self in (Purpose.REMINDER, Purpose.INSTALMENT, Purpose.NOTICE)


class Initiator(StrEnum):
    """Who wrote a message."""

    BOT = "bot"
    AGENT = "agent"
    AGENCY = "agency"
    BORROWER = "borrower"


CallOutcome = Literal["answered", "unanswered"]
"""How a call ended: with a conversation, or without one."""


class HoldKind(StrEnum):
    """A fact that stops collection messages for as long as it lasts."""

    PROMISE = "promise"
    PLAN = "plan"
    DISPUTE = "dispute"
    PAID_CLAIM = "paid_claim"
    OPT_OUT = "opt_out"
    HANDOFF = "handoff"
    HARDSHIP = "hardship"
    COMPLAINT = "complaint"
    SELF_HARM = "self_harm"
    THREAT = "threat"
    DEATH = "death"
    UNDERAGE = "underage"
    REPRESENTED = "represented"
    BANKRUPT = "bankrupt"
    BREATHING_SPACE = "breathing_space"
    DEBT_ADVISER = "debt_adviser"
    WRONG_PERSON = "wrong_person"
    THIRD_PARTY = "third_party"
    DATA_RIGHTS = "data_rights"
    CONTACT_WINDOW = "contact_window"
    PAUSE = "pause"


@quickly_made
@dataclass(frozen=True, slots=True)
class Hold:
    """A stop on collection contact.

    `channel` limits it to one channel; `until` (aware UTC, exclusive) ends it, None means until lifted.
    """

    kind: HoldKind
    channel: str | None = None
    loan_id: int | None = None
    until: datetime | None = None

    def covers(self, channel: str, loan_id: int | None, at: datetime) -> bool:
        """Tell whether it forbids contact on `channel` about `loan_id` at instant `at`."""
        return (
            (self.channel is None or self.channel == channel)
            and (self.loan_id is None or loan_id is None or self.loan_id == loan_id)
            and (self.until is None or at < self.until)
        )


@quickly_made
@dataclass(frozen=True, slots=True)
class Address:
    """Where a borrower can be reached: channel name and the channel's own address."""

    channel: str
    address: str
    verified: bool = False
    consent: bool = True
    dead: bool = False


@quickly_made
@dataclass(frozen=True, slots=True)
class Contact:
    """A past contact that the lender started: channel, instant (aware UTC), and how a call ended.

    Without `loan_ids` it was about all of the borrower's debts, without `address` to any of their numbers.
    `timezone` is where the borrower lived then; None: where they live now.
    """

    channel: str
    at: datetime
    outcome: CallOutcome | None = None
    loan_ids: frozenset[int] = frozenset()
    address: str | None = None
    timezone: str | None = None

    def days(self, zone: ZoneInfo) -> tuple[date, ...]:
        """Return the day of the contact on the wall of a zone, and on that of the borrower's home of then."""
        here = self.at.astimezone(zone).date()
        if self.timezone is None or self.timezone == zone.key:
            return (here,)
        return (here, self.at.astimezone(ZoneInfo(self.timezone)).date())


@dataclass(frozen=True, slots=True)
class Window:
    """When a borrower wants to hear from us: weekdays (0 is Monday; none means all), local hours."""

    start: time
    end: time
    weekdays: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Wish:
    """When and where a borrower has said to be contacted: any of the windows, only on these channels."""

    windows: tuple[Window, ...] = ()
    channels: frozenset[str] = frozenset()


@quickly_made
@dataclass(frozen=True, slots=True)
class Due:
    """One due item of a loan: `number` is its place, counted from 1, and names the reminder cycle."""

    number: int
    due_on: date
    principal: Money
    interest: Money
    fee: Money
    paid: Money

    @property
    def amount(self) -> Money:
        """What the item asks in all, paid or not."""
        return self.principal + self.interest + self.fee

    @property
    def open(self) -> Money:
        """What is still to be paid of it."""
        return self.amount - self.paid

    @property
    def open_minor(self) -> int:
        """The same in minor units, for decisions over a whole book."""
        return self.principal.minor + self.interest.minor + self.fee.minor - self.paid.minor


@dataclass(frozen=True, slots=True)
class Loan:
    """A loan as decisions see it; `dues` in order of their number."""

    id: int
    ref: str
    product: str
    currency: str
    dues: tuple[Due, ...]

    @property
    def outstanding(self) -> Money:
        """All that is still to be paid."""
        return Money(sum(due.open_minor for due in self.dues), self.currency)

    def next_due(self) -> Due | None:
        """The oldest due item that is not fully paid, which is the current cycle."""
        for due in self.dues:
            if due.open_minor > 0:
                return due
        return None

    def overdue(self, today: date) -> Money:
        """What was due before `today` and is not paid."""
        return Money(sum(d.open_minor for d in self.dues if d.due_on < today), self.currency)

    def days_past_due(self, today: date) -> int | None:
        """Days from the oldest unpaid due date to `today`: negative before it, None when all is paid."""
        due = self.next_due()
        return None if due is None else (today - due.due_on).days


@quickly_made
@dataclass(frozen=True, slots=True)
class Case:
    """All facts that a contact decision rests on, loaded fresh.

    `basis` is the statutory ground on which a notice goes out in spite of a stop.
    """

    timezone: str
    address: Address | None
    holds: Sequence[Hold] = ()
    contacts: Sequence[Contact] = ()
    loan_id: int | None = None
    exempt: bool = False
    automatic_off: bool = False
    night_consent: bool = False
    initiator: Initiator = Initiator.BOT
    wish: Wish = Wish()
    basis: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A limit that stands in the way: its id in the policy, the number, and what was asked."""

    limit: str
    allowed: str
    asked: str
    detail: dict[str, str] = field(default_factory=dict)
