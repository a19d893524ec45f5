"""Messages for later: asked for with their time, shown above the reply box, cancelled until they leave."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from functools import partial

from bot.services.desk.scheduled import ScheduledView
from bot.web.console.handling import Handling
from bot.web.console.layout import act, box, text
from bot.web.console.moments import Moment
from bot.web.console.reasons import Question, ReasonDialog
from bot.web.console.terms import SCHEDULED

_SHOWN = ("waiting", "refused")


class Later:
    """What of a case waits to be sent."""

    def __init__(self, case: Handling, dialog: ReasonDialog) -> None:
        self.case = case
        self.visit = case.visit
        self.words = case.words
        self._dialog = dialog
        self._shown: tuple[ScheduledView, ...] = ()
        self.element = box("ul", "scheduled")
        self.element.set_visibility(False)

    async def update(self) -> None:
        """Show what waits now."""
        found = await asyncio.to_thread(self.visit.desk.grace.scheduled.of, self.case.number)
        shown = tuple(one for one in found if one.state in _SHOWN)
        if shown == self._shown:
            return
        self._shown = shown
        self.element.clear()
        with self.element:
            for one in shown:
                self._line(one)
        self.element.set_visibility(bool(shown))

    def _line(self, one: ScheduledView) -> None:
        words, zone = self.words, self.case.view.timezone
        with box("li", f"is-{one.state}"):
            said = words("{time}, their time", time=words.instant(one.send_at, zone))
            text("span", said if one.state == "waiting" else words.of(SCHEDULED, one.state), "strong")
            if one.send_at != one.wanted_at and one.state == "waiting":
                text("span", words("The contact rules put it off."), "quiet")
            text("span", one.text, "later-text")
            if one.state == "waiting":
                act(words("Cancel"), partial(self._cancel, one.id), "plain")

    def ask(self, written: str, done: Callable[[], Awaitable[None]]) -> None:
        """Ask when a message shall go out; `done` is awaited once it is kept."""
        words, scheduled, number = self.words, self.visit.desk.grace.scheduled, self.case.number
        key = uuid.uuid4().hex

        def body() -> None:
            text("p", written, "note")
            self.moment = Moment(self.visit, self.case.view.timezone)

        async def go(_reason: str, _: bool) -> bool:
            at = self.moment.at()
            if at is None:
                return False
            if (
                await self.case.act(lambda agent: scheduled.schedule(number, agent, written, at, key=key))
                is None
            ):
                return False
            await done()
            await self.case.spread()
            await self.update()
            return True

        meaning = words("In quiet hours it waits until they are over. You can cancel it until then.")
        self._dialog.ask(Question(words("Send later"), meaning, None, words("Send later")), go, body)

    async def _cancel(self, scheduled_id: int) -> None:
        scheduled = self.visit.desk.grace.scheduled
        await self.case.done(lambda agent: scheduled.cancel(scheduled_id, agent))
        await self.update()
