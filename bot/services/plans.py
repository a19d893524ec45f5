"""Plans and promises after they were agreed: ended on wish, followed by the clock, told from their events."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from bot.domain import plan_life, promises
from bot.domain.model import Refusal
from bot.domain.money import Money
from bot.domain.plan_life import PlanState
from bot.domain.policy import Part
from bot.domain.promises import PromiseState
from bot.domain.replay import (
    PLAN_EVENTS,
    PROMISE_EVENTS,
    PlanRecord,
    PromiseRecord,
    plan_from,
    promise_from,
)
from bot.services.accounting import Account, accounts, lock_loans, parts_paid
from bot.services.kit import Kit, local_day
from bot.services.plan_changes import (
    Change,
    set_plan,
    set_promise,
)
from bot.services.plan_reminders import take_back
from bot.services.restating import restate
from bot.services.rights import reason_of, require
from bot.storage.tables import AuditEvent, Borrower, LoanRow, Plan, Promise

T = TypeVar("T", Plan, Promise)


@dataclass(frozen=True, slots=True)
class Moment:
    """One event in the life of a plan or a promise."""

    at: datetime
    kind: str
    cause: str
    actor: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Balance:
    """What is open of a loan, what was paid of it by part, and what was paid too much."""

    outstanding: Money
    paid: Mapping[Part, Money]
    credit: Money


class PlanService:
    """What the console, the dialogue and the clock call about agreements that were made."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def cancel(
        self, plan_id: int, reason: str, actor: str, *, cause: str | None = None
    ) -> tuple[Refusal, ...]:
        """End a running plan on the borrower's wish or an agent's word; return why it cannot end.

        `actor` is "borrower", "bot" or "agent N". The reminder ladder resumes, and nothing else changes: what
        was paid stays paid. Ending it twice is refused. Raises NotAllowed for an agent who may not, or
        without a reason; LookupError for an unknown plan.
        """
        return self._end(Plan, plan_id, reason, actor, cause)

    def cancel_promise(
        self, promise_id: int, reason: str, actor: str, *, cause: str | None = None
    ) -> tuple[Refusal, ...]:
        """End an open promise, in the manner of `cancel`."""
        return self._end(Promise, promise_id, reason, actor, cause)

    def _end(
        self, kind: type[T], row_id: int, reason: str, actor: str, cause: str | None
    ) -> tuple[Refusal, ...]:
        now, why = self.kit.clock.now(), reason_of(reason)
        with self.kit.db.begin() as session:
            role, _, number = actor.partition(" ")
            if role == "agent":
                require(session, int(number), "speak")
            found = session.get(kind, row_id)
            if found is None:
                raise LookupError(f"there is no {_WORDS[kind]} {row_id}")
            account = _locked(session, found.loan_id)
            change = Change(session, self.kit, now, actor, cause)
            row = session.get_one(kind, row_id)
            refusal = _cancelled(change, account, row, why)
            take_back(session, now, {found.loan_id}, change.cause or f"{_WORDS[kind]} {row_id}", actor)
            return () if refusal is None else (refusal,)

    def history(self, plan_id: int) -> tuple[Moment, ...]:
        """Return the events of a plan, oldest first."""
        with self.kit.db.read() as session:
            plan = session.get(Plan, plan_id)
            return () if plan is None else _moments(session, plan.loan_id, "plan", plan_id, PLAN_EVENTS)

    def promise_history(self, promise_id: int) -> tuple[Moment, ...]:
        """Return the events of a promise, oldest first."""
        with self.kit.db.read() as session:
            row = session.get(Promise, promise_id)
            if row is None:
                return ()
            return _moments(session, row.loan_id, "promise", promise_id, PROMISE_EVENTS)

    def rebuilt(self, plan_id: int) -> PlanRecord:
        """Return a plan as its events alone tell it. Raises HistoryError when they tell no legal life."""
        return plan_from((one.kind, one.detail) for one in self.history(plan_id))

    def rebuilt_promise(self, promise_id: int) -> PromiseRecord:
        """Return a promise as its events alone tell it. Raises HistoryError when they tell no legal life."""
        return promise_from((one.kind, one.detail) for one in self.promise_history(promise_id))

    def balance(self, loan_ref: str) -> Balance:
        """Return what is open, paid and overpaid of a loan. Raises LookupError for an unknown reference."""
        with self.kit.db.read() as session:
            loan = session.scalars(select(LoanRow).where(LoanRow.ref == loan_ref)).first()
            if loan is None:
                raise LookupError(f"there is no loan {loan_ref!r}")
            account = accounts(session, [loan])[loan.id]
            policy = self.kit.policies.product(
                loan.product, local_day(self.kit.clock.now(), loan.borrower.timezone)
            )
            dues = [due for _, due in account.dues]
            outstanding = Money(sum(due.open.minor for due in dues), loan.currency)
            credit = account.settle(0).credit
            parts = parts_paid(dues, policy.allocation, loan.currency)
            return Balance(outstanding, parts, Money(credit, loan.currency))

    def settle_promises(self) -> int:
        """Close every open promise whose grace has run out; return how many were not kept."""
        moved = self._settle(Promise, Promise.state == "open")
        return sum(state in (PromiseState.PART_KEPT, PromiseState.BROKEN) for state in moved)

    def settle_plans(self) -> int:
        """Bring every plan that a day may have changed to where it stands; return how many have moved."""
        return len(self._settle(Plan, Plan.state == "active"))

    def _settle(self, kind: type[T], running: ColumnElement[bool]) -> list[PlanState | PromiseState]:
        """Review what is due for it, each loan in a transaction of its own; return the states moved to."""
        now = self.kit.clock.now()
        # No zone is a whole day ahead of UTC, so nothing that is due anywhere is missed.
        latest = now.date() + timedelta(days=1)
        review: InstrumentedAttribute[date | None] = kind.review_on
        with self.kit.db.begin() as session:
            candidates = session.execute(
                select(kind.id, kind.loan_id, review, Borrower.timezone)
                .join(LoanRow, LoanRow.id == kind.loan_id)
                .join(Borrower, Borrower.id == LoanRow.borrower_id)
                .where(running, or_(review.is_(None), review <= latest))
                .order_by(kind.loan_id)
            ).all()
        due = [row for row in candidates if row[2] is None or local_day(now, row[3]) >= row[2]]
        return [state for row in due if (state := self._review(kind, row[0], row[1], now)) is not None]

    def _review(
        self, kind: type[T], row_id: int, loan_id: int, now: datetime
    ) -> PlanState | PromiseState | None:
        """Settle a loan anew under its lock; return the new state of one agreement, None when it stands.

        Of two clocks the second finds nothing to do.
        """
        cause = f"{_WORDS[kind]} {row_id}"
        with self.kit.db.begin() as session:
            loans = lock_loans(session, {loan_id})
            before = _state(session.get_one(kind, row_id, populate_existing=True))
            restate(session, self.kit, loans, {loan_id: cause}, "clock")
            take_back(session, now, {loan_id}, cause, "clock")
            after = _state(session.get_one(kind, row_id))
            return None if after is before else after


_WORDS: Mapping[type[Plan] | type[Promise], str] = {Plan: "plan", Promise: "promise"}


def _state(row: Plan | Promise) -> PlanState | PromiseState:
    return row.life if isinstance(row, Plan) else PromiseState(row.state)


def _locked(session: Session, loan_id: int) -> Account:
    return accounts(session, lock_loans(session, {loan_id}))[loan_id]


def _cancelled(change: Change, account: Account, row: Plan | Promise, why: str) -> Refusal | None:
    if isinstance(row, Plan):
        before = row.life
        refusal = plan_life.move(before, PlanState.CANCELLED)
        if refusal is None:
            set_plan(change, account, row, before, PlanState.CANCELLED, reason=why)
        return refusal
    refusal = promises.move(PromiseState(row.state), PromiseState.CANCELLED)
    if refusal is None:
        set_promise(change, account, row, PromiseState.CANCELLED, reason=why)
    return refusal


def _moments(
    session: Session, loan_id: int, word: str, row_id: int, kinds: Collection[str]
) -> tuple[Moment, ...]:
    rows = session.scalars(
        select(AuditEvent)
        .where(AuditEvent.loan_id == loan_id, AuditEvent.kind.in_(kinds))
        .order_by(AuditEvent.id)
    )
    return tuple(
        Moment(row.at, row.kind, row.cause, row.actor, row.detail)
        for row in rows
        if row.detail.get(word) == row_id
    )
