"""What becomes of a planned nudge: the facts of one, and how it ends or waits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.domain.contact import Verdict
from bot.domain.model import Address, Case, Initiator
from bot.services.casefiles import CONTACT_WINDOW
from bot.services.kit import Kit
from bot.services.records import record
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
        automatic_off=kit.settings.automatic_off,
        night_consent=borrower.night_consent,
        wish=wish_of(borrower),
        initiator=initiator,
    )


def put_off(session: Session, nudge: Nudge, verdict: Verdict, now: datetime) -> str:
    """Let a nudge wait that the rules hold, or end it where waiting cannot help; return the reasons."""
    reasons = "; ".join(f"{reason.rule}: {reason.detail}" for reason in verdict.reasons)
    if verdict.until is None:
        end(session, nudge, "cancelled", reasons, now)
    elif verdict.until >= nudge.expires_at:
        end(session, nudge, "expired", reasons, now)
    else:
        nudge.state, nudge.send_at, nudge.reason = "queued", verdict.until, reasons
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
    nudge.state, nudge.reason, nudge.done_at = state, reason, now
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
