"""Who the borrower is: identity, private details masked until asked for, their clock, what is allowed now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from functools import partial

from nicegui import ui

from bot.domain.model import HoldKind
from bot.services.cases import CaseView
from bot.services.hardship import HardshipFacts
from bot.services.holds import HoldFact, right_to_lift
from bot.services.private import Details
from bot.services.rights import has_right
from bot.web.console.allowing import window_words
from bot.web.console.desk import Visit
from bot.web.console.layout import act, box, commanded, fact, text
from bot.web.console.pausing import Pausing
from bot.web.console.terms import CHANNELS, HARDSHIPS, HOLDS, LANGUAGES

_SIGNS = {"allowed": "check_circle", "held": "schedule", "blocked": "block"}


class Person:
    """The first sections of the panel; `on_reveal` returns the details unmasked, or None when refused."""

    def __init__(
        self,
        visit: Visit,
        on_lift: Callable[[HoldFact], None],
        on_vouch: Callable[[], None],
        on_reveal: Callable[[], Awaitable[Details | None]],
        pausing: Pausing,
    ) -> None:
        self.visit = visit
        self.words = visit.words
        self._on_lift = on_lift
        self._on_vouch = on_vouch
        self._on_reveal = on_reveal
        self._pausing = pausing
        self._revealed: Details | None = None

    def paint(self, view: CaseView, today: date) -> None:
        """Draw the sections as the case is now."""
        self._view = view
        self._borrower(view)
        self._allowances(view)
        self._holds(view)
        self._hardship(view.hardship, today)

    def tick(self) -> None:
        """Write the borrower's local time anew."""
        self.time.set_text(self.words.instant(self.visit.desk.now(), self._view.timezone))

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
                    fact(words("Reference"), view.borrower_ref)
                text("dt", words("Local time"))
                self.time = text("dd", words.instant(self.visit.desk.now(), view.timezone))
                self.time.props["title"] = view.timezone
                fact(words("Language"), words.of(LANGUAGES, view.locale))
                fact(words("Channel"), words.of(CHANNELS, view.channel))
            if view.details is not None:
                self._private = box("div", "private")
                self._paint_private(self._revealed or view.details)

    def _paint_private(self, details: Details) -> None:
        words = self.words
        self._private.clear()
        with self._private:
            with box("dl"):
                for label, value in (
                    (words("Telephone"), details.phone),
                    (words("Born on"), details.birth_date),
                    (words("Identity number ends"), details.id_last4),
                    *((words.of(CHANNELS, channel), address) for channel, address in details.addresses),
                ):
                    if value is not None:
                        fact(label, value)
            if details.masked:
                button = act(words("Show private details"), self._reveal, "plain")
                commanded(button, "reveal").props["title"] = words("Goes on record.")
            else:
                button = act(words("Hide them again"), self._hide, "plain")
            button.classes("reveal")

    async def _reveal(self) -> None:
        self._revealed = await self._on_reveal()
        if self._revealed is not None:
            self._paint_private(self._revealed)

    def _hide(self) -> None:
        self._revealed = None
        if self._view.details is not None:
            self._paint_private(self._view.details)

    def _allowances(self, view: CaseView) -> None:
        """May staff start a contact now? An answer to the borrower's own message always may go."""
        if not view.allowances:
            return
        words = self.words
        with box("section"):
            text("h3", words("Starting a contact now"))
            with box("ul", "allowances"):
                for one in view.allowances:
                    with box("li", one.status):
                        ui.icon(_SIGNS[one.status]).props["aria-hidden"] = "true"
                        text("span", words.of(CHANNELS, one.channel), "strong")
                        said = window_words(words, one.status, one.until, one.why, view.timezone)
                        text("span", said, "quiet")

    def _holds(self, view: CaseView) -> None:
        words, may = self.words, has_right(self.visit.staff.role, "lift") and view.borrower_ref is not None
        stopped = bool(view.holds) or view.exempt
        if not stopped and not may:
            return
        with box("section"):
            text("h3", words("No reminders because") if stopped else words("Reminders"))
            if view.exempt:
                text("p", words("Exempt from reminders"), "strong")
            with box("ul", "holds"):
                for hold in view.holds:
                    with box("li"):
                        self._hold(hold, view.timezone)
            if may:
                with box("div", "stopping"):
                    pause = act(words("Pause reminders"), self._pausing.ask_to_pause, "plain")
                    commanded(pause, "pause")
                    label = words("Remind again") if view.exempt else words("Exempt from reminders")
                    act(label, self._pausing.ask_to_exempt, "plain")

    def _hold(self, hold: HoldFact, zone: str) -> None:
        words = self.words
        name = words.of(HOLDS, hold.kind)
        text("span", name, "strong")
        if hold.channel is not None:
            text("span", words.of(CHANNELS, hold.channel), "quiet")
        if hold.loan is not None:
            text("span", hold.loan, "quiet")
        if hold.until is not None:
            text("span", words("until {time}", time=words.instant(hold.until, zone)), "quiet")
        if hold.reason:
            text("span", f"“{hold.reason}”", "quiet note")
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
                    fact(words("Cause"), words.of(HARDSHIPS, told.reason))
                if told.lasts_days is not None:
                    fact(words("Expected to last"), words("{days} days", days=told.lasts_days))
                if told.ability is not None:
                    fact(words("Can pay a month"), words.money(told.ability))
                if told.payday is not None:
                    fact(words("Money comes in on"), words("day {day} of the month", day=told.payday))
                if hardship.files:
                    fact(words("Files sent for it"), str(len(hardship.files)))
                fact(words("Review on"), words.day(hardship.review_on, today))
