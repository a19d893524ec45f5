"""What becomes of a planned nudge: its facts, what takes its reason away, and how it ends or waits."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.contact import Verdict
from bot.domain.model import Address, Case, Initiator
from bot.services.kit import Kit
from bot.services.records import record
from bot.storage.queries import active_plan, holds_of, loan_snapshot, recent_contacts, wish_of
from bot.storage.tables import Borrower, LoanRow, Nudge, Plan, Promise

# As far back as any cap may look.
CONTACT_WINDOW = timedelta(days=35)


def contact_case(
    session: Session,
    kit: Kit,
    borrower: Borrower,
    address: Address | None,
    loan_id: int | None,
    at: datetime,
    *,
    besides: int | None = None,
    initiator: Initiator = Initiator.BOT,
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
        wish=wish_of(borrower),
        initiator=initiator,
    )


def overtaken(session: Session, nudge: Nudge) -> str | None:
    """Say what has taken away the reason of a nudge since it was planned: a payment, a promise, a plan."""
    due = loan_snapshot(session.get_one(LoanRow, nudge.loan_id)).next_due()
    if due is None or due.number != nudge.cycle:
        return "paid"
    kind, _, rest = nudge.step.partition(":")
    if kind == "plan":
        plan_id, number = (int(part) for part in rest.split(":"))
        return _plan_overtaken(session.get_one(Plan, plan_id), number)
    if kind in ("promise", "missed"):
        return _promise_overtaken(session, nudge, kind, int(rest))
    return None


def _plan_overtaken(plan: Plan, number: int) -> str | None:
    if plan.state != "active":
        return f"plan {plan.state}"
    item = next(item for item in plan.items if item.number == number)
    return "paid" if item.paid_minor >= item.amount_minor else None


def _promise_overtaken(session: Session, nudge: Nudge, kind: str, promise_id: int) -> str | None:
    state = session.get_one(Promise, promise_id).state
    if state != ("open" if kind == "promise" else "broken"):
        return f"promise {state}"
    newer = select(Promise.id).where(Promise.loan_id == nudge.loan_id, Promise.id > promise_id)
    if session.scalars(newer).first() is not None:
        return "another promise"
    return None if active_plan(session, nudge.loan_id) is None else "plan on file"


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
