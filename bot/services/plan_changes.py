"""Brings plans and promises to where payments and days have them: states, holds, events, follow-ups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.domain import plan_life, promises
from bot.domain.agreed import Step
from bot.domain.model import HoldKind
from bot.domain.money import Money
from bot.domain.plan_life import PlanDecision, PlanFacts, PlanRules, PlanStanding, PlanState
from bot.domain.promises import PromiseFacts, PromiseState, second_break
from bot.services.accounting import Account, AgreedPolicies
from bot.services.kit import Kit, local_day
from bot.services.plan_reminders import follow_up
from bot.services.records import lift_holds, place_hold, record
from bot.storage.tables import Plan, Promise

_PLAN_EVENTS = {
    PlanState.LATE: "plan_late",
    PlanState.COMPLETED: "plan_completed",
    PlanState.BROKEN: "plan_broken",
    PlanState.CANCELLED: "plan_cancelled",
    PlanState.SUPERSEDED: "plan_superseded",
}
_PROMISE_EVENTS = {
    PromiseState.OPEN: "promise_reopened",
    PromiseState.KEPT: "promise_kept",
    PromiseState.PART_KEPT: "promise_part_kept",
    PromiseState.BROKEN: "promise_broken",
    PromiseState.CANCELLED: "promise_cancelled",
}


@dataclass(frozen=True)
class Change:
    """Within which transaction, when, why and by whom something changes; `cause` None names the agreement."""

    session: Session
    kit: Kit
    now: datetime
    actor: str
    cause: str | None = None

    def note(self, account: Account, kind: str, of: str, **detail: Any) -> None:
        """Write the audit event of a change of `of`, such as "plan 7"."""
        record(
            self.session,
            self.now,
            kind,
            cause=self.cause or of,
            actor=self.actor,
            borrower_id=account.loan.borrower_id,
            loan_id=account.loan.id,
            **detail,
        )


def decide_plan(change: Change, account: Account, plan: Plan, policies: AgreedPolicies) -> PlanDecision:
    """Decide a plan anew on the account as it is."""
    facts = PlanFacts(
        plan.life,
        account.items_of(plan),
        account.counted(plan),
        tuple(plan.missed),
        plan.since,
        account.follower(plan) is not None,
    )
    rules = PlanRules.of(policies.of(plan.policy_version, account.loan))
    return plan_life.decide(facts, rules, local_day(change.now, account.loan.borrower.timezone))


def waived_by(account: Account, plan: Plan, state: PlanState, policies: AgreedPolicies) -> int:
    """Return what a plan waives for good in a state, in minor units."""
    minor = account.waivers[plan.id]
    if not minor:
        return 0
    revives = policies.of(plan.policy_version, account.loan).waiver.revives
    return plan_life.waived(state, minor, revives=revives)


def apply_plan(change: Change, account: Account, plan: Plan, decision: PlanDecision) -> bool:
    """Store a decision on a plan with all that follows; return whether its state moved."""
    found, before = decision.standing, plan.life
    news = (list(found.missed), found.since) != (plan.missed, plan.since)
    paid_news = found.paid != tuple(item.paid_minor for item in plan.items)
    for item, paid in zip(plan.items, found.paid, strict=True):
        item.paid_minor = paid
    plan.missed, plan.since, plan.review_on = list(found.missed), found.since, found.review_on
    for state in decision.moves:
        set_plan(change, account, plan, before, state)
        before = state
    if not decision.moves and (news or paid_news):
        kind = _standing_event(before) if news and before.is_running else "plan_paid"
        change.note(account, kind, f"plan {plan.id}", **plan_detail(plan, before))
    if decision.moves or (news and before is PlanState.LATE):
        _follow_plan(change, account, plan, found)
    return bool(decision.moves)


def set_plan(
    change: Change,
    account: Account,
    plan: Plan,
    before: PlanState,
    to: PlanState,
    **detail: Any,
) -> None:
    """Take one legal step of a plan: its state, its hold and its event."""
    assert plan_life.move(before, to) is None, f"plan {plan.id} may not go from {before} to {to}"
    loan = account.loan
    plan.state = PlanState.ACTIVE.value if to.is_running else to.value
    if to.is_running and not before.is_running:
        plan.closed_at = None
        place_hold(
            change.session,
            change.now,
            loan.borrower_id,
            HoldKind.PLAN,
            cause=f"plan {plan.id}",
            loan_id=loan.id,
        )
    elif before.is_running and not to.is_running:
        plan.closed_at, plan.review_on = change.now, None
        lift_holds(change.session, change.now, loan.borrower_id, HoldKind.PLAN, loan_id=loan.id)
    elif not to.is_running:
        plan.closed_at = change.now
    reopened = to.is_running and not before.is_running
    kind = "plan_reopened" if reopened else _standing_event(to)
    change.note(account, kind, f"plan {plan.id}", **plan_detail(plan, to), **detail)


def _standing_event(state: PlanState) -> str:
    return _PLAN_EVENTS.get(state, "plan_caught_up")


def plan_detail(plan: Plan, state: PlanState) -> dict[str, Any]:
    """Return what each event of a plan tells of it, so that the events alone rebuild it."""
    return {
        "plan": plan.id,
        "state": state.value,
        "paid": [item.paid_minor for item in plan.items],
        "missed": list(plan.missed),
        "since": None if plan.since is None else plan.since.isoformat(),
        "policy_version": plan.policy_version,
    }


def _follow_plan(change: Change, account: Account, plan: Plan, found: PlanStanding) -> None:
    state = plan.life
    if state is PlanState.COMPLETED:
        step = Step("settled", plan.id)
    elif state in (PlanState.LATE, PlanState.BROKEN):
        short = next(item for item in plan.items if item.paid_minor < item.amount_minor)
        number = found.missed[-1] if found.missed else short.number
        missed_on = next(item.due_on for item in plan.items if item.number == number)
        if second_break(_break_days(account), missed_on):
            step = Step("second", plan.id, number)
        else:
            step = Step("late", plan.id, number) if state is PlanState.LATE else Step("ended", plan.id)
    else:
        return
    change.session.flush()
    follow_up(change.session, change.kit, account.loan, step, change.now)


def _break_days(account: Account) -> Iterator[date]:
    """The days on which something that was agreed on a loan was due and missed."""
    for plan in account.plans:
        yield from (item.due_on for item in plan.items if item.number in plan.missed)
    for promise in account.promises:
        if PromiseState(promise.state).is_missed:
            yield promise.due_on


def update_promise(change: Change, account: Account, promise: Promise, policies: AgreedPolicies) -> bool:
    """Decide a promise anew on the account as it is; return whether its state moved."""
    loan = account.loan
    today = local_day(change.now, loan.borrower.timezone)
    followed = any(one.id > promise.id for one in account.promises) or any(
        plan.agreed_at >= promise.created_at for plan in account.plans
    )
    before = PromiseState(promise.state)
    facts = PromiseFacts(
        before,
        Money(promise.amount_minor, loan.currency),
        promise.due_on,
        promise.created_at,
        tuple(account.receipts),
        followed,
    )
    found = promises.decide(facts, policies.of(promise.policy_version, loan).promise, today)
    promise.review_on, promise.paid_minor = found.review_on, found.paid.minor
    if found.state is before:
        return False
    set_promise(change, account, promise, found.state, paid=str(found.paid))
    if found.state.is_missed:
        short = "part" if found.state is PromiseState.PART_KEPT else "missed"
        step = Step("second" if second_break(_break_days(account), promise.due_on) else short, promise.id)
        change.session.flush()
        follow_up(change.session, change.kit, loan, step, change.now)
    return True


def set_promise(change: Change, account: Account, promise: Promise, to: PromiseState, **detail: Any) -> None:
    """Take one legal step of a promise: its state, its hold and its event."""
    before, loan = PromiseState(promise.state), account.loan
    assert promises.move(before, to) is None, f"promise {promise.id} may not go from {before} to {to}"
    promise.state = to.value
    if to is PromiseState.OPEN:
        promise.closed_at = None
        assert promise.review_on is not None
        until = datetime.combine(promise.review_on, time(), ZoneInfo(loan.borrower.timezone))
        place_hold(
            change.session,
            change.now,
            loan.borrower_id,
            HoldKind.PROMISE,
            cause=f"promise {promise.id}",
            loan_id=loan.id,
            until=until,
        )
    else:
        promise.closed_at, promise.review_on = change.now, None
        if before is PromiseState.OPEN:
            lift_holds(change.session, change.now, loan.borrower_id, HoldKind.PROMISE, loan_id=loan.id)
    change.note(
        account,
        _PROMISE_EVENTS[to],
        f"promise {promise.id}",
        promise=promise.id,
        amount=str(Money(promise.amount_minor, loan.currency)),
        due_on=promise.due_on.isoformat(),
        policy_version=promise.policy_version,
        **detail,
    )


def make_way(change: Change, account: Account, *, plans: bool = False) -> None:
    """Cancel a loan's open promise for what is agreed next; with `plans`, end a running plan for it too."""
    for promise in account.promises:
        if promise.state == PromiseState.OPEN:
            set_promise(change, account, promise, PromiseState.CANCELLED, reason="replaced")
    for plan in account.plans:
        if plans and plan.life.is_running:
            set_plan(change, account, plan, plan.life, PlanState.SUPERSEDED, reason="replaced")
    # The next one must not meet it in the database.
    change.session.flush()
