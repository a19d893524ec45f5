"""Staff, and the cases and complaints that they look after."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.storage.sealed import Sealed
from bot.storage.tables.base import Base, only_one_where

if TYPE_CHECKING:
    from bot.storage.tables.book import Borrower
    from bot.storage.tables.contact import Conversation


class Agent(Base):
    """A member of staff who may sign in to the console.

    `presence` is what they last said of themselves, `seen_at` their last sign of life; no `languages` means
    any, `capacity` None that of their team.
    """

    __tablename__ = "agents"
    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    languages: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    capacity: Mapped[int | None]
    presence: Mapped[str] = mapped_column(String(8), default="away", server_default="away")
    seen_at: Mapped[datetime | None]


class HandoffRow(Base):
    """A conversation in people's hands; at most one is open for a conversation.

    `waiting_since` is when it last began to wait, `respond_by` when a first reply is due, `callback_at` when
    a borrower who came out of hours was told to expect somebody. `level` counts the escalations; `alerts` and
    `alerted_at` the alerts of the present wait, `paged_at` the last word to the agents' group.
    """

    __tablename__ = "handoffs"
    __table_args__ = (
        only_one_where("uq_handoffs_open", "conversation_id", "state in ('waiting', 'claimed', 'snoozed')"),
        Index("ix_handoffs_queue", "state", "priority", "opened_at"),
        Index("ix_handoffs_agent", "agent_id", "state"),
        Index("ix_handoffs_team", "team", "claimed_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    borrower_id: Mapped[int | None] = mapped_column(ForeignKey("borrowers.id"))
    reason: Mapped[str] = mapped_column(String(24))
    priority: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    summary: Mapped[str] = mapped_column(Sealed("handoffs.summary"), default="")
    outcome: Mapped[str | None] = mapped_column(String(24))
    note: Mapped[str | None] = mapped_column(Sealed("handoffs.note"))
    opened_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    acknowledged: Mapped[bool] = mapped_column(default=False)
    team: Mapped[str] = mapped_column(String(32), default="", server_default="")
    level: Mapped[int] = mapped_column(default=0, server_default="0")
    waiting_since: Mapped[datetime]
    respond_by: Mapped[datetime | None]
    callback_at: Mapped[datetime | None]
    first_reply_at: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    alerts: Mapped[int] = mapped_column(default=0, server_default="0")
    alerted_at: Mapped[datetime | None]
    paged_at: Mapped[datetime | None]
    conversation: Mapped[Conversation] = relationship()
    borrower: Mapped[Borrower | None] = relationship()
    agent: Mapped[Agent | None] = relationship()


class Complaint(Base):
    """A complaint with its number and its deadline."""

    __tablename__ = "complaints"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    borrower_id: Mapped[int | None] = mapped_column(ForeignKey("borrowers.id"))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    turn: Mapped[str | None] = mapped_column(String(64), unique=True)
    text: Mapped[str] = mapped_column(Sealed("complaints.text"))
    state: Mapped[str] = mapped_column(String(12))
    category: Mapped[str] = mapped_column(String(24), default="other", server_default="other")
    opened_at: Mapped[datetime]
    due_on: Mapped[date]
    answer: Mapped[str | None] = mapped_column(Sealed("complaints.answer"))
    answered_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(24))
    closed_at: Mapped[datetime | None]
    borrower: Mapped[Borrower | None] = relationship()
    conversation: Mapped[Conversation] = relationship()
