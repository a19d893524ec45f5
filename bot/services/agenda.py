"""What is due for a loan on a day: a rung of the ladder, or the reminder of a promise or of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select, true
from sqlalchemy.orm import Session, joinedload, selectinload

from bot.domain.agreed import CYCLE
from bot.domain.ladder import STANDARD, Who, due_step
from bot.domain.model import Loan, Purpose
from bot.domain.policy import Ladder, Step
from bot.services.kit import Kit
from bot.services.plan_reminders import ahead
from bot.storage.queries import STILL_OPEN, active_plan, loan_snapshot, pauses_of
from bot.storage.tables import Borrower, DueItem, LoanRow, Nudge, Plan, Promise

TASK = "task"


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
    ground: str | None = None

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
            row.state,
            row.ground,
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a loan stands on its ladder: days past due, the keys of nudges made in this cycle, and pauses.

    `paused` are stretches of days past due, first and last, whose rungs are not made up for.
    """

    ladder: Ladder
    cycle: int
    due_on: date
    days_past_due: int
    done: frozenset[str]
    who: Who
    paused: tuple[tuple[int, int], ...]


def open_loans(session: Session, loan: str | None = None) -> list[tuple[LoanRow, Loan]]:
    """Return every loan on which something is still to be paid, with its borrower and their addresses.

    What a plan costs may be all that is left of it. `loan` narrows it to the loans of one loan's borrower.
    """
    rows = session.scalars(
        select(LoanRow)
        .where(
            or_(
                select(DueItem.id).where(DueItem.loan_id == LoanRow.id, STILL_OPEN).exists(),
                select(Plan.id).where(Plan.loan_id == LoanRow.id, Plan.state == "active").exists(),
            ),
            true()
            if loan is None
            else LoanRow.borrower_id.in_(select(LoanRow.borrower_id).where(LoanRow.ref == loan)),
        )
        .options(selectinload(LoanRow.dues), joinedload(LoanRow.borrower).selectinload(Borrower.addresses))
        .order_by(LoanRow.id)
    )
    return [(row, loan_snapshot(row)) for row in rows]


def due_nudges(session: Session, kit: Kit, row: LoanRow, loan: Loan, day: date) -> Iterator[DueNudge]:
    """Yield what is due for an open loan on a day: what was agreed goes before the ladder."""
    policy = kit.policies.product(row.product, day)
    ladder = kit.policies.ladder(policy)
    plan = active_plan(session, loan.id)
    promise = session.scalars(
        select(Promise).where(Promise.loan_id == loan.id).order_by(Promise.id.desc())
    ).first()
    for one in ahead(plan, promise, day, row.borrower.timezone):
        yield agreed_nudge(str(one.step), one.template, day, ladder, row.borrower.timezone)
    at = standing(session, kit, row, loan, day)
    if at is None or plan is not None or (promise is not None and promise.state == "open"):
        return
    step = due_step(ladder, at.days_past_due, at.done, at.who, at.paused)
    if step is not None:
        yield rung_nudge(step, at.cycle, at.due_on, ladder, row.borrower.timezone)


def standing(session: Session, kit: Kit, row: LoanRow, loan: Loan, day: date) -> Standing | None:
    """Return where an open loan stands on its ladder on a day; None when nothing of it is due any more."""
    cycle, days = loan.next_due(), loan.days_past_due(day)
    if cycle is None or days is None:
        return None
    ladder = kit.policies.ladder(kit.policies.product(row.product, day))
    done = frozenset(
        session.scalars(select(Nudge.step).where(Nudge.loan_id == loan.id, Nudge.cycle == cycle.number))
    )
    pauses = pauses_of(session, row.borrower_id, loan.id)
    paused = [
        (step.day, step.day)
        for step in ladder.steps
        if _is_in(
            _local(cycle.due_on + timedelta(days=step.day), ladder.send_at, row.borrower.timezone), pauses
        )
    ]
    who = Who(row.tier or STANDARD, row.good_record, row.product, cycle.open)
    return Standing(ladder, cycle.number, cycle.due_on, days, done, who, tuple(paused))


def _is_in(at: datetime, spans: Iterable[tuple[datetime, datetime | None]]) -> bool:
    return any(start <= at and (end is None or at < end) for start, end in spans)


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


def agreed_nudge(step: str, template: str, day: date, ladder: Ladder, timezone: str) -> DueNudge:
    """Return the reminder, good for its own day alone, of what was agreed."""
    return DueNudge(
        CYCLE,
        step,
        Purpose.INSTALMENT.value,
        template,
        next((rung.channels for rung in ladder.steps if rung.channels), ()),
        _local(day, ladder.send_at, timezone),
        _local(day + timedelta(days=1), time(), timezone),
    )


def _local(day: date, clock_time: time, timezone: str) -> datetime:
    return datetime.combine(day, clock_time, tzinfo=ZoneInfo(timezone)).astimezone(UTC)
