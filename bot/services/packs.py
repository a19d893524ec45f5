"""Which contact rules hold for a chat: those of the borrower's own loan, or the ones set for strangers."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.domain.policy import ContactPack
from bot.services.kit import Kit, local_day
from bot.storage.queries import current_loan
from bot.storage.tables import Borrower


def pack_for(session: Session, kit: Kit, borrower: Borrower | None) -> ContactPack:
    """Return the contact pack of a borrower's current loan; the default for whoever has none."""
    loan = None if borrower is None else current_loan(session, borrower.id)
    if borrower is None or loan is None:
        return kit.policies.default_pack
    today = local_day(kit.clock.now(), borrower.timezone)
    return kit.policies.pack_of(loan.product, today, borrower.country)
