"""Offers as they are stored and shown: their place in the list, all their terms, whether they still stand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Select, Update, select, update
from sqlalchemy.orm import Session

from bot.domain.money import Money
from bot.domain.plans import Instalment, Kind, Option
from bot.storage.prepared import prepared
from bot.storage.tables import LoanRow, OfferRow


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
    authority: str
    waived: Money

    @property
    def total(self) -> Money:
        """All payments together."""
        return self.principal + self.cost - self.waived


def offer_view(row: OfferRow, currency: str, loan_ref: str) -> OfferView:
    """Turn a stored offer into what is shown of it."""
    return OfferView(
        row.id,
        row.position,
        cast(Kind, row.kind),
        row.days,
        tuple(
            Instalment(n, date.fromisoformat(day), Money(minor, currency)) for n, day, minor in row.schedule
        ),
        Money(row.principal_minor, currency),
        Money(row.cost_minor, currency),
        loan_ref,
        row.expires_at,
        row.authority,
        Money(row.waived_minor, currency),
    )


def offer_row(option: Option, *, position: int = 1, **more: Any) -> OfferRow:
    """Return the row of an option; `more` are the columns that say where, when and under what it was made."""
    return OfferRow(
        position=position,
        kind=option.kind,
        days=option.days,
        principal_minor=option.principal.minor,
        cost_minor=option.cost.minor,
        waived_minor=option.waived_minor,
        schedule=[[i.number, i.due_on.isoformat(), i.amount.minor] for i in option.schedule],
        state="offered",
        **more,
    )


def open_offers(session: Session, conversation_id: str, now: datetime) -> list[OfferView]:
    """Return the options shown last that are still open, in order, and after them what people granted."""
    rows = session.scalars(*_open_in(conversation_id, now)).all()
    own = [row for row in rows if row.authority == "bot"]
    granted = [row for row in rows if row.authority != "bot"]
    found = []
    for place, row in enumerate([*(row for row in own if row.batch == own[-1].batch), *granted], 1):
        loan = session.get_one(LoanRow, row.loan_id)
        found.append(replace(offer_view(row, loan.currency, loan.ref), position=place))
    return found


def batch_of(session: Session, conversation_id: str, turn: str) -> list[OfferRow]:
    """Return the offers that a turn has made, in order."""
    return list(session.scalars(*_made_in(conversation_id, turn)))


@prepared
def _open_in(conversation_id: str, now: datetime) -> Select[tuple[OfferRow]]:
    mine = select(OfferRow).where(OfferRow.conversation_id == conversation_id)
    return mine.where(OfferRow.state == "offered", OfferRow.expires_at > now).order_by(OfferRow.id)


@prepared
def _made_in(conversation_id: str, turn: str) -> Select[tuple[OfferRow]]:
    made = select(OfferRow).where(OfferRow.conversation_id == conversation_id, OfferRow.batch == turn)
    return made.order_by(OfferRow.position)


def supersede(session: Session, loan_id: int, *, granted: bool = True) -> None:
    """Withdraw every offer on a loan that is still open; without `granted`, not what people granted."""
    session.execute(*(_withdrawn if granted else _own_withdrawn)(loan_id))


@prepared
def _withdrawn(loan_id: int) -> Update:
    return _withdrawing(loan_id)


@prepared
def _own_withdrawn(loan_id: int) -> Update:
    return _withdrawing(loan_id).where(OfferRow.authority == "bot")


def _withdrawing(loan_id: int) -> Update:
    still_open = update(OfferRow).where(OfferRow.loan_id == loan_id, OfferRow.state == "offered")
    return still_open.values(state="superseded")
