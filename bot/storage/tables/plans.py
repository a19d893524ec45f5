"""What was offered, promised and agreed, and the policy it was made under."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.storage.tables.base import Base, only_one_where


class Promise(Base):
    """A promise to pay, made once per turn."""

    __tablename__ = "promises"
    __table_args__ = (only_one_where("uq_promises_open", "loan_id", "state = 'open'"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    loan_id: Mapped[int] = mapped_column(ForeignKey("loans.id"), index=True)
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(10))
    policy_version: Mapped[str] = mapped_column(String(80))
    turn: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class OfferRow(Base):
    """One option as it was shown, with the policy version it was made under."""

    __tablename__ = "offers"
    __table_args__ = (Index("ix_offers_batch", "conversation_id", "batch", "position"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    loan_id: Mapped[int] = mapped_column(ForeignKey("loans.id"), index=True)
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"))
    batch: Mapped[str] = mapped_column(String(64))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    days: Mapped[int | None]
    principal_minor: Mapped[int] = mapped_column(BigInteger)
    cost_minor: Mapped[int] = mapped_column(BigInteger)
    schedule: Mapped[list[Any]]
    state: Mapped[str] = mapped_column(String(12))
    policy_version: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Plan(Base):
    """An agreed plan; at most one is active for a loan."""

    __tablename__ = "plans"
    __table_args__ = (only_one_where("uq_plans_active", "loan_id", "state = 'active'"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    loan_id: Mapped[int] = mapped_column(ForeignKey("loans.id"), index=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offers.id"), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(12))
    policy_version: Mapped[str] = mapped_column(String(80))
    agreed_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    items: Mapped[list[PlanItem]] = relationship(order_by="PlanItem.number", cascade="all")


class PlanItem(Base):
    """One payment of a plan."""

    __tablename__ = "plan_items"
    __table_args__ = (UniqueConstraint("plan_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"))
    number: Mapped[int]
    due_on: Mapped[date]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    paid_minor: Mapped[int] = mapped_column(BigInteger, default=0)


class Paper(Base):
    """One paper of a plan as it was handed out; another `revision` when the payments have changed since.

    `digest` names the payments it states, `sha256` its content.
    """

    __tablename__ = "papers"
    __table_args__ = (UniqueConstraint("plan_id", "part", "locale", "revision"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"))
    part: Mapped[str] = mapped_column(String(16))
    locale: Mapped[str] = mapped_column(String(16))
    revision: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class PolicyVersion(Base):
    """A policy, pack or ladder as it stood when first used; offers and sends name it."""

    __tablename__ = "policy_versions"
    version: Mapped[str] = mapped_column(String(80), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(64))
    content: Mapped[dict[str, Any]]
    recorded_at: Mapped[datetime]
