"""A loan as payments make it: its dues, plans, promises and receipts, loaded together and settled anew."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import Select, Table, bindparam, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from bot.domain.allocation import allocate
from bot.domain.model import Due
from bot.domain.money import Money
from bot.domain.plan_life import PlanState
from bot.domain.policy import Part, ProductPolicy
from bot.domain.receipts import Receipt, plan_cost_paid, received, spread
from bot.domain.schedules import Instalment
from bot.services.kit import Kit, local_day
from bot.storage.policies import versioned
from bot.storage.prepared import prepared
from bot.storage.queries import due_items, due_of
from bot.storage.tables import DueItem, LoanRow, OfferRow, Payment, Plan, PolicyVersion, Promise


@dataclass
class Account:
    """One loan with all that payments settle; everything in order of its number or id."""

    loan: LoanRow
    dues: list[tuple[int, Due]] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    principals: dict[int, int] = field(default_factory=dict)
    waivers: dict[int, int] = field(default_factory=dict)
    promises: list[Promise] = field(default_factory=list)

    def items_of(self, plan: Plan) -> tuple[Instalment, ...]:
        """Return the payments of a plan as decisions see them."""
        currency = self.loan.currency
        return tuple(
            Instalment(one.number, one.due_on, Money(one.amount_minor, currency)) for one in plan.items
        )

    def counted(self, plan: Plan) -> tuple[Receipt, ...]:
        """Return the receipts that count towards a plan: booked since it was agreed, until the next one was.

        Of a plan that a person ended, those until that day.
        """
        later = self.follower(plan)
        last = None
        if plan.life in (PlanState.CANCELLED, PlanState.SUPERSEDED) and plan.closed_at is not None:
            last = local_day(plan.closed_at, self.loan.borrower.timezone)
        return tuple(
            one
            for one in self.receipts
            if one.number > plan.after_payment
            and (later is None or one.number <= later.after_payment)
            and (last is None or one.paid_on <= last)
        )

    def follower(self, plan: Plan) -> Plan | None:
        """Return the plan that came after a plan."""
        return next((one for one in self.plans if one.id > plan.id), None)

    def cost_paid(self, plans: Mapping[int, int] | None = None) -> int:
        """Return what was paid for plans beyond what they settle, in minor units; no due item takes it.

        `plans` says what was paid into each, by id; without it what is stored counts.
        """
        if plans is None:
            plans = {plan.id: sum(item.paid_minor for item in plan.items) for plan in self.plans}
        return sum(plan_cost_paid(paid, self.principals[plan]) for plan, paid in plans.items())

    def settle(self, waived: int, plans: Mapping[int, int] | None = None) -> Settlement:
        """Settle due items with all that was received or `waived`, oldest first; `plans` as in `cost_paid`.

        What is waived never becomes a credit. The lender's book has no item for what a plan costs: who has
        paid all that the book asks has nothing left to be reminded of.
        """
        asked = [due.amount.minor for _, due in self.dues]
        total, booked = received(self.receipts), sum(asked)
        beside = max(0, total - self.cost_paid(plans))
        shares, _ = spread((total if total >= booked else beside) + waived, asked)
        return Settlement(shares, max(0, beside - booked))


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is paid of each due item in order, and the credit left over; in minor units."""

    shares: tuple[int, ...]
    credit: int


def parts_paid(dues: Iterable[Due], order: Sequence[Part], currency: str) -> dict[Part, Money]:
    """Return what is paid of fees, interest and principal over all due items, in the order of the policy."""
    total = dict.fromkeys(order, 0)
    for due in dues:
        asked: dict[Part, int] = {
            "fees": due.fee.minor,
            "interest": due.interest.minor,
            "principal": due.principal.minor,
        }
        for name, share in allocate(due.paid.minor, asked, order).items():
            total[name] += share
    return {name: Money(share, currency) for name, share in total.items()}


def lock_loans(session: Session, loan_ids: Collection[int]) -> list[LoanRow]:
    """Lock loans, in order of their ids, so that agreements, payments and the clock wait for each other."""
    return list(session.scalars(*_locked(loan_ids)))


@prepared
def _locked(loan_ids: Collection[int]) -> Select[tuple[LoanRow]]:
    return (
        select(LoanRow)
        .where(LoanRow.id.in_(loan_ids))
        .options(joinedload(LoanRow.borrower))
        .order_by(LoanRow.id)
        .with_for_update(of=LoanRow, key_share=True)
    )


def accounts(session: Session, loans: Iterable[LoanRow]) -> dict[int, Account]:
    """Load the accounts of loans that are locked, by loan id."""
    found = {loan.id: Account(loan) for loan in loans}
    for item in session.execute(*due_items(found)):
        account = found[item.loan_id]
        account.dues.append((item.id, due_of(item, account.loan.currency)))
    _receipts(session, found)
    for plan, principal, waived in session.execute(*_plans(found)).tuples():
        found[plan.loan_id].plans.append(plan)
        found[plan.loan_id].principals[plan.id] = principal - waived
        found[plan.loan_id].waivers[plan.id] = waived
    for promise in session.scalars(*_promises(found)):
        found[promise.loan_id].promises.append(promise)
    return found


@prepared
def _plans(loan_ids: Collection[int]) -> Select[tuple[Plan, int, int]]:
    return (
        select(Plan, OfferRow.principal_minor, OfferRow.waived_minor)
        .join(OfferRow, OfferRow.id == Plan.offer_id)
        .where(Plan.loan_id.in_(loan_ids))
        .options(selectinload(Plan.items))
        .order_by(Plan.id)
        .execution_options(populate_existing=True)
    )


@prepared
def _promises(loan_ids: Collection[int]) -> Select[tuple[Promise]]:
    mine = select(Promise).where(Promise.loan_id.in_(loan_ids)).order_by(Promise.id)
    return mine.execution_options(populate_existing=True)


@prepared
def _payments(loan_ids: Collection[int]) -> Select[Any]:
    return (
        select(
            Payment.id,
            Payment.loan_id,
            Payment.amount_minor,
            Payment.paid_at,
            Payment.recorded_at,
            Payment.returned_at,
        )
        .where(Payment.loan_id.in_(loan_ids))
        .order_by(Payment.id)
    )


def _receipts(session: Session, found: dict[int, Account]) -> None:
    for paid in session.execute(*_payments(found)):
        account = found[paid.loan_id]
        zone = account.loan.borrower.timezone
        returned = None if paid.returned_at is None else local_day(paid.returned_at, zone)
        account.receipts.append(
            Receipt(
                paid.id,
                paid.amount_minor,
                paid.paid_at,
                paid.recorded_at,
                local_day(paid.paid_at, zone),
                returned,
            )
        )


def save_dues(session: Session, settled: Iterable[tuple[Account, Settlement]]) -> None:
    """Write what is paid of due items where that is news."""
    changed = [
        {"item": row, "share": share}
        for account, settlement in settled
        for (row, due), share in zip(account.dues, settlement.shares, strict=True)
        if share != due.paid.minor
    ]
    if changed:
        session.flush()
        session.execute(_PAID, changed)


_DUES = cast(Table, DueItem.__table__)
_PAID = update(_DUES).where(_DUES.c.id == bindparam("item")).values(paid_minor=bindparam("share"))


class AgreedPolicies:
    """The policies that plans and promises were agreed under; a later one leaves them untouched."""

    def __init__(self, session: Session, kit: Kit) -> None:
        self._session = session
        self._kit = kit
        self._known: dict[str, ProductPolicy] = {}

    def of(self, version: str, loan: LoanRow) -> ProductPolicy:
        """Return the policy of a version, or the one in force where that was never stored."""
        if version not in self._known:
            found = self._stored(version)
            if found is None:
                today = local_day(self._kit.clock.now(), loan.borrower.timezone)
                return self._kit.policies.product(loan.product, today)
            self._known[version] = found
        return self._known[version]

    def _stored(self, version: str) -> ProductPolicy | None:
        """Return the policy of a version as it was stored; its name has the hash of its content."""
        in_force = next(
            (one for one in self._kit.policies.products() if versioned(one).version == version), None
        )
        if in_force is not None:
            return in_force
        stored = self._session.get(PolicyVersion, version)
        return None if stored is None else ProductPolicy.model_validate(stored.content)
