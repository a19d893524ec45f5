"""A borrower's right to be forgotten: words and personal data go, what happened and when stays."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, or_, select, text
from sqlalchemy.orm import Session

from bot.domain.chain import ERASED
from bot.domain.handoff import OPEN_STATES
from bot.domain.model import Refusal
from bot.services.erasing import words
from bot.services.erasing.tracker import Tracker
from bot.services.kit import Kit
from bot.services.ledger import LedgerService
from bot.services.nudges import end
from bot.services.records import record
from bot.storage.tables import (
    AddressRow,
    ApiAnswer,
    Approval,
    AuditEvent,
    Borrower,
    CaseNote,
    Complaint,
    Conversation,
    Draft,
    DueItem,
    HandoffRow,
    HardshipRow,
    HoldRow,
    LinkToken,
    LoanRow,
    Message,
    Nudge,
    NudgeVote,
    PaidMark,
    Paper,
    Plan,
    QualityReview,
    ScheduledMessage,
)


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased of a borrower: counts of messages, ledger records, files, rows of Rasa's."""

    borrower: str
    messages: int
    records: int
    files: int
    memory: int


class ErasureService:
    """Erases one borrower; a second time does what the first left undone."""

    def __init__(self, kit: Kit, ledger: LedgerService) -> None:
        self.kit = kit
        self.ledger = ledger
        self.tracker = Tracker(kit.settings.tracker_url)

    def obstacles(self, ref: str) -> tuple[Refusal, ...]:
        """Return what stands against erasing a borrower now. Raises LookupError for one that is not known."""
        with self.kit.db.begin() as session:
            return _obstacles(session, _borrower(session, ref))

    def erase(
        self, ref: str, *, actor: str, reason: str = "", force: bool = False
    ) -> Erased | tuple[Refusal, ...]:
        """Erase a borrower's words and personal data, here and in Rasa; or return what stands against it.

        `force` passes over that, and needs a reason, which stays on record. Raises LookupError for an unknown
        borrower, ValueError for force without a reason, TrackerError when Rasa's store does not answer: then
        nothing is erased.
        """
        if force and not reason.strip():
            raise ValueError("erasing against an open debt, complaint or case needs a reason")
        self.tracker.ping()
        self.ledger.append()
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            if self.kit.db.is_sqlite:
                session.execute(text("PRAGMA secure_delete=ON"))
            borrower = _borrower(session, ref, lock=True)
            against = _obstacles(session, borrower)
            if against and not force:
                return against
            conversations = list(
                session.scalars(select(Conversation).where(Conversation.borrower_id == borrower.id))
            )
            ids = [one.id for one in conversations]
            cause = f"erasure of {borrower.ref}"[:120]
            found = session.scalars(
                select(Message).where(Message.conversation_id.in_(ids), Message.erased_at.is_(None))
            ).all()
            records = words.blank(session, found, now, cause=cause, actor=actor, borrower=borrower.id)
            _forget_person(session, borrower, conversations, now)
            _forget_cases(session, borrower, ids)
            events = session.scalars(select(AuditEvent).where(AuditEvent.borrower_id == borrower.id)).all()
            records += words.blank_events(
                session, events, now, cause=cause, actor=actor, borrower=borrower.id
            )
            record(
                session,
                now,
                "borrower_erased",
                cause=cause,
                actor=actor,
                borrower_id=borrower.id,
                messages=len(found),
                forced=bool(against),
                against=[one.limit for one in against],
                reason=reason.strip()[:500] or None,
            )
        self.ledger.append()
        files = self._forget_files(ids)
        memory = self.tracker.forget(ids)
        if self.kit.db.is_sqlite:
            with self.kit.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("COMMIT")
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.exec_driver_sql("BEGIN")
        return Erased(ref, len(found), records, files, memory)

    def _forget_files(self, conversations: Sequence[str]) -> int:
        count = 0
        for conversation in conversations:
            folder = self.kit.settings.state / "files" / conversation
            if folder.is_dir():
                count += sum(1 for one in folder.iterdir() if one.is_file())
                shutil.rmtree(folder)
        return count


def _borrower(session: Session, ref: str, *, lock: bool = False) -> Borrower:
    chosen = select(Borrower).where(Borrower.ref == ref)
    found = session.scalars(chosen.with_for_update() if lock else chosen).first()
    if found is None:
        raise LookupError(f"no borrower has the reference {ref!r}")
    return found


def _obstacles(session: Session, borrower: Borrower) -> tuple[Refusal, ...]:
    owed = DueItem.principal_minor + DueItem.interest_minor + DueItem.fee_minor - DueItem.paid_minor
    debts = session.execute(
        select(LoanRow.ref, func.sum(owed))
        .join(DueItem, DueItem.loan_id == LoanRow.id)
        .where(LoanRow.borrower_id == borrower.id)
        .group_by(LoanRow.ref)
        .having(func.sum(owed) > 0)
    )
    found = [Refusal("erasure.debt", "nothing owed", ref) for ref, _ in debts]
    complaints = select(Complaint.number).where(
        Complaint.borrower_id == borrower.id, Complaint.closed_at.is_(None)
    )
    found += [Refusal("erasure.complaint", "closed", one) for one in session.scalars(complaints)]
    cases = select(HandoffRow.id).where(
        HandoffRow.borrower_id == borrower.id, HandoffRow.state.in_([one.value for one in OPEN_STATES])
    )
    found += [Refusal("erasure.case", "closed", str(one)) for one in session.scalars(cases)]
    requests = select(Approval.id).join(LoanRow, LoanRow.id == Approval.loan_id)
    waiting = requests.where(LoanRow.borrower_id == borrower.id, Approval.state == "waiting")
    found += [Refusal("erasure.request", "decided", str(one)) for one in session.scalars(waiting)]
    return tuple(found)


def _forget_person(
    session: Session, borrower: Borrower, conversations: Sequence[Conversation], now: datetime
) -> None:
    """Take who they are and how they are reached; what was going to reach them ends."""
    borrower.name, borrower.erased_at = ERASED, now
    borrower.phone = borrower.birth_date = borrower.id_last4 = borrower.country = borrower.wish = None
    session.execute(delete(AddressRow).where(AddressRow.borrower_id == borrower.id))
    session.execute(delete(LinkToken).where(LinkToken.borrower_id == borrower.id))
    for one in conversations:
        one.address, one.identity_facts = f"erased:{one.id}", []
        one.verified_at = one.expected = None
    queued = select(Nudge).where(Nudge.borrower_id == borrower.id, Nudge.state.in_(("queued", "approval")))
    for nudge in session.scalars(queued):
        end(session, nudge, "cancelled", "erased", now)
    for hold in session.scalars(select(HoldRow).where(HoldRow.borrower_id == borrower.id)):
        hold.reason = None
    for hardship in session.scalars(select(HardshipRow).where(HardshipRow.borrower_id == borrower.id)):
        hardship.reason = hardship.lasts_days = hardship.ability_minor = None
        hardship.currency = hardship.payday = None
        hardship.evidence, hardship.forgotten_at = [], hardship.forgotten_at or now
    loans = select(LoanRow.id).where(LoanRow.borrower_id == borrower.id)
    plans = select(Plan.id).where(Plan.loan_id.in_(loans))
    session.execute(delete(Paper).where(Paper.plan_id.in_(plans)))


def _forget_cases(session: Session, borrower: Borrower, conversations: Sequence[str]) -> None:
    """Take what was written about them: cases, notes, complaints, requests, drafts, later messages."""
    cases = list(
        session.scalars(
            select(HandoffRow).where(
                or_(HandoffRow.borrower_id == borrower.id, HandoffRow.conversation_id.in_(conversations))
            )
        )
    )
    numbers = [one.id for one in cases]
    for case in cases:
        case.summary, case.note = "", None
    session.execute(delete(Draft).where(Draft.handoff_id.in_(numbers)))
    for note in session.scalars(select(CaseNote).where(CaseNote.handoff_id.in_(numbers))):
        note.text = ERASED
    for later in session.scalars(select(ScheduledMessage).where(ScheduledMessage.handoff_id.in_(numbers))):
        later.text, later.reason = ERASED, None
        later.state = "cancelled" if later.state == "waiting" else later.state
    for review in session.scalars(select(QualityReview).where(QualityReview.handoff_id.in_(numbers))):
        review.note = ""
    for mark in session.scalars(select(PaidMark).where(PaidMark.handoff_id.in_(numbers))):
        mark.reference = mark.reason = None
    for complaint in session.scalars(
        select(Complaint).where(
            or_(Complaint.borrower_id == borrower.id, Complaint.conversation_id.in_(conversations))
        )
    ):
        complaint.text = ERASED
        complaint.answer = None if complaint.answer is None else ERASED
    about = (borrower.ref, *conversations)
    for answer in session.scalars(select(ApiAnswer).where(ApiAnswer.body.is_not(None))):
        if any(one in (answer.body or "") for one in about):
            answer.body = None
    loans = select(LoanRow.id).where(LoanRow.borrower_id == borrower.id)
    for request in session.scalars(select(Approval).where(Approval.loan_id.in_(loans))):
        request.note = ""
        request.reason = None if request.reason is None else ERASED
        request.second_reason = None if request.second_reason is None else ERASED
    votes = select(NudgeVote).join(Nudge, Nudge.id == NudgeVote.nudge_id)
    for vote in session.scalars(votes.where(Nudge.borrower_id == borrower.id)):
        vote.reason = ERASED
