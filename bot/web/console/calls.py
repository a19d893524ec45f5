"""The call list: whom to call and why, when the rules allow it, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from nicegui import ui

from bot.services.call_list import CallView
from bot.web.console.acting import attempt
from bot.web.console.allowing import window_words
from bot.web.console.desk import Visit
from bot.web.console.frame import Frame
from bot.web.console.layout import act, box, text
from bot.web.console.lists import Cards
from bot.web.console.terms import CALLS, LANGUAGES, TASKS

_TICK = 20.0


async def calls(visit: Visit, _: Mapping[str, Any]) -> None:
    """Build the page."""
    await Frame.open(visit, visit.words("Calls"))
    page = CallsPage(visit)
    await page.update()
    visit.follow(visit.desk.feed.subscribe(), page.update)


class CallsPage:
    """The calls to make, those allowed now first."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.words = words = visit.words
        self._shown: tuple[CallView, ...] | None = None
        self._calling: CallView | None = None
        with box("div", "desk"):
            text("h1", words("Calls"))
            self.waiting = Cards(words("No call is to be made."))
        with ui.dialog() as self.dialog, ui.card().classes("closing"):
            text("h2", words("What came of the call?"))
            self.outcome = ui.radio({code: words(name) for code, name in CALLS.items()})
            self.note = ui.textarea(words("Note for colleagues")).props(
                'outlined dense autogrow maxlength="500"'
            )
            with box("div", "closing-acts"):
                act(words("Cancel"), self.dialog.close, "plain")
                self.button = act(words("Record the call"), self._record)
        # What the rules allow changes with the clock alone.
        ui.timer(_TICK, self.update, immediate=False)

    async def update(self) -> None:
        """Show the calls as they are now."""
        found = await attempt(self.visit, self.visit.desk.grace.call_list.list)
        if found is None or found == self._shown:
            return
        self._shown = found
        self.waiting.draw(found, self._card)

    def _card(self, view: CallView) -> None:
        words, now = self.words, self.visit.desk.now()
        with box("article", "card-entry") as card:
            card.props["aria-label"] = view.borrower_name
            with box("header"):
                with box("h2"):
                    ui.link(view.borrower_name, f"/case/{view.handoff_id}")
                text("span", words.of(TASKS, view.task), "chip level-4")
                text("span", words("waiting: {time}", time=words.elapsed(view.since, now)), "quiet age")
            with box("div", "columns"):
                with box("dl"):
                    text("dt", words("Number"))
                    with box("dd") as number:
                        text("span", view.phone or words("No number on file"))
                    text("dt", words("Local time"))
                    text("dd", words.clock(now, view.timezone))
                    text("dt", words("Language"))
                    text("dd", words.of(LANGUAGES, view.locale))
                with box("dl"):
                    if view.overdue is not None:
                        text("dt", words("Overdue"))
                        text("dd", words.money(view.overdue))
                    if view.days_past_due is not None and view.days_past_due > 0:
                        text("dt", words("Since"))
                        text("dd", words("{days} days past due", days=view.days_past_due))
                    text("dt", words("Calls so far"))
                    last = f" · {words.of(CALLS, view.last_outcome)}" if view.last_outcome else ""
                    text("dd", f"{view.tries}{last}")
            said = window_words(words, view.verdict.status, view.verdict.until, view.why, view.timezone)
            text("p", said, f"window {view.verdict.status}")
            with box("footer", "closing-acts"):
                if view.agent_id not in (None, self.visit.staff.id):
                    text("p", words("{name} has this conversation.", name=view.agent_name or ""), "quiet")
                elif view.verdict.allowed:
                    act(words("Show number"), partial(self._show, view, number), "outlined")
                    act(words("Record the call"), partial(self._ask, view))

    async def _show(self, view: CallView, place: Any) -> None:
        service = self.visit.desk.grace.call_list
        number = await attempt(self.visit, lambda agent: service.number(view.handoff_id, agent))
        if number is not None:
            place.clear()
            with place:
                ui.link(number, f"tel:{number}")

    def _ask(self, view: CallView) -> None:
        self._calling = view
        self.outcome.set_value(None)
        self.note.set_value("")
        self.dialog.open()

    async def _record(self) -> None:
        view, service = self._calling, self.visit.desk.grace.call_list
        outcome, note = self.outcome.value, self.note.value or ""
        if view is None:
            return
        if outcome is None:
            self.visit.say(self.words("Please choose an outcome."), "warning")
            return

        def record(agent: int) -> bool:
            service.done(view.handoff_id, agent, outcome, note)
            return True

        self.button.disable()
        try:
            done = await attempt(self.visit, record)
        finally:
            self.button.enable()
        if done:
            self.dialog.close()
            await self.visit.desk.wake()
            await self.visit.desk.feed.look()
        await self.update()
