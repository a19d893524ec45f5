"""What a day will bring, on the facts of now: who gets what, when and why, and why others get nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.contact import Reason, Verdict, may_contact
from bot.domain.ladder import Skipped, explain
from bot.domain.model import Address, Case, Contact, Loan, Purpose
from bot.domain.policy import ContactPack
from bot.services.agenda import TASK, DueNudge, due_nudges, open_loans, standing
from bot.services.bundling import rung_of
from bot.services.kit import Kit, local_day
from bot.services.loan_files import LoanFile
from bot.services.nudges import contact_case
from bot.storage.policies import PolicyError
from bot.storage.queries import active_plan, address_snapshot, best_address, closed_channels
from bot.storage.tables import Borrower, LoanRow, Nudge, Promise


@dataclass(frozen=True, slots=True)
class Preview:
    """One loan on one day: the rung, when and where it would go, or why it would not.

    `skipped` are the rungs of its cycle up to that day that were passed over, each with the reason. `shared`
    names the loan whose message speaks of this one too.
    """

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
    skipped: tuple[Skipped, ...] = ()
    shared: str | None = None


@dataclass
class _Day:
    """What one borrower will have had of the day so far: contacts, and messages that more debts may join."""

    contacts: list[Contact] = field(default_factory=list)
    open: list[tuple[Contact, ContactPack, str]] = field(default_factory=list)


class Foreteller:
    """Reads only."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def preview(self, day: date, loan_ref: str | None = None) -> list[Preview]:
        """Say for every open loan what would happen on `day` (borrower's local) on the facts of now.

        With `loan_ref` only of that loan and those of its borrower, which may use up what the rules allow.
        Raises LookupError for a reference that no open loan has.
        """
        days: dict[int, _Day] = defaultdict(_Day)
        with self.kit.db.begin() as session:
            loans = open_loans(session, loan_ref)
            if loan_ref is not None and not loans:
                raise LookupError(f"there is no open loan {loan_ref!r}")
            previews = []
            for row, loan in loans:
                found: list[DueNudge | None] = list(self._foretold(session, row, loan, day))
                for due in found or [None]:
                    previews.append(self._preview(session, row, loan, due, day, days[row.borrower_id]))
            return previews

    def _foretold(self, session: Session, row: LoanRow, loan: Loan, day: date) -> Iterator[DueNudge]:
        """What will come up on `day`: what waits from before, and what the clock will plan by then."""
        now, zone = self.kit.clock.now(), row.borrower.timezone
        made = session.scalars(select(Nudge).where(Nudge.loan_id == loan.id)).all()
        waiting = [DueNudge.of(nudge) for nudge in made if nudge.state in ("queued", "approval")]
        known = {(nudge.cycle, nudge.step) for nudge in made}
        try:
            due_then = list(due_nudges(session, self.kit, row, loan, day))
        except PolicyError:
            due_then = []
        planned = [due for due in due_then if (due.cycle, due.step) not in known]
        for due in [*waiting, *planned]:
            # What is late will go out with the next tick, and not wait for a later day.
            at = max(due.send_at, now)
            if local_day(at, zone) == day:
                yield replace(due, send_at=at)

    def _preview(
        self, session: Session, row: LoanRow, loan: Loan, due: DueNudge | None, day: date, had: _Day
    ) -> Preview:
        empty = Preview(
            row.borrower.ref,
            row.borrower.timezone,
            loan.ref,
            loan.days_past_due(day),
            None,
            None,
            None,
            None,
            "none",
            (),
            (),
            self._skipped(session, row, loan, day, due),
        )
        if due is None:
            return replace(empty, reasons=tuple(self._nothing(session, row, loan, day)))
        if due.state == "approval":
            reason = Reason("approval", "a person has to approve it before it goes out")
            return replace(empty, step=due.step, template=due.template, verdict="approval", reasons=(reason,))
        if due.purpose == TASK:
            case = contact_case(session, self.kit, row.borrower, None, row.id, due.send_at)
            verdict = task_verdict(self.kit, row, case, due.send_at)
            if verdict.allowed:
                reason = Reason("ladder", "a task for a person, no message")
                return replace(empty, step=due.step, at=due.send_at, verdict="task", reasons=(reason,))
            return _judged(replace(empty, step=due.step), verdict, due.send_at)
        return self._message(session, row, due, had, replace(empty, step=due.step, template=due.template))

    def _message(self, session: Session, row: LoanRow, due: DueNudge, had: _Day, shown: Preview) -> Preview:
        pack = self.kit.policies.pack_of(
            row.product, local_day(due.send_at, row.borrower.timezone), row.borrower.country
        )
        address, verdict = self.verdict(session, row.borrower, row.id, due, pack, had.contacts)
        if address is None:
            return _judged(shown, verdict, due.send_at)
        step = rung_of(self.kit, row, due.step, due.send_at)
        shares = step is not None and step.several is not None
        for contact, its_pack, leader in had.open if shares else ():
            if (contact.channel, contact.at) != (address.channel, due.send_at) or its_pack is not pack:
                continue
            others = [one for one in had.contacts if one is not contact]
            joined = self.verdict(session, row.borrower, row.id, due, pack, others)[1]
            if joined.allowed:
                return _judged(replace(shown, channel=address.channel, shared=leader), joined, due.send_at)
        judged = _judged(replace(shown, channel=address.channel), verdict, due.send_at)
        if judged.at is not None:
            contact = Contact(address.channel, judged.at)
            had.contacts.append(contact)
            if shares:
                had.open.append((contact, pack, judged.loan))
        return judged

    def verdict(
        self,
        session: Session,
        borrower: Borrower,
        loan_id: int,
        due: DueNudge,
        pack: ContactPack,
        expected: Sequence[Contact] = (),
    ) -> tuple[Address | None, Verdict]:
        """Ask the contact rules on facts loaded now; also return the address that would be used.

        `expected` are contacts that will have been made by then.
        """
        at = due.send_at
        addresses = [address_snapshot(row) for row in borrower.addresses]
        address = best_address(addresses, due.channels, closed_channels(session, borrower.id, at))
        case = contact_case(session, self.kit, borrower, address, loan_id, at)
        case = replace(case, contacts=[*case.contacts, *expected], basis=due.ground)
        return address, may_contact(case, Purpose(due.purpose), at, pack)

    def _skipped(
        self, session: Session, row: LoanRow, loan: Loan, day: date, due: DueNudge | None
    ) -> tuple[Skipped, ...]:
        try:
            at = standing(session, self.kit, row, loan, day)
        except PolicyError:
            return ()
        if at is None:
            return ()
        passed = explain(at.ladder, at.days_past_due, at.done, at.who, at.paused)
        return tuple(one for one in passed if due is None or one.step != due.step)

    def _nothing(self, session: Session, row: LoanRow, loan: Loan, day: date) -> Iterator[Reason]:
        """Say everything that leaves a loan without a message on a day."""
        try:
            self.kit.policies.product(row.product, day)
        except PolicyError as error:
            yield Reason("policy", str(error))
            return
        if active_plan(session, loan.id) is not None:
            yield Reason("plan", "a plan is agreed: its own reminders take the place of the ladder")
        newest = select(Promise.state).where(Promise.loan_id == loan.id).order_by(Promise.id.desc())
        if session.scalars(newest).first() == "open":
            yield Reason("promise", "a promise is open: its own reminder takes the place of the ladder")
        used = _used_on(session, self.kit, row, loan, day)
        yield Reason("ladder", used or "no rung falls on this day")


def _used_on(session: Session, kit: Kit, row: LoanRow, loan: Loan, day: date) -> str | None:
    """Say what became of the rung on which a loan stands, if it was used."""
    at = standing(session, kit, row, loan, day)
    if at is None:
        return None
    made = session.scalars(select(Nudge).where(Nudge.loan_id == loan.id, Nudge.cycle == at.cycle)).all()
    reached = {step.id for step in at.ladder.steps if step.day <= at.days_past_due}
    mine = [nudge for nudge in made if nudge.step.partition("~")[0] in reached]
    if not mine:
        return None
    last = max(mine, key=lambda nudge: (nudge.send_at, nudge.id))
    when = last.done_at or last.send_at
    why = f": {last.reason}" if last.reason and last.state != "sent" else ""
    return f"{last.step} is {last.state} since {local_day(when, row.borrower.timezone)}{why}"


def _judged(shown: Preview, verdict: Verdict, at: datetime) -> Preview:
    when = {"allowed": at, "held": verdict.until, "blocked": None}[verdict.status]
    return replace(shown, at=when, verdict=verdict.status, reasons=verdict.reasons, rule_ids=verdict.rule_ids)


# Where a task goes: it is written to nobody.
_NOWHERE = Address(TASK, "")


def task_verdict(kit: Kit, row: LoanRow | LoanFile, case: Case, at: datetime) -> Verdict:
    """Ask whether people may be set on a loan: no hour and no cap binds a task, but every hold does.

    `case` is that of the loan; its address does not matter.
    """
    pack = kit.policies.pack_of(row.product, local_day(at, row.borrower.timezone), row.borrower.country)
    case = replace(case, address=_NOWHERE)
    return may_contact(case, Purpose.REMINDER, at, pack.model_copy(update={"rules": ()}))
