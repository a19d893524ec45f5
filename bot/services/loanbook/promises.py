"""Closes promises: kept when enough was paid since they were made, broken when their grace has run out."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, joinedload

from bot.domain.model import HoldKind
from bot.domain.money import Money
from bot.domain.policy import ProductPolicy, PromisePolicy
from bot.domain.promises import broken_on, is_kept
from bot.services.kit import Kit, local_day
from bot.services.records import BOOK, lift_holds, record
from bot.storage.tables import LoanRow, Payment, PolicyVersion, Promise


def keep_promises(session: Session, kit: Kit, causes: dict[int, str]) -> set[int]:
    """Close as kept the open promises of these loans (id → cause) that are paid; return their ids."""
    kept = set()
    for promise, loan, paid in _open(session, Promise.loan_id.in_(causes)):
        rules = _rules(session, kit, promise, loan)
        if is_kept(Money(promise.amount_minor, loan.currency), paid, rules.kept_percent):
            _close(session, kit.clock.now(), promise, loan, "kept", paid, causes[loan.id], BOOK)
            kept.add(promise.id)
    return kept


def settle_due_promises(session: Session, kit: Kit) -> int:
    """Close every open promise whose grace has run out in its borrower's zone; return how many are broken."""
    now = kit.clock.now()
    broken = 0
    # No zone is a whole day ahead of UTC, so nothing that is due anywhere is missed.
    for promise, loan, paid in _open(session, Promise.due_on <= now.date() + timedelta(days=1)):
        rules = _rules(session, kit, promise, loan)
        if local_day(now, loan.borrower.timezone) < broken_on(promise.due_on, rules):
            continue
        kept = is_kept(Money(promise.amount_minor, loan.currency), paid, rules.kept_percent)
        cause = f"promise {promise.id}"
        _close(session, now, promise, loan, "kept" if kept else "broken", paid, cause, "clock")
        broken += not kept
    return broken


def _open(session: Session, which: ColumnElement[bool]) -> Iterator[tuple[Promise, LoanRow, Money]]:
    """Yield open promises, locked, with their loan and what was paid on it since they were made."""
    rows = session.execute(
        select(Promise, LoanRow)
        .join(LoanRow, LoanRow.id == Promise.loan_id)
        .where(Promise.state == "open", which)
        .options(joinedload(LoanRow.borrower))
        .order_by(Promise.id)
        .with_for_update(of=Promise)
    ).all()
    paid = _paid_since(session, [promise.id for promise, _ in rows])
    for promise, loan in rows:
        yield promise, loan, Money(paid.get(promise.id, 0), loan.currency)


def _paid_since(session: Session, promise_ids: Collection[int]) -> dict[int, int]:
    # What was on file before the promise was made was known to both sides, and is no part of it.
    since = and_(
        Payment.loan_id == Promise.loan_id,
        Payment.paid_at >= Promise.created_at,
        Payment.recorded_at >= Promise.created_at,
    )
    rows = session.execute(
        select(Promise.id, func.sum(Payment.amount_minor))
        .join(Payment, since)
        .where(Promise.id.in_(promise_ids))
        .group_by(Promise.id)
    )
    return {promise_id: int(total) for promise_id, total in rows}


def _rules(session: Session, kit: Kit, promise: Promise, loan: LoanRow) -> PromisePolicy:
    """Return the policy that the promise was made under; a later one leaves it untouched."""
    stored = session.get(PolicyVersion, promise.policy_version)
    if stored is not None:
        return ProductPolicy.model_validate(stored.content).promise
    today = local_day(kit.clock.now(), loan.borrower.timezone)
    return kit.policies.product(loan.product, today).promise


def _close(
    session: Session,
    now: datetime,
    promise: Promise,
    loan: LoanRow,
    state: Literal["kept", "broken"],
    paid: Money,
    cause: str,
    actor: str,
) -> None:
    promise.state, promise.closed_at = state, now
    lift_holds(session, now, loan.borrower_id, HoldKind.PROMISE, loan_id=loan.id)
    record(
        session,
        now,
        f"promise_{state}",
        cause=cause,
        actor=actor,
        borrower_id=loan.borrower_id,
        loan_id=loan.id,
        promise=promise.id,
        amount=str(Money(promise.amount_minor, loan.currency)),
        due_on=promise.due_on.isoformat(),
        paid=str(paid),
    )
