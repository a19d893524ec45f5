"""Holds in people's hands: what stops contact is listed, and lifted on purpose, with a reason, by who may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from bot.domain.model import HoldKind
from bot.services.identity import forget
from bot.services.kit import Kit
from bot.services.records import record
from bot.services.rights import NotAllowed, Right, reason_of, require
from bot.storage.queries import conversation_for
from bot.storage.tables import AddressRow, Borrower, Complaint, HoldRow

# They follow from a promise, a plan or an open case, and end with it.
_FOLLOWING = frozenset({HoldKind.PROMISE, HoldKind.PLAN, HoldKind.HANDOFF})
# What the borrower has asked for is undone at the borrower's own request and at nobody else's.
_WISHES = frozenset({HoldKind.OPT_OUT, HoldKind.CONTACT_WINDOW})
_PROTECTION = frozenset(
    {
        HoldKind.SELF_HARM,
        HoldKind.THREAT,
        HoldKind.DEATH,
        HoldKind.UNDERAGE,
        HoldKind.REPRESENTED,
        HoldKind.BANKRUPT,
        HoldKind.WRONG_PERSON,
        HoldKind.THIRD_PARTY,
    }
)
_STRANGERS = frozenset({HoldKind.WRONG_PERSON, HoldKind.THIRD_PARTY})
_EVENTS: Mapping[HoldKind, str] = {
    HoldKind.OPT_OUT: "opt_in",
    HoldKind.DISPUTE: "dispute_closed",
    HoldKind.COMPLAINT: "complaint_closed",
    HoldKind.HARDSHIP: "hardship_reviewed",
}


@dataclass(frozen=True, slots=True)
class HoldFact:
    """A hold that is in force: one channel or all (None), until an instant or until it is lifted (None)."""

    id: int
    kind: str
    channel: str | None
    until: datetime | None
    since: datetime
    cause: str


def right_to_lift(kind: HoldKind) -> Right | None:
    """Return the right that lifting takes; None for a hold that nobody lifts, since it ends by itself."""
    if kind in _FOLLOWING:
        return None
    if kind in _WISHES:
        return "undo_wish"
    return "lift_protection" if kind in _PROTECTION else "lift"


def is_wish(kind: HoldKind) -> bool:
    """Tell whether a hold is the borrower's own wish."""
    return kind in _WISHES


def holds_in_force(session: Session, borrower_id: int, now: datetime) -> tuple[HoldFact, ...]:
    """Return what stops contact with a borrower now, oldest first."""
    rows = session.scalars(
        select(HoldRow)
        .where(
            HoldRow.borrower_id == borrower_id,
            HoldRow.lifted_at.is_(None),
            or_(HoldRow.until.is_(None), HoldRow.until > now),
        )
        .order_by(HoldRow.id)
    )
    return tuple(
        HoldFact(row.id, row.kind, row.channel, row.until, row.created_at, row.cause) for row in rows
    )


class HoldService:
    """Lists and lifts holds."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def of(self, ref: str) -> tuple[HoldFact, ...]:
        """Return the holds of a borrower. Raises LookupError for an unknown reference."""
        with self.kit.db.begin() as session:
            borrower = session.scalars(select(Borrower.id).where(Borrower.ref == ref)).first()
            if borrower is None:
                raise LookupError(f"there is no borrower {ref!r}")
            return holds_in_force(session, borrower, self.kit.clock.now())

    def lift(self, hold_id: int, agent_id: int, reason: str, *, asked: bool = False) -> HoldFact:
        """Lift a hold for a stated reason; return what it was.

        `asked` says that the borrower has asked for it themself, without which a wish of theirs stands.
        Raises NotAllowed when the role, the reason or the request is missing, or nothing is left to lift.
        """
        now, why = self.kit.clock.now(), reason_of(reason)
        with self.kit.db.begin() as session:
            row = session.get(HoldRow, hold_id, with_for_update=True)
            if row is None or row.lifted_at is not None or (row.until is not None and row.until <= now):
                raise NotAllowed("no_hold", "there is no such hold in force")
            kind = HoldKind(row.kind)
            right = right_to_lift(kind)
            if right is None:
                raise NotAllowed("follows", f"a hold for a {kind.value} ends with it")
            require(session, agent_id, right)
            if is_wish(kind) and not asked:
                raise NotAllowed("not_asked", "only the borrower's own request undoes this")
            row.lifted_at = now
            self._follow_up(session, row, kind, now)
            record(
                session,
                now,
                _EVENTS.get(kind, "resume"),
                cause=f"hold {row.id}",
                actor=f"agent {agent_id}",
                borrower_id=row.borrower_id,
                loan_id=row.loan_id,
                hold=row.kind,
                channel=row.channel,
                reason=why,
                asked=asked,
            )
            return HoldFact(row.id, row.kind, row.channel, row.until, row.created_at, row.cause)

    def _follow_up(self, session: Session, row: HoldRow, kind: HoldKind, now: datetime) -> None:
        if kind is HoldKind.COMPLAINT:
            mine = (Complaint.borrower_id == row.borrower_id, Complaint.state == "open")
            session.execute(update(Complaint).where(*mine).values(state="closed"))
        elif kind in _STRANGERS:
            self._readmit(session, row)

    def _readmit(self, session: Session, row: HoldRow) -> None:
        """It was the borrower after all: the address counts again, and who writes there may prove it anew."""
        addresses = session.scalars(
            select(AddressRow).where(
                AddressRow.borrower_id == row.borrower_id,
                AddressRow.channel == row.channel,
                AddressRow.dead_reason == row.kind,
            )
        )
        for address in addresses:
            address.consent, address.dead_at, address.dead_reason = True, None, None
            conversation = conversation_for(session, address.channel, address.address)
            if conversation is not None:
                forget(conversation)
