"""Promises to pay: what may be promised, which states there are, and when one is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from bot.domain.model import Loan, Refusal
from bot.domain.money import Money
from bot.domain.policy import PromisePolicy
from bot.domain.receipts import Receipt, received


class PromiseState(StrEnum):
    """Where a promise stands."""

    OPEN = "open"
    KEPT = "kept"
    PART_KEPT = "part_kept"
    BROKEN = "broken"
    CANCELLED = "cancelled"

    @property
    def is_missed(self) -> bool:
        """True when its day has passed and less than the kept share has come."""
        return self in (PromiseState.PART_KEPT, PromiseState.BROKEN)


_S = PromiseState
TRANSITIONS: Mapping[PromiseState, frozenset[PromiseState]] = {
    _S.OPEN: frozenset({_S.KEPT, _S.PART_KEPT, _S.BROKEN, _S.CANCELLED}),
    # Only a payment that was returned undoes a promise that was kept.
    _S.KEPT: frozenset({_S.OPEN, _S.PART_KEPT, _S.BROKEN}),
    # Only a payment that is booked late, or returned, changes what was missed.
    _S.PART_KEPT: frozenset({_S.KEPT, _S.BROKEN}),
    _S.BROKEN: frozenset({_S.KEPT, _S.PART_KEPT}),
    _S.CANCELLED: frozenset(),
}


def move(state: PromiseState, to: PromiseState) -> Refusal | None:
    """Return why a promise may not go from `state` to `to`, None when it may."""
    if to in TRANSITIONS[state]:
        return None
    return Refusal("promise.state", ", ".join(sorted(TRANSITIONS[state])) or "none", to.value)


@dataclass(frozen=True, slots=True)
class PromiseFacts:
    """A promise as it is stored, made at an instant, and the receipts that count towards it.

    `is_followed` says that another agreement has come after it: then what is closed stays as it closed.
    """

    state: PromiseState
    amount: Money
    due_on: date
    made_at: datetime
    receipts: tuple[Receipt, ...]
    is_followed: bool = False


@dataclass(frozen=True, slots=True)
class PromiseDecision:
    """Where a promise stands, what was paid towards it, and the next day on which time may change it."""

    state: PromiseState
    paid: Money
    review_on: date | None = None


def decide(facts: PromiseFacts, policy: PromisePolicy, today: date) -> PromiseDecision:
    """Decide what becomes of a promise on `today` (the borrower's day).

    What was on file before it was made was known to both sides, and is no part of it.
    """
    ends = broken_on(facts.due_on, policy)
    since = [
        one
        for one in facts.receipts
        if one.paid_at >= facts.made_at and one.recorded_at >= facts.made_at and one.paid_on < ends
    ]
    paid = Money(received(since), facts.amount.currency)
    closed = facts.state is not PromiseState.OPEN
    if facts.state is PromiseState.CANCELLED or (closed and facts.is_followed):
        return PromiseDecision(facts.state, paid)
    if is_kept(facts.amount, paid, policy.kept_percent):
        return PromiseDecision(PromiseState.KEPT, paid)
    if today < ends and not facts.state.is_missed:
        return PromiseDecision(PromiseState.OPEN, paid, ends)
    return PromiseDecision(PromiseState.PART_KEPT if paid.minor else PromiseState.BROKEN, paid)


def second_break(days: Iterable[date], on: date) -> bool:
    """Tell whether something was missed already in the 12 months before `on`: then a person steps in."""
    return any(on - timedelta(days=365) < day < on for day in days)


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
