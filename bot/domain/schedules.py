"""Schedules: on which days a plan is paid, how much each time, and what it costs on top."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import count, repeat
from typing import Literal, NamedTuple

from bot.domain.interest import yearly_rate
from bot.domain.lines import Line
from bot.domain.money import Money, moneys
from bot.domain.policy import Frequency, Kind
from bot.domain.values import quickly_made

Reason = Literal["as_wished", "fits_ability", "nearest_to_wish", "policy_order"]

# Payments that one month can hold: 31 days have room for five Fridays, and three of every second Friday.
IN_A_MONTH = {"weekly": 5, "biweekly": 3, "monthly": 1, "payday": 1}

A_MONTH = 31
"""Days after which two payments are never in one month."""


@quickly_made
@dataclass(frozen=True, slots=True)
class Wish:
    """What the borrower asked for; whatever they did not say is None.

    `ability` is the most they can pay a month; `count` instalments; `days` of extension, or until the rest is
    paid; `first_on` the earliest day on which they can pay; `payday` the day of the month (1–31) on which
    wages come; `months` of payment holiday; `pay_now` a part to be paid now, the rest promised; `waive` what
    should be waived.
    """

    kind: Kind | None = None
    count: int | None = None
    days: int | None = None
    ability: Money | None = None
    first_on: date | None = None
    frequency: Frequency | None = None
    payday: int | None = None
    months: int | None = None
    pay_now: Money | None = None
    waive: Money | None = None

    @property
    def sort(self) -> Kind:
        """The kind that is meant: the stated one, else what the other terms speak of, else instalments."""
        if self.kind is not None:
            return self.kind
        if self.months is not None:
            return "holiday"
        if self.pay_now is not None:
            return "partial"
        if self.waive is not None:
            return "waiver"
        return "extension" if self.days is not None and self.count is None else "instalment"


class Instalment(NamedTuple):
    """One payment of a plan: `number` from 1."""

    number: int
    due_on: date
    amount: Money


class Along(tuple[Instalment, ...]):
    """The payments of `amounts` (minor units) on the days of a line, which tells their rate soonest."""

    line: Line
    amounts: Sequence[int]


def along(line: Line, amounts: Sequence[int], currency: str) -> Along:
    """Return the payments of `amounts` on the first days of `line`, numbered from 1."""
    payments = Along(_payments(line.days(len(amounts)), amounts, currency))
    payments.line, payments.amounts = line, amounts
    return payments


class Check(NamedTuple):
    """A limit that an option was held against, what it allows, and the option's own value."""

    limit: str
    allowed: str
    value: int | date | Money | Decimal | str


@quickly_made
@dataclass(frozen=True, slots=True)
class Option:
    """A plan that policy allows, whole: schedule, what it settles, what it costs on top, what is waived.

    `days` until the last payment where there is but one to wait for, `months` of holiday, and for a holiday
    the day of its review. `reason` says why it stands where it stands, `checked` what it was held against.
    """

    kind: Kind
    schedule: tuple[Instalment, ...]
    principal: Money
    cost: Money
    days: int | None = None
    frequency: Frequency = "monthly"
    months: int | None = None
    review_on: date | None = None
    waived_minor: int = 0
    reason: Reason = field(default="policy_order", compare=False)
    checked: tuple[Check, ...] = field(default=(), compare=False)

    @property
    def count(self) -> int:
        """How many payments it has."""
        return len(self.schedule)

    @property
    def waived(self) -> Money:
        """What the lender gives up."""
        return Money(self.waived_minor, self.principal.currency)

    @property
    def total(self) -> Money:
        """All payments together."""
        return self.principal + self.cost - self.waived

    @property
    def largest(self) -> Money:
        """The largest single payment."""
        return max((item.amount for item in self.schedule), key=lambda money: money.minor)

    @property
    def monthly(self) -> Money:
        """The most that any month can ask: the largest sum of as many payments in a row as a month holds."""
        amounts = [item.amount.minor for item in self.schedule]
        # Two payments of one month, a part now and the rest, are one month's burden.
        close = self.kind == "partial" and (self.schedule[-1].due_on - self.schedule[0].due_on).days < A_MONTH
        return Money(fullest(amounts, 2 if close else IN_A_MONTH[self.frequency]), self.principal.currency)

    def annual_rate(self, today: date) -> Decimal:
        """Return the effective yearly rate in percent, two decimals, as agreed on `today`."""
        if self.cost.minor <= self.waived_minor:
            return Decimal("0.00")
        if isinstance(self.schedule, Along):
            return self.schedule.line.annual_rate(self.principal.minor, self.schedule.amounts, today)
        start = today.toordinal()
        after = [day.toordinal() - start for _, day, _ in self.schedule]
        return yearly_rate(self.principal.minor, [money.minor for _, _, money in self.schedule], after)


def schedule(days: Sequence[date], amounts: Sequence[int], currency: str) -> tuple[Instalment, ...]:
    """Return the payments of `amounts` (minor units) on the first of `days`, numbered from 1."""
    return tuple(_payments(days, amounts, currency))


def _payments(days: Sequence[date], amounts: Sequence[int], currency: str) -> Iterator[Instalment]:
    # What `Instalment._make` does, without its step through the interpreter for each payment.
    return map(_new, repeat(Instalment), zip(count(1), days, moneys(amounts, currency), strict=False))


_new = tuple.__new__


def fullest(amounts: list[int], span: int) -> int:
    """Return the largest sum of `span` amounts in a row."""
    if span == 1:
        return max(amounts)
    return max(sum(amounts[at : at + span]) for at in range(max(1, len(amounts) - span + 1)))
