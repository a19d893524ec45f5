"""What a borrower told of a hardship, with their consent, and until when it is kept."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.sealed import Sealed
from bot.storage.tables.base import Base


class HardshipRow(Base):
    """One hardship of a borrower, from the consent to its review; a fact that was not told is None.

    `lasts_days` is how long they expect it to last, `payday` the day of the month on which money comes in (31
    for its end), `evidence` the ids of the messages that carry files. `forgotten_at` says when the facts were
    erased.
    """

    __tablename__ = "hardships"
    id: Mapped[int] = mapped_column(primary_key=True)
    borrower_id: Mapped[int] = mapped_column(ForeignKey("borrowers.id"), index=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    consent: Mapped[bool]
    turn: Mapped[str] = mapped_column(String(64), unique=True)
    reason: Mapped[str | None] = mapped_column(Sealed("hardships.reason"))
    lasts_days: Mapped[int | None]
    ability_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(String(3))
    payday: Mapped[int | None]
    evidence: Mapped[list[Any]] = mapped_column(default=list)
    review_on: Mapped[date]
    told_at: Mapped[datetime]
    forgotten_at: Mapped[datetime | None]
