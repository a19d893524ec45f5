"""Lands a file of payments, and does what follows when something is paid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlalchemy.orm import joinedload, selectinload

from bot.domain.model import HoldKind
from bot.domain.money import Money
from bot.services.kit import Kit
from bot.services.loanbook.allocation import OpenDue, open_dues, pay_dues, pay_plan, save_dues
from bot.services.loanbook.book import Book, Landing, exact, money_faults
from bot.services.loanbook.lines import PaymentLine
from bot.services.loanbook.nudges import cancel_paid
from bot.services.loanbook.promises import keep_promises
from bot.services.records import BOOK, lift_holds, record
from bot.storage.tables import HoldRow, LoanRow, Payment, Plan

_END_OF_DAY = time(23, 59, 59)


@dataclass
class Account:
    """One loan as payments see it: what is open of it, and of its active plan."""

    loan: LoanRow
    dues: list[OpenDue] = field(default_factory=list)
    plan: Plan | None = None

    def pay(self, amount: int) -> int:
        """Spread a payment over due items and plan alike; return what neither could take."""
        rest = pay_dues(self.dues, amount)
        return rest if self.plan is None else min(rest, pay_plan(self.plan.items, amount))


class PaymentBook(Book[PaymentLine]):
    """One file of payments on its way in."""

    line = PaymentLine

    def __init__(self, kit: Kit, source: str) -> None:
        super().__init__(kit, source)
        self._told: dict[str, int] = {}

    def load(self, lines: Sequence[PaymentLine]) -> None:
        """Load the loans that the lines pay, with what is open of them, and payments of the same names."""
        loans = self.session.scalars(
            select(LoanRow)
            .where(LoanRow.ref.in_({line.loan_ref for line in lines}))
            .options(joinedload(LoanRow.borrower))
            .order_by(LoanRow.id)
            # An agreement locks its loan too, so that its plan sees this payment or is paid by it.
            .with_for_update(of=LoanRow, key_share=True)
        ).all()
        by_id = {loan.id: Account(loan) for loan in loans}
        for loan_id, dues in open_dues(self.session, by_id).items():
            by_id[loan_id].dues = dues
        plans = (
            select(Plan)
            .where(Plan.loan_id.in_(by_id), Plan.state == "active")
            .options(selectinload(Plan.items))
            .with_for_update(of=Plan)
        )
        for plan in self.session.scalars(plans):
            by_id[plan.loan_id].plan = plan
        self._accounts = {account.loan.ref: account for account in by_id.values()}
        known = select(Payment.ref, Payment.loan_id, Payment.amount_minor, Payment.paid_at).where(
            Payment.ref.in_({line.payment_ref for line in lines})
        )
        self._known = {row.ref: row for row in self.session.execute(known)}
        self._new: list[dict[str, Any]] = []
        # The accounts that this batch pays, by loan, each with the last of its payments.
        self._paid: dict[int, tuple[Account, str]] = {}

    def faults(self, number: int, line: PaymentLine) -> Iterator[tuple[str, str]]:
        """Yield what contradicts this file, the loan, or what is on file."""
        if line.payment_ref in self._told:
            yield "payment_ref", f"this payment stands already on line {self._told[line.payment_ref]}"
        account = self._accounts.get(line.loan_ref)
        if account is None:
            yield "loan_ref", f"there is no loan {line.loan_ref!r}"
        elif account.loan.currency != line.currency:
            yield "currency", f"the loan is in {account.loan.currency}, not {line.currency!r}"
        else:
            imprecise = list(money_faults(line, ("amount",), line.currency))
            yield from imprecise or self._contradictions(line, account.loan)

    def _contradictions(self, line: PaymentLine, loan: LoanRow) -> Iterator[tuple[str, str]]:
        known = self._known.get(line.payment_ref)
        if known is None:
            return
        for column, same in (
            ("loan_ref", known.loan_id == loan.id),
            ("amount", known.amount_minor == exact(line.amount, loan.currency).minor),
            ("paid_at", known.paid_at == _instant(line, loan)),
        ):
            if not same:
                yield column, "differs from the payment of the same payment_ref that is on file"

    def land(self, number: int, line: PaymentLine) -> Landing:
        """Book a payment and allocate it; one that is on file already is left alone."""
        self._told[line.payment_ref] = number
        if line.payment_ref in self._known:
            return "unchanged"
        account = self._accounts[line.loan_ref]
        loan, amount = account.loan, exact(line.amount, line.currency)
        paid_at = _instant(line, loan)
        self._new.append(
            {
                "ref": line.payment_ref,
                "loan_id": loan.id,
                "amount_minor": amount.minor,
                "paid_at": paid_at,
                "recorded_at": self.now,
            }
        )
        overpaid = Money(account.pay(amount.minor), loan.currency)
        self.record(
            "payment",
            loan.borrower_id,
            loan.id,
            payment=line.payment_ref,
            amount=str(amount),
            paid_at=paid_at.isoformat(),
            overpaid=str(overpaid),
        )
        self._paid[loan.id] = (account, line.payment_ref)
        return "added"

    def finish(self) -> None:
        """Complete plans, keep promises, lift claims of having paid, and take back what was queued."""
        if not self._paid:
            return
        self.session.execute(insert(Payment), self._new)
        save_dues(self.session, (due for account, _ in self._paid.values() for due in account.dues))
        self._lift_claims()
        causes = {loan_id: f"payment {ref}" for loan_id, (_, ref) in self._paid.items()}
        settled = {f"promise:{kept}" for kept in keep_promises(self.session, self.kit, causes)}
        for account, _ in self._paid.values():
            if account.plan is not None:
                settled |= self._settle_plan(account.loan, account.plan, causes[account.loan.id])
        cancel_paid(self.session, self.now, causes, settled, self.cause)

    def _lift_claims(self) -> None:
        borrowers = {account.loan.borrower_id for account, _ in self._paid.values()}
        claims = select(HoldRow.borrower_id).where(
            HoldRow.kind == HoldKind.PAID_CLAIM.value,
            HoldRow.lifted_at.is_(None),
            HoldRow.borrower_id.in_(borrowers),
        )
        claimed = set(self.session.scalars(claims))
        for loan in (account.loan for account, _ in self._paid.values()):
            if loan.borrower_id in claimed:
                lift_holds(self.session, self.now, loan.borrower_id, HoldKind.PAID_CLAIM, loan_id=loan.id)

    def _settle_plan(self, loan: LoanRow, plan: Plan, cause: str) -> set[str]:
        """Complete a plan when all of it is paid; return the reminder steps of its items that are."""
        paid = [item for item in plan.items if item.paid_minor >= item.amount_minor]
        if len(paid) == len(plan.items):
            plan.state, plan.closed_at = "completed", self.now
            lift_holds(self.session, self.now, loan.borrower_id, HoldKind.PLAN, loan_id=loan.id)
            record(
                self.session,
                self.now,
                "plan_completed",
                cause=cause,
                actor=BOOK,
                borrower_id=loan.borrower_id,
                loan_id=loan.id,
                plan=plan.id,
            )
        return {f"plan:{plan.id}:{item.number}" for item in paid}


def _instant(line: PaymentLine, loan: LoanRow) -> datetime:
    """Return when a payment was made; a day alone means by its end, where the borrower lives."""
    if isinstance(line.paid_at, datetime):
        return line.paid_at.astimezone(UTC)
    return datetime.combine(line.paid_at, _END_OF_DAY, ZoneInfo(loan.borrower.timezone)).astimezone(UTC)
