"""Schedules: on which days a plan is paid, how much each time, and what it costs on top."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from bot.domain.calendars import closed_days, nearest_open, rolled
from bot.domain.interest import annuity, effective_annual_rate, simple_interest
from bot.domain.money import Money
from bot.domain.policy import Frequency, ProductPolicy

Kind = Literal["instalment", "extension"]

_DAY = timedelta(days=1)
_WEEKS = {"weekly": 1, "biweekly": 2}
# Payments that one month can hold: 31 days have room for five Fridays, and three of every second Friday.
_IN_A_MONTH = {"weekly": 5, "biweekly": 3}


@dataclass(frozen=True, slots=True)
class Wish:
    """What the borrower asked for; whatever they did not say is None.

    `ability` is the most they can pay a month; `count` instalments; `days` of extension; `first_on` the
    earliest day on which they can pay; `payday` the day of the month (1–31) on which wages come.
    """

    kind: Kind | None = None
    count: int | None = None
    days: int | None = None
    ability: Money | None = None
    first_on: date | None = None
    frequency: Frequency | None = None
    payday: int | None = None


@dataclass(frozen=True, slots=True)
class Instalment:
    """One payment of a plan: `number` from 1."""

    number: int
    due_on: date
    amount: Money


@dataclass(frozen=True, slots=True)
class Option:
    """A plan that policy allows, whole: schedule, what it settles, and what it costs on top."""

    kind: Kind
    schedule: tuple[Instalment, ...]
    principal: Money
    cost: Money
    days: int | None = None
    frequency: Frequency = "monthly"

    @property
    def count(self) -> int:
        """How many payments it has."""
        return len(self.schedule)

    @property
    def total(self) -> Money:
        """All payments together."""
        return self.principal + self.cost

    @property
    def largest(self) -> Money:
        """The largest single payment."""
        return max((item.amount for item in self.schedule), key=lambda money: money.minor)

    @property
    def monthly(self) -> Money:
        """The most that any month can ask: the largest sum of as many payments in a row as a month holds."""
        span = _IN_A_MONTH.get(self.frequency, 1)
        sums = (sum(item.amount.minor for item in self.schedule[at : at + span]) for at in range(self.count))
        return Money(max(sums), self.principal.currency)

    def annual_rate(self, today: date) -> Decimal:
        """Return the effective yearly rate in percent, two decimals, as agreed on `today`."""
        payments = [(item.due_on, item.amount) for item in self.schedule]
        return effective_annual_rate(self.principal, payments, today)


def add_months(start: date, months: int, day: int | None = None) -> date:
    """Return the same day of a later month, or `day` of it; a 31st clamps to the end and comes back after."""
    index = start.month - 1 + months
    year, month = start.year + index // 12, index % 12 + 1
    return date(year, month, min(day or start.day, calendar.monthrange(year, month)[1]))


def next_payday(payday: int, today: date) -> date:
    """Return the first day after `today` that is the `payday` of its month, clamped to the month's end."""
    this_month = add_months(today, 0, payday)
    return this_month if this_month > today else add_months(today, 1, payday)


def latest_first(policy: ProductPolicy, today: date, hardship: bool) -> date:
    """Return the last day on which a plan may begin."""
    rules = policy.instalment
    return today + timedelta(days=rules.first_payment_days_hardship if hardship else rules.first_payment_days)


def frequency_of(policy: ProductPolicy, wish: Wish) -> Frequency:
    """Return the wished frequency where policy has it, else the policy's first."""
    allowed = policy.instalment.frequencies
    return wish.frequency if wish.frequency in allowed else allowed[0]


def wished_first(policy: ProductPolicy, wish: Wish, today: date) -> date | None:
    """Return the day on which the borrower would begin, allowed or not; None when they have not said."""
    if wish.payday is None or frequency_of(policy, wish) != "payday":
        return wish.first_on
    return next_payday(wish.payday, max(wish.first_on - _DAY if wish.first_on else today, today))


def first_day(policy: ProductPolicy, wish: Wish, today: date, hardship: bool) -> date | None:
    """Return the open day on which a plan begins, from tomorrow on; None when policy leaves no open day.

    As late as policy allows where the borrower has said nothing; else as near to their day as possible.
    """
    latest = latest_first(policy, today, hardship)
    wanted = wished_first(policy, wish, today) or latest
    return nearest_open(wanted, today + _DAY, latest, closed_days(policy.calendar))


def down_payment(amount: Money, policy: ProductPolicy, hardship: bool) -> Money:
    """Return what is paid on top of the first instalment; nothing in hardship."""
    if hardship:
        return Money(0, amount.currency)
    return amount.times(policy.instalment.down_payment_percent / 100)


def instalment_option(
    amount: Money,
    policy: ProductPolicy,
    count: int,
    *,
    today: date,
    hardship: bool,
    first_on: date | None = None,
    wish: Wish | None = None,
) -> Option:
    """Build the plan of `count` payments that settles `amount`; the caller checks the limits.

    `first_on` stands for a wish that says nothing else. Raises ValueError when there is no open day to begin.
    """
    said = wish or Wish(first_on=first_on)
    first = first_day(policy, said, today, hardship)
    if first is None:
        raise ValueError(f"{policy.product}: no open day to begin a plan after {today}")
    frequency = frequency_of(policy, said)
    payday = said.payday if frequency == "payday" else None
    days = _due_days(first, count, frequency, payday, policy)
    down = down_payment(amount, policy, hardship)
    rules = policy.instalment
    if rules.interest == "annuity":
        payments = annuity(amount, down, rules.annual_rate_percent, today, days, rules.day_count)
    else:
        rest = list((amount - down).split(count, rules.odd_cents))
        # The down payment comes with the first instalment: one date to remember, not two.
        rest[0] += down
        rate, basis = rules.annual_rate_percent, rules.day_count
        payments = tuple(
            part + simple_interest(part, rate, today, day, basis)
            for part, day in zip(rest, days, strict=True)
        )
    schedule = tuple(Instalment(n, *one) for n, one in enumerate(zip(days, payments, strict=True), 1))
    cost = Money(sum(money.minor for money in payments) - amount.minor, amount.currency)
    return Option("instalment", schedule, amount, cost, frequency=frequency)


def extension_option(amount: Money, days: int, today: date) -> Option:
    """Build the plan that moves `amount` as a whole to `days` from today, at no cost."""
    return Option(
        "extension",
        (Instalment(1, today + timedelta(days=days), amount),),
        amount,
        Money(0, amount.currency),
        days=days,
    )


def _due_days(
    first: date, count: int, frequency: Frequency, payday: int | None, policy: ProductPolicy
) -> list[date]:
    """Return the open days of all payments; each is counted from the first, so that no move adds up."""
    days = [first]
    closed = closed_days(policy.calendar)
    roll = policy.calendar.roll if policy.calendar else "following"
    for number in range(1, count):
        if frequency in _WEEKS:
            plain = first + timedelta(weeks=number * _WEEKS[frequency])
        else:
            plain = add_months(first, number, payday)
        days.append(rolled(plain, days[-1], roll, closed))
    return days
