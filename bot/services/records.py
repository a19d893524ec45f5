"""The audit trail and the holds that follow from what happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.domain.model import HoldKind
from bot.domain.policy import ContactPack, Ladder, ProductPolicy
from bot.storage.policies import versioned
from bot.storage.tables import AuditEvent, HoldRow, PolicyVersion

BOOK = "loan book"
"""The actor of every event that a file of the lender's brought."""


def record(
    session: Session,
    at: datetime,
    kind: str,
    *,
    cause: str,
    actor: str,
    borrower_id: int | None = None,
    loan_id: int | None = None,
    **detail: Any,
) -> None:
    """Write one audit event in the transaction of the fact itself."""
    session.add(
        AuditEvent(
            at=at,
            borrower_id=borrower_id,
            loan_id=loan_id,
            kind=kind,
            detail=detail,
            cause=cause,
            actor=actor,
        )
    )


def caused_by(turn: str) -> str:
    """Name a borrower's message, or the part of it that a turn id means, as a cause."""
    return f"message {turn}"


def recorded(session: Session, turn: str, *kinds: str) -> AuditEvent | None:
    """Return the event of these kinds that a message has caused already: then its turn is being repeated."""
    return session.scalars(
        select(AuditEvent).where(AuditEvent.cause == caused_by(turn), AuditEvent.kind.in_(kinds))
    ).first()


def recorded_in(session: Session, turn: str, kind: str) -> Sequence[AuditEvent]:
    """Return the events of a kind that a turn has caused, or a part of its message served by itself."""
    cause = caused_by(turn)
    mine = or_(AuditEvent.cause == cause, AuditEvent.cause.startswith(f"{cause}:", autoescape=True))
    return session.scalars(select(AuditEvent).where(mine, AuditEvent.kind == kind)).all()


def record_once(session: Session, at: datetime, kind: str, *, turn: str, actor: str, **more: Any) -> None:
    """Like `record`, for what a message causes: a turn that is asked again leaves no second event."""
    if recorded(session, turn, kind) is None:
        record(session, at, kind, cause=caused_by(turn), actor=actor, **more)


def policy_version(session: Session, policy: ProductPolicy | ContactPack | Ladder, at: datetime) -> str:
    """Return the version name of a policy, storing its content the first time it is cited."""
    found = versioned(policy)
    if session.get(PolicyVersion, found.version) is None:
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        # Two may cite it first at once: the one that comes second finds the row there.
        session.execute(
            dialect.insert(PolicyVersion)
            .values(
                version=found.version, kind=found.kind, name=found.name, content=found.content, recorded_at=at
            )
            .on_conflict_do_nothing()
        )
    return found.version


def place_hold(
    session: Session,
    at: datetime,
    borrower_id: int,
    kind: HoldKind,
    *,
    cause: str,
    channel: str | None = None,
    loan_id: int | None = None,
    until: datetime | None = None,
) -> None:
    """Place a hold once: the same kind, scope and loan is extended, not doubled."""
    row = session.scalars(
        select(HoldRow).where(
            HoldRow.borrower_id == borrower_id,
            HoldRow.kind == kind.value,
            HoldRow.channel.is_(None) if channel is None else HoldRow.channel == channel,
            HoldRow.loan_id.is_(None) if loan_id is None else HoldRow.loan_id == loan_id,
            HoldRow.lifted_at.is_(None),
        )
    ).first()
    if row is not None:
        # None means until lifted, which no date may shorten.
        row.until = None if row.until is None or until is None else max(row.until, until)
        return
    session.add(
        HoldRow(
            borrower_id=borrower_id,
            loan_id=loan_id,
            kind=kind.value,
            channel=channel,
            until=until,
            cause=cause,
            created_at=at,
        )
    )
    session.flush()


def lift_holds(
    session: Session, at: datetime, borrower_id: int, *kinds: HoldKind, loan_id: int | None = None
) -> int:
    """Lift all holds of these kinds (of one loan, when given); return how many."""
    rows = session.scalars(
        select(HoldRow).where(
            HoldRow.borrower_id == borrower_id,
            HoldRow.kind.in_([kind.value for kind in kinds]),
            HoldRow.lifted_at.is_(None),
        )
    ).all()
    mine = [row for row in rows if loan_id is None or row.loan_id in (None, loan_id)]
    for row in mine:
        row.lifted_at = at
    return len(mine)
