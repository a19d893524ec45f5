"""The complaint desk: what is open with the days left, overdue first; answered in the chat, then closed."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from functools import partial
from typing import Any

from nicegui import ui

from bot.services.complaints import CATEGORIES, ComplaintView
from bot.services.rights import has_right
from bot.web.console.acting import attempt
from bot.web.console.desk import Visit
from bot.web.console.figures import today_in
from bot.web.console.frame import Frame
from bot.web.console.layout import act, box, text
from bot.web.console.lists import Cards, Past
from bot.web.console.terms import (
    CATEGORIES_OF_COMPLAINT,
    COMPLAINT_OUTCOMES,
    EVENTS,
    LANGUAGES,
)

_SOON_DAYS = 3


async def complaints(visit: Visit, _: Mapping[str, Any]) -> None:
    """Build the page."""
    names = await asyncio.to_thread(visit.desk.grace.staff.names)
    await Frame.open(visit, visit.words("Complaints"))
    page = ComplaintsPage(visit, names)
    await page.update()
    visit.follow(visit.desk.feed.subscribe(), page.update)


class ComplaintsPage:
    """The open complaints, the one due first at the head; those that are closed below."""

    def __init__(self, visit: Visit, names: Mapping[int, str]) -> None:
        self.visit = visit
        self.words = words = visit.words
        self.names = names
        self._shown: tuple[ComplaintView, ...] | None = None
        self._answering: ComplaintView | None = None
        with box("div", "desk"):
            text("h1", words("Complaints"))
            self.waiting = Cards(words("No complaint is open."))
            self.past = Past(words("Closed before"))
        self._answer_dialog()
        self._close_dialog()

    async def update(self) -> None:
        """Show the complaints as they are now."""
        found = await attempt(self.visit, self.visit.desk.grace.complaints.list)
        if found is None or found == self._shown:
            return
        self._shown = found
        still_open = [one for one in found if one.is_open]
        self.waiting.draw(still_open, self._card)
        self.past.draw(found[len(still_open) :], self._past)

    def _card(self, view: ComplaintView) -> None:
        words = self.words
        today = today_in(self.visit.desk.now(), view.timezone)
        with box("article", "card-entry overdue" if view.days_left < 0 else "card-entry") as card:
            card.props["aria-label"] = view.number
            with box("header"):
                text("h2", f"{view.number} · {view.borrower_name or words('Not identified')}")
                text("span", self._left(view), f"chip {_level(view)}")
                text("span", words("due on {day}", day=words.day(view.due_on, today)), "quiet age")
            with box("div", "columns"):
                with box("section"):
                    text("h3", words("What they wrote"))
                    text("p", view.text, "said")
                    names = {one: words.of(CATEGORIES_OF_COMPLAINT, one) for one in CATEGORIES}
                    chosen = ui.select(names, value=view.category, label=words("Category"))
                    chosen.props("outlined dense options-dense")
                    chosen.on_value_change(partial(self._sort, view))
                with box("section"):
                    text("h3", words("What happened"))
                    self._history(view)
            with box("footer", "closing-acts"):
                act(words("Answer"), partial(self._ask_answer, view), "filled")
                if has_right(self.visit.staff.role, "lift"):
                    act(words("Close complaint"), partial(self._ask_close, view), "outlined")

    def _past(self, view: ComplaintView) -> None:
        text("span", f"{view.number} · {view.borrower_name or self.words('Not identified')}")
        text("span", self.words.of(COMPLAINT_OUTCOMES, view.outcome or ""), "quiet")

    def _left(self, view: ComplaintView) -> str:
        words, days = self.words, view.days_left
        if days < 0:
            return words("1 day overdue") if days == -1 else words("{days} days overdue", days=-days)
        if days == 0:
            return words("due today")
        return words("1 day left") if days == 1 else words("{days} days left", days=days)

    def _history(self, view: ComplaintView) -> None:
        words = self.words
        with box("ol", "events"):
            with box("li"):
                text("time", words.instant(view.opened_at, view.timezone), "quiet")
                text("span", words("Complaint"))
                text("span", f"{words('Borrower')} · {words.of(LANGUAGES, view.locale)}", "quiet")
            for step in view.steps:
                with box("li"):
                    text("time", words.instant(step.at, view.timezone), "quiet")
                    text("span", words.of(EVENTS, step.kind))
                    text("span", self._who(step.actor), "quiet")
        if view.answer:
            text("h3", words("Our answer"))
            text("p", view.answer, "said")

    def _who(self, actor: str) -> str:
        role, _, number = actor.partition(" ")
        return self.names.get(int(number), actor) if role == "agent" and number.isdecimal() else actor

    async def _sort(self, view: ComplaintView, event: Any) -> None:
        service = self.visit.desk.grace.complaints

        def sort(agent: int) -> bool:
            service.sort(view.id, agent, event.value)
            return True

        await attempt(self.visit, sort)
        await self.update()

    def _answer_dialog(self) -> None:
        words = self.words
        with ui.dialog() as self.answering, ui.card().classes("closing"):
            text("h2", words("Answer the complaint"))
            text("p", words("It goes to the borrower's chat in your name."), "quiet")
            self.answer = ui.textarea(words("Answer")).props('outlined dense autogrow maxlength="3000"')
            with box("div", "closing-acts"):
                act(words("Cancel"), self.answering.close, "plain")
                self.send = act(words("Send"), self._send)

    def _ask_answer(self, view: ComplaintView) -> None:
        self._answering = view
        # The same words keep their key until they were taken, so that a repeated press is one message.
        self._key = uuid.uuid4().hex
        self.answer.set_value("")
        self.answering.open()

    async def _send(self) -> None:
        view, service, key = self._answering, self.visit.desk.grace.complaints, self._key
        written = self.answer.value or ""
        if view is None:
            return
        self.send.disable()
        try:
            done = await attempt(self.visit, lambda agent: service.answer(view.id, agent, written, key=key))
        finally:
            self.send.enable()
        if done is not None:
            self.answering.close()
            await self._spread()

    def _close_dialog(self) -> None:
        words = self.words
        with ui.dialog() as self.closing, ui.card().classes("closing"):
            text("h2", words("Close complaint"))
            self.outcome = ui.select(
                {code: words(name) for code, name in COMPLAINT_OUTCOMES.items()}, label=words("Outcome")
            ).props("outlined dense options-dense")
            self.reason = ui.textarea(words("Reason")).props('outlined dense autogrow maxlength="500"')
            with box("div", "closing-acts"):
                act(words("Cancel"), self.closing.close, "plain")
                self.end = act(words("Close complaint"), self._close)

    def _ask_close(self, view: ComplaintView) -> None:
        self._answering = view
        self.outcome.set_value(None)
        self.reason.set_value("")
        self.closing.open()

    async def _close(self) -> None:
        view, service = self._answering, self.visit.desk.grace.complaints
        outcome, reason = self.outcome.value, self.reason.value or ""
        if view is None:
            return
        if outcome is None:
            self.visit.say(self.words("Please choose an outcome."), "warning")
            return

        def close(agent: int) -> bool:
            service.close(view.id, agent, outcome, reason)
            return True

        self.end.disable()
        try:
            done = await attempt(self.visit, close)
        finally:
            self.end.enable()
        if done:
            self.closing.close()
            await self._spread()

    async def _spread(self) -> None:
        await self.visit.desk.wake()
        await self.visit.desk.feed.look()
        await self.update()


def _level(view: ComplaintView) -> str:
    """The colour of what is left: overdue, soon, or time enough."""
    if view.days_left < 0:
        return "level-0"
    return "level-3" if view.days_left <= _SOON_DAYS else "level-4"
