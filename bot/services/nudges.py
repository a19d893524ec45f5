"""What becomes of a planned nudge: the facts of one, and how it ends or waits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from bot.domain.contact import Verdict
from bot.domain.model import Address, Case, Initiator
from bot.services.casefiles import CONTACT_WINDOW
from bot.services.kit import Kit
from bot.services.records import record
from bot.services.switch import is_off
from bot.storage.prepared import prepared
from bot.storage.queries import holds_of, recent_contacts, wish_of
from bot.storage.tables import Borrower, Nudge


def contact_case(
    session: Session,
    kit: Kit,
    borrower: Borrower,
    address: Address | None,
    loan_id: int | None,
    at: datetime,
    *,
    initiator: Initiator = Initiator.BOT,
) -> Case:
    """Load the facts that one contact decision rests on; for many see `CaseFiles`."""
    return Case(
        timezone=borrower.timezone,
        address=address,
        holds=holds_of(session, borrower.id, at),
        contacts=recent_contacts(session, borrower.id, at - CONTACT_WINDOW),
        loan_id=loan_id,
        exempt=borrower.exempt,
        automatic_off=is_off(session, kit),
        night_consent=borrower.night_consent,
        wish=wish_of(borrower.wish),
        initiator=initiator,
    )


def in_message_of(leader_ids: Collection[int]) -> ColumnElement[bool]:
    """Return the condition for the nudges of which the messages of these leaders speak, their own too."""
    return or_(Nudge.id.in_(leader_ids), Nudge.leader_id.in_(leader_ids))


def carried(session: Session, leader_id: int) -> list[Nudge]:
    """Return all nudges of which a message speaks, its leader first."""
    found = session.scalars(*_carried([leader_id]))
    return sorted(found, key=lambda nudge: nudge.id != leader_id)


@prepared
def _carried(leader_ids: Collection[int]) -> Select[tuple[Nudge]]:
    return select(Nudge).where(in_message_of(leader_ids)).order_by(Nudge.id).with_for_update(key_share=True)


def release(nudges: Sequence[Nudge], reason: str | None = None) -> None:
    """Let nudges whose message did not go out wait for another one."""
    for nudge in nudges:
        nudge.state, nudge.done_at, nudge.leader_id = "queued", None, None
        nudge.reason = reason or nudge.reason


def put_off(session: Session, nudge: Nudge, verdict: Verdict, now: datetime) -> str:
    """Let a nudge wait that the rules hold, or end it where waiting cannot help; return the reasons."""
    reasons = "; ".join(f"{reason.rule}: {reason.detail}" for reason in verdict.reasons)
    if verdict.until is None:
        end(session, nudge, "cancelled", reasons, now)
    elif verdict.until >= nudge.expires_at:
        end(session, nudge, "expired", reasons, now)
    else:
        nudge.state, nudge.send_at, nudge.reason = "queued", verdict.until, reasons
        nudge.leader_id = None
    return reasons


def end(
    session: Session,
    nudge: Nudge,
    state: str,
    reason: str,
    now: datetime,
    *,
    cause: str | None = None,
    actor: str = "clock",
) -> None:
    """End a nudge unsent, and record why; without another `cause` it is the nudge's own turn."""
    nudge.state, nudge.reason, nudge.done_at, nudge.leader_id = state, reason, now, None
    record(
        session,
        now,
        f"nudge_{state}",
        cause=cause or f"nudge {nudge.id}",
        actor=actor,
        borrower_id=nudge.borrower_id,
        loan_id=nudge.loan_id,
        step=nudge.step,
        reason=reason,
    )
