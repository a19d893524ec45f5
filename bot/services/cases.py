"""What staff see of a case beside its thread: the account, and what is on file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from bot.domain.handoff import HandoffState
from bot.domain.money import Money
from bot.services.hardship import HardshipFacts, hardship_facts
from bot.services.holds import HoldFact, holds_in_force
from bot.services.kit import Kit, local_day
from bot.services.records import BOOK, record
from bot.storage.queries import current_loan, loan_snapshot, zone_of
from bot.storage.tables import (
    AuditEvent,
    HandoffRow,
    Plan,
    Promise,
)

_EVENTS = 30
_FOR_THE_AUDITOR = ("case_read", "file_read")


@dataclass(frozen=True, slots=True)
class LoanFacts:
    """The current loan in figures."""

    ref: str
    product: str
    outstanding: Money
    overdue: Money
    next_due_on: date | None
    next_due_amount: Money | None
    days_past_due: int | None


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """An agreed plan: number, state, and each payment (number, day, amount, paid)."""

    id: int
    kind: str
    state: str
    agreed_at: datetime
    items: tuple[tuple[int, date, Money, Money], ...]


@dataclass(frozen=True, slots=True)
class EventFact:
    """What happened, and by whom; `count` times by one file of the loan book."""

    at: datetime
    kind: str
    actor: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class CaseView:
    """Everything the case page shows."""

    handoff_id: int
    conversation_id: str
    reason: str
    priority: int
    state: str
    agent_id: int | None
    agent_name: str | None
    opened_at: datetime
    outcome: str | None
    channel: str
    locale: str
    mode: str
    verified: bool
    borrower_ref: str | None
    borrower_name: str | None
    timezone: str
    loan: LoanFacts | None
    plans: tuple[PlanFacts, ...]
    promises: tuple[tuple[Money, date, str], ...]
    holds: tuple[HoldFact, ...]
    events: tuple[EventFact, ...]
    hardship: HardshipFacts | None = None

    def is_held_by(self, agent_id: int) -> bool:
        """Tell whether the case is open and in this agent's hands."""
        return self.agent_id == agent_id and HandoffState(self.state) is HandoffState.CLAIMED


class CaseService:
    """Read models; reading a case's personal data is itself recorded."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def view(self, handoff_id: int, reader: int) -> CaseView | None:
        """Return the whole case for a member of staff, and record that they read it."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            row = _handoff(session, handoff_id)
            if row is None:
                return None
            record(
                session,
                now,
                "case_read",
                cause=f"handoff {handoff_id}",
                actor=f"agent {reader}",
                borrower_id=row.borrower_id,
            )
            return _view(session, row, now, self.kit.settings.identity_for)

    def peek(self, handoff_id: int) -> CaseView | None:
        """Return the case again for a page that is open: its reading was recorded when it opened."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            row = _handoff(session, handoff_id)
            return None if row is None else _view(session, row, now, self.kit.settings.identity_for)


def _handoff(session: Session, handoff_id: int) -> HandoffRow | None:
    return session.get(
        HandoffRow,
        handoff_id,
        options=[joinedload(HandoffRow.conversation), joinedload(HandoffRow.agent)],
    )


def _view(session: Session, row: HandoffRow, now: datetime, identity_for: timedelta) -> CaseView:
    conversation, borrower = row.conversation, row.borrower
    loan_row = current_loan(session, borrower.id) if borrower else None
    zone = zone_of(borrower)
    return CaseView(
        handoff_id=row.id,
        conversation_id=conversation.id,
        reason=row.reason,
        priority=row.priority,
        state=row.state,
        agent_id=row.agent_id,
        agent_name=row.agent.name if row.agent else None,
        opened_at=row.opened_at,
        outcome=row.outcome,
        channel=conversation.channel,
        locale=conversation.locale,
        mode=conversation.mode,
        verified=conversation.is_verified(now, identity_for),
        borrower_ref=borrower.ref if borrower else None,
        borrower_name=borrower.name if borrower else None,
        timezone=zone,
        loan=_facts(session, borrower.id, local_day(now, zone)) if borrower and loan_row else None,
        plans=_plans(session, loan_row.id, loan_row.currency) if loan_row else (),
        promises=_promises(session, loan_row.id, loan_row.currency) if loan_row else (),
        holds=holds_in_force(session, borrower.id, now) if borrower else (),
        events=_events(session, borrower.id) if borrower else (),
        hardship=hardship_facts(session, borrower) if borrower else None,
    )


def _facts(session: Session, borrower_id: int, today: date) -> LoanFacts | None:
    row = current_loan(session, borrower_id)
    if row is None:
        return None
    loan = loan_snapshot(row)
    due = loan.next_due()
    return LoanFacts(
        loan.ref,
        loan.product,
        loan.outstanding,
        loan.overdue(today),
        due.due_on if due else None,
        due.open if due else None,
        loan.days_past_due(today),
    )


def _plans(session: Session, loan_id: int, currency: str) -> tuple[PlanFacts, ...]:
    rows = session.scalars(
        select(Plan).where(Plan.loan_id == loan_id).options(selectinload(Plan.items)).order_by(Plan.id.desc())
    )
    return tuple(
        PlanFacts(
            plan.id,
            plan.kind,
            plan.state,
            plan.agreed_at,
            tuple(
                (
                    item.number,
                    item.due_on,
                    Money(item.amount_minor, currency),
                    Money(item.paid_minor, currency),
                )
                for item in plan.items
            ),
        )
        for plan in rows
    )


def _promises(session: Session, loan_id: int, currency: str) -> tuple[tuple[Money, date, str], ...]:
    rows = session.scalars(select(Promise).where(Promise.loan_id == loan_id).order_by(Promise.id.desc()))
    return tuple((Money(row.amount_minor, currency), row.due_on, row.state) for row in rows)


def _events(session: Session, borrower_id: int) -> tuple[EventFact, ...]:
    """The newest events; what one file of the loan book brought in is one line of a kind."""
    mine = AuditEvent.borrower_id == borrower_id
    # Who read the case is for the auditor; here it would crowd out what happened.
    single = select(AuditEvent).where(
        mine, AuditEvent.kind.not_in(_FOR_THE_AUDITOR), AuditEvent.actor != BOOK
    )
    newest = func.max(AuditEvent.id)
    imported = (
        select(newest, func.max(AuditEvent.at, type_=AuditEvent.at.type), AuditEvent.kind, func.count())
        .where(mine, AuditEvent.actor == BOOK)
        .group_by(AuditEvent.cause, AuditEvent.kind)
        .order_by(newest.desc())
        .limit(_EVENTS)
    )
    found = [
        (row.id, EventFact(row.at, row.kind, row.actor))
        for row in session.scalars(single.order_by(AuditEvent.id.desc()).limit(_EVENTS))
    ]
    found += [(last, EventFact(at, kind, BOOK, count)) for last, at, kind, count in session.execute(imported)]
    return tuple(fact for _, fact in sorted(found, key=lambda one: one[0], reverse=True)[:_EVENTS])
