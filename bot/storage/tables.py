"""The tables: what is stored, with the constraints that make things happen once."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from bot.storage.db import Instant


class Base(DeclarativeBase):
    """Names every constraint alike, so that migrations are portable."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: Instant(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
    }


def _where(name: str, column: str, condition: str) -> Index:
    where = text(condition)
    return Index(name, column, sqlite_where=where, postgresql_where=where)


def _only_one_where(name: str, column: str, condition: str) -> Index:
    where = text(condition)
    return Index(name, column, unique=True, sqlite_where=where, postgresql_where=where)


class Borrower(Base):
    """A person who owes; `ref` is the lender's own reference."""

    __tablename__ = "borrowers"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    phone: Mapped[str | None] = mapped_column(String(32))
    birth_date: Mapped[date | None]
    id_last4: Mapped[str | None] = mapped_column(String(4))
    locale: Mapped[str] = mapped_column(String(16))
    timezone: Mapped[str] = mapped_column(String(64))
    exempt: Mapped[bool] = mapped_column(default=False)
    night_consent: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    loans: Mapped[list[LoanRow]] = relationship(back_populates="borrower", order_by="LoanRow.id")
    addresses: Mapped[list[AddressRow]] = relationship(back_populates="borrower", order_by="AddressRow.id")


class AddressRow(Base):
    """Where a borrower can be reached on one channel."""

    __tablename__ = "addresses"
    __table_args__ = (UniqueConstraint("channel", "address"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    borrower_id: Mapped[int] = mapped_column(ForeignKey("borrowers.id"), index=True)
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(255))
    verified: Mapped[bool] = mapped_column(default=False)
    consent: Mapped[bool] = mapped_column(default=True)
    dead_at: Mapped[datetime | None]
    dead_reason: Mapped[str | None] = mapped_column(String(120))
    borrower: Mapped[Borrower] = relationship(back_populates="addresses")


class LoanRow(Base):
    """A loan; `product` names its policy."""

    __tablename__ = "loans"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(64), unique=True)
    borrower_id: Mapped[int] = mapped_column(ForeignKey("borrowers.id"), index=True)
    product: Mapped[str] = mapped_column(String(64))
    currency: Mapped[str] = mapped_column(String(3))
    principal_minor: Mapped[int] = mapped_column(BigInteger)
    opened_on: Mapped[date]
    borrower: Mapped[Borrower] = relationship(back_populates="loans")
    dues: Mapped[list[DueItem]] = relationship(order_by="DueItem.number")


class DueItem(Base):
    """One due item of a loan; `paid_minor` follows from the payments, oldest item first."""

    __tablename__ = "due_items"
    __table_args__ = (UniqueConstraint("loan_id", "number"), Index("ix_due_items_open", "due_on", "loan_id"))
    id: Mapped[int] = mapped_column(primary_key=True)
    loan_id: Mapped[int] = mapped_column(ForeignKey("loans.id"), index=True)
    number: Mapped[int]
    due_on: Mapped[date]
    principal_minor: Mapped[int] = mapped_column(BigInteger)
    interest_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    fee_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    paid_minor: Mapped[int] = mapped_column(BigInteger, default=0)


class Payment(Base):
    """A payment as the lender booked it."""

    __tablename__ = "payments"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(64), unique=True)
    loan_id: Mapped[int] = mapped_column(ForeignKey("loans.id"), index=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    paid_at: Mapped[datetime]
    recorded_at: Mapped[datetime]


class HoldRow(Base):
    """A fact that stops contact; lifted, never deleted."""

    __tablename__ = "holds"
    id: Mapped[int] = mapped_column(primary_key=True)
    borrower_id: Mapped[int] = mapped_column(ForeignKey("borrowers.id"), index=True)
    loan_id: Mapped[int | None] = mapped_column(ForeignKey("loans.id"))
    kind: Mapped[str] = mapped_column(String(24))
    channel: Mapped[str | None] = mapped_column(String(16))
    until: Mapped[datetime | None]
    cause: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]


class Conversation(Base):
    """One address on one channel; `mode` says whether the bot or a person speaks."""

    __tablename__ = "conversations"
    __table_args__ = (UniqueConstraint("channel", "address"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    borrower_id: Mapped[int | None] = mapped_column(ForeignKey("borrowers.id"), index=True)
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(255))
    locale: Mapped[str] = mapped_column(String(16))
    mode: Mapped[str] = mapped_column(String(8), default="bot")
    verified_at: Mapped[datetime | None]
    identity_facts: Mapped[list[Any]] = mapped_column(default=list)
    identity_failures: Mapped[int] = mapped_column(default=0)
    expected: Mapped[str | None] = mapped_column(String(40))
    misunderstood: Mapped[int] = mapped_column(default=0)
    misunderstood_turn: Mapped[str | None] = mapped_column(String(64))
    disclosed: Mapped[bool] = mapped_column(default=False)
    outage_told: Mapped[bool] = mapped_column(default=False)
    lease_owner: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    borrower: Mapped[Borrower | None] = relationship()

    def is_verified(self, at: datetime, lasting: timedelta) -> bool:
        """Tell whether debt facts may be spoken of here at an instant: a verification lasts so long."""
        if self.borrower_id is None or self.verified_at is None:
            return False
        return self.verified_at + lasting > at


class Message(Base):
    """Every message in and out; `id` orders them for all readers.

    `recorded` is the state under which the ledger has it, None while it is not there.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "direction", "external_id"),
        Index("ix_messages_state", "direction", "state"),
        Index("ix_messages_conversation", "conversation_id", "id"),
        _where(
            "ix_messages_unrecorded",
            "id",
            "recorded IS NULL OR (direction = 'out' AND recorded <> state)",
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    direction: Mapped[str] = mapped_column(String(3))
    initiator: Mapped[str] = mapped_column(String(10))
    purpose: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(10))
    external_id: Mapped[str | None] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    buttons: Mapped[list[Any]] = mapped_column(default=list)
    template: Mapped[str | None] = mapped_column(String(200))
    locale: Mapped[str] = mapped_column(String(16))
    turn: Mapped[str | None] = mapped_column(String(64), index=True)
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    nudge_id: Mapped[int | None] = mapped_column(ForeignKey("nudges.id"))
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    rule_ids: Mapped[list[Any]] = mapped_column(default=list)
    pack_version: Mapped[str | None] = mapped_column(String(40))
    template_version: Mapped[str | None] = mapped_column(String(16))
    policy_version: Mapped[str | None] = mapped_column(String(80))
    recorded: Mapped[str | None] = mapped_column(String(10))
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    failure: Mapped[str | None] = mapped_column(String(200))


class Nudge(Base):
    """One rung for one loan in one cycle: the unique key makes it happen once."""

    __tablename__ = "nudges"
    __table_args__ = (
        UniqueConstraint("loan_id", "cycle", "step"),
        Index("ix_nudges_due", "state", "send_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    loan_id: Mapped[int] = mapped_column(ForeignKey("loans.id"))
    borrower_id: Mapped[int] = mapped_column(ForeignKey("borrowers.id"), index=True)
    cycle: Mapped[int]
    step: Mapped[str] = mapped_column(String(32))
    template: Mapped[str | None] = mapped_column(String(80))
    purpose: Mapped[str] = mapped_column(String(16))
    channels: Mapped[list[Any]]
    state: Mapped[str] = mapped_column(String(10))
    send_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class Promise(Base):
    """A promise to pay, made once per turn."""

    __tablename__ = "promises"
    __table_args__ = (_only_one_where("uq_promises_open", "loan_id", "state = 'open'"),)
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
    __table_args__ = (_only_one_where("uq_plans_active", "loan_id", "state = 'active'"),)
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
        _only_one_where("uq_handoffs_open", "conversation_id", "state in ('waiting', 'claimed')"),
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
    opened_at: Mapped[datetime]
    due_on: Mapped[date]


class PolicyVersion(Base):
    """A policy, pack or ladder as it stood when first used; offers and sends name it."""

    __tablename__ = "policy_versions"
    version: Mapped[str] = mapped_column(String(80), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(64))
    content: Mapped[dict[str, Any]]
    recorded_at: Mapped[datetime]


class LinkToken(Base):
    """A one-time link; only the token's hash is kept."""

    __tablename__ = "link_tokens"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    borrower_id: Mapped[int] = mapped_column(ForeignKey("borrowers.id"))
    channel: Mapped[str] = mapped_column(String(16))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    def is_open(self, channel: str, at: datetime) -> bool:
        """Tell whether the link may still be used on a channel."""
        return self.channel == channel and self.used_at is None and at < self.expires_at


class AuditEvent(Base):
    """What happened, when, why and by whom; written in the transaction of the fact itself."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_cause", "cause"),
        _where("ix_audit_events_unrecorded", "id", "NOT recorded"),
        _where("ix_audit_events_switch", "id", "kind = 'kill_switch'"),
    )
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    borrower_id: Mapped[int | None] = mapped_column(ForeignKey("borrowers.id"), index=True)
    loan_id: Mapped[int | None] = mapped_column(ForeignKey("loans.id"))
    kind: Mapped[str] = mapped_column(String(32))
    detail: Mapped[dict[str, Any]]
    cause: Mapped[str] = mapped_column(String(120))
    actor: Mapped[str] = mapped_column(String(64))
    recorded: Mapped[bool] = mapped_column(default=False, server_default=false())


class LedgerHead(Base):
    """The end of a chain; whoever appends to it locks this row."""

    __tablename__ = "ledger_heads"
    chain: Mapped[str] = mapped_column(String(16), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))


class LedgerEntry(Base):
    """One record of a chain as it is exported, in canonical JSON; added, never changed or removed."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        Index("ix_ledger_entries_at", "chain", "at"),
        Index("ix_ledger_entries_source", "chain", "source_id"),
    )
    chain: Mapped[str] = mapped_column(String(16), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    source_id: Mapped[int]
    at: Mapped[datetime]
    record: Mapped[str] = mapped_column(Text)
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
