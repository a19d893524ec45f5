"""The list of calls for people to make: by ladder or wish, when they are allowed, and what came of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Literal

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from bot.domain.contact import Verdict, may_contact
from bot.domain.handoff import HandoffReason, Outcome
from bot.domain.model import Address, Initiator, Purpose
from bot.domain.money import Money
from bot.domain.policy import ContactPack
from bot.services.agenda import TASK
from bot.services.allowance import Why, explained
from bot.services.bundling import rung_of
from bot.services.calls import CHANNEL, CallService
from bot.services.handoffs import HandoffService
from bot.services.kit import Kit, local_day
from bot.services.nudges import contact_case
from bot.services.packs import pack_for, within
from bot.services.placing import wait_again
from bot.services.records import record
from bot.services.rights import NotAllowed, Reader, require, require_reader
from bot.services.waiting import OPEN
from bot.storage.queries import current_loan, loan_snapshot
from bot.storage.tables import AuditEvent, Borrower, HandoffRow, LoanRow, Nudge

CallResult = Literal[
    "promise", "plan", "resolved", "refused", "no_answer", "later", "wrong_number", "third_party"
]
# After these the call is not over: it is tried again.
_AGAIN: frozenset[CallResult] = frozenset({"no_answer", "later"})
_CLOSES: dict[CallResult, Outcome] = {
    "promise": Outcome.PROMISE,
    "plan": Outcome.PLAN_AGREED,
    "resolved": Outcome.RESOLVED,
    "refused": Outcome.RESOLVED,
    "wrong_number": Outcome.NO_CONTACT,
    "third_party": Outcome.NO_CONTACT,
}
_REASONS = (HandoffReason.LADDER.value, HandoffReason.CALLBACK.value)
_TASKS = (HandoffReason.LADDER.value, HandoffReason.BROKEN.value)
_ASKED_FOR = (HandoffReason.CALLBACK.value, HandoffReason.ASKED.value)
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
    why: tuple[Why, ...] = ()


class CallListService:
    """What the call list calls."""

    def __init__(self, kit: Kit, handoffs: HandoffService, calls: CallService) -> None:
        self.kit = kit
        self.handoffs = handoffs
        self.calls = calls

    def list(self, reader: Reader) -> tuple[CallView, ...]:
        """Return the calls to make: those allowed now first, then by when they will be, oldest first.

        Raises NotAllowed for an account that may not.
        """
        with self.kit.db.read() as session:
            require_reader(session, reader, "read")
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
        with self.kit.db.read() as session:
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

    def done(self, handoff_id: int, agent_id: int, outcome: CallResult, note: str = "") -> None:
        """Record a call and what came of it; one that reached its end closes the case.

        Raises NotAllowed when a colleague has it, it is closed, or the rules did not allow the call.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            row = session.get_one(HandoffRow, handoff_id)
            if row.borrower is None or not (row.reason in _REASONS or row.callback_at is not None):
                raise NotAllowed("nobody", "there is nobody to call")
            verdict = self._verdict(session, row, row.borrower)
            if not verdict.allowed:
                raise NotAllowed("call_held", "; ".join(one.detail for one in verdict.reasons))
            found = current_loan(session, row.borrower.id)
            loan = None if found is None else found.ref
        claim = self.handoffs.claim(handoff_id, agent_id)
        if not claim.won:
            raise NotAllowed("taken" if claim.holder else "closed", "this call is not yours")
        if loan is not None:
            self.calls.record(
                loan, agent_id, "unanswered" if outcome == "no_answer" else "answered", note=note
            )
        with self.kit.db.begin() as session:
            row = session.get_one(HandoffRow, handoff_id, with_for_update=True)
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
                wait_again(row, now)
        if outcome not in _AGAIN:
            self.handoffs.close(handoff_id, agent_id, _CLOSES[outcome], note)

    def _view(self, session: Session, row: HandoffRow, borrower: Borrower) -> CallView:
        loan_row = current_loan(session, borrower.id)
        loan = None if loan_row is None else loan_snapshot(loan_row)
        today = local_day(self.kit.clock.now(), borrower.timezone)
        calls = _calls(session, row)
        verdict = self._verdict(session, row, borrower)
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
            verdict=verdict,
            why=explained(verdict, self._pack(session, row, borrower)),
            overdue=None if loan is None else loan.overdue(today),
            days_past_due=None if loan is None else loan.days_past_due(today),
            tries=len(calls),
            last_outcome=calls[-1].detail.get("outcome") if calls else None,
        )

    def _verdict(self, session: Session, row: HandoffRow, borrower: Borrower) -> Verdict:
        """Ask the contact rules for a call."""
        now = self.kit.clock.now()
        address = None if not borrower.phone else Address(CHANNEL, borrower.phone)
        loan = current_loan(session, borrower.id)
        loan_id = None if loan is None else loan.id
        case = contact_case(session, self.kit, borrower, address, loan_id, now, initiator=Initiator.AGENT)
        if row.reason in _ASKED_FOR:
            # Whoever asks to be called is not stopped by what stops our own calls.
            case = replace(case, holds=())
        return may_contact(case, Purpose.NOTICE, now, self._pack(session, row, borrower))

    def _pack(self, session: Session, row: HandoffRow, borrower: Borrower) -> ContactPack:
        """Return the rules that bind a call: a task of the ladder has its own hours besides the pack's."""
        pack = pack_for(session, self.kit, borrower)
        if row.reason != HandoffReason.LADDER:
            return pack
        return within(pack, self._window(session, borrower))

    def _window(self, session: Session, borrower: Borrower) -> tuple[time, time] | None:
        """Return the hours that the ladder sets for the call that it asked for last."""
        nudge = session.scalars(_tasks_of(borrower.id)).first()
        loan = None if nudge is None else session.get(LoanRow, nudge.loan_id)
        if nudge is None or loan is None:
            return None
        step = rung_of(self.kit, loan, nudge.step, self.kit.clock.now())
        return None if step is None else step.call_window


def _rows(session: Session) -> list[HandoffRow]:
    """Return the tasks of the ladder, and whoever asked for a call or came out of hours."""
    to_call = HandoffRow.reason.in_(_REASONS) | HandoffRow.callback_at.is_not(None)
    return list(
        session.scalars(
            select(HandoffRow)
            .where(HandoffRow.state.in_(OPEN), to_call)
            .options(
                joinedload(HandoffRow.conversation),
                joinedload(HandoffRow.borrower),
                joinedload(HandoffRow.agent),
            )
            .order_by(HandoffRow.opened_at, HandoffRow.id)
        )
    )


def _task(session: Session, row: HandoffRow) -> str:
    if row.reason not in _TASKS:
        return "callback"
    nudge = session.scalars(_tasks_of(row.borrower_id)).first()
    return (nudge.template if nudge is not None else None) or "negotiator_call"


def _tasks_of(borrower_id: int | None) -> Select[tuple[Nudge]]:
    """The tasks that the ladder has given to people about a borrower, the newest first."""
    return (
        select(Nudge)
        .where(Nudge.borrower_id == borrower_id, Nudge.purpose == TASK, Nudge.state == "sent")
        .order_by(Nudge.id.desc())
    )


def _calls(session: Session, row: HandoffRow) -> list[AuditEvent]:
    chosen = (AuditEvent.kind == "call", AuditEvent.cause == f"handoff {row.id}")
    return list(session.scalars(select(AuditEvent).where(*chosen).order_by(AuditEvent.id)))
