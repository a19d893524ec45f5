"""Marking something as paid, with its evidence: a file the borrower sent, or the payment's own number."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

from nicegui import ui

from bot.domain.money import Money, MoneyError
from bot.services.kit import local_day
from bot.services.threads import Line
from bot.web.console.handling import Handling
from bot.web.console.layout import box
from bot.web.console.reasons import Question, ReasonDialog

_NONE = ""


class Paying:
    """The dialog of one case page."""

    def __init__(self, case: Handling, dialog: ReasonDialog) -> None:
        self.case = case
        self.words = case.words
        self._dialog = dialog
        self._files: tuple[Line, ...] = ()

    def see(self, lines: Sequence[Line]) -> None:
        """Remember which files the borrower has sent here: they can be evidence."""
        here = self.case.view.channel
        self._files = tuple(
            one for one in lines if one.file is not None and one.sender == "borrower" and one.channel == here
        )

    def ask(self) -> None:
        """Ask what was paid, when, and how that is known."""
        words, view = self.words, self.case.view
        loan = view.loan
        if loan is None:
            return
        currency = loan.outstanding.currency
        debts = {one.ref: f"{one.ref} · {words.money(one.outstanding)}" for one in view.debts}
        today = local_day(self.case.visit.desk.now(), view.timezone)
        key = uuid.uuid4().hex
        kinds = {_NONE: words("No file")} | {
            str(one.seq): f"{one.file.name} · {words.instant(one.at, view.timezone)}"
            for one in reversed(self._files)
            if one.file is not None
        }

        def body() -> None:
            with box("div", "terms"):
                self.loan = ui.select(debts, value=loan.ref, label=words("Debt"))
                self.amount = ui.number(words("Amount ({currency})", currency=currency), min=0)
                if loan.overdue.minor > 0:
                    self.amount.set_value(float(loan.overdue.amount))
                self.day = ui.input(words("Paid on"), value=today.isoformat()).props("type=date stack-label")
                self.file = ui.select(
                    kinds, value=list(kinds)[-1 if len(kinds) == 1 else 1], label=words("Receipt")
                )
                self.number = ui.input(words("Number of the payment")).props('maxlength="80"')
                for field in (self.loan, self.amount, self.day, self.file, self.number):
                    field.props("outlined dense options-dense")

        async def go(_reason: str, _: bool) -> bool:
            read = self._read(currency)
            if read is None:
                self.case.visit.say(words("Please give an amount and a day."), "warning")
                return False
            amount, paid_on = read
            return await self._mark(amount, paid_on, key)

        meaning = words("Reminders wait until the lender's book shows it. Larger sums need a second person.")
        self._dialog.ask(Question(words("Mark as paid"), meaning, None, words("Mark as paid")), go, body)

    def _read(self, currency: str) -> tuple[Money, date] | None:
        try:
            amount = Money.of(Decimal(str(self.amount.value)).normalize(), currency)
            return amount, date.fromisoformat(str(self.day.value))
        except (InvalidOperation, MoneyError, ValueError):
            return None

    async def _mark(self, amount: Money, paid_on: date, key: str) -> bool:
        paid, number = self.case.visit.desk.grace.paid, self.case.number
        evidence = int(self.file.value) if self.file.value else None
        reference, loan = str(self.number.value or ""), str(self.loan.value)
        made = await self.case.act(
            lambda agent: paid.mark(
                number,
                agent,
                amount,
                paid_on,
                key=key,
                evidence_id=evidence,
                reference=reference,
                loan_ref=loan,
            )
        )
        if made is None:
            return False
        said = "A second person has to agree." if made.needs_two else "Marked as paid."
        self.case.visit.say(self.words(said), "positive")
        await self.case.spread()
        await self.case.refresh()
        return True
