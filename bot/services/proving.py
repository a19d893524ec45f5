"""Outcomes that nobody's mere word makes: `paid` needs a marked payment, or a book that shows no debt."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.rights import NotAllowed
from bot.storage.queries import current_loan, loan_snapshot
from bot.storage.tables import HandoffRow, PaidMark


def require_paid(session: Session, row: HandoffRow) -> None:
    """Raises NotAllowed when nothing shows that something was paid."""
    stands = select(PaidMark.id).where(
        PaidMark.handoff_id == row.id, PaidMark.state.in_(("waiting", "confirmed"))
    )
    if session.scalars(stands).first() is not None:
        return
    loan = None if row.borrower_id is None else current_loan(session, row.borrower_id)
    if loan is None or loan_snapshot(loan).outstanding.minor > 0:
        raise NotAllowed("evidence", "an outcome of paid needs a marked payment")
