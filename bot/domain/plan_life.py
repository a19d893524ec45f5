"""The life of a plan: which states there are, which steps are legal, and where a plan stands on a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import accumulate

from bot.domain.model import Refusal
from bot.domain.policy import ProductPolicy
from bot.domain.receipts import Receipt, received, spread
from bot.domain.schedules import Instalment


class PlanState(StrEnum):
    """Where a plan stands; an offer that is open is a plan that is offered."""

    OFFERED = "offered"
    ACTIVE = "active"
    LATE = "late"
    COMPLETED = "completed"
    BROKEN = "broken"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"

    @property
    def is_running(self) -> bool:
        """True while payments are expected under it."""
        return self in (PlanState.ACTIVE, PlanState.LATE)


_S = PlanState
TRANSITIONS: Mapping[PlanState, frozenset[PlanState]] = {
    _S.OFFERED: frozenset({_S.ACTIVE, _S.CANCELLED, _S.SUPERSEDED}),
    _S.ACTIVE: frozenset({_S.LATE, _S.COMPLETED, _S.CANCELLED, _S.SUPERSEDED}),
    _S.LATE: frozenset({_S.ACTIVE, _S.COMPLETED, _S.BROKEN, _S.CANCELLED, _S.SUPERSEDED}),
    # Only a payment that was returned opens a completed plan again.
    _S.COMPLETED: frozenset({_S.ACTIVE, _S.LATE}),
    # Only a payment that turns out to have come in time mends a broken one.
    _S.BROKEN: frozenset({_S.ACTIVE, _S.LATE, _S.COMPLETED}),
    _S.CANCELLED: frozenset(),
    _S.SUPERSEDED: frozenset(),
}


def move(state: PlanState, to: PlanState) -> Refusal | None:
    """Return why a plan may not go from `state` to `to`, None when it may."""
    if to in TRANSITIONS[state]:
        return None
    return Refusal("plan.state", ", ".join(sorted(TRANSITIONS[state])) or "none", to.value)


@dataclass(frozen=True, slots=True)
class PlanRules:
    """How strictly a plan is kept: days of grace, the share that counts as kept, days until it breaks."""

    grace_days: int
    kept_percent: Decimal
    broken_after_days: int

    @classmethod
    def of(cls, policy: ProductPolicy) -> PlanRules:
        """Take them from the policy that the plan was agreed under."""
        instalment = policy.instalment
        return cls(instalment.grace_days, policy.promise.kept_percent, instalment.broken_after_days)


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """A plan as it is stored: its state, its payments in order, and the receipts that count towards it.

    `missed` and `since` are as they were decided last (see PlanStanding). `is_followed` says that another
    agreement has come after it: then a closed plan stays as it closed.
    """

    state: PlanState
    items: tuple[Instalment, ...]
    receipts: tuple[Receipt, ...]
    missed: tuple[int, ...] = ()
    since: date | None = None
    is_followed: bool = False


@dataclass(frozen=True, slots=True)
class PlanStanding:
    """Where a plan stands: `paid` in minor units by payment, `missed` the numbers not kept by their grace.

    `since` is the day from which it is late or broken; `review_on` the next day on which time alone may
    change it.
    """

    state: PlanState
    paid: tuple[int, ...]
    missed: tuple[int, ...] = ()
    since: date | None = None
    review_on: date | None = None


@dataclass(frozen=True, slots=True)
class PlanDecision:
    """The standing, and the legal steps that lead there from the stored state."""

    standing: PlanStanding
    moves: tuple[PlanState, ...]


def decide(facts: PlanFacts, rules: PlanRules, today: date) -> PlanDecision:
    """Decide what becomes of a plan on `today` (the borrower's day); the same facts give the same answer.

    What a person ended stays ended, and so does what another agreement has followed.
    """
    found = standing(facts.items, facts.receipts, rules, today)
    ended = facts.state in (PlanState.CANCELLED, PlanState.SUPERSEDED)
    if ended or (facts.is_followed and not facts.state.is_running):
        kept = PlanStanding(facts.state, found.paid, facts.missed, facts.since)
        return PlanDecision(kept, ())
    return PlanDecision(found, path(facts.state, found.state))


def path(state: PlanState, to: PlanState) -> tuple[PlanState, ...]:
    """Return the legal steps from one state to another; a plan is late before it is broken."""
    if state is to:
        return ()
    if move(state, to) is None:
        return (to,)
    assert move(state, PlanState.LATE) is None, f"there is no way from {state} to {to}"
    assert move(PlanState.LATE, to) is None, f"there is no way from {state} to {to}"
    return PlanState.LATE, to


def standing(
    items: Sequence[Instalment], receipts: Sequence[Receipt], rules: PlanRules, today: date
) -> PlanStanding:
    """Return where a plan stands that nobody ended.

    It is late when, after the grace of a payment, less than the kept share of all that was due so far has
    come; what is short of it is due with the last payment, in full. It is broken on the day on which a second
    payment is missed while it is late, or when it was late for too long. What is paid from that day on no
    longer goes to the plan. The order in which receipts were recorded makes no difference.
    """
    walk = _Walk(items, receipts, rules)
    broken_on = walk.to(today)
    counted = [one for one in receipts if broken_on is None or one.paid_on < broken_on]
    total = sum(item.amount.minor for item in items)
    paid, _ = spread(received(counted), [item.amount.minor for item in items])
    missed = tuple(sorted(walk.missed))
    if broken_on is not None:
        return PlanStanding(PlanState.BROKEN, paid, missed, broken_on)
    if sum(paid) >= total:
        return PlanStanding(PlanState.COMPLETED, paid, missed)
    ahead = [day for day in walk.days() if day > today]
    review = min(ahead, default=None)
    # Money of today counts at once for being caught up, though its day is not over.
    short = [number for number in walk.since if sum(paid) < walk.needed[number]]
    if short:
        return PlanStanding(PlanState.LATE, paid, missed, min(walk.since[n] for n in short), review)
    return PlanStanding(PlanState.ACTIVE, paid, missed, None, review)


def waived(state: PlanState, minor: int, *, revives: bool) -> int:
    """Return how much of what a plan waives need not be paid: it is settled with the plan, and when a plan
    that was not kept leaves it waived.
    """
    if state is PlanState.COMPLETED:
        return minor
    return minor if state is PlanState.BROKEN and not revives else 0


class _Walk:
    """Goes through the days on which a plan may change, each seen as it began."""

    def __init__(self, items: Sequence[Instalment], receipts: Sequence[Receipt], rules: PlanRules) -> None:
        self._receipts = receipts
        self._wait = timedelta(days=rules.broken_after_days)
        self.deadlines = {item.number: item.due_on + timedelta(days=rules.grace_days + 1) for item in items}
        sums = list(accumulate(item.amount.minor for item in items))
        self._total = sums[-1]
        self.needed = {
            item.number: _kept_share(so_far, rules.kept_percent)
            for item, so_far in zip(items, sums, strict=True)
        }
        self.needed[items[-1].number] = self._total
        self.missed: set[int] = set()
        self.since: dict[int, date] = {}

    def days(self) -> set[date]:
        """Return every day on which the standing may change."""
        turns = set(self.deadlines.values())
        for receipt in self._receipts:
            turns.add(receipt.paid_on + timedelta(days=1))
            if receipt.returned_on is not None:
                turns.add(receipt.returned_on + timedelta(days=1))
        return turns | {day + self._wait for day in turns}

    def to(self, today: date) -> date | None:
        """Walk up to `today`; return the day on which the plan broke, None when it did not."""
        for day in sorted(one for one in self.days() if one <= today):
            paid = sum(receipt.there(day) for receipt in self._receipts)
            short = {n for n, last in self.deadlines.items() if last <= day and paid < self.needed[n]}
            self.since = {n: self.since.get(n, day) for n in short}
            missed_today = {n for n in short if self.deadlines[n] == day}
            self.missed |= missed_today
            was_late = any(since < day for since in self.since.values())
            too_long = any(since + self._wait <= day for since in self.since.values())
            if too_long or (missed_today and was_late):
                return day
        return None


def _kept_share(amount: int, percent: Decimal) -> int:
    """Return the least whole number of minor units that is `percent` of an amount."""
    share = amount * percent / 100
    return int(share) + (share != int(share))
