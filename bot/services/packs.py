"""Which contact rules hold for a chat: those of the borrower's own loan, or the ones set for strangers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, time

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot.domain.policy import ContactPack, QuietHours
from bot.services.kit import Kit, local_day
from bot.services.loan_files import LoanFile
from bot.storage.prepared import prepared
from bot.storage.queries import current_loan
from bot.storage.tables import Borrower, LoanRow

_FOUND = "packs"


def pack_of_loan(kit: Kit, row: LoanRow | LoanFile, day: date | None = None) -> ContactPack:
    """Return the contact pack of one loan on a day, today when left out."""
    borrower = row.borrower
    today = day or local_day(kit.clock.now(), borrower.timezone)
    return kit.policies.pack_of(row.product, today, borrower.country)


def pack_for(session: Session, kit: Kit, borrower: Borrower | None) -> ContactPack:
    """Return the contact pack of a borrower's current loan; the default for whoever has none."""
    # One transaction asks for it more than once, and lasts no day.
    key = None if borrower is None else borrower.id
    found: dict[int | None, ContactPack] = session.info.setdefault(_FOUND, {})
    if key not in found:
        found[key] = packs_for(session, kit, [borrower])[key]
    return found[key]


def packs_for(
    session: Session, kit: Kit, borrowers: Iterable[Borrower | None]
) -> dict[int | None, ContactPack]:
    """Return the contact packs of many borrowers by their ids, in the manner of `pack_for`."""
    found: dict[int | None, ContactPack] = {None: kit.policies.default_pack}
    known = {one.id: one for one in borrowers if one is not None}
    products: dict[int, set[str]] = {borrower_id: set() for borrower_id in known}
    for borrower_id, product in session.execute(*_products_of(known)) if known else ():
        products[borrower_id].add(product)
    for borrower_id, names in products.items():
        borrower = known[borrower_id]
        today = local_day(kit.clock.now(), borrower.timezone)
        if len(names) > 1:
            # Only then it matters which of the loans is the current one.
            loan = current_loan(session, borrower_id)
            assert loan is not None
            names = {loan.product}
        packs = (kit.policies.pack_of(product, today, borrower.country) for product in names)
        found[borrower_id] = next(packs, kit.policies.default_pack)
    return found


@prepared
def _products_of(borrower_ids: Collection[int]) -> Select[tuple[int, str]]:
    return select(LoanRow.borrower_id, LoanRow.product).where(LoanRow.borrower_id.in_(borrower_ids))


def within(pack: ContactPack, hours: tuple[time, time] | None) -> ContactPack:
    """Return a pack that, with all its own rules, allows calls only in these hours of the borrower's."""
    if hours is None:
        return pack
    rule = QuietHours(
        id="GR2",
        kind="quiet_hours",
        scope="call",
        start=hours[1],
        end=hours[0],
        text="The ladder sets the hours of this call.",
        source="the ladder",
        certainty="project",
    )
    return pack.model_copy(update={"rules": (*pack.rules, rule)})
