"""Staff, and the cases and complaints that they look after."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.storage.tables.base import Base, only_one_where

if TYPE_CHECKING:
    from bot.storage.tables.book import Borrower
    from bot.storage.tables.contact import Conversation


class Agent(Base):
    """A member of staff who may sign in to the console."""

    __tablename__ = "agents"
    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class HandoffRow(Base):
    """A conversation in people's hands; at most one is open for a conversation."""

    __tablename__ = "handoffs"
    __table_args__ = (
        only_one_where("uq_handoffs_open", "conversation_id", "state in ('waiting', 'claimed')"),
        Index("ix_handoffs_queue", "state", "priority", "opened_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    borrower_id: Mapped[int | None] = mapped_column(ForeignKey("borrowers.id"))
    reason: Mapped[str] = mapped_column(String(24))
    priority: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    summary: Mapped[str] = mapped_column(Text, default="")
    outcome: Mapped[str | None] = mapped_column(String(24))
    note: Mapped[str | None] = mapped_column(Text)
    opened_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    acknowledged: Mapped[bool] = mapped_column(default=False)
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
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12))
    category: Mapped[str] = mapped_column(String(24), default="other", server_default="other")
    opened_at: Mapped[datetime]
    due_on: Mapped[date]
    answer: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(24))
    closed_at: Mapped[datetime | None]
    borrower: Mapped[Borrower | None] = relationship()
    conversation: Mapped[Conversation] = relationship()
