"""What is on file of a borrower as a case shows it: loans, plans, promises, offers, requests, events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from bot.domain.money import Money
from bot.services.approval_rows import ApprovalView, view_of
from bot.services.records import BOOK
from bot.storage.queries import loan_snapshot
from bot.storage.tables import Approval, AuditEvent, LoanRow, OfferRow, Plan, Promise

_EVENTS = 30
_TRIED = 8
_FOR_THE_AUDITOR = ("case_read", "file_read", "details_read", "phone_read")


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
class TriedOffer:
    """What was offered before and came to nothing: kind, number of payments, total, when, and its end."""

    kind: str
    count: int
    total: Money
    at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class EventFact:
    """What happened, and by whom; `count` times by one file of the loan book."""

    at: datetime
    kind: str
    actor: str
    count: int = 1


def loan_facts(row: LoanRow, today: date) -> LoanFacts:
    """Return a loan in figures."""
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


def loan_rows(session: Session, borrower_id: int) -> list[LoanRow]:
    """Return every loan of a borrower with its due items, oldest first."""
    chosen = select(LoanRow).where(LoanRow.borrower_id == borrower_id).options(selectinload(LoanRow.dues))
    return list(session.scalars(chosen.order_by(LoanRow.id)))


def tried_offers(session: Session, loan_id: int, currency: str) -> tuple[TriedOffer, ...]:
    """Return the newest offers on a loan that are no longer open, each wording of terms once."""
    rows = session.scalars(
        select(OfferRow)
        .where(OfferRow.loan_id == loan_id, OfferRow.state != "offered")
        .order_by(OfferRow.id.desc())
        .limit(_TRIED * 3)
    )
    found: dict[tuple[str, int, int], TriedOffer] = {}
    for row in rows:
        total = row.principal_minor + row.cost_minor - row.waived_minor
        tried = TriedOffer(row.kind, len(row.schedule), Money(total, currency), row.created_at, row.state)
        found.setdefault((row.kind, tried.count, total), tried)
    return tuple(found.values())[:_TRIED]


def plan_facts(session: Session, loan_id: int, currency: str) -> tuple[PlanFacts, ...]:
    """Return the plans on a loan, newest first."""
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


def promise_facts(session: Session, loan_id: int, currency: str) -> tuple[tuple[Money, date, str], ...]:
    """Return the promises on a loan, newest first: amount, day, state."""
    rows = session.scalars(select(Promise).where(Promise.loan_id == loan_id).order_by(Promise.id.desc()))
    return tuple((Money(row.amount_minor, currency), row.due_on, row.state) for row in rows)


def approval_facts(session: Session, loan_id: int) -> tuple[ApprovalView, ...]:
    """Return the requests for approval on a loan, newest first."""
    rows = session.scalars(select(Approval).where(Approval.loan_id == loan_id).order_by(Approval.id.desc()))
    return tuple(view_of(session, row) for row in rows)


def event_facts(session: Session, borrower_id: int) -> tuple[EventFact, ...]:
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
