"""Plans nudges: which rung is due for which loan, once per cycle; and explains who gets none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from bot.domain.contact import Reason, Verdict, may_contact
from bot.domain.model import Address, Contact, Loan, Purpose
from bot.domain.policy import ProductPolicy
from bot.services.agenda import TASK, DueNudge, due_nudges, open_loans
from bot.services.kit import Kit, local_day
from bot.services.nudges import contact_case
from bot.services.planning import agreed_slots, places, plan_agreed, plan_rungs, rung_slots, used_steps
from bot.services.records import record
from bot.storage.queries import address_snapshot, best_address, closed_channels
from bot.storage.tables import AuditEvent, Borrower, LoanRow, Nudge


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
            where = places(session)
            agreed = plan_agreed(session, agreed_slots(self.kit, where, now), now)
            slots = rung_slots(self.kit, where, now)
            return agreed + plan_rungs(session, slots, used_steps(self.kit, where, now), now)

    def note_switch(self) -> None:
        """Record that the kill switch is set, or no longer set, when that is news."""
        on = self.kit.settings.automatic_off
        with self.kit.db.begin() as session:
            last = session.scalars(
                select(AuditEvent)
                .where(text("audit_events.kind = 'kill_switch'"))
                .order_by(AuditEvent.id.desc())
                .limit(1)
            ).first()
            if on != (last is not None and last.detail["on"]):
                record(
                    session, self.kit.clock.now(), "kill_switch", cause="settings", actor="operator", on=on
                )

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
            for row, loan in open_loans(session):
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
        waiting = [DueNudge.of(nudge) for nudge in made if nudge.state == "queued"]
        known = {(nudge.cycle, nudge.step) for nudge in made}
        planned = [
            due for due in due_nudges(session, self.kit, row, loan, day) if (due.cycle, due.step) not in known
        ]
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
        row = best_address(borrower, due.channels, closed_channels(session, borrower.id, at))
        address = None if row is None else address_snapshot(row)
        case = contact_case(session, self.kit, borrower, address, loan_id, at)
        case = replace(case, contacts=[*case.contacts, *expected])
        return address, may_contact(
            case, Purpose(due.purpose), at, self.kit.policies.pack(policy, borrower.country)
        )

    def task_verdict(self, session: Session, row: LoanRow, at: datetime) -> Verdict:
        """Ask whether people may be set on a loan: no hour and no cap binds a task, but every hold does."""
        policy = self.kit.policies.product(row.product, local_day(at, row.borrower.timezone))
        case = contact_case(session, self.kit, row.borrower, Address(TASK, ""), row.id, at)
        holds_only = self.kit.policies.pack(policy).model_copy(update={"rules": ()})
        return may_contact(case, Purpose.REMINDER, at, holds_only)
