"""Audit events as event records: borrowers and loans by their references, kinds by the names of an export."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, Update, select, text, update
from sqlalchemy.orm import Session

from bot.services.ledger.fields import instant
from bot.storage.prepared import prepared
from bot.storage.tables import AuditEvent, Borrower, LoanRow

# What is stored under a name of its own: (name in an export, what its detail says besides).
_NAMES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "paid_claim": ("pause", {"hold": "paid_claim"}),
    "plan_cancelled": ("resume", {"hold": "plan"}),
    "promise_cancelled": ("resume", {"hold": "promise"}),
}
_COLUMNS = (
    AuditEvent.id,
    AuditEvent.at,
    AuditEvent.kind,
    AuditEvent.detail,
    AuditEvent.cause,
    AuditEvent.actor,
    Borrower.ref.label("borrower"),
    LoanRow.ref.label("loan"),
)


def unrecorded(session: Session, limit: int) -> Sequence[Row[Any]]:
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
    return {row.id: _record(row) for row in session.execute(_named().where(AuditEvent.id.in_(ids)))}


def events(session: Session, rows: Sequence[Row[Any]]) -> Iterator[tuple[int, datetime, dict[str, Any]]]:
    """Mark events as recorded; yield id, instant and record of each."""
    if not rows:
        return
    session.execute(*_marked([row.id for row in rows]))
    for row in rows:
        yield row.id, row.at, _record(row)


@prepared
def _marked(event_ids: Collection[int]) -> Update:
    told = update(AuditEvent).where(AuditEvent.id.in_(event_ids)).values(recorded=True)
    return told.execution_options(synchronize_session=False)


def _named() -> Select[Any]:
    return (
        select(*_COLUMNS)
        .outerjoin(Borrower, Borrower.id == AuditEvent.borrower_id)
        .outerjoin(LoanRow, LoanRow.id == AuditEvent.loan_id)
    )


def _record(row: Row[Any]) -> dict[str, Any]:
    kind, more = _NAMES.get(row.kind, (row.kind, {}))
    return {
        "at_utc": instant(row.at),
        "borrower": row.borrower,
        "loan": row.loan,
        "kind": kind,
        "detail": {**row.detail, **more},
        "cause": row.cause or None,
        "actor": row.actor or None,
    }
