"""Holds in people's hands: what stops contact is listed, and lifted on purpose, with a reason, by who may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from bot.domain.agreed import CYCLE
from bot.domain.model import HoldKind, Window
from bot.services.identity import forget
from bot.services.kit import Kit
from bot.services.nudges import end
from bot.services.packs import pack_for
from bot.services.records import record
from bot.services.rights import NotAllowed, Right, reason_of, require
from bot.storage.queries import PAUSES, conversation_for
from bot.storage.tables import AddressRow, Borrower, Complaint, HoldRow, LoanRow, Nudge

# What people put on file themselves; the rest follows from what a borrower says or does.
PLACED = frozenset(
    {
        HoldKind.PAUSE,
        HoldKind.BREATHING_SPACE,
        HoldKind.DEBT_ADVISER,
        HoldKind.REPRESENTED,
        HoldKind.BANKRUPT,
    }
)
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
        HoldKind.BREATHING_SPACE,
        HoldKind.DEBT_ADVISER,
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
    """A hold that is in force: one channel or all (None), until an instant or until it is lifted (None).

    `loan` is the reference of the one loan that it is about, `reason` what was said when it was placed.
    """

    id: int
    kind: str
    channel: str | None
    until: datetime | None
    since: datetime
    cause: str
    loan: str | None = None
    reason: str | None = None


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
    rows = session.execute(
        select(HoldRow, LoanRow.ref)
        .outerjoin(LoanRow, LoanRow.id == HoldRow.loan_id)
        .where(
            HoldRow.borrower_id == borrower_id,
            HoldRow.lifted_at.is_(None),
            or_(HoldRow.until.is_(None), HoldRow.until > now),
        )
        .order_by(HoldRow.id)
    )
    return tuple(
        HoldFact(row.id, row.kind, row.channel, row.until, row.created_at, row.cause, loan, row.reason)
        for row, loan in rows
    )


def _named(session: Session, ref: str) -> tuple[Borrower, int | None]:
    """Return the borrower of a reference, and the loan where it is a loan's."""
    borrower = session.scalars(select(Borrower).where(Borrower.ref == ref)).first()
    if borrower is not None:
        return borrower, None
    loan = session.scalars(select(LoanRow).where(LoanRow.ref == ref)).first()
    if loan is None:
        raise LookupError(f"there is no borrower and no loan {ref!r}")
    return session.get_one(Borrower, loan.borrower_id), loan.id


def _drop_paused(session: Session, pause: HoldRow, now: datetime) -> None:
    """End what still waits of rungs that fell into a pause told of afterwards: they are not made up for."""
    if pause.kind not in PAUSES or pause.since is None:
        return
    mine = [Nudge.borrower_id == pause.borrower_id, Nudge.cycle != CYCLE, Nudge.created_at >= pause.since]
    if pause.loan_id is not None:
        mine.append(Nudge.loan_id == pause.loan_id)
    waiting = select(Nudge).where(Nudge.state.in_(("queued", "approval")), *mine).with_for_update()
    for nudge in session.scalars(waiting).all():
        end(session, nudge, "cancelled", "pause: the loan was paused on its day", now, actor=pause.cause)


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

    def zone(self, ref: str) -> ZoneInfo:
        """Return the time zone of a borrower or of a loan's. Raises LookupError for an unknown reference."""
        with self.kit.db.begin() as session:
            return ZoneInfo(_named(session, ref)[0].timezone)

    def place(
        self,
        ref: str,
        kind: HoldKind,
        agent_id: int,
        reason: str,
        *,
        until: datetime | None = None,
        since: datetime | None = None,
    ) -> HoldFact:
        """Stop contact about a loan, or with a borrower, for a stated reason; return the hold.

        `since` may lie in the past: rungs that fell due from then on are not made up for. `until` is an aware
        instant; left out, a stop that the borrower's contact pack limits ends after its statutory days, and
        any other only when it is lifted. Raises LookupError for an unknown reference, NotAllowed for a role
        that may not, a reason that is missing, an end in the past, or a length other than the law's.
        """
        now, why = self.kit.clock.now(), reason_of(reason)
        with self.kit.db.begin() as session:
            borrower, loan_id = _named(session, ref)
            require(session, agent_id, "lift")
            if kind not in PLACED:
                raise NotAllowed("follows", f"a hold for a {kind.value} is not placed by hand")
            begin = since or now
            until = self._end(session, borrower, kind, begin, until)
            if begin > now or (until is not None and until <= now):
                raise NotAllowed("until", "it has to have begun by now, and to end later")
            row = HoldRow(
                borrower_id=borrower.id,
                loan_id=loan_id,
                kind=kind.value,
                until=until,
                since=begin,
                reason=why[:200],
                cause=f"agent {agent_id}",
                created_at=now,
            )
            session.add(row)
            session.flush()
            _drop_paused(session, row, now)
            record(
                session,
                now,
                kind.value if kind in (HoldKind.REPRESENTED, HoldKind.BANKRUPT) else "pause",
                cause=f"hold {row.id}",
                actor=f"agent {agent_id}",
                borrower_id=borrower.id,
                loan_id=loan_id,
                hold=kind.value,
                scope="all",
                channel=None,
                since=begin.isoformat(),
                until=None if until is None else until.isoformat(),
                reason=why,
            )
            return HoldFact(row.id, row.kind, None, until, now, row.cause)

    def _end(
        self, session: Session, borrower: Borrower, kind: HoldKind, since: datetime, until: datetime | None
    ) -> datetime | None:
        """Return when a stop ends: as asked, within what the law says of it."""
        limits = [rule for rule in pack_for(session, self.kit, borrower).stops(kind) if rule.days is not None]
        if not limits:
            return until
        least = since + timedelta(days=max(rule.days or 0 for rule in limits))
        most = since + timedelta(days=max((rule.days or 0) + (rule.extension_days or 0) for rule in limits))
        if until is not None and not least <= until <= most:
            ids = ", ".join(rule.id for rule in limits)
            raise NotAllowed("statutory", f"{ids}: it lasts until {least:%Y-%m-%d} to {most:%Y-%m-%d}")
        return until or least

    def exempt(self, ref: str, agent_id: int, reason: str, *, exempt: bool) -> None:
        """Exempt a borrower from reminders, or end that; answers and notices of the law go on.

        Raises LookupError for an unknown reference, NotAllowed for a role that may not or without a reason.
        """
        now, why = self.kit.clock.now(), reason_of(reason)
        with self.kit.db.begin() as session:
            borrower, _ = _named(session, ref)
            require(session, agent_id, "lift")
            if borrower.exempt == exempt:
                return
            borrower.exempt = exempt
            record(
                session,
                now,
                "exempt",
                cause=f"agent {agent_id}",
                actor=f"agent {agent_id}",
                borrower_id=borrower.id,
                scope="exempt",
                given=exempt,
                reason=why,
            )

    def wish(
        self, ref: str, agent_id: int, windows: Sequence[Window] = (), channels: Sequence[str] = ()
    ) -> None:
        """Note when and where a borrower has said to be contacted; nothing at all takes the wish back.

        Raises LookupError for an unknown borrower, NotAllowed for a role that may not or a window that ends
        before it begins.
        """
        now = self.kit.clock.now()
        if any(one.start >= one.end for one in windows):
            raise NotAllowed("window", "a window has to begin before it ends")
        with self.kit.db.begin() as session:
            borrower, _ = _named(session, ref)
            require(session, agent_id, "speak")
            told: dict[str, Any] = {
                "windows": [
                    {
                        "start": one.start.isoformat(),
                        "end": one.end.isoformat(),
                        "weekdays": sorted(one.weekdays),
                    }
                    for one in windows
                ],
                "channels": sorted(channels),
            }
            borrower.wish = told if windows or channels else None
            record(
                session,
                now,
                "contact_window",
                cause=f"agent {agent_id}",
                actor=f"agent {agent_id}",
                borrower_id=borrower.id,
                **told,
            )

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
