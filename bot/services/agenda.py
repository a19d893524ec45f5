"""What is due for a loan on a day: a rung of the ladder, or the reminder of a promise or of a plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from bot.domain.ladder import STANDARD, Who, due_step
from bot.domain.model import Loan, Purpose
from bot.domain.policy import Ladder, Step
from bot.services.kit import Kit, local_day
from bot.storage.queries import STILL_OPEN, active_plan, loan_snapshot
from bot.storage.tables import Borrower, DueItem, LoanRow, Nudge, Plan, Promise

TASK = "task"
FOLLOW_UP_DAYS = 4
"""How many days after the day of a missed promise its follow-up may still begin to wait its turn."""


@dataclass(frozen=True, slots=True)
class DueNudge:
    """What is due for a loan: the key that makes it happen once, and how it goes out."""

    cycle: int
    step: str
    purpose: str
    template: str | None
    channels: tuple[str, ...]
    send_at: datetime
    expires_at: datetime
    state: str = "queued"

    @classmethod
    def of(cls, row: Nudge) -> DueNudge:
        """Return what a stored nudge was planned as."""
        return cls(
            row.cycle,
            row.step,
            row.purpose,
            row.template,
            tuple(row.channels),
            row.send_at,
            row.expires_at,
        )


def open_loans(session: Session) -> list[tuple[LoanRow, Loan]]:
    """Return every loan on which something is still to be paid, with its borrower and their addresses."""
    rows = session.scalars(
        select(LoanRow)
        .where(
            select(DueItem.id)
            .where(
                DueItem.loan_id == LoanRow.id,
                STILL_OPEN,
            )
            .exists()
        )
        .options(selectinload(LoanRow.dues), joinedload(LoanRow.borrower).selectinload(Borrower.addresses))
        .order_by(LoanRow.id)
    )
    return [(row, loan_snapshot(row)) for row in rows]


def due_nudges(session: Session, kit: Kit, row: LoanRow, loan: Loan, day: date) -> Iterator[DueNudge]:
    """Yield what is due for an open loan on a day: what was agreed goes before the ladder."""
    policy = kit.policies.product(row.product, day)
    ladder = kit.policies.ladder(policy)
    cycle = loan.next_due()
    assert cycle is not None
    plan = active_plan(session, loan.id)
    if plan is not None:
        yield from _instalments(plan, cycle.number, day, ladder, row.borrower.timezone)
        return
    promise = session.scalars(
        select(Promise).where(Promise.loan_id == loan.id).order_by(Promise.id.desc())
    ).first()
    if promise is not None:
        yield from _promised(promise, cycle.number, day, ladder, row.borrower.timezone)
        if promise.state == "open":
            return
    days = loan.days_past_due(day)
    assert days is not None
    done = frozenset(
        session.scalars(select(Nudge.step).where(Nudge.loan_id == loan.id, Nudge.cycle == cycle.number))
    )
    amount = cycle.open
    step = due_step(ladder, days, done, Who(row.tier or STANDARD, row.good_record, row.product, amount))
    if step is not None:
        yield rung_nudge(step, cycle.number, cycle.due_on, ladder, row.borrower.timezone)


def rung_nudge(step: Step, cycle: int, due_on: date, ladder: Ladder, timezone: str) -> DueNudge:
    """Return what a rung asks for on loans of a zone whose item falls due on a day."""
    day = due_on + timedelta(days=step.day)
    return DueNudge(
        cycle,
        step.id,
        step.purpose if step.task is None else TASK,
        step.template or step.task,
        step.channels,
        _local(day, ladder.send_at, timezone),
        _local(day + timedelta(days=step.valid_days + 1), time(), timezone),
        "approval" if step.approval else "queued",
    )


def _instalments(plan: Plan, cycle: int, day: date, ladder: Ladder, timezone: str) -> Iterator[DueNudge]:
    """One reminder the day before each payment of a plan."""
    for item in plan.items:
        if item.paid_minor < item.amount_minor and item.due_on - timedelta(days=1) == day:
            yield agreed_nudge(
                f"plan:{plan.id}:{item.number}", "utter_reminder_instalment", cycle, day, ladder, timezone
            )


def _promised(promise: Promise, cycle: int, day: date, ladder: Ladder, timezone: str) -> Iterator[DueNudge]:
    """One reminder the day before, one kind follow-up within three days after a promise was missed."""
    if promise.state == "open" and promise.due_on - timedelta(days=1) == day:
        if local_day(promise.created_at, timezone) < day:
            yield agreed_nudge(
                f"promise:{promise.id}", "utter_reminder_promise", cycle, day, ladder, timezone
            )
    elif promise.state == "broken" and 0 < (day - promise.due_on).days <= FOLLOW_UP_DAYS:
        yield missed_nudge(f"missed:{promise.id}", promise.due_on, cycle, day, ladder, timezone)


def agreed_nudge(step: str, template: str, cycle: int, day: date, ladder: Ladder, timezone: str) -> DueNudge:
    """Return the reminder, good for its own day alone, of what was agreed."""
    return DueNudge(
        cycle,
        step,
        Purpose.INSTALMENT.value,
        template,
        next((rung.channels for rung in ladder.steps if rung.channels), ()),
        _local(day, ladder.send_at, timezone),
        _local(day + timedelta(days=1), time(), timezone),
    )


def missed_nudge(step: str, due_on: date, cycle: int, day: date, ladder: Ladder, timezone: str) -> DueNudge:
    """Return the follow-up, on a day, of a promise for `due_on` that was missed."""
    nudge = agreed_nudge(step, "utter_reminder_promise_missed", cycle, day, ladder, timezone)
    last = due_on + timedelta(days=FOLLOW_UP_DAYS + 1)
    return replace(nudge, expires_at=_local(last, time(), timezone))


def _local(day: date, clock_time: time, timezone: str) -> datetime:
    return datetime.combine(day, clock_time, tzinfo=ZoneInfo(timezone)).astimezone(UTC)
