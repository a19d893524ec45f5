"""Plans nudges: which rung is due for which loan, once per cycle; and explains who gets none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, joinedload, selectinload

from bot.domain.contact import Reason, Verdict, may_contact
from bot.domain.ladder import due_step
from bot.domain.model import Address, Contact, Loan, Purpose
from bot.domain.policy import Ladder, ProductPolicy, Step
from bot.services.kit import Kit, local_day
from bot.services.nudges import contact_case
from bot.storage.queries import address_snapshot, best_address, loan_snapshot
from bot.storage.tables import Borrower, DueItem, LoanRow, Nudge, Plan, Promise

TASK = "task"
_FOLLOW_UP_DAYS = 4


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


@dataclass(frozen=True, slots=True)
class Preview:
    """One loan on one day: the rung, when and where it would go, or why it would not."""

    borrower: str
    timezone: str
    loan: str
    days_past_due: int | None
    step: str | None
    template: str | None
    channel: str | None
    at: datetime | None
    verdict: str
    reasons: tuple[Reason, ...]
    rule_ids: tuple[str, ...]


class ReminderService:
    """What the clock calls to plan, and an operator to preview."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def plan(self) -> int:
        """Insert every nudge that is due now and not there yet; return how many are new.

        Any number of planners may run at once: the unique key (loan, cycle, step) lets one row in.
        """
        now = self.kit.clock.now()
        if self.kit.settings.automatic_off:
            return 0
        with self.kit.db.begin() as session:
            rows = [
                {
                    "loan_id": loan.id,
                    "borrower_id": row.borrower_id,
                    "cycle": due.cycle,
                    "step": due.step,
                    "purpose": due.purpose,
                    "template": due.template,
                    "channels": list(due.channels),
                    "state": "queued",
                    "send_at": due.send_at,
                    "expires_at": due.expires_at,
                    "created_at": now,
                }
                for row, loan in _open_loans(session)
                for due in self._due(session, row, loan, local_day(now, row.borrower.timezone))
                if due.send_at <= now
            ]
            if not rows:
                return 0
            dialect = sqlite if self.kit.db.is_sqlite else postgresql
            added = 0
            for start in range(0, len(rows), 500):
                statement = dialect.insert(Nudge).values(rows[start : start + 500])
                result = session.execute(statement.on_conflict_do_nothing().returning(Nudge.id))
                added += len(result.all())
            return added

    def progress(self) -> tuple[int, int]:
        """Return how many nudges were sent, and how many are due and not settled yet."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            rows = session.execute(select(Nudge.state, Nudge.send_at)).tuples().all()
        sent = sum(state == "sent" for state, _ in rows)
        return sent, sum(state == "sending" or (state == "queued" and at <= now) for state, at in rows)

    def preview(self, day: date) -> list[Preview]:
        """Say for every open loan what would happen on `day` (borrower's local) on the facts of now."""
        expected: dict[int, list[Contact]] = defaultdict(list)
        with self.kit.db.begin() as session:
            previews = []
            for row, loan in _open_loans(session):
                found: list[DueNudge | None] = list(self._foretold(session, row, loan, day))
                for due in found or [None]:
                    one = self._preview(session, row, loan, due, day, expected[row.borrower_id])
                    previews.append(one)
                    if one.channel is not None and one.at is not None:
                        expected[row.borrower_id].append(Contact(one.channel, one.at))
            return previews

    def _foretold(self, session: Session, row: LoanRow, loan: Loan, day: date) -> Iterator[DueNudge]:
        """What will come up on `day`: what waits from before, and what the clock will plan by then."""
        now, zone = self.kit.clock.now(), row.borrower.timezone
        made = session.scalars(select(Nudge).where(Nudge.loan_id == loan.id)).all()
        waiting = [
            DueNudge(n.cycle, n.step, n.purpose, n.template, tuple(n.channels), n.send_at, n.expires_at)
            for n in made
            if n.state == "queued"
        ]
        known = {(nudge.cycle, nudge.step) for nudge in made}
        planned = [due for due in self._due(session, row, loan, day) if (due.cycle, due.step) not in known]
        for due in [*waiting, *planned]:
            # What is late will go out with the next tick, and not wait for a later day.
            at = max(due.send_at, now)
            if local_day(at, zone) == day:
                yield replace(due, send_at=at)

    def _preview(
        self,
        session: Session,
        row: LoanRow,
        loan: Loan,
        due: DueNudge | None,
        day: date,
        expected: Sequence[Contact],
    ) -> Preview:
        days = loan.days_past_due(day)
        if due is None:
            reason = Reason("ladder", "no rung falls on this day")
            return Preview(
                row.borrower.ref,
                row.borrower.timezone,
                loan.ref,
                days,
                None,
                None,
                None,
                None,
                "none",
                (reason,),
                (),
            )
        channel = None
        if due.purpose == TASK:
            verdict, status = self.task_verdict(session, row, due.send_at), "task"
            reasons: tuple[Reason, ...] = (Reason("ladder", "a task for a person, no message"),)
        else:
            policy = self.kit.policies.product(row.product, day)
            address, verdict = self.verdict(
                session, row.borrower, loan.id, due, due.send_at, policy, expected
            )
            channel, status, reasons = address.channel if address else None, "allowed", ()
        at = {"allowed": due.send_at, "held": verdict.until, "blocked": None}[verdict.status]
        return Preview(
            row.borrower.ref,
            row.borrower.timezone,
            loan.ref,
            days,
            due.step,
            None if due.purpose == TASK else due.template,
            channel,
            at,
            status if verdict.allowed else verdict.status,
            reasons if verdict.allowed else verdict.reasons,
            verdict.rule_ids,
        )

    def verdict(
        self,
        session: Session,
        borrower: Borrower,
        loan_id: int,
        due: DueNudge,
        at: datetime,
        policy: ProductPolicy,
        expected: Sequence[Contact] = (),
    ) -> tuple[Address | None, Verdict]:
        """Ask the contact rules on facts loaded now; also return the address that would be used.

        `expected` are contacts that will have been made by then.
        """
        row = best_address(borrower, due.channels)
        address = None if row is None else address_snapshot(row)
        case = contact_case(session, self.kit, borrower, address, loan_id, at)
        case = replace(case, contacts=[*case.contacts, *expected])
        return address, may_contact(case, Purpose(due.purpose), at, self.kit.policies.pack(policy))

    def task_verdict(self, session: Session, row: LoanRow, at: datetime) -> Verdict:
        """Ask whether people may be set on a loan: no hour and no cap binds a task, but every hold does."""
        policy = self.kit.policies.product(row.product, local_day(at, row.borrower.timezone))
        case = contact_case(session, self.kit, row.borrower, Address(TASK, ""), row.id, at)
        holds_only = self.kit.policies.pack(policy).model_copy(update={"rules": ()})
        return may_contact(case, Purpose.REMINDER, at, holds_only)

    def _due(self, session: Session, row: LoanRow, loan: Loan, day: date) -> Iterator[DueNudge]:
        policy = self.kit.policies.product(row.product, day)
        ladder = self.kit.policies.ladder(policy)
        cycle = loan.next_due()
        assert cycle is not None
        plan = _active_plan(session, loan.id)
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
        step = due_step(ladder, days, done)
        if step is not None:
            yield _rung(step, cycle.number, cycle.due_on, ladder, row.borrower.timezone)


def _open_loans(session: Session) -> list[tuple[LoanRow, Loan]]:
    rows = session.scalars(
        select(LoanRow)
        .where(
            select(DueItem.id)
            .where(
                DueItem.loan_id == LoanRow.id,
                DueItem.paid_minor < DueItem.principal_minor + DueItem.interest_minor + DueItem.fee_minor,
            )
            .exists()
        )
        .options(selectinload(LoanRow.dues), joinedload(LoanRow.borrower).selectinload(Borrower.addresses))
        .order_by(LoanRow.id)
    )
    return [(row, loan_snapshot(row)) for row in rows]


def _active_plan(session: Session, loan_id: int) -> Plan | None:
    return session.scalars(
        select(Plan).where(Plan.loan_id == loan_id, Plan.state == "active").options(selectinload(Plan.items))
    ).first()


def _rung(step: Step, cycle: int, due_on: date, ladder: Ladder, timezone: str) -> DueNudge:
    day = due_on + timedelta(days=step.day)
    return DueNudge(
        cycle,
        step.id,
        Purpose.REMINDER.value if step.task is None else TASK,
        step.template or step.task,
        step.channels,
        _local(day, ladder.send_at, timezone),
        _local(day + timedelta(days=step.valid_days + 1), time(), timezone),
    )


def _instalments(plan: Plan, cycle: int, day: date, ladder: Ladder, timezone: str) -> Iterator[DueNudge]:
    """One reminder the day before each payment of a plan."""
    for item in plan.items:
        if item.paid_minor < item.amount_minor and item.due_on - timedelta(days=1) == day:
            yield _agreed(
                f"plan:{plan.id}:{item.number}", "utter_reminder_instalment", cycle, day, ladder, timezone
            )


def _promised(promise: Promise, cycle: int, day: date, ladder: Ladder, timezone: str) -> Iterator[DueNudge]:
    """One reminder the day before, one kind follow-up within three days after a promise was missed."""
    if promise.state == "open" and promise.due_on - timedelta(days=1) == day:
        if local_day(promise.created_at, timezone) < day:
            yield _agreed(f"promise:{promise.id}", "utter_reminder_promise", cycle, day, ladder, timezone)
    elif promise.state == "broken" and 0 < (day - promise.due_on).days <= _FOLLOW_UP_DAYS:
        nudge = _agreed(f"missed:{promise.id}", "utter_reminder_promise_missed", cycle, day, ladder, timezone)
        last = promise.due_on + timedelta(days=_FOLLOW_UP_DAYS + 1)
        yield replace(nudge, expires_at=_local(last, time(), timezone))


def _agreed(step: str, template: str, cycle: int, day: date, ladder: Ladder, timezone: str) -> DueNudge:
    return DueNudge(
        cycle,
        step,
        Purpose.INSTALMENT.value,
        template,
        next(rung.channels for rung in ladder.steps if rung.channels),
        _local(day, ladder.send_at, timezone),
        _local(day + timedelta(days=1), time(), timezone),
    )


def _local(day: date, clock_time: time, timezone: str) -> datetime:
    return datetime.combine(day, clock_time, tzinfo=ZoneInfo(timezone)).astimezone(UTC)
