"""Takes back queued nudges whose reason has gone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from bot.services.nudges import end
from bot.services.records import BOOK
from bot.storage.prepared import prepared
from bot.storage.queries import STILL_OPEN
from bot.storage.tables import DueItem, Nudge


def cancel_paid(session: Session, now: datetime, loan_ids: Collection[int], cause: str) -> None:
    """Cancel what is queued for these loans about a due item that is paid."""
    _cancel(session, now, _paid(loan_ids), "paid", cause)


def cancel_moved(session: Session, now: datetime, due_ids: Collection[int], cause: str) -> None:
    """Cancel what is queued about due items whose day has changed."""
    if due_ids:
        _cancel(session, now, _moved(due_ids), "due date changed", cause)


@prepared
def _paid(loan_ids: Collection[int]) -> Select[tuple[Nudge]]:
    return _waiting().where(Nudge.loan_id.in_(loan_ids), ~STILL_OPEN)


@prepared
def _moved(due_ids: Collection[int]) -> Select[tuple[Nudge]]:
    return _waiting().where(DueItem.id.in_(due_ids))


def _waiting() -> Select[tuple[Nudge]]:
    return (
        select(Nudge)
        .join(DueItem, and_(DueItem.loan_id == Nudge.loan_id, DueItem.number == Nudge.cycle))
        .where(Nudge.state.in_(("queued", "approval")))
        .order_by(Nudge.id)
        # It makes a delivery that is claiming the same nudge wait, or shows that it was first.
        .with_for_update(of=Nudge)
    )


def _cancel(
    session: Session,
    now: datetime,
    found: tuple[Select[tuple[Nudge]], dict[str, Any]],
    reason: str,
    cause: str,
) -> None:
    for nudge in session.scalars(*found).all():
        end(session, nudge, "cancelled", reason, now, cause=cause, actor=BOOK)
