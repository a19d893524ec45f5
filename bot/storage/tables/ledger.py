"""What happened, in chains that only grow."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.sealed import Sealed
from bot.storage.tables.base import Base, where


class AuditEvent(Base):
    """What happened, when, why and by whom; written in the transaction of the fact itself."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_cause", "cause"),
        where("ix_audit_events_unrecorded", "id", "NOT recorded"),
        where("ix_audit_events_switch", "id", "kind = 'kill_switch'"),
        where("ix_audit_events_moves", "borrower_id", "kind = 'timezone_changed'"),
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
    """One record of a chain as it is exported, in canonical JSON; added, never changed or removed.

    Its hash is that of the record as it is read, whichever key it is sealed with.
    """

    __tablename__ = "ledger_entries"
    __table_args__ = (
        Index("ix_ledger_entries_at", "chain", "at"),
        Index("ix_ledger_entries_source", "chain", "source_id"),
    )
    chain: Mapped[str] = mapped_column(String(16), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    source_id: Mapped[int]
    at: Mapped[datetime]
    record: Mapped[str] = mapped_column(Sealed("ledger_entries.record"))
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
