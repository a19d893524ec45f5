"""The audit trail and the holds that follow from what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Select, Table, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.domain.model import HoldKind
from bot.domain.policy import ContactPack, Ladder, ProductPolicy
from bot.services.webhooks import OF_RECORDS, announce
from bot.storage.policies import versioned
from bot.storage.prepared import prepared
from bot.storage.tables import AuditEvent, HoldRow, PolicyVersion

_TOLD = ("conversation", "approval", "plan", "number")
_CITED = "policies cited in this transaction"
_EVENT = insert(cast(Table, AuditEvent.__table__)).inline()
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
    """Write one audit event in the transaction of the fact itself, and tell programs that want to know."""
    # Written at once, and never changed: the bookkeeping of a row that may be takes several times as long.
    session.execute(_EVENT, _row(at, Note(kind, cause, borrower_id, loan_id, detail), actor))
    event = OF_RECORDS.get(kind)
    if event is not None:
        named: dict[str, Any] = {name: detail[name] for name in _TOLD if name in detail}
        about = f"{cause} ".split(" ")
        if about[0] == "handoff" and about[1].isdecimal():
            named["handoff"] = int(about[1])
        announce(session, at, event, borrower=borrower_id, loan=loan_id, **named)


@dataclass(frozen=True, slots=True)
class Note:
    """An event that is written with others: its kind and cause, whom and what it is about, and more."""

    kind: str
    cause: str
    borrower_id: int | None
    loan_id: int | None
    detail: Mapping[str, Any]


def record_all(session: Session, at: datetime, notes: Sequence[Note], *, actor: str) -> None:
    """Write many audit events at once, in their order, behind whatever waits to be written.

    Only kinds of which no program is told. Raises ValueError for any other.
    """
    told = {note.kind for note in notes} & OF_RECORDS.keys()
    if told:
        raise ValueError(f"programs are told of {', '.join(sorted(told))}, one by one")
    session.flush()
    if notes:
        session.execute(_EVENT, [_row(at, note, actor) for note in notes])


def _row(at: datetime, note: Note, actor: str) -> dict[str, Any]:
    return {
        "at": at,
        "borrower_id": note.borrower_id,
        "loan_id": note.loan_id,
        "kind": note.kind,
        "detail": note.detail,
        "cause": note.cause,
        "actor": actor,
    }


def caused_by(turn: str) -> str:
    """Name a borrower's message, or the part of it that a turn id means, as a cause."""
    return f"message {turn}"


def recorded(session: Session, turn: str, *kinds: str) -> AuditEvent | None:
    """Return the event of these kinds that a message has caused already: then its turn is being repeated."""
    return session.scalars(*_caused(caused_by(turn), kinds)).first()


@prepared
def _caused(cause: str, kinds: Sequence[str]) -> Select[tuple[AuditEvent]]:
    return select(AuditEvent).where(AuditEvent.cause == cause, AuditEvent.kind.in_(kinds))


def recorded_in(session: Session, borrower_id: int | None, turn: str, kind: str) -> Sequence[AuditEvent]:
    """Return the events of a kind that a borrower's turn has caused, or a part of it served by itself."""
    cause = caused_by(turn)
    if borrower_id is None:
        return ()
    # No index serves the beginning of a cause; of one borrower there are few.
    found = session.scalars(*_of_kind(borrower_id, kind))
    return [one for one in found if one.cause == cause or one.cause.startswith(f"{cause}:")]


@prepared
def _of_kind(borrower_id: int, kind: str) -> Select[tuple[AuditEvent]]:
    return select(AuditEvent).where(AuditEvent.borrower_id == borrower_id, AuditEvent.kind == kind)


def record_once(session: Session, at: datetime, kind: str, *, turn: str, actor: str, **more: Any) -> None:
    """Like `record`, for what a message causes: a turn that is asked again leaves no second event."""
    if recorded(session, turn, kind) is None:
        record(session, at, kind, cause=caused_by(turn), actor=actor, **more)


def policy_version(session: Session, policy: ProductPolicy | ContactPack | Ladder, at: datetime) -> str:
    """Return the version name of a policy, storing its content the first time it is cited."""
    found, known = versioned(policy), session.info.setdefault(_CITED, set())
    if found.version in known:
        return found.version
    known.add(found.version)
    if session.scalar(*_on_file(found.version)) is None:
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


@prepared
def _on_file(version: str) -> Select[tuple[str]]:
    return select(PolicyVersion.version).where(PolicyVersion.version == version)


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
    standing = session.scalars(*_holds(borrower_id, [kind.value]))
    row = next((one for one in standing if (one.channel, one.loan_id) == (channel, loan_id)), None)
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
    rows = session.scalars(*_holds(borrower_id, [kind.value for kind in kinds]))
    mine = [row for row in rows if loan_id is None or row.loan_id in (None, loan_id)]
    for row in mine:
        row.lifted_at = at
    return len(mine)


@prepared
def _holds(borrower_id: int, kinds: Sequence[str]) -> Select[tuple[HoldRow]]:
    mine = select(HoldRow).where(HoldRow.borrower_id == borrower_id, HoldRow.kind.in_(kinds))
    return mine.where(HoldRow.lifted_at.is_(None))
