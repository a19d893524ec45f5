"""What was offered, promised and agreed, and the policy it was made under."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.domain.plan_life import PlanState
from bot.storage.sealed import Sealed
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
    paid_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    state: Mapped[str] = mapped_column(String(10))
    policy_version: Mapped[str] = mapped_column(String(80))
    turn: Mapped[str | None] = mapped_column(String(64), unique=True)
    review_on: Mapped[date | None]
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
    waived_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
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
    note: Mapped[str] = mapped_column(Sealed("approvals.note"), default="")
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    second_by: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    reason: Mapped[str | None] = mapped_column(Sealed("approvals.reason"))
    second_reason: Mapped[str | None] = mapped_column(Sealed("approvals.second_reason"))
    policy_version: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]


class Plan(Base):
    """An agreed plan; at most one is active for a loan.

    Payments of the loan after the one with id `after_payment` count towards it; those before were part of
    the balance that was agreed on. `missed`, `since` and `review_on`: see `PlanStanding`; no `review_on`
    means at once.
    """

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
    after_payment: Mapped[int] = mapped_column(default=0, server_default="0")
    missed: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    since: Mapped[date | None]
    review_on: Mapped[date | None]
    items: Mapped[list[PlanItem]] = relationship(order_by="PlanItem.number", cascade="all")

    @property
    def life(self) -> PlanState:
        """Where it stands: a late one is stored as active too, since a loan has one of either."""
        return PlanState.LATE if self.state == "active" and self.since is not None else PlanState(self.state)


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
