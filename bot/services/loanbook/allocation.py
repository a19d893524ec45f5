"""Money to items, oldest first: what a payment settles, and what an overpayment settles later."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from bot.storage.queries import DUE_AMOUNT
from bot.storage.tables import DueItem, OfferRow, Payment, Plan, PlanItem


@dataclass(slots=True)
class OpenDue:
    """A due item that is not fully paid; amounts in minor units."""

    id: int
    asked: int
    paid: int
    touched: bool = False


def spread(amount: int, opens: Sequence[int]) -> tuple[tuple[int, ...], int]:
    """Spread `amount` over what is open of each item, in their order; all in minor units, none negative.

    Returns the share of each item, never more than is open of it, and the rest that nothing takes.
    """
    shares = []
    for wanted in opens:
        share = min(amount, wanted)
        shares.append(share)
        amount -= share
    return tuple(shares), amount


def pay_dues(dues: Sequence[OpenDue], amount: int) -> int:
    """Pay `amount` into due items, oldest first; return the rest."""
    shares, rest = spread(amount, [due.asked - due.paid for due in dues])
    for due, share in zip(dues, shares, strict=True):
        due.paid += share
        due.touched |= share > 0
    return rest


def pay_plan(items: Sequence[PlanItem], amount: int) -> int:
    """Pay `amount` into the items of a plan, oldest first; return the rest."""
    shares, rest = spread(amount, [item.amount_minor - item.paid_minor for item in items])
    for item, share in zip(items, shares, strict=True):
        item.paid_minor += share
    return rest


def open_dues(session: Session, loan_ids: Collection[int]) -> dict[int, list[OpenDue]]:
    """Return by loan the due items that are not fully paid, oldest first."""
    found: dict[int, list[OpenDue]] = {}
    rows = session.execute(
        select(DueItem.loan_id, DueItem.id, DUE_AMOUNT, DueItem.paid_minor)
        .where(DueItem.loan_id.in_(loan_ids), DueItem.paid_minor < DUE_AMOUNT)
        .order_by(DueItem.loan_id, DueItem.number)
    )
    for loan_id, due_id, asked, paid in rows:
        found.setdefault(loan_id, []).append(OpenDue(due_id, asked, paid))
    return found


def save_dues(session: Session, dues: Iterable[OpenDue]) -> None:
    """Write what was paid into due items."""
    changes = [{"id": due.id, "paid_minor": due.paid} for due in dues if due.touched]
    if changes:
        session.execute(update(DueItem), changes)


def apply_credit(session: Session, loan_ids: Collection[int]) -> None:
    """Let what these loans have been overpaid settle their due items: a book may name more of them later."""
    paid = _sums(session, Payment.loan_id, Payment.amount_minor, loan_ids)
    if not paid:
        return
    settled = _sums(session, DueItem.loan_id, DueItem.paid_minor, paid)
    costs = _sums(session, Plan.loan_id, OfferRow.cost_minor, paid, OfferRow.id == Plan.offer_id)
    for loan_id, dues in open_dues(session, paid).items():
        # What a plan cost on top was paid as well, and belongs to no due item.
        credit = paid[loan_id] - settled.get(loan_id, 0) - costs.get(loan_id, 0)
        pay_dues(dues, max(credit, 0))
        save_dues(session, dues)


def _sums(
    session: Session,
    loan_id: InstrumentedAttribute[int],
    amount: InstrumentedAttribute[int],
    loan_ids: Collection[int],
    *joined: ColumnElement[bool],
) -> dict[int, int]:
    """Return the sum of an amount by loan; loans without any are absent."""
    rows = session.execute(
        select(loan_id, func.sum(amount)).where(loan_id.in_(loan_ids), *joined).group_by(loan_id)
    )
    return {key: int(total) for key, total in rows}
