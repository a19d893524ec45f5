"""Contact: conversations, messages, reminders due, and what stops them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.storage.sealed import Findable, Sealed, SealedJson
from bot.storage.tables.base import Base, where

if TYPE_CHECKING:
    from bot.storage.tables.book import Borrower


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
    since: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(Sealed("holds.reason"))
    created_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]


class Conversation(Base):
    """One address on one channel; `mode` says whether the bot or a person speaks.

    `human_since` is when people last took over: what the bot had ready before then stays unsaid.
    """

    __tablename__ = "conversations"
    __table_args__ = (UniqueConstraint("channel", "address"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    borrower_id: Mapped[int | None] = mapped_column(ForeignKey("borrowers.id"), index=True)
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(Findable("address"))
    locale: Mapped[str] = mapped_column(String(16))
    mode: Mapped[str] = mapped_column(String(8), default="bot")
    human_since: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    identity_facts: Mapped[list[Any]] = mapped_column(default=list)
    identity_failures: Mapped[int] = mapped_column(default=0)
    expected: Mapped[str | None] = mapped_column(String(40))
    misunderstood: Mapped[int] = mapped_column(default=0)
    misunderstood_turn: Mapped[str | None] = mapped_column(String(64))
    disclosed: Mapped[bool] = mapped_column(default=False)
    collector_told: Mapped[bool] = mapped_column(default=False, server_default=false())
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

    `recorded` is the state under which the ledger has it, None while it is not there. `claim` names the claim
    that took it for its channel.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "direction", "external_id"),
        Index("ix_messages_state", "direction", "state"),
        Index("ix_messages_conversation", "conversation_id", "id"),
        where(
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
    text: Mapped[str] = mapped_column(Sealed("messages.text"))
    payload: Mapped[dict[str, Any] | None] = mapped_column(SealedJson("messages.payload"))
    buttons: Mapped[list[Any]] = mapped_column(SealedJson("messages.buttons"), default=list)
    template: Mapped[str | None] = mapped_column(String(200))
    locale: Mapped[str] = mapped_column(String(16))
    turn: Mapped[str | None] = mapped_column(String(64), index=True)
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    nudge_id: Mapped[int | None] = mapped_column(ForeignKey("nudges.id"))
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    rule_ids: Mapped[list[Any]] = mapped_column(default=list)
    pack_version: Mapped[str | None] = mapped_column(String(80))
    template_version: Mapped[str | None] = mapped_column(String(16))
    policy_version: Mapped[str | None] = mapped_column(String(80))
    variation: Mapped[str | None] = mapped_column(String(16))
    recorded: Mapped[str | None] = mapped_column(String(10))
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    failure: Mapped[str | None] = mapped_column(String(200))
    claim: Mapped[str | None] = mapped_column(String(32))
    erased_at: Mapped[datetime | None]


class Nudge(Base):
    """One rung for one loan in one cycle: the unique key makes it happen once.

    `leader_id` is the nudge whose message speaks of this one's debt too. Sent and left unread, the rung's
    next channel is tried after `again_hours`, at `again_at`. `ground` is what the law demands a notice for.
    """

    __tablename__ = "nudges"
    __table_args__ = (
        UniqueConstraint("loan_id", "cycle", "step"),
        Index("ix_nudges_due", "state", "send_at", "loan_id"),
        where("ix_nudges_agreed", "send_at", "state = 'queued' AND purpose IN ('instalment', 'notice')"),
        where("ix_nudges_led", "leader_id", "leader_id IS NOT NULL"),
        where("ix_nudges_again", "again_at", "again_at IS NOT NULL"),
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
    leader_id: Mapped[int | None] = mapped_column(ForeignKey("nudges.id"))
    again_hours: Mapped[int | None]
    again_at: Mapped[datetime | None]
    ground: Mapped[str | None] = mapped_column(String(40))
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class NudgeVote(Base):
    """One person's yes or no to a notice that waits for approval."""

    __tablename__ = "nudge_votes"
    nudge_id: Mapped[int] = mapped_column(ForeignKey("nudges.id"), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"), primary_key=True)
    approves: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime]


class ChannelPace(Base):
    """How far a channel's pace is used up, and until when it has asked for quiet; all processes share it."""

    __tablename__ = "channel_paces"
    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    free_at: Mapped[datetime]
    quiet_until: Mapped[datetime | None]


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
