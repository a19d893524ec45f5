"""The loan book: who owes, where they can be reached, what is due and what was paid."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.storage.sealed import Findable, Sealed, SealedDate
from bot.storage.tables.base import Base


class Borrower(Base):
    """A person who owes; `ref` is the lender's own reference."""

    __tablename__ = "borrowers"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(Sealed("borrowers.name"))
    phone: Mapped[str | None] = mapped_column(Sealed("borrowers.phone"))
    birth_date: Mapped[date | None] = mapped_column(SealedDate("borrowers.birth_date"))
    id_last4: Mapped[str | None] = mapped_column(Sealed("borrowers.id_last4"))
    locale: Mapped[str] = mapped_column(String(16))
    timezone: Mapped[str] = mapped_column(String(64))
    country: Mapped[str | None] = mapped_column(String(2))
    wish: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    exempt: Mapped[bool] = mapped_column(default=False)
    night_consent: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]
    loans: Mapped[list[LoanRow]] = relationship(back_populates="borrower", order_by="LoanRow.id")
    addresses: Mapped[list[AddressRow]] = relationship(back_populates="borrower", order_by="AddressRow.id")


class AddressRow(Base):
    """Where a borrower can be reached on one channel."""

    __tablename__ = "addresses"
    __table_args__ = (UniqueConstraint("channel", "address"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    borrower_id: Mapped[int] = mapped_column(ForeignKey("borrowers.id"), index=True)
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(Findable("address"))
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
    grade: Mapped[str | None] = mapped_column(String(8))
    tier: Mapped[str | None] = mapped_column(String(16))
    good_record: Mapped[bool] = mapped_column(default=False, server_default=false())
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
    """A payment as the lender booked it; one that was taken back again stays, with when and by what."""

    __tablename__ = "payments"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(64), unique=True)
    loan_id: Mapped[int] = mapped_column(ForeignKey("loans.id"), index=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    paid_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    returned_at: Mapped[datetime | None]
    return_ref: Mapped[str | None] = mapped_column(String(64), unique=True)
