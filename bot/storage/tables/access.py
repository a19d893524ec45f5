"""Who may come in: sessions of staff, tries at signing in, tokens of programs, and what programs are told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.sealed import Sealed
from bot.storage.tables.base import Base, where


class StaffSession(Base):
    """One sign-in of one member of staff; only the token's hash is kept."""

    __tablename__ = "staff_sessions"
    __table_args__ = (where("ix_staff_sessions_open", "agent_id", "ended_at IS NULL"),)
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class SecondFactor(Base):
    """The authenticator app of a member of staff; `last_step` is the newest time step whose code was used."""

    __tablename__ = "second_factors"
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"), primary_key=True)
    secret: Mapped[str] = mapped_column(Sealed("second_factors.secret"))
    last_step: Mapped[int] = mapped_column(default=0)
    recovery: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[datetime]


class LoginTries(Base):
    """Tries of one account or one address; `key` is a hash: people type passwords into the wrong field."""

    __tablename__ = "login_tries"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    tries: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]


class ApiToken(Base):
    """What a program signs in with: it acts as one member of staff, within its scopes."""

    __tablename__ = "api_tokens"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"))
    scopes: Mapped[list[Any]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class ApiAnswer(Base):
    """The answer to a request that had an idempotency key; the same request gets it again.

    `status` is None while the first of them is being worked on.
    """

    __tablename__ = "api_answers"
    token_id: Mapped[int] = mapped_column(ForeignKey("api_tokens.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    body: Mapped[str | None] = mapped_column(Sealed("api_answers.body"))
    created_at: Mapped[datetime]


class Webhook(Base):
    """Where a program wants to be told of events."""

    __tablename__ = "webhooks"
    id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    events: Mapped[list[Any]]
    secret: Mapped[str] = mapped_column(Sealed("webhooks.secret"))
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class WebhookCall(Base):
    """One event for one webhook, written in the transaction of the event itself."""

    __tablename__ = "webhook_calls"
    __table_args__ = (
        UniqueConstraint("webhook_id", "event_id"),
        Index("ix_webhook_calls_due", "state", "next_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id"))
    event_id: Mapped[str] = mapped_column(String(36))
    event: Mapped[str] = mapped_column(String(32))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(8))
    tries: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    failure: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
