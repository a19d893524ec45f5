"""Calls for people to make: asked for by the ladder or the borrower, when they are allowed, what came of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from bot.domain.contact import Verdict, may_contact
from bot.domain.handoff import HandoffReason, HandoffState, Outcome
from bot.domain.model import Address, Case, Contact, Hold, HoldKind, Purpose
from bot.domain.money import Money
from bot.services.agenda import TASK
from bot.services.handoffs import HandoffService
from bot.services.kit import Kit, local_day
from bot.services.nudges import CONTACT_WINDOW, contact_case
from bot.services.packs import pack_for
from bot.services.records import record
from bot.services.rights import NotAllowed, require
from bot.services.waiting import OPEN
from bot.storage.queries import current_loan, loan_snapshot
from bot.storage.tables import AuditEvent, Borrower, HandoffRow, Nudge

CallOutcome = Literal[
    "promise", "plan", "resolved", "refused", "no_answer", "later", "wrong_number", "third_party"
]
CALL_OUTCOMES: tuple[CallOutcome, ...] = get_args(CallOutcome)
PHONE = "phone"
"""The channel of a call, which no contact pack counts among text messages."""

# After these the call is not over: it is tried again.
_AGAIN: frozenset[CallOutcome] = frozenset({"no_answer", "later"})
_CLOSES: dict[CallOutcome, Outcome] = {
    "promise": Outcome.PROMISE,
    "plan": Outcome.PLAN_AGREED,
    "resolved": Outcome.RESOLVED,
    "refused": Outcome.RESOLVED,
    "wrong_number": Outcome.NO_CONTACT,
    "third_party": Outcome.NO_CONTACT,
}
_REASONS = (HandoffReason.LADDER.value, HandoffReason.CALLBACK.value)
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class CallView:
    """One call that is due: whom, why, since when, and when the rules allow it.

    `task` is the ladder's rung, or `callback`; `phone` is masked but for its last digits; `tries` counts the
    calls recorded for it.
    """

    handoff_id: int
    task: str
    borrower_ref: str
    borrower_name: str
    timezone: str
    locale: str
    phone: str | None
    since: datetime
    agent_id: int | None
    agent_name: str | None
    verdict: Verdict
    overdue: Money | None
    days_past_due: int | None
    tries: int
    last_outcome: str | None


class CallService:
    """What the call list calls."""

    def __init__(self, kit: Kit, handoffs: HandoffService) -> None:
        self.kit = kit
        self.handoffs = handoffs

    def list(self) -> tuple[CallView, ...]:
        """Return the calls to make: those allowed now first, then by when they will be, oldest first."""
        with self.kit.db.begin() as session:
            found = [self._view(session, row, row.borrower) for row in _rows(session) if row.borrower]
        order = {"allowed": 0, "held": 1, "blocked": 2}
        return tuple(
            sorted(
                found,
                key=lambda call: (
                    order[call.verdict.status],
                    call.verdict.until or call.since,
                    call.since,
                    call.handoff_id,
                ),
            )
        )

    def due(self) -> int:
        """Return how many calls wait to be made."""
        with self.kit.db.begin() as session:
            return len(_rows(session))

    def number(self, handoff_id: int, agent_id: int) -> str:
        """Return the number to call, for who is about to; reading it is recorded.

        Raises NotAllowed for an account that may not, LookupError where there is no number.
        """
        with self.kit.db.begin() as session:
            require(session, agent_id, "speak")
            row = session.get(HandoffRow, handoff_id)
            if row is None or row.borrower is None or not row.borrower.phone:
                raise LookupError("there is no number on file")
            record(
                session,
                self.kit.clock.now(),
                "phone_read",
                cause=f"handoff {handoff_id}",
                actor=f"agent {agent_id}",
                borrower_id=row.borrower_id,
            )
            return row.borrower.phone

    def done(self, handoff_id: int, agent_id: int, outcome: CallOutcome, note: str = "") -> None:
        """Record a call and what came of it; one that reached its end closes the case.

        Raises NotAllowed when a colleague has it, it is closed, or the rules did not allow the call.
        """
        now = self.kit.clock.now()
        claim = self.handoffs.claim(handoff_id, agent_id)
        if not claim.won:
            raise NotAllowed("taken" if claim.holder else "closed", "this call is not yours")
        with self.kit.db.begin() as session:
            row = session.get_one(HandoffRow, handoff_id, with_for_update=True)
            if row.borrower is None or row.reason not in _REASONS:
                raise NotAllowed("nobody", "there is nobody to call")
            verdict = self._verdict(session, row, row.borrower)
            if not verdict.allowed:
                raise NotAllowed("call_held", "; ".join(one.detail for one in verdict.reasons))
            record(
                session,
                now,
                "call",
                cause=f"handoff {handoff_id}",
                actor=f"agent {agent_id}",
                borrower_id=row.borrower_id,
                outcome=outcome,
                note=note.strip()[:500],
                rules=list(verdict.rule_ids),
            )
            if outcome in _AGAIN:
                row.state, row.agent_id, row.claimed_at = HandoffState.WAITING.value, None, None
        if outcome not in _AGAIN:
            self.handoffs.close(handoff_id, agent_id, _CLOSES[outcome], note)

    def _view(self, session: Session, row: HandoffRow, borrower: Borrower) -> CallView:
        loan_row = current_loan(session, borrower.id)
        loan = None if loan_row is None else loan_snapshot(loan_row)
        today = local_day(self.kit.clock.now(), borrower.timezone)
        calls = _calls(session, row)
        return CallView(
            handoff_id=row.id,
            task=_task(session, row),
            borrower_ref=borrower.ref,
            borrower_name=borrower.name,
            timezone=borrower.timezone,
            locale=row.conversation.locale,
            phone=None if not borrower.phone else f"•••• {borrower.phone[-_SHOWN:]}",
            since=row.opened_at,
            agent_id=row.agent_id,
            agent_name=row.agent.name if row.agent else None,
            verdict=self._verdict(session, row, borrower),
            overdue=None if loan is None else loan.overdue(today),
            days_past_due=None if loan is None else loan.days_past_due(today),
            tries=len(calls),
            last_outcome=calls[-1].detail.get("outcome") if calls else None,
        )

    def _verdict(self, session: Session, row: HandoffRow, borrower: Borrower) -> Verdict:
        """Ask the contact rules for a call; the hand-off that asks for it does not stop it itself."""
        now = self.kit.clock.now()
        address = None if not borrower.phone else Address(PHONE, borrower.phone, verified=True)
        case = contact_case(session, self.kit, borrower, address, 0, now)
        calls = [Contact(PHONE, at) for at in _called(session, borrower.id, now)]
        stops = () if row.reason == HandoffReason.CALLBACK else _stops(case)
        known = replace(
            case, holds=stops, contacts=(*case.contacts, *calls), loan_id=None, automatic_off=False
        )
        return may_contact(known, Purpose.REMINDER, now, pack_for(session, self.kit, borrower))


def _stops(case: Case) -> tuple[Hold, ...]:
    """The holds that stop a call that the ladder asks for."""
    return tuple(hold for hold in case.holds if hold.kind is not HoldKind.HANDOFF)


def _rows(session: Session) -> list[HandoffRow]:
    return list(
        session.scalars(
            select(HandoffRow)
            .where(HandoffRow.state.in_(OPEN), HandoffRow.reason.in_(_REASONS))
            .options(
                joinedload(HandoffRow.conversation),
                joinedload(HandoffRow.borrower),
                joinedload(HandoffRow.agent),
            )
            .order_by(HandoffRow.opened_at, HandoffRow.id)
        )
    )


def _task(session: Session, row: HandoffRow) -> str:
    if row.reason == HandoffReason.CALLBACK:
        return "callback"
    task = session.scalars(
        select(Nudge.template)
        .where(Nudge.borrower_id == row.borrower_id, Nudge.purpose == TASK, Nudge.state == "sent")
        .order_by(Nudge.id.desc())
    ).first()
    return task or "negotiator_call"


def _calls(session: Session, row: HandoffRow) -> list[AuditEvent]:
    chosen = (AuditEvent.kind == "call", AuditEvent.cause == f"handoff {row.id}")
    return list(session.scalars(select(AuditEvent).where(*chosen).order_by(AuditEvent.id)))


def _called(session: Session, borrower_id: int, now: datetime) -> list[datetime]:
    since: timedelta = CONTACT_WINDOW
    chosen = (AuditEvent.kind == "call", AuditEvent.borrower_id == borrower_id, AuditEvent.at >= now - since)
    return list(session.scalars(select(AuditEvent.at).where(*chosen)))
