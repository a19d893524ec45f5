"""Reminders of what was agreed: planned ahead, made when something is missed or settled, taken back."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot.domain.agreed import (
    AFTER,
    CYCLE,
    Ahead,
    Step,
    plan_ahead,
    promise_ahead,
)
from bot.domain.model import Purpose
from bot.domain.promises import PromiseState
from bot.services.agreements import Agreements
from bot.services.kit import Kit, local_day
from bot.services.nudges import end
from bot.storage.prepared import prepared
from bot.storage.tables import LoanRow, Nudge, Plan, Promise

_VALID_DAYS = {"settled": 7}
_FOLLOW_UP_DAYS = 3
_TASK = "task"


def ahead(plan: Plan | None, promise: Promise | None, day: date, timezone: str) -> Iterator[Ahead]:
    """Yield what reminds of a loan's active plan, or else of its newest promise, on a day."""
    if plan is not None:
        items = [(one.number, one.due_on, one.amount_minor - one.paid_minor) for one in plan.items]
        yield from plan_ahead(plan.id, items, local_day(plan.agreed_at, timezone), day)
    elif promise is not None and promise.state == PromiseState.OPEN:
        yield from promise_ahead(promise.id, promise.due_on, local_day(promise.created_at, timezone), day)


def follow_up(session: Session, kit: Kit, loan: LoanRow, step: Step, now: datetime) -> None:
    """Queue what follows when an agreement was missed or settled, once; a person's task says nothing."""
    if session.scalars(*_known(loan.id, str(step))).first() is not None:
        return
    zone = ZoneInfo(loan.borrower.timezone)
    today = local_day(now, loan.borrower.timezone)
    ladder = kit.policies.ladder(kit.policies.product(loan.product, today))
    last = today + timedelta(days=_VALID_DAYS.get(step.kind, _FOLLOW_UP_DAYS))
    purpose = {"second": _TASK, "settled": Purpose.NOTICE.value}.get(step.kind, Purpose.INSTALMENT.value)
    session.add(
        Nudge(
            loan_id=loan.id,
            borrower_id=loan.borrower_id,
            cycle=CYCLE,
            step=str(step),
            purpose=purpose,
            template=AFTER[step.kind],
            channels=list(next(rung.channels for rung in ladder.steps if rung.channels)),
            state="queued",
            send_at=max(now, datetime.combine(today, ladder.send_at, zone).astimezone(UTC)),
            expires_at=datetime.combine(last, time(), zone).astimezone(UTC),
            created_at=now,
        )
    )


@prepared
def _known(loan_id: int, step: str) -> Select[tuple[int]]:
    return select(Nudge.id).where(Nudge.loan_id == loan_id, Nudge.cycle == CYCLE, Nudge.step == step)


def take_back(session: Session, now: datetime, loan_ids: Collection[int], cause: str, actor: str) -> None:
    """Cancel what is queued about these loans' agreements and has lost its reason."""
    # The lock makes a delivery that is claiming the same nudge wait, or shows that it was first.
    rows = session.scalars(*_queued(loan_ids)).all()
    agreements = Agreements(session, {nudge.loan_id for nudge in rows})
    for nudge in rows:
        step = Step.read(nudge.step)
        gone = None if step is None else agreements.overtaken(nudge.loan_id, step)
        if gone is None:
            continue
        end(session, nudge, "cancelled", gone, now, cause=cause, actor=actor)


@prepared
def _queued(loan_ids: Collection[int]) -> Select[tuple[Nudge]]:
    return (
        select(Nudge)
        .where(Nudge.loan_id.in_(loan_ids), Nudge.cycle == CYCLE, Nudge.state == "queued")
        .order_by(Nudge.id)
        .with_for_update()
    )
