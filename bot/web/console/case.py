"""A case: the conversation, the account beside it, and what an agent can do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from nicegui import background_tasks, ui

from bot.domain.handoff import Outcome
from bot.services.cases import CaseView
from bot.services.desk.drafts import DRAFT_KINDS, DraftKind, NoteView
from bot.services.rights import NotAllowed
from bot.services.threads import Line
from bot.storage.db import StorageError
from bot.web.console.account import Account
from bot.web.console.closing import CloseDialog
from bot.web.console.composer import Composer
from bot.web.console.conduct import Conduct
from bot.web.console.deals import Deals, DealSections
from bot.web.console.desk import Visit
from bot.web.console.filing import Filing
from bot.web.console.frame import Frame
from bot.web.console.handling import Handling
from bot.web.console.head import Acts, Head
from bot.web.console.later import Later
from bot.web.console.layout import act, box, dress, notice
from bot.web.console.pausing import Pausing
from bot.web.console.paying import Paying
from bot.web.console.person import Person
from bot.web.console.readings import ReadingDialog
from bot.web.console.reasons import ReasonDialog
from bot.web.console.simulator import Simulator
from bot.web.console.thread import Thread

_PAGE = 200
_TICK = 10.0
_LOOK = 8.0
"""Seconds between two signs that the page is open; one counts for longer than that."""


async def case(visit: Visit, path: Mapping[str, Any]) -> None:
    """Build the page of one hand-off; opening it is recorded."""
    number = str(path["number"])
    grace = visit.desk.grace
    view = None
    if number.isascii() and number.isdecimal() and len(number) < 10:
        view = await asyncio.to_thread(grace.cases.view, int(number), visit.staff.id)
    if view is None:
        dress(visit.client, visit.words, visit.words("There is no such case."))
        with notice(visit.words("There is no such case.")):
            ui.link(visit.words("Back to the queue"), "/")
        return
    names = await asyncio.to_thread(grace.staff.names)
    drafts: dict[DraftKind, str] = {}
    for kind in DRAFT_KINDS:
        found = await asyncio.to_thread(grace.drafts.get, view.handoff_id, visit.staff.id, kind)
        drafts[kind] = "" if found is None else found.text
    lines = await asyncio.to_thread(grace.threads.tail, view.conversation_id, _PAGE)
    notes = await asyncio.to_thread(grace.notes.of, view.handoff_id)
    await Frame.open(visit, visit.words("Case {number}", number=view.handoff_id))
    page = CasePage(visit, view, names, drafts)
    page.paint(view, lines, notes)
    await page.start()


class CasePage:
    """One hand-off, open on one screen."""

    def __init__(
        self, visit: Visit, view: CaseView, names: Mapping[int, str], drafts: dict[DraftKind, str]
    ) -> None:
        self.visit = visit
        self.words = visit.words
        self.case = Handling(visit, view, self.update)
        self.limit = _PAGE
        self.reasons = ReasonDialog(visit)
        self.closing = CloseDialog(visit, view.reason, self._close)
        self.simulator = Simulator(visit, self.case.spread)
        self.readings = ReadingDialog(visit, self.update)
        self.conduct = Conduct(self.case, self.reasons)
        self.paying = Paying(self.case, self.reasons)
        filing, pausing = Filing(self.case, self.reasons), Pausing(self.case, self.reasons)
        with box("div", "case") as self.element:
            self.head = Head(self.case, self._acts())
            with box("div", "talk"):
                self.earlier = act(self.words("Show earlier messages"), self._earlier, "plain")
                self.earlier.classes("earlier")
                self.thread = Thread(visit, view, self.readings.open)
                self.later = Later(self.case, self.reasons)
                self.composer = Composer(self.case, drafts, self.later)
            person = Person(visit, filing.ask_to_lift, filing.ask_to_vouch, filing.reveal, pausing)
            deals = DealSections(visit, Deals(filing.tell_offer, filing.record_yes, pausing.ask_to_cancel))
            self.account = Account(visit, names, person, deals)

    def _acts(self) -> Acts:
        conduct = self.conduct
        return Acts(
            take=self._take,
            again=self._take_again,
            terms=self._try_terms,
            transfer=conduct.transfer,
            colleague=conduct.colleague,
            snooze=conduct.snooze,
            wake=self._wake,
            debt=conduct.debt,
            paid=self.paying.ask,
            call=conduct.call,
            close=lambda: self.closing.open(),
            close_next=lambda: self.closing.open(then_next=True),
            panel=self._switch_panel,
        )

    async def start(self) -> None:
        """Follow what happens for as long as the page is open."""
        visit, conversation = self.visit, self.case.view.conversation_id
        await self.later.update()
        visit.follow(visit.desk.feed.subscribe(conversation), self.update)
        visit.follow(visit.desk.board.subscribe(), self._glance)
        ui.timer(_TICK, self._tick, immediate=False)
        ui.timer(_LOOK, self._look)
        visit.client.on_delete(self._leave)

    def paint(self, view: CaseView, lines: list[Line], notes: tuple[NoteView, ...]) -> None:
        """Show the case as it is now."""
        self.case.view = view
        self._paint_rim()
        self.earlier.set_visibility(len(lines) >= self.limit)
        self.thread.paint(lines, notes)
        self.paying.see(lines)
        self.account.paint(view)

    def _paint_rim(self) -> None:
        board = self.visit.desk.board
        self.head.paint(next((one for one in board.entries if one.id == self.case.number), None))
        self.composer.paint(board.sight.viewers.get(self.case.number, ()))

    async def update(self) -> None:
        """Read the case again and show it."""
        grace, conversation = self.visit.desk.grace, self.case.view.conversation_id
        view = await asyncio.to_thread(grace.cases.peek, self.case.number)
        lines = await asyncio.to_thread(grace.threads.tail, conversation, self.limit)
        notes = await asyncio.to_thread(grace.notes.of, self.case.number)
        if view is not None:
            self.paint(view, lines, notes)
        await self.later.update()

    async def _glance(self) -> None:
        """The board changed: who has the case, how long is left, who looks; the rest comes by itself."""
        entry = next((one for one in self.visit.desk.board.entries if one.id == self.case.number), None)
        view = self.case.view
        if entry is not None and (entry.state, entry.agent_id) != (view.state, view.agent_id):
            await self.update()
        else:
            self._paint_rim()

    async def _tick(self) -> None:
        """Times pass without anything being written, and with them what is allowed."""
        with suppress(StorageError):
            await self.update()
        self.account.tick()

    async def _look(self) -> None:
        watching = self.visit.desk.grace.watching
        with suppress(NotAllowed, StorageError):
            await asyncio.to_thread(watching.look, self.case.number, self.visit.staff.id)

    def _leave(self) -> None:
        async def leave() -> None:
            watching = self.visit.desk.grace.watching
            with suppress(StorageError):
                await asyncio.to_thread(watching.leave, self.case.number, self.visit.staff.id)

        background_tasks.create(leave(), name="leave a case")

    async def _earlier(self) -> None:
        self.limit += _PAGE
        await self.update()

    def _switch_panel(self) -> None:
        shown = "show-account" in self.element.classes
        self.element.classes(toggle="show-account")
        self.head.panel.props["aria-expanded"] = "false" if shown else "true"
        self.head.panel.set_text(self.words("Account" if shown else "Conversation"))

    async def _try_terms(self) -> None:
        await self.simulator.open(self.case.view)

    async def _take(self) -> None:
        handoffs, number = self.visit.desk.grace.handoffs, self.case.number
        claim = await self.case.act(lambda agent: handoffs.claim(number, agent))
        if claim is not None and not claim.won and claim.holder:
            said = self.words("{name} was faster and has this conversation now.", name=claim.holder)
            self.visit.say(said, "warning")
        await self.update()

    async def _take_again(self) -> None:
        handoffs, conversation = self.visit.desk.grace.handoffs, self.case.view.conversation_id
        self._go_to(await self.case.act(lambda agent: handoffs.take_over(conversation, agent)))

    async def _wake(self) -> None:
        assignments, number = self.visit.desk.grace.assignments, self.case.number
        await self.case.done(lambda agent: assignments.wake(number, agent))

    async def _close(self, outcome: Outcome, note: str, to_bot: bool, then_next: bool) -> bool:
        grace, number = self.visit.desk.grace, self.case.number

        def close(agent: int) -> tuple[int | None]:
            if then_next:
                return (grace.assignments.resolve_and_next(number, agent, outcome, note, to_bot=to_bot),)
            grace.handoffs.close(number, agent, outcome, note, to_bot=to_bot)
            return (None,)

        done = await self.case.act(close)
        if done is None:
            return False
        await self.case.spread()
        if done[0] is None:
            with self.visit.client:
                ui.navigate.to("/")
        self._go_to(done[0])
        return True

    def _go_to(self, number: int | None) -> None:
        if number is not None:
            with self.visit.client:
                ui.navigate.to(f"/case/{number}")
