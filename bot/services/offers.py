"""Offers as they are stored and shown: their place in the list, all their terms, whether they still stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.domain.money import Money
from bot.domain.plans import Instalment, Kind
from bot.storage.tables import OfferRow


@dataclass(frozen=True, slots=True)
class OfferView:
    """One stored option as it is shown: its place in the list and all its terms."""

    id: int
    position: int
    kind: Kind
    days: int | None
    schedule: tuple[Instalment, ...]
    principal: Money
    cost: Money
    loan_ref: str
    expires_at: datetime

    @property
    def total(self) -> Money:
        """All payments together."""
        return self.principal + self.cost


def offer_view(row: OfferRow, currency: str, loan_ref: str) -> OfferView:
    """Turn a stored offer into what is shown of it."""
    kind: Kind = "extension" if row.kind == "extension" else "instalment"
    return OfferView(
        row.id,
        row.position,
        kind,
        row.days,
        tuple(
            Instalment(n, date.fromisoformat(day), Money(minor, currency)) for n, day, minor in row.schedule
        ),
        Money(row.principal_minor, currency),
        Money(row.cost_minor, currency),
        loan_ref,
        row.expires_at,
    )


def batch_of(session: Session, conversation_id: str, turn: str) -> list[OfferRow]:
    """Return the offers that a turn has made, in order."""
    return list(
        session.scalars(
            select(OfferRow)
            .where(OfferRow.conversation_id == conversation_id, OfferRow.batch == turn)
            .order_by(OfferRow.position)
        )
    )


def supersede(session: Session, loan_id: int) -> None:
    """Withdraw every offer on a loan that is still open."""
    session.execute(
        update(OfferRow)
        .where(OfferRow.loan_id == loan_id, OfferRow.state == "offered")
        .values(state="superseded")
    )
