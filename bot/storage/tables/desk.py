"""What agents work with: teams, drafts, notes, messages to be sent later, views, marks and reviews."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.sealed import Sealed, SealedJson
from bot.storage.tables.base import Base, only_one_where


class AgentTeam(Base):
    """An agent's place in a team of the routing file; who has none serves every team."""

    __tablename__ = "agent_teams"
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"), primary_key=True)
    team: Mapped[str] = mapped_column(String(32), primary_key=True)


class Colleague(Base):
    """A colleague who was added to a case: reads it, writes notes, sends nothing."""

    __tablename__ = "handoff_colleagues"
    handoff_id: Mapped[int] = mapped_column(ForeignKey("handoffs.id"), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"), primary_key=True, index=True)
    added_by: Mapped[int] = mapped_column(ForeignKey("agents.id"))
    added_at: Mapped[datetime]


class LinkedLoan(Base):
    """Another debt of the borrower that a case is about too."""

    __tablename__ = "handoff_loans"
    handoff_id: Mapped[int] = mapped_column(ForeignKey("handoffs.id"), primary_key=True)
    loan_id: Mapped[int] = mapped_column(ForeignKey("loans.id"), primary_key=True)
    linked_by: Mapped[int] = mapped_column(ForeignKey("agents.id"))
    linked_at: Mapped[datetime]


class Draft(Base):
    """What an agent has written for a case and not sent: one of each kind (`reply`, `note`)."""

    __tablename__ = "drafts"
    handoff_id: Mapped[int] = mapped_column(ForeignKey("handoffs.id"), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    text: Mapped[str] = mapped_column(Sealed("drafts.text"))
    saved_at: Mapped[datetime]


class CaseNote(Base):
    """A note for colleagues; the borrower never sees it. `key` makes a repeated call write nothing new."""

    __tablename__ = "case_notes"
    __table_args__ = (UniqueConstraint("handoff_id", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    handoff_id: Mapped[int] = mapped_column(ForeignKey("handoffs.id"))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    borrower_id: Mapped[int | None] = mapped_column(ForeignKey("borrowers.id"), index=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"))
    key: Mapped[str | None] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Sealed("case_notes.text"))
    created_at: Mapped[datetime]


class ScheduledMessage(Base):
    """An agent's message for later: asked about again at its time, `message_id` once it has been queued.

    `send_at` is when it is tried next, `wanted_at` what the agent chose; `reason` says why it was put off,
    or why it will not go out.
    """

    __tablename__ = "scheduled_messages"
    __table_args__ = (
        UniqueConstraint("handoff_id", "key"),
        Index("ix_scheduled_messages_due", "state", "send_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    handoff_id: Mapped[int] = mapped_column(ForeignKey("handoffs.id"))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"))
    key: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Sealed("scheduled_messages.text"))
    state: Mapped[str] = mapped_column(String(10))
    wanted_at: Mapped[datetime]
    send_at: Mapped[datetime]
    reason: Mapped[str | None] = mapped_column(String(300))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class Watcher(Base):
    """Who has a case open, and until when they are taken to be typing; rows that are old mean nothing."""

    __tablename__ = "watchers"
    handoff_id: Mapped[int] = mapped_column(ForeignKey("handoffs.id"), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"), primary_key=True)
    seen_at: Mapped[datetime]
    typing_at: Mapped[datetime | None]


class SavedView(Base):
    """An agent's named filters over the queue."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("agent_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"))
    name: Mapped[str] = mapped_column(String(60))
    filters: Mapped[dict[str, Any]] = mapped_column(SealedJson("saved_views.filters"))
    created_at: Mapped[datetime]


class PaidMark(Base):
    """An agent's word that something was paid, with its evidence; at most one waits for a loan.

    The book alone says what is paid: a mark that stands keeps reminders back until the book has had time to
    show it. `evidence_id` is the borrower's message with the receipt, `reference` the number of the payment.
    """

    __tablename__ = "paid_marks"
    __table_args__ = (
        UniqueConstraint("handoff_id", "key"),
        only_one_where("uq_paid_marks_waiting", "loan_id", "state = 'waiting'"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    handoff_id: Mapped[int] = mapped_column(ForeignKey("handoffs.id"))
    loan_id: Mapped[int] = mapped_column(ForeignKey("loans.id"), index=True)
    key: Mapped[str] = mapped_column(String(80))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    paid_on: Mapped[date]
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    reference: Mapped[str | None] = mapped_column(Sealed("paid_marks.reference"))
    state: Mapped[str] = mapped_column(String(10))
    needs_two: Mapped[bool]
    marked_by: Mapped[int] = mapped_column(ForeignKey("agents.id"))
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    reason: Mapped[str | None] = mapped_column(Sealed("paid_marks.reason"))
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class QualityReview(Base):
    """A closed case scored against the checklist: `marks` holds yes, no or null by item."""

    __tablename__ = "quality_reviews"
    __table_args__ = (UniqueConstraint("handoff_id", "reviewer_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    handoff_id: Mapped[int] = mapped_column(ForeignKey("handoffs.id"))
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"), index=True)
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("agents.id"))
    checklist: Mapped[str] = mapped_column(String(80))
    marks: Mapped[dict[str, Any]]
    percent: Mapped[int | None]
    failed: Mapped[bool]
    note: Mapped[str] = mapped_column(Sealed("quality_reviews.note"), default="")
    reviewed_at: Mapped[datetime]
