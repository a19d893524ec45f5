"""Loans and their borrowers as contact decisions and texts see them: columns read, no rows to be changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot.domain.model import Address, Wish
from bot.storage.prepared import prepared
from bot.storage.queries import address_snapshot, wish_of
from bot.storage.tables import AddressRow, Borrower, LoanRow


@dataclass(frozen=True, slots=True)
class BorrowerFile:
    """A borrower as decisions about contact see one."""

    id: int
    ref: str
    name: str
    locale: str
    timezone: str
    country: str | None
    wish: Wish
    exempt: bool
    night_consent: bool
    addresses: Sequence[Address]


@dataclass(frozen=True, slots=True)
class LoanFile:
    """A loan, without its due items, and whose it is."""

    id: int
    ref: str
    product: str
    currency: str
    borrower: BorrowerFile

    @property
    def borrower_id(self) -> int:
        """Whose it is."""
        return self.borrower.id


def loan_files(session: Session, loan_ids: Collection[int]) -> dict[int, LoanFile]:
    """Return loans by their ids, as they stand in the database."""
    rows = session.execute(*_loans(loan_ids)).all()
    addresses: defaultdict[int, list[Address]] = defaultdict(list)
    for place in session.execute(*_addresses({row.borrower_id for row in rows})):
        addresses[place.borrower_id].append(address_snapshot(place))
    borrowers: dict[int, BorrowerFile] = {}
    found: dict[int, LoanFile] = {}
    for loan_id, ref, product, currency, *person in rows:
        number, whose, name, locale, zone, country, wish, exempt, by_night = person
        borrower = borrowers.get(number)
        if borrower is None:
            places = addresses[number]
            borrower = borrowers[number] = BorrowerFile(
                number, whose, name, locale, zone, country, wish_of(wish), exempt, by_night, places
            )
        found[loan_id] = LoanFile(loan_id, ref, product, currency, borrower)
    return found


@prepared
def _loans(loan_ids: Collection[int]) -> Select[Any]:
    return (
        select(
            LoanRow.id,
            LoanRow.ref,
            LoanRow.product,
            LoanRow.currency,
            LoanRow.borrower_id,
            Borrower.ref.label("borrower"),
            Borrower.name,
            Borrower.locale,
            Borrower.timezone,
            Borrower.country,
            Borrower.wish,
            Borrower.exempt,
            Borrower.night_consent,
        )
        .join(Borrower, Borrower.id == LoanRow.borrower_id)
        .where(LoanRow.id.in_(loan_ids))
    )


@prepared
def _addresses(borrower_ids: Collection[int]) -> Select[Any]:
    return (
        select(
            AddressRow.borrower_id,
            AddressRow.channel,
            AddressRow.address,
            AddressRow.verified,
            AddressRow.consent,
            AddressRow.dead_at,
        )
        .where(AddressRow.borrower_id.in_(borrower_ids))
        .order_by(AddressRow.id)
    )
