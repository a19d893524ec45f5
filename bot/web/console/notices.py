"""Notices that wait for a yes: what each would say, whose yes is missing; and a new one for the law."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from nicegui import ui

from bot.services.notices import NoticeView
from bot.services.rights import has_right
from bot.services.switch import Thrown
from bot.web.console.acting import attempt
from bot.web.console.desk import Visit
from bot.web.console.layout import act, box, text
from bot.web.console.lists import Cards
from bot.web.console.reasons import Question, ReasonDialog
from bot.web.console.terms import ACTORS, GROUNDS, LEVELS


class NoticesPart:
    """The part of the approval inbox that is about messages, not about terms."""

    def __init__(self, visit: Visit, names: Any) -> None:
        self.visit = visit
        self.words = words = visit.words
        self.names = names
        self._shown: tuple[NoticeView, ...] | None = None
        with box("section", "switch"):
            self.state = text("p", "")
            self.throw = act(words("Switch automatic messages off"), self._throw, "outlined")
            self.throw.set_visibility(has_right(visit.staff.role, "lift"))
        with box("section", "notices"):
            with box("header", "row"):
                text("h2", words("Notices"))
                act(words("Ask for a legal notice"), self._request, "outlined")
            self.waiting = Cards(words("No notice waits for a decision."))
        self.reasons = ReasonDialog(visit)

    async def update(self) -> None:
        """Show the notices and the switch as they are now."""
        self._paint_switch(await asyncio.to_thread(self.visit.desk.grace.switch.state))
        found = await attempt(self.visit, self.visit.desk.grace.notices.waiting)
        if found is None or found == self._shown:
            return
        self._shown = found
        self.waiting.draw(found, self._card)

    def _paint_switch(self, state: Thrown) -> None:
        words = self.words
        said = words("Automatic messages are off.") if state.off else words("Automatic messages are on.")
        self.state.set_text(f"{said} “{state.reason}”" if state.reason else said)
        self.throw.set_text(
            words("Switch automatic messages on") if state.off else words("Switch automatic messages off")
        )
        # What the settings have switched off nobody switches on here.
        self.throw.set_enabled(not state.by_settings)
        self._off = state.off

    def _throw(self) -> None:
        words, switch, off = self.words, self.visit.desk.grace.switch, not self._off
        title = words("Switch automatic messages off") if off else words("Switch automatic messages on")
        meaning = words("Agents and answers go on either way.")

        async def throw(reason: str, _: bool) -> bool:
            state = await attempt(self.visit, lambda agent: switch.throw(agent, reason, off=off))
            if state is not None:
                self._paint_switch(state)
            return state is not None

        self.reasons.ask(Question(title, meaning, words("Reason"), title), throw)

    def _card(self, view: NoticeView) -> None:
        words = self.words
        with box("article", "card-entry") as card:
            card.props["aria-label"] = words("Notice {number}", number=view.id)
            with box("header"):
                text("h2", f"{view.borrower_name} · {view.loan_ref}")
                if view.ground is not None:
                    text("span", words.of(GROUNDS, view.ground), "chip level-3")
                level = words.of(LEVELS, view.consent.level)
                text("span", words("Needs: {level}", level=level), "chip level-4")
                if view.consent.two_person:
                    text("span", words("Two people"), "chip level-3")
                until = words.instant(view.expires_at, view.timezone)
                text("span", words("decide by {time}", time=until), "quiet age")
            text("p", view.text, "note")
            text("p", words("Asked by {name}", name=self._who(view.asked_by)), "quiet")
            for vote in view.votes:
                text("p", words("First agreed: {name}", name=self._who(vote.by)), "verified")
                text("p", f"“{vote.reason}”", "note")
            with box("footer", "closing-acts"):
                if view.may_be_decided_by(self.visit.staff.id, self.visit.staff.role):
                    act(words("Refuse"), partial(self._ask, view, False), "outlined")
                    act(words("Approve"), partial(self._ask, view, True))
                else:
                    text("p", words("Somebody else has to decide this."), "quiet")

    def _who(self, agent_id: int | None) -> str:
        if agent_id is None:
            return self.words.of(ACTORS, "clock")
        return str(self.names.get(agent_id, agent_id))

    def _ask(self, view: NoticeView, approves: bool) -> None:
        words, notices = self.words, self.visit.desk.grace.notices
        meaning = (
            words("It goes out as soon as the contact rules allow.")
            if approves
            else words("It is not sent. The borrower is told nothing.")
        )
        button = words("Approve") if approves else words("Refuse")

        async def decide(reason: str, _: bool) -> bool:
            done = await attempt(
                self.visit, lambda agent: notices.vote(view.id, agent, approves=approves, reason=reason)
            )
            if done is not None and done.state == "approval":
                self.visit.say(words("A second person has to agree."), "info")
            return await self._settled(done)

        self.reasons.ask(Question(button, meaning, words("Reason"), button), decide)

    def _request(self) -> None:
        words, notices = self.words, self.visit.desk.grace.notices

        def body() -> None:
            self.loan = ui.input(words("Loan")).props("outlined dense").on("blur", self._grounds)
            self.ground = ui.select({}, label=words("What the law asks to tell")).props("outlined dense")

        async def ask(reason: str, _: bool) -> bool:
            loan, ground = (self.loan.value or "").strip(), self.ground.value or ""
            try:
                done = await attempt(self.visit, lambda agent: notices.request(loan, ground, agent, reason))
            except LookupError:
                self.visit.say(words("There is no such loan."), "warning")
                return False
            return await self._settled(done)

        meaning = words("It may go out though the usual number of messages is reached, never at night.")
        title = words("Ask for a legal notice")
        self.reasons.ask(Question(title, meaning, words("Reason"), words("Ask")), ask, body)

    async def _grounds(self) -> None:
        """Offer the grounds of the loan's own contact rules."""
        loan = (self.loan.value or "").strip()
        try:
            found = await asyncio.to_thread(self.visit.desk.grace.notices.grounds, loan)
        except LookupError:
            found = ()
            if loan:
                self.visit.say(self.words("There is no such loan."), "warning")
        self.ground.set_options({one: self.words.of(GROUNDS, one) for one in found})

    async def _settled(self, view: NoticeView | None) -> bool:
        await self.visit.desk.wake()
        await self.visit.desk.feed.look()
        await self.update()
        return view is not None
