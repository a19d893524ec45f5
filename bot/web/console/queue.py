"""The queue: every open hand-off, most urgent first, changing by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from nicegui import ui

from bot.services.rights import NotAllowed
from bot.storage.db import StorageError
from bot.web.console.board import Entry
from bot.web.console.desk import Visit
from bot.web.console.layout import Frame, act, box, text
from bot.web.console.terms import CHANNELS, LANGUAGES, REASONS, REFUSALS, STATES

_TICK = 10.0
"""How often "since" is written anew, in seconds; the database is not asked."""


async def queue(visit: Visit, _: Mapping[str, Any]) -> None:
    """Build the queue page."""
    entries = await visit.desk.board.read()
    Frame(visit, visit.words("Queue"), entries)
    QueuePage(visit)


class QueuePage:
    """The list with its two tabs: all, and mine."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.rows: dict[int, Row] = {}
        self.only_mine = False
        words = visit.words
        with box("main", "queue"):
            text("h1", words("Queue"), "unseen")
            with ui.tabs().props("dense no-caps align=left") as tabs:
                self.all = ui.tab("all", label=words("All"))
                self.mine = ui.tab("mine", label=words("Mine"))
            tabs.set_value("all")
            tabs.on_value_change(lambda event: self._choose(event.value == "mine"))
            with box("div", "entry heads").props("aria-hidden=true"):
                for head in ("Priority", "Borrower", "Reason", "Channel", "Open for", "Handled by"):
                    text("span", words(head))
            self.list = box("ul", "entries")
            self.empty = text("p", "", "empty")
        self._paint()
        visit.follow(visit.desk.board.subscribe(), self._update)
        ui.timer(_TICK, self._age, immediate=False)

    def _choose(self, only_mine: bool) -> None:
        self.only_mine = only_mine
        self._paint()

    async def _update(self) -> None:
        self._paint()

    def _paint(self) -> None:
        """Bring the rows in line with the board, touching only what changed: focus stays where it is."""
        words = self.visit.words
        entries = self.visit.desk.board.entries
        mine = [entry for entry in entries if entry.agent_id == self.visit.staff.id]
        shown = mine if self.only_mine else list(entries)
        self.all.props["label"] = f"{words('All')} {len(entries)}"
        self.mine.props["label"] = f"{words('Mine')} {len(mine)}"
        wanted = {entry.id for entry in shown}
        for handoff_id in [one for one in self.rows if one not in wanted]:
            self.rows.pop(handoff_id).element.delete()
        for place, entry in enumerate(shown):
            row = self.rows.get(entry.id)
            if row is None:
                with self.list:
                    row = self.rows[entry.id] = Row(self.visit, entry)
            row.paint(entry)
            if self.list.default_slot.children.index(row.element) != place:
                row.element.move(target_index=place)
        self.empty.set_text(
            words("You have no conversations. Take one from the queue.")
            if self.only_mine
            else words("Nobody is waiting. New conversations appear here by themselves.")
        )
        self.empty.set_visibility(not shown)

    def _age(self) -> None:
        for row in self.rows.values():
            row.age()


class Row:
    """One hand-off in the list."""

    def __init__(self, visit: Visit, entry: Entry) -> None:
        self.visit = visit
        self.entry = entry
        with box("li", "entry") as self.element:
            self.priority = text("span", "", "chip")
            with box("div", "who"):
                self.name = ui.link("", f"/case/{entry.id}").classes("name")
                self.ref = text("span", "", "quiet")
            self.reason = text("span", "", "reason")
            self.channel = text("span", "", "quiet channel")
            self.since = text("span", "", "since")
            self.holder = text("span", "", "holder")
            self.take = act(visit.words("Take"), self._take).classes("take")
        self._level = -1

    def paint(self, entry: Entry) -> None:
        """Show the hand-off as it is now."""
        words = self.visit.words
        self.entry = entry
        if self._level != entry.priority:
            self.element.classes(remove=f"level-{self._level}", add=f"level-{entry.priority}")
            self._level = entry.priority
        self.priority.set_text(words.priority(entry.priority))
        self.name.set_text(entry.borrower_name or words("Not identified"))
        self.ref.set_text(entry.borrower_ref or "")
        self.reason.set_text(words.of(REASONS, entry.reason))
        self.channel.set_text(f"{words.of(CHANNELS, entry.channel)} · {words.of(LANGUAGES, entry.locale)}")
        self.holder.set_text(entry.agent_name or words.of(STATES, entry.state))
        mine = entry.agent_id == self.visit.staff.id
        self.holder.classes(add="mine" if mine else "", remove="" if mine else "mine")
        self.take.set_visibility(entry.is_waiting)
        self.take.props["aria-label"] = f"{words('Take')}: {self.name.text}"
        self.age()

    def age(self) -> None:
        """Write how long it has been open."""
        self.since.set_text(self.visit.words.elapsed(self.entry.opened_at, self.visit.desk.now()))

    async def _take(self) -> None:
        visit = self.visit
        if (staff := await visit.who()) is None:
            return
        try:
            claim = await asyncio.to_thread(visit.desk.grace.handoffs.claim, self.entry.id, staff.id)
        except NotAllowed as refusal:
            visit.say(visit.words.of(REFUSALS, refusal.code), "warning")
            return
        except StorageError:
            visit.say(
                visit.words("The database does not answer just now. Please try again in a moment."), "warning"
            )
            return
        if claim.won:
            with visit.client:
                ui.navigate.to(f"/case/{self.entry.id}")
        elif claim.holder:
            visit.say(
                visit.words("{name} was faster and has this conversation now.", name=claim.holder), "warning"
            )
        else:
            visit.say(visit.words("This conversation is closed."), "warning")
