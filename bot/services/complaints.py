"""The complaint desk: complaints with deadlines, sorted, answered in the chat, closed with an outcome."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.model import HoldKind
from bot.services.holding import queued
from bot.services.kit import Kit, local_day
from bot.services.records import lift_holds, record
from bot.services.rights import NotAllowed, Reader, reason_of, require, require_reader
from bot.services.waiting import open_handoff
from bot.services.wording import Unfit, cited, findings
from bot.storage.queries import zone_of
from bot.storage.tables import AuditEvent, Complaint, Conversation

Category = Literal["conduct", "contact", "amount", "privacy", "plan", "service", "other"]
CATEGORIES: tuple[Category, ...] = get_args(Category)
ComplaintOutcome = Literal["upheld", "partly", "rejected", "withdrawn"]
COMPLAINT_OUTCOMES: tuple[ComplaintOutcome, ...] = get_args(ComplaintOutcome)
_SHOWN_CLOSED = 50
_KINDS = ("complaint_sorted", "complaint_answered", "complaint_closed")


@dataclass(frozen=True, slots=True)
class Step:
    """One step in the life of a complaint: what happened, when and by whom."""

    at: datetime
    kind: str
    actor: str


@dataclass(frozen=True, slots=True)
class ComplaintView:
    """One complaint; `days_left` counts to its last day on the borrower's calendar, negative when overdue."""

    id: int
    number: str
    conversation_id: str
    borrower_ref: str | None
    borrower_name: str | None
    timezone: str
    locale: str
    text: str
    category: str
    state: str
    opened_at: datetime
    due_on: date
    days_left: int
    answer: str | None
    answered_at: datetime | None
    outcome: str | None
    closed_at: datetime | None
    steps: tuple[Step, ...]

    @property
    def is_open(self) -> bool:
        """True until it is closed with its outcome."""
        return self.state == "open"


class ComplaintService:
    """What the complaint desk calls; who may what is checked here."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def list(self, reader: Reader) -> tuple[ComplaintView, ...]:
        """Return the open complaints, the one due first at the head, then those closed last.

        Raises NotAllowed for an account that may not.
        """
        with self.kit.db.read() as session:
            require_reader(session, reader, "read")
            still_open = session.scalars(
                select(Complaint).where(Complaint.state == "open").order_by(Complaint.due_on, Complaint.id)
            ).all()
            closed = session.scalars(
                select(Complaint)
                .where(Complaint.state != "open")
                .order_by(Complaint.closed_at.desc(), Complaint.id.desc())
                .limit(_SHOWN_CLOSED)
            ).all()
            return tuple(self._view(session, row) for row in (*still_open, *closed))

    def get(self, complaint_id: int) -> ComplaintView | None:
        """Return a complaint."""
        with self.kit.db.read() as session:
            row = session.get(Complaint, complaint_id)
            return None if row is None else self._view(session, row)

    def due(self) -> int:
        """Return how many complaints are open."""
        with self.kit.db.read() as session:
            return len(session.scalars(select(Complaint.id).where(Complaint.state == "open")).all())

    def sort(self, complaint_id: int, agent_id: int, category: Category) -> None:
        """Say what it is about. Raises NotAllowed for an account that may not, or when it is closed."""
        with self.kit.db.begin() as session:
            row = self._open(session, complaint_id, agent_id)
            if row.category != category:
                before, row.category = row.category, category
                self._note(session, row, "complaint_sorted", agent_id, category=category, before=before)

    def answer(self, complaint_id: int, agent_id: int, text: str, *, key: str) -> int:
        """Answer the borrower in their chat, once for each `key`; return the message's id.

        Raises NotAllowed when it is closed, empty or another agent has the conversation; Unfit when a rule
        on wording forbids the text.
        """
        written = text.strip()
        if not written:
            raise NotAllowed("empty", "an empty message is not sent")
        self._require_fit(complaint_id, agent_id, written)
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            row = self._open(session, complaint_id, agent_id)
            conversation = session.get_one(Conversation, row.conversation_id, with_for_update=True)
            held = open_handoff(session, conversation.id)
            if held is not None and held.agent_id not in (None, agent_id):
                raise NotAllowed("taken", "a colleague has this conversation")
            message_id, is_new = queued(session, conversation, agent_id, written, key, now)
            if is_new:
                row.answer, row.answered_at = written, now
                self._note(session, row, "complaint_answered", agent_id, message=message_id)
            return message_id

    def close(self, complaint_id: int, agent_id: int, outcome: ComplaintOutcome, reason: str) -> None:
        """Close it with its outcome and a reason; contact that only it had stopped may go on.

        Raises NotAllowed for a role that may not, when it is closed already, or before it was answered:
        only one that the borrower took back needs no answer.
        """
        now, why = self.kit.clock.now(), reason_of(reason)
        with self.kit.db.begin() as session:
            row = self._open(session, complaint_id, agent_id)
            require(session, agent_id, "lift")
            if row.answered_at is None and outcome != "withdrawn":
                raise NotAllowed("unanswered", "the borrower has had no answer yet")
            row.state, row.outcome, row.closed_at = "closed", outcome, now
            session.flush()
            others = select(Complaint.id).where(
                Complaint.borrower_id == row.borrower_id, Complaint.state == "open"
            )
            if row.borrower_id is not None and session.scalars(others).first() is None:
                lift_holds(session, now, row.borrower_id, HoldKind.COMPLAINT)
            self._note(session, row, "complaint_closed", agent_id, outcome=outcome, reason=why)

    def _open(self, session: Session, complaint_id: int, agent_id: int) -> Complaint:
        require(session, agent_id, "speak")
        row = session.get(Complaint, complaint_id, with_for_update=True)
        if row is None or row.state != "open":
            raise NotAllowed("complaint_closed", "there is no such complaint open")
        return row

    def _require_fit(self, complaint_id: int, agent_id: int, text: str) -> None:
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            row = self._open(session, complaint_id, agent_id)
            conversation = session.get_one(Conversation, row.conversation_id)
            verified = conversation.is_verified(now, self.kit.settings.identity_for)
            found = findings(self.kit, text, verified=verified)
            if not found:
                return
            self._note(session, row, "message_refused", agent_id, **cited(self.kit, found))
        raise Unfit(text, found)

    def _note(self, session: Session, row: Complaint, kind: str, agent_id: int, **detail: Any) -> None:
        record(
            session,
            self.kit.clock.now(),
            kind,
            cause=f"complaint {row.id}",
            actor=f"agent {agent_id}",
            borrower_id=row.borrower_id,
            number=row.number,
            **detail,
        )

    def _view(self, session: Session, row: Complaint) -> ComplaintView:
        zone = zone_of(row.borrower)
        events = session.scalars(
            select(AuditEvent)
            .where(AuditEvent.cause == f"complaint {row.id}", AuditEvent.kind.in_(_KINDS))
            .order_by(AuditEvent.id)
        )
        return ComplaintView(
            id=row.id,
            number=row.number,
            conversation_id=row.conversation_id,
            borrower_ref=row.borrower.ref if row.borrower else None,
            borrower_name=row.borrower.name if row.borrower else None,
            timezone=zone,
            locale=row.conversation.locale,
            text=row.text,
            category=row.category,
            state=row.state,
            opened_at=row.opened_at,
            due_on=row.due_on,
            days_left=(row.due_on - local_day(self.kit.clock.now(), zone)).days,
            answer=row.answer,
            answered_at=row.answered_at,
            outcome=row.outcome,
            closed_at=row.closed_at,
            steps=tuple(Step(event.at, event.kind, event.actor) for event in events),
        )
