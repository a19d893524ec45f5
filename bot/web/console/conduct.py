"""What an agent does with a case besides talking: pass on, ask a colleague in, put aside, link, call."""

from __future__ import annotations

import asyncio

from nicegui import ui

from bot.services.allowance import Allowance
from bot.services.desk.presence import AgentView
from bot.web.console.allowing import window_words
from bot.web.console.handling import Handling
from bot.web.console.layout import text
from bot.web.console.moments import Moment
from bot.web.console.reasons import Question, ReasonDialog
from bot.web.console.row import team_names
from bot.web.console.terms import CALL_ENDS, PRESENCES, PRESENCES_ORDER

_CHOICE = "outlined dense options-dense use-input input-debounce=0 fill-input hide-selected"


class Conduct:
    """The dialogs of one case page."""

    def __init__(self, case: Handling, dialog: ReasonDialog) -> None:
        self.case = case
        self.visit = case.visit
        self.words = case.words
        self._dialog = dialog

    async def transfer(self) -> None:
        """Pass the case on to a colleague or a team, with the reason."""
        words, assignments = self.words, self.visit.desk.grace.assignments
        people = {f"agent {one.id}": self._described(one) for one in await self._colleagues()}
        teams = {
            f"team {code}": words("Team: {name}", name=name) for code, name in team_names(self.visit).items()
        }

        def body() -> None:
            self.to = ui.select({**people, **teams}, label=words("To whom")).props(_CHOICE)

        async def go(reason: str, _: bool) -> bool:
            kind, _space, code = str(self.to.value or "").partition(" ")
            if not code:
                return self._choose(self.to)
            taker = {"to_agent": int(code)} if kind == "agent" else {"to_team": code}
            number = self.case.number
            return await self.case.done(lambda agent: assignments.transfer(number, agent, reason, **taker))

        meaning = words("They have it from then on; the conversation and your notes go with it.")
        self._dialog.ask(Question(words("Pass on"), meaning, words("Reason"), words("Pass on")), go, body)

    async def colleague(self) -> None:
        """Ask a colleague in: they read and write notes, and send nothing."""
        words, assignments = self.words, self.visit.desk.grace.assignments
        people = {one.id: self._described(one) for one in await self._colleagues()}

        def body() -> None:
            self.to = ui.select(people, label=words("Colleague")).props(_CHOICE)

        async def go(_reason: str, _: bool) -> bool:
            if self.to.value is None:
                return self._choose(self.to)
            number, colleague = self.case.number, int(self.to.value)
            return await self.case.done(lambda agent: assignments.add_colleague(number, agent, colleague))

        meaning = words("They read along and write notes; you go on talking with the borrower.")
        self._dialog.ask(Question(words("Add a colleague"), meaning, None, words("Add")), go, body)

    def snooze(self) -> None:
        """Put the case aside until an instant, or until the borrower writes."""
        words, assignments = self.words, self.visit.desk.grace.assignments

        def body() -> None:
            self.moment = Moment(self.visit, self.case.view.timezone)

        async def go(_reason: str, _: bool) -> bool:
            at = self.moment.at()
            if at is None:
                return False
            number = self.case.number
            return await self.case.done(lambda agent: assignments.snooze(number, agent, at))

        meaning = words("It comes back at that time, or as soon as the borrower writes.")
        self._dialog.ask(Question(words("Put aside"), meaning, None, words("Put aside")), go, body)

    async def debt(self) -> None:
        """Say that the case is about another debt of the same borrower too."""
        words, assignments = self.words, self.visit.desk.grace.assignments
        loans = await asyncio.to_thread(assignments.loans, self.case.number)
        current = self.case.view.loan.ref if self.case.view.loan else None
        free = {ref: ref for ref, linked in loans if not linked and ref != current}
        if not free:
            self.visit.say(words("There is no other debt to link."), "info")
            return

        def body() -> None:
            self.to = ui.select(free, label=words("Debt")).props("outlined dense options-dense")

        async def go(_reason: str, _: bool) -> bool:
            if self.to.value is None:
                return self._choose(self.to)
            number, ref = self.case.number, str(self.to.value)
            return await self.case.done(lambda agent: assignments.link_loan(number, agent, ref))

        meaning = words("The case is then about that debt too.")
        self._dialog.ask(Question(words("Link another debt"), meaning, None, words("Link")), go, body)

    def call(self) -> None:
        """Put a call on record: it counts like any other contact."""
        words, view, calls = self.words, self.case.view, self.visit.desk.grace.calls
        if view.loan is None:
            return
        ref = view.loan.ref
        allowance = next((one for one in view.allowances if one.channel == "call"), None)

        def body() -> None:
            if allowance is not None:
                text("p", self._window(allowance), f"window {allowance.status}")
            self.ended = ui.radio({code: words(name) for code, name in CALL_ENDS.items()})

        async def go(note: str, _: bool) -> bool:
            ended = self.ended.value
            if ended is None:
                self.visit.say(words("Please choose an outcome."), "warning")
                return False
            return await self.case.done(lambda agent: calls.record(ref, agent, ended, note=note))

        meaning = words("Calls count towards what may be tried in a day, so each goes on record.")
        question = Question(words("Record a call"), meaning, words("What was said"), words("Record the call"))
        self._dialog.ask(question, go, body)

    def _window(self, allowance: Allowance) -> str:
        zone = self.case.view.timezone
        return window_words(self.words, allowance.status, allowance.until, allowance.why, zone)

    async def _colleagues(self) -> list[AgentView]:
        agents = await asyncio.to_thread(self.visit.desk.grace.presence.agents)
        others = [one for one in agents if one.id != self.visit.staff.id]
        return sorted(others, key=lambda one: (PRESENCES_ORDER.index(one.presence), one.name))

    def _described(self, one: AgentView) -> str:
        return f"{one.name} · {self.words.of(PRESENCES, one.presence)} · {one.load}/{one.capacity}"

    def _choose(self, field: ui.select) -> bool:
        field.props(add="error")
        field.props["error-message"] = self.words("Please choose.")
        return False
