"""Takes back queued nudges whose reason has gone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from bot.services.nudges import end
from bot.services.records import BOOK
from bot.storage.queries import STILL_OPEN
from bot.storage.tables import DueItem, Nudge


def cancel_paid(session: Session, now: datetime, loan_ids: Collection[int], cause: str) -> None:
    """Cancel what is queued for these loans about a due item that is paid."""
    _cancel(session, now, and_(Nudge.loan_id.in_(loan_ids), ~STILL_OPEN), "paid", cause)


def cancel_moved(session: Session, now: datetime, due_ids: Collection[int], cause: str) -> None:
    """Cancel what is queued about due items whose day has changed."""
    if due_ids:
        _cancel(session, now, DueItem.id.in_(due_ids), "due date changed", cause)


def _cancel(session: Session, now: datetime, which: ColumnElement[bool], reason: str, cause: str) -> None:
    # The lock makes a delivery that is claiming the same nudge wait, or shows that it was first.
    rows = session.scalars(
        select(Nudge)
        .join(DueItem, and_(DueItem.loan_id == Nudge.loan_id, DueItem.number == Nudge.cycle))
        .where(Nudge.state.in_(("queued", "approval")), which)
        .order_by(Nudge.id)
        .with_for_update(of=Nudge)
    ).all()
    for nudge in rows:
        end(session, nudge, "cancelled", reason, now, cause=cause, actor=BOOK)
