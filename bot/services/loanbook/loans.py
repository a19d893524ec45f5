"""Lands a file of loans: borrowers, their addresses, loans and due items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import selectinload

from bot.services.accounting import lock_loans
from bot.services.kit import Kit
from bot.services.loanbook.addresses import Addresses
from bot.services.loanbook.book import Book, Landing, exact, money_faults
from bot.services.loanbook.lines import LoanLine
from bot.services.loanbook.nudges import cancel_moved
from bot.services.records import BOOK, Note, record_all
from bot.services.restating import restate
from bot.storage.tables import Borrower, DueItem, LoanRow, Payment

_BORROWER = (
    "name",
    "phone",
    "birth_date",
    "id_last4",
    "locale",
    "timezone",
    "country",
    "night_consent",
    "exempt",
    "telegram_chat",
    "webchat",
    "email",
    "sms",
)
_PERSON = ("name", "phone", "birth_date", "id_last4", "locale", "timezone")
_LOAN = ("borrower_ref", "product", "opened_on", "principal", "grade")
_CONSENTS = (("night_consent", "consent"), ("exempt", "exempt"))
_AMOUNTS = ("due_principal", "due_interest", "due_fee")
DueKey = tuple[str, int]


class LoanBook(Book[LoanLine]):
    """One file of loans on its way in."""

    line = LoanLine

    def __init__(self, kit: Kit, source: str) -> None:
        super().__init__(kit, source)
        # Where in the file each borrower, loan and due item stands first, and how it is described there.
        self._borrowers_told: dict[str, tuple[int, tuple[Any, ...]]] = {}
        self._loans_told: dict[str, tuple[int, tuple[Any, ...]]] = {}
        self._dues_told: dict[DueKey, int] = {}
        self._locales = kit.texts.locales

    def load(self, lines: Sequence[LoanLine]) -> None:
        """Load the borrowers, addresses, loans and due items that the lines name."""
        session = self.session
        new = [line for line in lines if line.borrower_ref not in self._borrowers_told]
        first = {line.borrower_ref for line in new}
        again = {line.borrower_ref for line in lines} - first
        borrowers = select(Borrower)
        self._borrowers = {
            row.ref: row
            for row in (
                *session.scalars(borrowers.where(Borrower.ref.in_(again))),
                # Addresses matter once: where the file speaks of a borrower for the first time.
                *session.scalars(
                    borrowers.where(Borrower.ref.in_(first)).options(selectinload(Borrower.addresses))
                ),
            )
        }
        self._addresses = Addresses(session, new)
        loans = select(LoanRow).where(LoanRow.ref.in_({line.loan_ref for line in lines}))
        self._loans = {row.ref: row for row in session.scalars(loans)}
        refs = {row.id: row.ref for row in self._loans.values()}
        numbers = {line.due_number for line in lines}
        dues = select(DueItem).where(DueItem.loan_id.in_(refs), DueItem.number.in_(numbers))
        self._dues = {(refs[row.loan_id], row.number): row for row in session.scalars(dues)}
        self._new_dues: list[tuple[LoanRow, dict[str, Any]]] = []
        self._moved: set[int] = set()
        self._notes: list[tuple[str, Borrower, LoanRow | None, dict[str, Any]]] = []

    def faults(self, number: int, line: LoanLine) -> Iterator[tuple[str, str]]:
        """Yield what contradicts this file, the policies, or what is on file."""
        yield from _told_otherwise(self._borrowers_told.get(line.borrower_ref), line, _BORROWER)
        yield from _told_otherwise(self._loans_told.get(line.loan_ref), line, _LOAN)
        first = self._dues_told.get((line.loan_ref, line.due_number))
        if first is not None:
            yield "due_number", f"due item {line.due_number} of this loan stands already on line {first}"
        known = self._borrowers.get(line.borrower_ref)
        if known is not None and known.erased_at is not None:
            yield "borrower_ref", f"was erased on {known.erased_at:%Y-%m-%d}: their data must not come back"
        if line.borrower_ref not in self._borrowers_told:
            yield from self._addresses.faults(line)
        if line.locale not in self._locales:
            yield "locale", f"{line.locale!r} is none of {', '.join(self._locales)}"
        if not self.kit.policies.knows(line.product):
            yield "product", f"there is no policy for {line.product!r}"
            return
        currency = self.kit.policies.currency(line.product)
        imprecise = list(money_faults(line, ("principal", *_AMOUNTS), currency))
        yield from imprecise or self._contradictions(line, currency)

    def _contradictions(self, line: LoanLine, currency: str) -> Iterator[tuple[str, str]]:
        loan = self._loans.get(line.loan_ref)
        if loan is None or loan.id is None:
            return
        borrower = self._borrowers.get(line.borrower_ref)
        if borrower is None or borrower.id != loan.borrower_id:
            yield "borrower_ref", "the loan is on file as another borrower's"
        if loan.product != line.product:
            yield "product", f"the loan is on file as {loan.product!r}"
        due = self._dues.get((line.loan_ref, line.due_number))
        if due is None or not due.paid_minor:
            return
        for column, name, value in _terms(line, currency):
            if getattr(due, name) != value:
                yield column, "differs from what is on file, and something was already paid on this due item"

    def land(self, number: int, line: LoanLine) -> Landing:
        """Put borrower, loan and due item on file as the line has them."""
        borrower, told_news = self._borrower(number, line)
        loan, loan_news = self._loan(number, line, borrower)
        landing = self._due(line, borrower, loan)
        self._dues_told[line.loan_ref, line.due_number] = number
        return "updated" if landing == "unchanged" and (told_news or loan_news) else landing

    def _borrower(self, number: int, line: LoanLine) -> tuple[Borrower, bool]:
        """Return the borrower, and whether the line changed anything about one already on file."""
        borrower = self._borrowers.get(line.borrower_ref)
        if borrower is not None and line.borrower_ref in self._borrowers_told:
            return borrower, False
        self._borrowers_told[line.borrower_ref] = (number, _described(line, _BORROWER))
        known = borrower is not None
        if borrower is None:
            borrower = Borrower(ref=line.borrower_ref, exempt=False, night_consent=False, created_at=self.now)
            self.session.add(borrower)
            self._borrowers[borrower.ref] = borrower
        elif borrower.timezone != line.timezone:
            self._note("timezone_changed", borrower, was=borrower.timezone, now=line.timezone)
        known_by = [(name, getattr(line, name)) for name in _PERSON]
        # A file without the column says nothing of where somebody lives.
        known_by += [] if line.country is None else [("country", line.country)]
        news = _assign(borrower, known_by)
        for name, kind in _CONSENTS:
            wanted = getattr(line, name)
            if wanted is not None and _assign(borrower, [(name, wanted)]):
                news = True
                self._note(kind, borrower, scope=name, given=wanted)
        moved, retired = self._addresses.land(borrower, line, self.now)
        for row in retired:
            self._note("address_dead", borrower, channel=row.channel, reason=row.dead_reason)
        return borrower, known and (news or moved)

    def _loan(self, number: int, line: LoanLine, borrower: Borrower) -> tuple[LoanRow, bool]:
        """Return the loan, and whether the line changed anything about one already on file."""
        loan = self._loans.get(line.loan_ref)
        if loan is not None and line.loan_ref in self._loans_told:
            return loan, False
        self._loans_told[line.loan_ref] = (number, _described(line, _LOAN))
        known = loan is not None
        if loan is None:
            currency = self.kit.policies.currency(line.product)
            loan = LoanRow(ref=line.loan_ref, borrower=borrower, product=line.product, currency=currency)
            self.session.add(loan)
            self._loans[loan.ref] = loan
        principal = exact(line.principal, loan.currency).minor
        terms: list[tuple[str, Any]] = [("opened_on", line.opened_on), ("principal_minor", principal)]
        terms += [] if line.grade is None else [("grade", line.grade)]
        news = _assign(loan, terms)
        return loan, known and news

    def _due(self, line: LoanLine, borrower: Borrower, loan: LoanRow) -> Landing:
        terms = [(name, value) for _, name, value in _terms(line, loan.currency)]
        due = self._dues.get((line.loan_ref, line.due_number))
        if due is None:
            self._new_dues.append((loan, {"number": line.due_number, **dict(terms)}))
        else:
            was_on = due.due_on
            if not _assign(due, terms):
                return "unchanged"
            if was_on != due.due_on:
                self._moved.add(due.id)
        amounts = {
            column.removeprefix("due_"): str(exact(getattr(line, column), loan.currency))
            for column in _AMOUNTS
        }
        self._note("due", borrower, loan, number=line.due_number, due_on=line.due_on.isoformat(), **amounts)
        return "added" if due is None else "updated"

    def _note(self, kind: str, borrower: Borrower, loan: LoanRow | None = None, **detail: Any) -> None:
        """Keep an event until the rows it is about have their ids."""
        self._notes.append((kind, borrower, loan, detail))

    def finish(self) -> None:
        """Write the batch, its events, and what earlier overpayments settle of the new due items."""
        self.session.flush()
        if self._new_dues:
            rows = [{"loan_id": loan.id, **values} for loan, values in self._new_dues]
            self.session.execute(insert(DueItem), rows)
        notes = [
            Note(kind, self.cause, borrower.id, None if loan is None else loan.id, detail)
            for kind, borrower, loan, detail in self._notes
        ]
        record_all(self.session, self.now, notes, actor=BOOK)
        # Only the events of new and changed due items name a loan.
        self._spend_credit({loan.id for _, _, loan, _ in self._notes if loan is not None})
        cancel_moved(self.session, self.now, self._moved, self.cause)

    def _spend_credit(self, loan_ids: set[int]) -> None:
        """Let what these loans have been overpaid settle due items: a book may name more of them later."""
        paid = set(
            self.session.scalars(select(Payment.loan_id).where(Payment.loan_id.in_(loan_ids)).distinct())
        )
        if paid:
            loans = lock_loans(self.session, paid)
            restate(self.session, self.kit, loans, dict.fromkeys(paid, self.cause), BOOK)


def _described(line: LoanLine, names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(getattr(line, name) for name in names)


def _told_otherwise(
    told: tuple[int, tuple[Any, ...]] | None, line: LoanLine, names: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Yield every field in which a line contradicts the first description of the same thing."""
    if told is None:
        return
    first, values = told
    for name, value in zip(names, values, strict=True):
        if getattr(line, name) != value:
            yield name, f"differs from line {first}"


def _terms(line: LoanLine, currency: str) -> Iterator[tuple[str, str, Any]]:
    """Yield column, attribute and value of what a due item is made of."""
    yield "due_on", "due_on", line.due_on
    for column in _AMOUNTS:
        yield column, f"{column.removeprefix('due_')}_minor", exact(getattr(line, column), currency).minor


def _assign(row: object, values: Sequence[tuple[str, Any]]) -> bool:
    """Set attributes of a row, and tell whether any of them was different."""
    news = [(name, value) for name, value in values if getattr(row, name) != value]
    for name, value in news:
        setattr(row, name, value)
    return bool(news)
