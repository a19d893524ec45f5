"""A case: the conversation, the account beside it, and what an agent can do about it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from nicegui import ui
from nicegui.events import GenericEventArguments

from bot.domain.handoff import HandoffState, Outcome
from bot.domain.model import HoldKind
from bot.services.cases import CaseView
from bot.services.holds import HoldFact, is_wish
from bot.services.rights import NotAllowed
from bot.services.threads import Line
from bot.storage.db import StorageError
from bot.web.console.account import Account, Deals
from bot.web.console.acting import refusal_words
from bot.web.console.closing import CloseDialog
from bot.web.console.desk import Visit
from bot.web.console.layout import Frame, act, box, dress, icon_button, notice, text
from bot.web.console.readings import ReadingDialog
from bot.web.console.reasons import Question, ReasonDialog
from bot.web.console.simulator import Simulator
from bot.web.console.terms import HOLDS, OUTCOMES, REASONS, STATES
from bot.web.console.thread import Thread

T = TypeVar("T")

_PAGE = 200
_TICK = 10.0


async def case(visit: Visit, path: Mapping[str, Any]) -> None:
    """Build the page of one hand-off; opening it is recorded."""
    number = str(path["number"])
    cases = visit.desk.grace.cases
    view = None
    if number.isascii() and number.isdecimal() and len(number) < 10:
        view = await asyncio.to_thread(cases.view, int(number), visit.staff.id)
    if view is None:
        dress(visit.client, visit.words, visit.words("There is no such case."))
        with notice(visit.words("There is no such case.")):
            ui.link(visit.words("Back to the queue"), "/")
        return
    names = await asyncio.to_thread(visit.desk.grace.staff.names)
    lines = await asyncio.to_thread(visit.desk.grace.threads.tail, view.conversation_id, _PAGE)
    entries = await visit.desk.board.read()
    Frame(visit, visit.words("Case {number}", number=view.handoff_id), entries)
    CasePage(visit, view, names).paint(view, lines)


class CasePage:
    """One hand-off, open on one screen."""

    def __init__(self, visit: Visit, view: CaseView, names: Mapping[int, str]) -> None:
        self.visit = visit
        self.words = visit.words
        self.view = view
        self.limit = _PAGE
        with box("main", "case") as self.element:
            self._head()
            with box("div", "talk"):
                self.earlier = act(self.words("Show earlier messages"), self._earlier, "plain")
                self.earlier.classes("earlier")
                self.thread = Thread(
                    visit, view.borrower_name, view.timezone, lambda line: self.readings.open(line)
                )
                self._foot()
            self.account = Account(
                visit, names, self._ask_to_lift, self._ask_to_vouch, Deals(self._tell_offer, self._record_yes)
            )
        self.reasons = ReasonDialog(visit)
        self.closing = CloseDialog(visit, view.reason, self._close)
        self.simulator = Simulator(visit, self._spread)
        self.readings = ReadingDialog(visit, self._update)
        visit.follow(visit.desk.feed.subscribe(), self._update)
        ui.timer(_TICK, self.account.tick, immediate=False)

    def _head(self) -> None:
        words = self.words
        with box("div", "case-head"):
            ui.link(target="/").classes("back").props["aria-label"] = words("Back to the queue")
            with box("div", "case-title"):
                text("h1", self.view.borrower_name or words("Not identified"))
                self.priority = text("span", "", "chip")
                self.reason = text("span", "", "reason")
                self.state = text("span", "", "quiet").props('role="status"')
            with box("div", "case-acts"):
                self.panel = act(words("Account"), self._switch_panel, "plain").classes("panel-switch")
                self.panel.props["aria-expanded"] = "false"
                self.take = act(words("Take"), self._take)
                self.again = act(words("Take over again"), self._take_again, "outlined")
                self.simulate = act(words("Try terms"), self._simulate, "outlined")
                self.close = act(words("Close conversation"), self._ask_to_close, "outlined")

    def _foot(self) -> None:
        words = self.words
        name = self.view.borrower_name or words("Borrower")
        with box("div", "reply") as self.reply:
            self.box = ui.textarea(words("Reply to {name}", name=name)).props("outlined autogrow dense")
            self.box.props["hint"] = words("Ctrl+Enter sends")
            self.box.set_value(self.visit.desk.drafts.get(self._draft, ""))
            self.box.on_value_change(lambda event: self._keep(event.value or ""))
            # The browser gives each message its key: a message that is sent twice keeps it and goes out once.
            self.box.on("keydown", self._send, js_handler="(event) => grace.send(event, emit)")
            button = icon_button("send", words("Send")).classes("send")
            button.on("click", self._send, js_handler="(event) => grace.send(event, emit)")
        self.why_not = text("p", "", "why-not")

    @property
    def _draft(self) -> tuple[int, int]:
        return self.visit.staff.id, self.view.handoff_id

    def _keep(self, written: str) -> None:
        if written:
            self.visit.desk.drafts[self._draft] = written
        else:
            self.visit.desk.drafts.pop(self._draft, None)

    def _ask_to_close(self) -> None:
        self.closing.open()

    def _switch_panel(self) -> None:
        shown = "show-account" in self.element.classes
        self.element.classes(toggle="show-account")
        self.panel.props["aria-expanded"] = "false" if shown else "true"
        self.panel.set_text(self.words("Account" if shown else "Conversation"))

    def paint(self, view: CaseView, lines: list[Line]) -> None:
        """Show the case as it is now."""
        words = self.words
        self.view = view
        state = HandoffState(view.state)
        mine = view.agent_id == self.visit.staff.id
        self.priority.set_text(words.priority(view.priority))
        self.priority.classes(replace=f"chip level-{view.priority}")
        self.reason.set_text(words.of(REASONS, view.reason))
        self.state.set_text(self._standing())
        may_speak = state is HandoffState.WAITING or (state is HandoffState.CLAIMED and mine)
        self.take.set_visibility(state is HandoffState.WAITING)
        self.again.set_visibility(not state.is_open)
        self.close.set_visibility(may_speak)
        self.simulate.set_visibility(may_speak and view.loan is not None)
        self.reply.set_visibility(may_speak)
        self.why_not.set_text(self._standing())
        self.why_not.set_visibility(not may_speak)
        self.earlier.set_visibility(len(lines) >= self.limit)
        self.thread.paint(lines)
        self.account.paint(view)

    def _standing(self) -> str:
        words, view = self.words, self.view
        if not HandoffState(view.state).is_open:
            outcome = words.of(OUTCOMES, view.outcome or "resolved")
            return f"{words('Closed: {outcome}', outcome=outcome)} · {words.of(STATES, view.state)}"
        if view.agent_id is None:
            return words("Waiting for someone to take it.")
        if view.agent_id == self.visit.staff.id:
            return words("You have this conversation.")
        return words("{name} has this conversation.", name=view.agent_name or "")

    async def _update(self) -> None:
        grace, conversation = self.visit.desk.grace, self.view.conversation_id
        view = await asyncio.to_thread(grace.cases.peek, self.view.handoff_id)
        lines = await asyncio.to_thread(grace.threads.tail, conversation, self.limit)
        if view is not None:
            self.paint(view, lines)

    async def _earlier(self) -> None:
        self.limit += _PAGE
        await self._update()

    async def _act(self, act: Callable[[int], T]) -> T | None:
        """Run one act as whoever is signed in now; a refusal is shown in words and returns None."""
        words = self.words
        staff = await self.visit.who()
        if staff is None:
            return None
        try:
            return await asyncio.to_thread(act, staff.id)
        except NotAllowed as refusal:
            await self._update()
            self.visit.say(self._why(refusal), "warning")
        except StorageError:
            self.visit.say(
                words("The database does not answer just now. Please try again in a moment."), "negative"
            )
        return None

    def _why(self, refusal: NotAllowed) -> str:
        """Say what stood in the way; who has the case, or that it is closed, stands in the case itself."""
        if refusal.code in ("taken", "closed"):
            return self._standing()
        return refusal_words(self.words, refusal)

    async def _simulate(self) -> None:
        await self.simulator.open(self.view)

    async def _tell_offer(self, offer_id: int) -> None:
        proposals, number = self.visit.desk.grace.proposals, self.view.handoff_id
        key = f"tell {offer_id}"

        def tell(agent: int) -> bool:
            proposals.pass_on(number, agent, offer_id, key=key)
            return True

        if await self._act(tell):
            await self._spread()

    async def _record_yes(self, offer_id: int) -> None:
        proposals, number = self.visit.desk.grace.proposals, self.view.handoff_id
        plan = await self._act(lambda agent: proposals.agree(number, agent, offer_id))
        if plan is not None:
            self.visit.say(self.words("The plan is set up."), "positive")
            await self._spread()

    def _ask_to_lift(self, hold: HoldFact) -> None:
        words, wish = self.words, is_wish(HoldKind(hold.kind))
        meaning = (
            words("This is the borrower's own wish. Undo it only if they have asked for that themself.")
            if wish
            else words("Reminders may go out again once nothing else stands in their way.")
        )
        consent = words("The borrower has asked for this themself.") if wish else None
        title = words("Lift: {hold}", hold=words.of(HOLDS, hold.kind))
        holds = self.visit.desk.grace.holds

        async def lift(reason: str, asked: bool) -> bool:
            lifted = await self._act(lambda agent: holds.lift(hold.id, agent, reason, asked=asked))
            return await self._settled(lifted is not None)

        self.reasons.ask(Question(title, meaning, words("Reason"), words("Lift"), consent), lift)

    def _ask_to_vouch(self) -> None:
        words = self.words
        identity, conversation = self.visit.desk.grace.identity, self.view.conversation_id

        def vouch_as(agent: int, how: str) -> bool:
            identity.vouch_as(conversation, agent, how)
            return True

        async def vouch(how: str, _: bool) -> bool:
            return await self._settled(bool(await self._act(lambda agent: vouch_as(agent, how))))

        self.reasons.ask(
            Question(
                words("Confirm identity"),
                words("From then on the debt may be spoken of in this chat."),
                words("How was it checked?"),
                words("Confirm"),
            ),
            vouch,
        )

    async def _settled(self, done: bool) -> bool:
        if done:
            await self._update()
        return done

    async def _take(self) -> None:
        handoffs, number = self.visit.desk.grace.handoffs, self.view.handoff_id
        claim = await self._act(lambda agent: handoffs.claim(number, agent))
        if claim is not None and not claim.won and claim.holder:
            self.visit.say(
                self.words("{name} was faster and has this conversation now.", name=claim.holder), "warning"
            )
        await self._update()

    async def _take_again(self) -> None:
        handoffs, conversation = self.visit.desk.grace.handoffs, self.view.conversation_id
        number = await self._act(lambda agent: handoffs.take_over(conversation, agent))
        if number is not None:
            with self.visit.client:
                ui.navigate.to(f"/case/{number}")

    async def _send(self, event: GenericEventArguments) -> None:
        written, key = str(event.args["text"]), str(event.args["key"])[:64]
        handoffs, number = self.visit.desk.grace.handoffs, self.view.handoff_id
        sent = await self._act(lambda agent: handoffs.reply(number, agent, written, key=key))
        if sent is None:
            return
        self._keep("")
        with self.visit.client:
            ui.run_javascript(f"grace.sent({json.dumps(key)})")
        await self._spread()

    async def _close(self, outcome: Outcome, note: str, to_bot: bool) -> bool:
        handoffs, number = self.visit.desk.grace.handoffs, self.view.handoff_id

        def close(agent: int) -> bool:
            handoffs.close(number, agent, outcome, note, to_bot=to_bot)
            return True

        if not await self._act(close):
            return False
        self._keep("")
        await self._spread()
        with self.visit.client:
            ui.navigate.to("/")
        return True

    async def _spread(self) -> None:
        """Send what was queued at once, and let every open page see it at once."""
        await self.visit.desk.wake()
        await self.visit.desk.feed.look()
