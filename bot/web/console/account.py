"""What is on file beside a conversation: borrower, loan, plan, promises, holds, events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial

from nicegui import ui
from nicegui.element import Element

from bot.domain.model import HoldKind
from bot.services.cases import CaseView, LoanFacts, PlanFacts
from bot.services.hardship import HardshipFacts
from bot.services.holds import HoldFact, right_to_lift
from bot.services.kit import local_day
from bot.services.rights import has_right
from bot.web.console.desk import Visit
from bot.web.console.layout import act, box, text
from bot.web.console.terms import ACTORS, CHANNELS, EVENTS, HARDSHIPS, HOLDS, LANGUAGES, PLANS, STANDINGS


class Account:
    """The panel at the right; it is drawn again when a fact changed."""

    def __init__(
        self,
        visit: Visit,
        names: Mapping[int, str],
        on_lift: Callable[[HoldFact], None],
        on_vouch: Callable[[], None],
    ) -> None:
        self.visit = visit
        self.words = visit.words
        self.names = names
        self._on_lift = on_lift
        self._on_vouch = on_vouch
        self._clock: Element | None = None
        self._shown: CaseView | None = None
        self.element = box("aside", "account").props('tabindex="0"')
        self.element.props["aria-label"] = self.words("Account")

    def paint(self, view: CaseView) -> None:
        """Show the case as it is now."""
        if view == self._shown:
            return
        self._shown = view
        today = local_day(self.visit.desk.now(), view.timezone)
        self.element.clear()
        with self.element:
            self._borrower(view)
            self._holds(view)
            self._hardship(view.hardship, today)
            self._loan(view.loan, today)
            for plan in view.plans:
                self._plan(plan, view.timezone, today)
            self._promises(view, today)
            self._events(view)

    def tick(self) -> None:
        """Write the borrower's local time anew."""
        if self._shown is not None:
            self.time.set_text(self.words.instant(self.visit.desk.now(), self._shown.timezone))

    def _borrower(self, view: CaseView) -> None:
        words = self.words
        with box("section"):
            text("h2", view.borrower_name or words("Not identified"))
            if view.verified:
                text("p", words("Identity confirmed"), "verified")
            else:
                text("p", words("Identity not confirmed: tell nothing of the debt."), "unverified")
                if view.borrower_ref and view.is_held_by(self.visit.staff.id):
                    act(words("Confirm identity"), self._on_vouch, "outlined").classes("vouch")
            with box("dl"):
                if view.borrower_ref:
                    self._fact("Reference", view.borrower_ref)
                text("dt", words("Local time"))
                self.time = text("dd", words.instant(self.visit.desk.now(), view.timezone))
                self.time.props["title"] = view.timezone
                self._fact("Language", words.of(LANGUAGES, view.locale))
                self._fact("Channel", words.of(CHANNELS, view.channel))

    def _fact(self, label: str, value: str, classes: str = "") -> None:
        text("dt", self.words(label))
        text("dd", value, classes)

    def _holds(self, view: CaseView) -> None:
        if not view.holds:
            return
        words = self.words
        with box("section"):
            text("h3", words("No reminders because"))
            with box("ul", "holds"):
                for hold in view.holds:
                    with box("li"):
                        self._hold(hold, view.timezone)

    def _hold(self, hold: HoldFact, zone: str) -> None:
        words = self.words
        name = words.of(HOLDS, hold.kind)
        text("span", name, "strong")
        if hold.channel is not None:
            text("span", words.of(CHANNELS, hold.channel), "quiet")
        if hold.until is not None:
            text("span", words("until {time}", time=words.instant(hold.until, zone)), "quiet")
        right = right_to_lift(HoldKind(hold.kind))
        if right is not None and has_right(self.visit.staff.role, right):
            button = act(words("Lift"), partial(self._on_lift, hold), "plain").classes("lift")
            button.props["aria-label"] = f"{words('Lift')}: {name}"

    def _hardship(self, hardship: HardshipFacts | None, today: date) -> None:
        """What the borrower told, as far as they agreed that it is kept."""
        if hardship is None:
            return
        words, told = self.words, hardship.told
        with box("section"):
            text("h3", words("Hardship"))
            if not hardship.consent:
                text("p", words("Does not want private facts kept: do not ask for the cause."), "quiet")
            with box("dl"):
                if told.reason is not None:
                    self._fact("Cause", words.of(HARDSHIPS, told.reason))
                if told.lasts_days is not None:
                    self._fact("Expected to last", words("{days} days", days=told.lasts_days))
                if told.ability is not None:
                    self._fact("Can pay a month", words.money(told.ability))
                if told.payday is not None:
                    self._fact("Money comes in on", words("day {day} of the month", day=told.payday))
                if hardship.files:
                    self._fact("Files sent for it", str(len(hardship.files)))
                self._fact("Review on", words.day(hardship.review_on, today))

    def _loan(self, loan: LoanFacts | None, today: date) -> None:
        words = self.words
        with box("section"):
            text("h3", words("Loan"))
            if loan is None:
                text("p", words("No loan on file."), "quiet")
                return
            with box("dl"):
                self._fact("Reference", loan.ref)
                self._fact("Product", loan.product)
                self._fact("Overdue", words.money(loan.overdue), "due" if loan.overdue.minor > 0 else "")
                self._fact("Outstanding", words.money(loan.outstanding))
                if loan.next_due_on is not None and loan.next_due_amount is not None:
                    day = words.day(loan.next_due_on, today)
                    self._fact("Next payment", f"{words.money(loan.next_due_amount)} · {day}")
            text("p", self._standing(loan), "quiet")

    def _standing(self, loan: LoanFacts) -> str:
        days = loan.days_past_due
        if days is None:
            return self.words("Nothing is open.")
        if days > 0:
            return self.words("{days} days past due", days=days)
        return self.words("due in {days} days", days=-days) if days else self.words("due today")

    def _plan(self, plan: PlanFacts, zone: str, today: date) -> None:
        words = self.words
        agreed = words("agreed {day}", day=words.day(local_day(plan.agreed_at, zone), today))
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

    def _events(self, view: CaseView) -> None:
        words = self.words
        with box("section"):
            text("h3", words("What happened"))
            if not view.events:
                text("p", words("Nothing yet."), "quiet")
            with box("ol", "events"):
                for event in view.events:
                    times = f" × {event.count}" if event.count > 1 else ""
                    with box("li"):
                        text("time", words.instant(event.at, view.timezone), "quiet")
                        text("span", f"{words.of(EVENTS, event.kind)}{times}")
                        text("span", self._actor(event.actor), "quiet")

    def _actor(self, actor: str) -> str:
        """Name who did it: "agent 7" by their name."""
        role, _, number = actor.partition(" ")
        if role == "agent" and number.isdecimal():
            return self.names.get(int(number), actor)
        return self.words.of(ACTORS, actor)
