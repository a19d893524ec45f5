"""What becomes of a planned nudge: its facts, what takes its reason away, and how it ends or waits."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.domain.agreed import Step
from bot.domain.contact import Verdict
from bot.domain.model import Address, Case
from bot.services import plan_reminders
from bot.services.kit import Kit
from bot.services.records import record
from bot.storage.queries import holds_of, loan_snapshot, recent_contacts
from bot.storage.tables import Borrower, LoanRow, Nudge

# As far back as any cap may look.
CONTACT_WINDOW = timedelta(days=35)


def contact_case(
    session: Session,
    kit: Kit,
    borrower: Borrower,
    address: Address | None,
    loan_id: int,
    at: datetime,
    *,
    besides: int | None = None,
) -> Case:
    """Load the facts that a contact decision rests on; message `besides` is the one that is decided on."""
    return Case(
        timezone=borrower.timezone,
        address=address,
        holds=holds_of(session, borrower.id, at),
        contacts=recent_contacts(session, borrower.id, at - CONTACT_WINDOW, besides=besides),
        loan_id=loan_id,
        exempt=borrower.exempt,
        automatic_off=kit.settings.automatic_off,
        night_consent=borrower.night_consent,
    )


def overtaken(session: Session, nudge: Nudge) -> str | None:
    """Say what has taken away the reason of a nudge since it was planned: a payment, a promise, a plan."""
    step = Step.read(nudge.step)
    if step is not None:
        return plan_reminders.overtaken(session, nudge, step)
    due = loan_snapshot(session.get_one(LoanRow, nudge.loan_id)).next_due()
    return "paid" if due is None or due.number != nudge.cycle else None


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


def end(session: Session, nudge: Nudge, state: str, reason: str, now: datetime) -> None:
    """End a nudge unsent, and record why."""
    nudge.state, nudge.reason, nudge.done_at = state, reason, now
    record(
        session,
        now,
        f"nudge_{state}",
        cause=f"nudge {nudge.id}",
        actor="clock",
        borrower_id=nudge.borrower_id,
        loan_id=nudge.loan_id,
        step=nudge.step,
        reason=reason,
    )
