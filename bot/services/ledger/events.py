"""Audit events as event records: borrowers and loans by their references, kinds by the names of an export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from bot.services.ledger.fields import instant
from bot.storage.tables import AuditEvent, Borrower, LoanRow

# What is stored under a name of its own: (name in an export, what its detail says besides).
_NAMES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "paid_claim": ("pause", {"hold": "paid_claim"}),
    "plan_cancelled": ("resume", {"hold": "plan"}),
    "promise_cancelled": ("resume", {"hold": "promise"}),
}
Found = tuple[AuditEvent, str | None, str | None]


def unrecorded(session: Session, limit: int) -> Sequence[Row[Found]]:
    """Return audit events, oldest first, that the ledger does not have; their rows are locked."""
    return session.execute(
        _named()
        # Word for word as in the partial index, so that SQLite uses it too.
        .where(text("NOT audit_events.recorded"))
        .order_by(AuditEvent.id)
        .limit(limit)
        .with_for_update(of=AuditEvent, key_share=True, skip_locked=True)
    ).all()


def stored(session: Session, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return the records of audit events as they now stand, by id."""
    return {event.id: _record(event, *names) for event, *names in session.execute(_named(ids))}


def events(rows: Sequence[Row[Found]]) -> Iterator[tuple[int, datetime, dict[str, Any]]]:
    """Yield id, instant and record of each event, and mark it as recorded."""
    for event, borrower, loan in rows:
        yield event.id, event.at, _record(event, borrower, loan)
        event.recorded = True


def _named(ids: Sequence[int] | None = None) -> Any:
    chosen = (
        select(AuditEvent, Borrower.ref, LoanRow.ref)
        .outerjoin(Borrower, Borrower.id == AuditEvent.borrower_id)
        .outerjoin(LoanRow, LoanRow.id == AuditEvent.loan_id)
    )
    return chosen if ids is None else chosen.where(AuditEvent.id.in_(ids))


def _record(event: AuditEvent, borrower: str | None, loan: str | None) -> dict[str, Any]:
    kind, more = _NAMES.get(event.kind, (event.kind, {}))
    return {
        "at_utc": instant(event.at),
        "borrower": borrower,
        "loan": loan,
        "kind": kind,
        "detail": {**event.detail, **more},
        "cause": event.cause or None,
        "actor": event.actor or None,
    }
