"""What is owed and what was tried: debts, plans, promises, offers, requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

from nicegui import ui

from bot.services.case_facts import LoanFacts, PlanFacts
from bot.services.cases import CaseView
from bot.services.kit import local_day
from bot.web.console.desk import Visit
from bot.web.console.figures import offer_summary, summary
from bot.web.console.layout import act, box, fact, text
from bot.web.console.terms import APPROVALS, OFFERS, PLANS, STANDINGS


@dataclass(frozen=True, slots=True)
class Deals:
    """What can be done with an open offer, by its id: told in the chat, set up on the borrower's yes.

    A running plan can be cancelled.
    """

    tell: Callable[[int], object]
    record: Callable[[int], object]
    cancel: Callable[[PlanFacts], object]


class DealSections:
    """The middle of the panel."""

    def __init__(self, visit: Visit, deals: Deals) -> None:
        self.visit = visit
        self.words = visit.words
        self._deals = deals

    def paint(self, view: CaseView, today: date) -> None:
        """Draw the sections as the case is now; what needs an answer stands first."""
        self._offers(view, today)
        self._debts(view, today)
        for plan in view.plans:
            self._plan(view, plan, today)
        self._promises(view, today)
        self._approvals(view, today)
        self._tried(view, today)

    def _debts(self, view: CaseView, today: date) -> None:
        words = self.words
        current = view.loan.ref if view.loan else None
        others = [one for one in view.debts if one.ref != current]
        with box("section"):
            text("h3", words("Debts") if others else words("Loan"))
            if view.loan is None:
                text("p", words("No loan on file."), "quiet")
                return
            self._loan(view.loan, today)
            if others:
                with box("ul", "facts others"):
                    for one in others:
                        with box("li"):
                            text("span", f"{one.ref} · {one.product}")
                            text("span", words.money(one.outstanding), "strong")
                            text("span", self._standing(one), "quiet")

    def _loan(self, loan: LoanFacts, today: date) -> None:
        words = self.words
        with box("dl"):
            fact(words("Reference"), loan.ref)
            fact(words("Product"), loan.product)
            fact(words("Overdue"), words.money(loan.overdue), "due" if loan.overdue.minor > 0 else "")
            fact(words("Outstanding"), words.money(loan.outstanding))
            if loan.next_due_on is not None and loan.next_due_amount is not None:
                day = words.day(loan.next_due_on, today)
                fact(words("Next payment"), f"{words.money(loan.next_due_amount)} · {day}")
        text("p", self._standing(loan), "quiet")

    def _standing(self, loan: LoanFacts) -> str:
        days = loan.days_past_due
        if days is None:
            return self.words("Nothing is open.")
        if days > 0:
            return self.words("{days} days past due", days=days)
        return self.words("due in {days} days", days=-days) if days else self.words("due today")

    def _plan(self, view: CaseView, plan: PlanFacts, today: date) -> None:
        words = self.words
        agreed = words("agreed {day}", day=words.day(local_day(plan.agreed_at, view.timezone), today))
        with box("section", "" if plan.state == "active" else "past"):
            text("h3", words.of(PLANS, plan.kind))
            text("p", f"{words.of(STANDINGS, plan.state)} · {agreed}", "quiet")
            with box("ol", "items"):
                for number, due_on, amount, paid in plan.items:
                    is_paid = paid.minor >= amount.minor
                    with box("li", "paid" if is_paid else ""):
                        text("span", str(number), "quiet")
                        text("span", words.day(due_on, today))
                        text("span", words.money(amount), "amount")
                        if is_paid:
                            ui.icon("check").props('role="img"').props["aria-label"] = words("Paid")
                        elif paid.minor:
                            text("span", words("{paid} paid", paid=words.money(paid)), "quiet part")
            if plan.state == "active" and view.is_held_by(self.visit.staff.id):
                act(words("Cancel the plan"), partial(self._deals.cancel, plan), "plain")

    def _promises(self, view: CaseView, today: date) -> None:
        if not view.promises:
            return
        words = self.words
        with box("section"):
            text("h3", words("Promises"))
            with box("ul", "facts"):
                for amount, due_on, state in view.promises:
                    day = words.day(due_on, today)
                    with box("li"):
                        text("span", words("{amount} by {day}", amount=words.money(amount), day=day))
                        text("span", words.of(STANDINGS, state), "quiet")

    def _offers(self, view: CaseView, today: date) -> None:
        """What the borrower may still accept; what people granted can be told and set up from here."""
        if not view.offers:
            return
        words, mine = self.words, view.is_held_by(self.visit.staff.id)
        with box("section"):
            text("h3", words("Open offers"))
            with box("ul", "facts"):
                for offer in view.offers:
                    until = words.instant(offer.expires_at, view.timezone)
                    with box("li"):
                        text("span", offer_summary(words, offer, today))
                        text("span", words("until {time}", time=until), "quiet")
                        if mine and offer.authority != "bot":
                            act(words("Tell the borrower"), partial(self._deals.tell, offer.id), "plain")
                        if mine:
                            label = words("The borrower said yes")
                            act(label, partial(self._deals.record, offer.id), "plain")

    def _approvals(self, view: CaseView, today: date) -> None:
        if not view.approvals:
            return
        words = self.words
        with box("section"):
            text("h3", words("Requests for approval"))
            with box("ul", "facts"):
                for one in view.approvals:
                    with box("li"):
                        text("span", summary(words, one.option, today))
                        text("span", words.of(APPROVALS, one.state.value), "quiet")
                        if one.second_reason or one.reason:
                            text("span", f"“{one.second_reason or one.reason}”", "quiet note")

    def _tried(self, view: CaseView, today: date) -> None:
        if not view.tried:
            return
        words = self.words
        with box("section"):
            text("h3", words("Offers tried"))
            with box("ul", "facts"):
                for one in view.tried:
                    day = words.day(local_day(one.at, view.timezone), today)
                    with box("li"):
                        name, total = words.of(PLANS, one.kind), words.money(one.total)
                        text(
                            "span",
                            f"{name} · {one.count} × · {total}" if one.count > 1 else f"{name} · {total}",
                        )
                        text("span", f"{words.of(OFFERS, one.state)} · {day}", "quiet")
