"""The plans and promises of some loans, loaded together: what a reminder about one is worth, and says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from bot.domain.agreed import Step, plan_overtaken, promise_overtaken
from bot.domain.money import Money
from bot.domain.promises import PromiseState
from bot.services.kit import local_day, written
from bot.services.loan_files import LoanFile
from bot.storage.prepared import prepared
from bot.storage.tables import Plan, Promise


class Agreements:
    """What was agreed on each loan, oldest first."""

    def __init__(self, session: Session, loan_ids: Collection[int]) -> None:
        self._plans: defaultdict[int, list[Plan]] = defaultdict(list)
        self._promises: defaultdict[int, list[Promise]] = defaultdict(list)
        if not loan_ids:
            return
        for plan in session.scalars(*_plans_on(loan_ids)):
            self._plans[plan.loan_id].append(plan)
        for promise in session.scalars(*_promises_on(loan_ids)):
            self._promises[promise.loan_id].append(promise)

    def overtaken(self, loan_id: int, step: Step) -> str | None:
        """Say what has taken a reminder's reason away since it was made: a payment, another agreement."""
        plans, promises = self._plans[loan_id], self._promises[loan_id]
        if step.is_of_plan:
            plan = self._plan(loan_id, step.of)
            return plan_overtaken(step, plan.life, _open_of(plan, step), plans[-1].id > plan.id)
        promise = self._promise(loan_id, step.of)
        followed = promises[-1].id > promise.id or any(plan.state == "active" for plan in plans)
        return promise_overtaken(step, PromiseState(promise.state), followed)

    def subject(self, loan: LoanFile, step: Step, locale: str) -> tuple[Money, date, dict[str, str]]:
        """Return what a message about an agreement is about: amount, day, and values of its own."""
        currency = loan.currency
        if not step.is_of_plan:
            promise = self._promise(loan.id, step.of)
            paid = promise.paid_minor if step.kind == "part" else 0
            extra = {"paid": written(Money(paid, currency), locale)}
            return Money(promise.amount_minor - paid, currency), promise.due_on, extra
        plan = self._plan(loan.id, step.of)
        if step.number is None:
            total = sum(one.amount_minor for one in plan.items)
            closed = plan.closed_at or plan.agreed_at
            return Money(total, currency), local_day(closed, loan.borrower.timezone), {"plan": str(plan.id)}
        item = next(one for one in plan.items if one.number == step.number)
        return (
            Money(item.amount_minor - item.paid_minor, currency),
            item.due_on,
            {"n": str(step.number), "count": str(len(plan.items))},
        )

    def _plan(self, loan_id: int, plan_id: int) -> Plan:
        return next(one for one in self._plans[loan_id] if one.id == plan_id)

    def _promise(self, loan_id: int, promise_id: int) -> Promise:
        return next(one for one in self._promises[loan_id] if one.id == promise_id)


def _open_of(plan: Plan, step: Step) -> int:
    return sum(one.amount_minor - one.paid_minor for one in plan.items if step.number in (None, one.number))


@prepared
def _plans_on(loan_ids: Collection[int]) -> Select[tuple[Plan]]:
    mine = select(Plan).where(Plan.loan_id.in_(loan_ids)).options(selectinload(Plan.items))
    return mine.order_by(Plan.id)


@prepared
def _promises_on(loan_ids: Collection[int]) -> Select[tuple[Promise]]:
    return select(Promise).where(Promise.loan_id.in_(loan_ids)).order_by(Promise.id)
