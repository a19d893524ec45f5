"""The queue: every open case, most urgent first, with what each waits for; changing by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from nicegui import ui

from bot.services.desk.queue import QueueEntry
from bot.services.desk.views import Filters
from bot.web.console.acting import attempt
from bot.web.console.desk import Visit
from bot.web.console.filters import FilterBar
from bot.web.console.frame import Frame
from bot.web.console.layout import act, box, commanded, text
from bot.web.console.row import Row

_TICK = 10.0
"""How often times are written anew, in seconds; the database is not asked."""
_HEADS = ("Priority", "Borrower", "Reason", "Channel", "Overdue", "Waiting for", "Reply due", "Handled by")


async def queue(visit: Visit, _: Mapping[str, Any]) -> None:
    """Build the queue page."""
    await Frame.open(visit, visit.words("Queue"))
    saved = await asyncio.to_thread(visit.desk.grace.views.of, visit.staff.id)
    QueuePage(visit, FilterBar(visit, saved))


class QueuePage:
    """The list below its filters."""

    def __init__(self, visit: Visit, bar: FilterBar) -> None:
        self.visit = visit
        self.rows: dict[int, Row] = {}
        words = visit.words
        with box("div", "queue"):
            text("h1", words("Queue"), "unseen")
            with box("div", "queue-bar"):
                self.bar = bar
                bar.draw(self._choose)
                ui.space()
                self.next = commanded(act(words("Take the next"), self._take_next), "take_next")
            with box("div", "entry heads").props("aria-hidden=true"):
                for head in _HEADS:
                    text("span", words(head))
            self.list = box("ul", "entries")
            self.empty = text("p", "", "empty")
        self._paint()
        visit.follow(visit.desk.board.subscribe(), self._update)
        ui.timer(_TICK, self._age, immediate=False)

    def _choose(self) -> None:
        self._paint()

    async def _update(self) -> None:
        self._paint()

    def _paint(self) -> None:
        """Bring the rows in line with the board, touching only what changed: focus stays where it is."""
        board, me = self.visit.desk.board, self.visit.staff.id
        entries = board.entries
        shown = [one for one in entries if self.bar.filters.match(one, me)]
        self.bar.count(entries)
        wanted = {entry.id for entry in shown}
        for handoff_id in [one for one in self.rows if one not in wanted]:
            self.rows.pop(handoff_id).element.delete()
        for place, entry in enumerate(shown):
            row = self.rows.get(entry.id)
            if row is None:
                with self.list:
                    row = self.rows[entry.id] = Row(self.visit, entry, self._take)
            row.paint(entry, board.sight.viewers.get(entry.id, ()))
            if self.list.default_slot.children.index(row.element) != place:
                row.element.move(target_index=place)
        self.empty.set_text(self._nothing(entries))
        self.empty.set_visibility(not shown)
        self.next.set_visibility(any(one.is_waiting for one in entries))

    def _nothing(self, entries: tuple[QueueEntry, ...]) -> str:
        words = self.visit.words
        if self.bar.filters == Filters():
            return words("Nobody is waiting. New conversations appear here by themselves.")
        if self.bar.filters == Filters(mine=True):
            return words("You have no conversations. Take one from the queue.")
        return words("Nothing here fits these filters.")

    def _age(self) -> None:
        for row in self.rows.values():
            row.age()

    async def _take(self, entry: QueueEntry) -> None:
        visit, words = self.visit, self.visit.words
        handoffs = visit.desk.grace.handoffs
        claim = await attempt(visit, lambda agent: handoffs.claim(entry.id, agent))
        if claim is None:
            return
        if claim.won:
            with visit.client:
                ui.navigate.to(f"/case/{entry.id}")
        elif claim.holder:
            said = words("{name} was faster and has this conversation now.", name=claim.holder)
            visit.say(said, "warning")
        else:
            visit.say(words("This conversation is closed."), "warning")

    async def _take_next(self) -> None:
        """Take the most urgent case that fits one's teams, languages and room."""
        visit, words = self.visit, self.visit.words
        assignments = visit.desk.grace.assignments
        asked = await attempt(visit, lambda agent: (assignments.next(agent),))
        if asked is None:
            return
        (number,) = asked
        if number is not None:
            with visit.client:
                ui.navigate.to(f"/case/{number}")
            return
        me = await asyncio.to_thread(visit.desk.grace.presence.get, visit.staff.id)
        if me is not None and me.presence in ("away", "busy"):
            visit.say(words("Say first that you are online."), "info")
        elif me is not None and not me.has_room:
            visit.say(words("You have as many cases as you may have at once."), "info")
        else:
            visit.say(words("Nothing waits that is for you."), "info")
