"""Lands a file of payments and of payments taken back, and does what follows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, insert, or_, select, update

from bot.domain.model import HoldKind
from bot.domain.money import Money
from bot.domain.receipts import received
from bot.services.accounting import Account, Settlement, lock_loans, parts_paid
from bot.services.kit import Kit, local_day
from bot.services.loanbook.book import Book, Landing, exact, money_faults
from bot.services.loanbook.lines import PaymentLine
from bot.services.loanbook.nudges import cancel_paid
from bot.services.plan_reminders import take_back
from bot.services.records import BOOK, lift_holds
from bot.services.restating import restate
from bot.storage.prepared import prepared
from bot.storage.tables import HoldRow, LoanRow, Payment

_END_OF_DAY = time(23, 59, 59)


@dataclass
class Known:
    """A payment that is on file or stands in this file, and what took it back."""

    loan_id: int
    minor: int
    paid_at: datetime
    return_ref: str | None = None
    returned_at: datetime | None = None


@dataclass
class Booked:
    """What a batch brings to one loan: payments and returns, each with its name, in the order of the file."""

    loan: LoanRow
    payments: list[tuple[str, int, datetime]] = field(default_factory=list)
    returns: list[tuple[str, str]] = field(default_factory=list)
    last: str = ""


class PaymentBook(Book[PaymentLine]):
    """One file of payments on its way in."""

    line = PaymentLine

    def __init__(self, kit: Kit, source: str) -> None:
        super().__init__(kit, source)
        self._told: dict[str, int] = {}

    def load(self, lines: Sequence[PaymentLine]) -> None:
        """Load the loans that the lines pay, and the payments and returns that they name."""
        refs = {line.loan_ref for line in lines}
        # An agreement locks its loan too, so that its plan sees this payment or is paid by it.
        loans = lock_loans(self.session, set(self.session.scalars(*_ids_of(refs))))
        self._loans = {loan.ref: loan for loan in loans}
        names = {line.payment_ref for line in lines}
        targets = {line.reverses for line in lines if line.reverses is not None}
        self._known: dict[str, Known] = {}
        self._returns: dict[str, str] = {}
        for row in self.session.execute(*_on_file(names | targets, names)):
            self._known[row.ref] = Known(*row[1:])
            if row.return_ref is not None:
                self._returns[row.return_ref] = row.ref
        self._booked: dict[int, Booked] = {}

    def faults(self, number: int, line: PaymentLine) -> Iterator[tuple[str, str]]:
        """Yield what contradicts this file, the loan, or what is on file."""
        if line.payment_ref in self._told:
            yield "payment_ref", f"this payment stands already on line {self._told[line.payment_ref]}"
        loan = self._loans.get(line.loan_ref)
        if loan is None:
            yield "loan_ref", f"there is no loan {line.loan_ref!r}"
        elif loan.currency != line.currency:
            yield "currency", f"the loan is in {loan.currency}, not {line.currency!r}"
        else:
            imprecise = list(money_faults(line, ("amount",), line.currency))
            check = self._contradictions if line.reverses is None else self._return_faults
            yield from imprecise or check(line, loan)

    def _contradictions(self, line: PaymentLine, loan: LoanRow) -> Iterator[tuple[str, str]]:
        if line.payment_ref in self._returns:
            yield "payment_ref", f"is on file as what took back {self._returns[line.payment_ref]!r}"
        known = self._known.get(line.payment_ref)
        if known is None:
            return
        for column, same in (
            ("loan_ref", known.loan_id == loan.id),
            ("amount", known.minor == exact(line.amount, loan.currency).minor),
            ("paid_at", known.paid_at == _instant(line, loan)),
        ):
            if not same:
                yield column, "differs from the payment of the same payment_ref that is on file"

    def _return_faults(self, line: PaymentLine, loan: LoanRow) -> Iterator[tuple[str, str]]:
        assert line.reverses is not None
        if line.payment_ref in self._known:
            yield "payment_ref", "is on file as a payment"
            return
        target = self._known.get(line.reverses)
        if target is None or target.loan_id != loan.id:
            yield "reverses", f"there is no payment {line.reverses!r} on this loan"
            return
        was = self._returns.get(line.payment_ref)
        if was not in (None, line.reverses):
            yield "reverses", f"{line.payment_ref!r} is on file as what took back {was!r}"
        if target.return_ref not in (None, line.payment_ref):
            yield "reverses", f"{line.reverses!r} was taken back already by {target.return_ref!r}"
        if target.minor != exact(line.amount, loan.currency).minor:
            asked = Money(target.minor, loan.currency).amount
            yield "amount", f"differs from the {asked} that {line.reverses!r} paid; it is taken back whole"
        at = _instant(line, loan)
        if at < target.paid_at:
            yield "paid_at", f"is before {line.reverses!r} was paid"
        elif target.returned_at not in (None, at):
            yield "paid_at", "differs from what is on file"

    def land(self, number: int, line: PaymentLine) -> Landing:
        """Book a payment or take one back; what is on file already is left alone."""
        self._told[line.payment_ref] = number
        loan = self._loans[line.loan_ref]
        at, minor = _instant(line, loan), exact(line.amount, line.currency).minor
        if line.payment_ref in (self._known if line.reverses is None else self._returns):
            return "unchanged"
        booked = self._booked.setdefault(loan.id, Booked(loan))
        booked.last = line.payment_ref
        if line.reverses is None:
            self._known[line.payment_ref] = Known(loan.id, minor, at)
            booked.payments.append((line.payment_ref, minor, at))
        else:
            target = self._known[line.reverses]
            target.return_ref, target.returned_at = line.payment_ref, at
            self._returns[line.payment_ref] = line.reverses
            booked.returns.append((line.payment_ref, line.reverses))
        return "added"

    def finish(self) -> None:
        """Settle the loans anew, lift claims of having paid, and take back what was queued."""
        if not self._booked:
            return
        new = [
            {
                "ref": ref,
                "loan_id": loan_id,
                "amount_minor": minor,
                "paid_at": at,
                "recorded_at": self.now,
            }
            for loan_id, booked in self._booked.items()
            for ref, minor, at in booked.payments
        ]
        if new:
            self.session.execute(insert(Payment), new)
        for booked in self._booked.values():
            for ref, target in booked.returns:
                values = {"return_ref": ref, "returned_at": self._known[target].returned_at}
                self.session.execute(update(Payment).where(Payment.ref == target).values(**values))
        self._lift_claims()
        causes = {loan_id: f"payment {booked.last}" for loan_id, booked in self._booked.items()}
        loans = [booked.loan for booked in self._booked.values()]
        restate(self.session, self.kit, loans, causes, BOOK, self._tell)
        self.session.flush()
        cancel_paid(self.session, self.now, causes, self.cause)
        take_back(self.session, self.now, causes, self.cause, BOOK)

    def _tell(self, account: Account, settlement: Settlement) -> None:
        """Record what came and went, and what was too much; the last also says what is paid of what."""
        loan, booked = account.loan, self._booked[account.loan.id]
        currency = loan.currency
        here = received(account.receipts) - sum(minor for _, minor, _ in booked.payments)
        here += sum(self._known[target].minor for _, target in booked.returns)
        asked = sum(due.amount.minor for _, due in account.dues) + account.cost_paid()
        # What is too much came last.
        more = max(0, settlement.credit - max(0, here - asked))
        over: dict[str, int] = {}
        for ref, minor, _ in reversed(booked.payments):
            over[ref] = min(minor, more)
            more -= over[ref]
        dues = [
            replace(due, paid=Money(share, currency))
            for (_, due), share in zip(account.dues, settlement.shares, strict=True)
        ]
        order = self.kit.policies.product(
            loan.product, local_day(self.now, loan.borrower.timezone)
        ).allocation
        parts = {name: str(money) for name, money in parts_paid(dues, order, currency).items()}
        after: dict[str, Any] = {"paid": parts, "credit": str(Money(settlement.credit, currency))}
        for ref, minor, at in booked.payments:
            self.record(
                "payment",
                loan.borrower_id,
                loan.id,
                payment=ref,
                amount=str(Money(minor, currency)),
                paid_at=at.isoformat(),
                overpaid=str(Money(over[ref], currency)),
                **(after if ref == booked.last else {}),
            )
        for ref, target in booked.returns:
            known = self._known[target]
            assert known.returned_at is not None
            self.record(
                "payment_reversed",
                loan.borrower_id,
                loan.id,
                payment=target,
                reversal=ref,
                amount=str(Money(known.minor, currency)),
                returned_at=known.returned_at.isoformat(),
                **(after if ref == booked.last else {}),
            )

    def _lift_claims(self) -> None:
        borrowers = {booked.loan.borrower_id for booked in self._booked.values() if booked.payments}
        claimed = set(self.session.scalars(*_claims_of(borrowers)))
        for loan in (booked.loan for booked in self._booked.values() if booked.payments):
            if loan.borrower_id in claimed:
                lift_holds(self.session, self.now, loan.borrower_id, HoldKind.PAID_CLAIM, loan_id=loan.id)


@prepared
def _ids_of(refs: Collection[str]) -> Select[tuple[int]]:
    return select(LoanRow.id).where(LoanRow.ref.in_(refs))


@prepared
def _on_file(refs: Collection[str], returns: Collection[str]) -> Select[Any]:
    return select(
        Payment.ref,
        Payment.loan_id,
        Payment.amount_minor,
        Payment.paid_at,
        Payment.return_ref,
        Payment.returned_at,
    ).where(or_(Payment.ref.in_(refs), Payment.return_ref.in_(returns)))


@prepared
def _claims_of(borrower_ids: Collection[int]) -> Select[tuple[int]]:
    return select(HoldRow.borrower_id).where(
        HoldRow.kind == HoldKind.PAID_CLAIM.value,
        HoldRow.lifted_at.is_(None),
        HoldRow.borrower_id.in_(borrower_ids),
    )


def _instant(line: PaymentLine, loan: LoanRow) -> datetime:
    """Return when a payment was made; a day alone means by its end, where the borrower lives."""
    if isinstance(line.paid_at, datetime):
        return line.paid_at.astimezone(UTC)
    return datetime.combine(line.paid_at, _END_OF_DAY, ZoneInfo(loan.borrower.timezone)).astimezone(UTC)
