"""Money to items, oldest first: what a payment settles, and what an overpayment settles later."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from bot.storage.tables import DueItem, OfferRow, Payment, Plan, PlanItem


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


# What a due item asks in all, as SQL and for a loaded row.
DUE_AMOUNT = DueItem.principal_minor + DueItem.interest_minor + DueItem.fee_minor


def due_amount(item: DueItem) -> int:
    """Return what a due item asks in all, in minor units."""
    return item.principal_minor + item.interest_minor + item.fee_minor


def pay_dues(dues: Sequence[DueItem], amount: int) -> int:
    """Pay `amount` into due items, oldest first; return the rest."""
    shares, rest = spread(amount, [due_amount(item) - item.paid_minor for item in dues])
    for item, share in zip(dues, shares, strict=True):
        item.paid_minor += share
    return rest


def pay_plan(items: Sequence[PlanItem], amount: int) -> int:
    """Pay `amount` into the items of a plan, oldest first; return the rest."""
    shares, rest = spread(amount, [item.amount_minor - item.paid_minor for item in items])
    for item, share in zip(items, shares, strict=True):
        item.paid_minor += share
    return rest


def open_dues(session: Session, loan_ids: Collection[int]) -> dict[int, list[DueItem]]:
    """Return by loan the due items that are not fully paid, oldest first."""
    found: dict[int, list[DueItem]] = {}
    rows = session.scalars(
        select(DueItem)
        .where(DueItem.loan_id.in_(loan_ids), DueItem.paid_minor < DUE_AMOUNT)
        .order_by(DueItem.loan_id, DueItem.number)
    )
    for row in rows:
        found.setdefault(row.loan_id, []).append(row)
    return found


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
