"""Marks that something was paid: never without evidence, by two people where the file says so.

The lender's book alone says what is paid. A mark that stands keeps reminders back while the book catches up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.model import HoldKind
from bot.domain.money import Money
from bot.services.files import KeptFile, file_of
from bot.services.holding import mine, touch
from bot.services.kit import Kit, local_day
from bot.services.records import place_hold, record
from bot.services.rights import NotAllowed, reason_of, require
from bot.storage.db import retried
from bot.storage.queries import current_loan, loan_snapshot, zone_of
from bot.storage.tables import Agent, HandoffRow, LinkedLoan, LoanRow, Message, PaidMark


@dataclass(frozen=True, slots=True)
class PaidView:
    """A mark; `state` is waiting (for a second person), confirmed or rejected; `file` is its receipt."""

    id: int
    handoff_id: int
    loan: str
    amount: Money
    paid_on: date
    evidence_id: int | None
    reference: str | None
    state: str
    needs_two: bool
    marked_by: int
    marked_by_name: str
    decided_by: int | None
    reason: str | None
    created_at: datetime
    borrower: str
    timezone: str
    file: KeptFile | None

    def may_be_decided_by(self, agent_id: int) -> bool:
        """Tell whether a colleague is a second person at all; what their role allows is another question."""
        return self.state == "waiting" and agent_id != self.marked_by


class PaidService:
    """Marks, and the second person's word on them."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @retried
    def mark(
        self,
        handoff_id: int,
        agent_id: int,
        amount: Money,
        paid_on: date,
        *,
        key: str,
        evidence_id: int | None = None,
        reference: str | None = None,
        loan_ref: str | None = None,
    ) -> PaidView:
        """Mark an amount as paid, on the current loan or another linked one; once for each `key`.

        The evidence is a file that the borrower sent in this conversation, or the payment's own number.
        Raises NotAllowed when the case is not the agent's, without evidence, for an amount or a day that
        cannot be, a loan that is not the case's, or while another mark waits for the loan.
        """
        now, number = self.kit.clock.now(), (reference or "").strip()[:80] or None
        with self.kit.db.begin() as session:
            _, row, agent = mine(session, handoff_id, agent_id)
            again = session.scalars(
                select(PaidMark).where(PaidMark.handoff_id == handoff_id, PaidMark.key == key)
            ).first()
            if again is not None:
                return _view(session, again)
            loan = self._loan(session, row, loan_ref)
            if evidence_id is None and number is None:
                raise NotAllowed("evidence", "a payment needs its receipt or its number")
            if evidence_id is not None:
                _require_file(session, row, evidence_id)
            open_amount = loan_snapshot(loan).outstanding
            if amount.currency != loan.currency or not 0 < amount.minor <= open_amount.minor:
                raise NotAllowed("evidence", f"between nothing and {open_amount} can have been paid")
            if paid_on > local_day(now, zone_of(row.borrower)) or paid_on < loan.opened_on:
                raise NotAllowed("until", "a payment is made between the loan's first day and today")
            waits = select(PaidMark.id).where(PaidMark.loan_id == loan.id, PaidMark.state == "waiting")
            if session.scalars(waits).first() is not None:
                raise NotAllowed("mark_waits", "another payment waits to be checked for this loan")
            two = self.kit.policies.routing.paid.needs_two(amount)
            mark = PaidMark(
                handoff_id=handoff_id,
                loan_id=loan.id,
                key=key,
                amount_minor=amount.minor,
                paid_on=paid_on,
                evidence_id=evidence_id,
                reference=number,
                state="waiting" if two else "confirmed",
                needs_two=two,
                marked_by=agent.id,
                created_at=now,
                decided_at=None if two else now,
            )
            session.add(mark)
            session.flush()
            touch(session, agent_id, now)
            self._freeze(session, mark, loan)
            self._note(session, mark, loan, "paid_marked" if two else "paid_confirmed", agent_id)
            return _view(session, mark)

    def decide(self, mark_id: int, by: int, confirmed: bool, reason: str) -> PaidView:
        """Confirm or reject a mark that waits for a second person.

        Raises NotAllowed without a reason, for one's own mark, a role below senior, or one that is decided.
        """
        why, now = reason_of(reason), self.kit.clock.now()
        with self.kit.db.begin() as session:
            require(session, by, "lift")
            mark = session.get(PaidMark, mark_id, with_for_update=True)
            if mark is None or mark.state != "waiting":
                raise NotAllowed("decided", "this mark has been decided already")
            if mark.marked_by == by:
                raise NotAllowed("own", "nobody decides their own mark")
            mark.state = "confirmed" if confirmed else "rejected"
            mark.decided_by, mark.decided_at, mark.reason = by, now, why
            loan = session.get_one(LoanRow, mark.loan_id)
            self._note(session, mark, loan, "paid_confirmed" if confirmed else "paid_rejected", by)
            session.flush()
            return _view(session, mark)

    def of(self, handoff_id: int) -> tuple[PaidView, ...]:
        """Return the marks of a case, oldest first."""
        with self.kit.db.begin() as session:
            rows = session.scalars(
                select(PaidMark).where(PaidMark.handoff_id == handoff_id).order_by(PaidMark.id)
            )
            return tuple(_view(session, row) for row in rows)

    def due(self) -> tuple[int, ...]:
        """Return who marked each payment that waits for a second person, by agents' ids."""
        with self.kit.db.read() as session:
            return tuple(session.scalars(select(PaidMark.marked_by).where(PaidMark.state == "waiting")))

    def decided(self, reader: int, limit: int = 30) -> tuple[PaidView, ...]:
        """Return the marks on which a second person's word was asked, newest first. Raises as `waiting`."""
        with self.kit.db.begin() as session:
            require(session, reader, "read")
            chosen = select(PaidMark).where(PaidMark.needs_two, PaidMark.state != "waiting")
            rows = session.scalars(chosen.order_by(PaidMark.decided_at.desc(), PaidMark.id).limit(limit))
            return tuple(_view(session, row) for row in rows)

    def waiting(self, reader: int) -> tuple[PaidView, ...]:
        """Return the marks that wait for a second person, oldest first.

        Raises NotAllowed for an account that may not.
        """
        with self.kit.db.begin() as session:
            require(session, reader, "read")
            rows = session.scalars(select(PaidMark).where(PaidMark.state == "waiting").order_by(PaidMark.id))
            return tuple(_view(session, row) for row in rows)

    def _loan(self, session: Session, row: HandoffRow, ref: str | None) -> LoanRow:
        if row.borrower_id is None:
            raise NotAllowed("nobody", "nobody is known in this chat")
        current = current_loan(session, row.borrower_id)
        if ref is None or (current is not None and current.ref == ref):
            if current is None:
                raise NotAllowed("loan", "this borrower has no loan")
            return current
        linked = session.scalars(
            select(LoanRow)
            .join(LinkedLoan, LinkedLoan.loan_id == LoanRow.id)
            .where(LinkedLoan.handoff_id == row.id, LoanRow.ref == ref)
        ).first()
        if linked is None:
            raise NotAllowed("loan", "this case is not about such a loan")
        return linked

    def _freeze(self, session: Session, mark: PaidMark, loan: LoanRow) -> None:
        """Keep reminders of the loan back until the book has had time to show the payment."""
        now = self.kit.clock.now()
        until = now + timedelta(days=self.kit.policies.routing.paid.hold_days)
        cause = f"paid mark {mark.id}"
        place_hold(
            session, now, loan.borrower_id, HoldKind.PAID_CLAIM, cause=cause, loan_id=loan.id, until=until
        )

    def _note(self, session: Session, mark: PaidMark, loan: LoanRow, kind: str, by: int) -> None:
        record(
            session,
            self.kit.clock.now(),
            kind,
            cause=f"handoff {mark.handoff_id}",
            actor=f"agent {by}",
            borrower_id=loan.borrower_id,
            loan_id=loan.id,
            mark=mark.id,
            amount=str(Money(mark.amount_minor, loan.currency).amount),
            currency=loan.currency,
            paid_on=mark.paid_on.isoformat(),
            evidence=mark.evidence_id,
            needs_two=mark.needs_two,
        )


def _require_file(session: Session, row: HandoffRow, message_id: int) -> None:
    message = session.get(Message, message_id)
    payload = {} if message is None else message.payload or {}
    if (
        message is None
        or message.conversation_id != row.conversation_id
        or message.direction != "in"
        or file_of(payload) is None
    ):
        raise NotAllowed("evidence", "this is no file that the borrower sent in this conversation")


def _view(session: Session, mark: PaidMark) -> PaidView:
    loan = session.get_one(LoanRow, mark.loan_id)
    proof = None if mark.evidence_id is None else session.get(Message, mark.evidence_id)
    return PaidView(
        id=mark.id,
        handoff_id=mark.handoff_id,
        loan=loan.ref,
        amount=Money(mark.amount_minor, loan.currency),
        paid_on=mark.paid_on,
        evidence_id=mark.evidence_id,
        reference=mark.reference,
        state=mark.state,
        needs_two=mark.needs_two,
        marked_by=mark.marked_by,
        marked_by_name=session.get_one(Agent, mark.marked_by).name,
        decided_by=mark.decided_by,
        reason=mark.reason,
        created_at=mark.created_at,
        borrower=loan.borrower.name,
        timezone=zone_of(loan.borrower),
        file=None if proof is None else file_of(proof.payload),
    )
