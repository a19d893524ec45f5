"""Promises to pay: what may be promised, and when one is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from bot.domain.model import Loan, Refusal
from bot.domain.money import Money
from bot.domain.policy import PromisePolicy


def promise_refusals(
    amount: Money, due_on: date, loan: Loan, policy: PromisePolicy, today: date
) -> tuple[Refusal, ...]:
    """Return every limit that a promise of `amount` on `due_on` breaks; empty when it may be recorded."""
    return tuple(_refusals(amount, due_on, loan, policy, today))


def _refusals(
    amount: Money, due_on: date, loan: Loan, policy: PromisePolicy, today: date
) -> Iterator[Refusal]:
    latest = today + timedelta(days=policy.days_ahead)
    minimum = min(Money.of(policy.minimum, amount.currency).minor, loan.outstanding.minor)
    if due_on < today:
        yield Refusal("promise.past", today.isoformat(), due_on.isoformat())
    if due_on > latest:
        yield Refusal("promise.days_ahead", latest.isoformat(), due_on.isoformat())
    if amount.minor < minimum or amount.minor <= 0:
        yield Refusal("promise.minimum", str(Money(minimum, amount.currency)), str(amount))
    if loan.outstanding < amount:
        yield Refusal("promise.outstanding", str(loan.outstanding), str(amount))


def is_kept(promised: Money, paid: Money, kept_percent: Decimal) -> bool:
    """Tell whether `paid` keeps a promise: at least `kept_percent` of it."""
    return paid.minor * 100 >= promised.minor * kept_percent


def broken_on(due_on: date, policy: PromisePolicy) -> date:
    """Return the first day on which an unpaid promise counts as broken: after the grace days."""
    return due_on + timedelta(days=policy.grace_days + 1)
