"""What was offered, promised and agreed, and the policy it was made under."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.storage.tables.base import Base, only_one_where, where


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
    authority: Mapped[str] = mapped_column(String(12), default="bot", server_default="bot")
    approval_id: Mapped[int | None] = mapped_column(ForeignKey("approvals.id"))
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Approval(Base):
    """A request beyond the authority of whoever asked; at most one waits for a loan.

    `wish`, `option` and `limits` are as asked; `terms` is the wish that the votes are about. `decided_by` is
    the first who voted, `second_by` whom the two-person rule needs besides; `told_at` is when the borrower
    was told.
    """

    __tablename__ = "approvals"
    __table_args__ = (
        only_one_where("uq_approvals_waiting", "loan_id", "state = 'waiting'"),
        where("ix_approvals_untold", "id", "told_at IS NULL"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    loan_id: Mapped[int] = mapped_column(ForeignKey("loans.id"), index=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    turn: Mapped[str] = mapped_column(String(64), unique=True)
    wish: Mapped[dict[str, Any]]
    terms: Mapped[dict[str, Any]]
    option: Mapped[dict[str, Any]]
    limits: Mapped[list[Any]]
    level: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12))
    needs_two: Mapped[bool]
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    note: Mapped[str] = mapped_column(Text, default="")
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    second_by: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    reason: Mapped[str | None] = mapped_column(Text)
    second_reason: Mapped[str | None] = mapped_column(Text)
    policy_version: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]


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


class PolicyVersion(Base):
    """A policy, pack or ladder as it stood when first used; offers and sends name it."""

    __tablename__ = "policy_versions"
    version: Mapped[str] = mapped_column(String(80), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(64))
    content: Mapped[dict[str, Any]]
    recorded_at: Mapped[datetime]
