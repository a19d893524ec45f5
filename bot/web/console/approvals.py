"""The approval inbox: requests beyond somebody's authority, the terms beside the limits, and the decision."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from nicegui import ui

from bot.domain.approvals import ApprovalState
from bot.domain.plans import Wish
from bot.services.approval_rows import ApprovalView, level_of
from bot.web.console.acting import attempt
from bot.web.console.approval_cards import ApprovalCards
from bot.web.console.deciding import DecideDialog
from bot.web.console.desk import Visit
from bot.web.console.figures import summary, today_in
from bot.web.console.frame import Frame
from bot.web.console.layout import act, box, text
from bot.web.console.lists import Cards, Past
from bot.web.console.notices import NoticesPart
from bot.web.console.reasons import Question, ReasonDialog
from bot.web.console.terms import APPROVALS

_TICK = 20.0


async def approvals(visit: Visit, _: Mapping[str, Any]) -> None:
    """Build the page."""
    names = await asyncio.to_thread(visit.desk.grace.staff.names)
    await Frame.open(visit, visit.words("Approvals"))
    page = ApprovalsPage(visit, names)
    await page.update()
    visit.follow(visit.desk.feed.subscribe(), page.update)


class ApprovalsPage:
    """What waits, longest first, each with what is needed to decide; below it what was decided."""

    def __init__(self, visit: Visit, names: Mapping[int, str]) -> None:
        self.visit = visit
        self.words = words = visit.words
        self._shown: tuple[Any, ...] | None = None
        self.cards = ApprovalCards(visit, names, self._acts)
        with box("div", "desk"):
            text("h1", words("Approvals"))
            self.waiting = Cards(words("No request waits for a decision."))
            self.past = Past(words("Decided before"))
            self.notices = NoticesPart(visit, names)
        self.reasons = ReasonDialog(visit)
        self.deciding = DecideDialog(visit, self.reasons, self._change)
        ui.timer(_TICK, self.cards.age, immediate=False)

    async def update(self) -> None:
        """Show the requests as they are now; nothing is drawn again while nothing has changed."""
        grace = self.visit.desk.grace
        await self.notices.update()

        def read(
            agent: int,
        ) -> tuple[tuple[ApprovalView, ...], tuple[ApprovalView, ...], dict[int, tuple[ApprovalView, ...]]]:
            waiting = grace.approvals.waiting(agent)
            history = {one.id: grace.approvals.of_loan(one.loan_id, agent) for one in waiting}
            return waiting, grace.approvals.decided(agent), history

        found = await attempt(self.visit, read)
        if found is None:
            return
        waiting, decided, history = found
        if (waiting, decided) == self._shown:
            return
        self._shown = waiting, decided
        self.cards.forget()
        self.waiting.draw(
            waiting,
            lambda one: self.cards.draw(one, [past for past in history[one.id] if past.id != one.id]),
        )
        self.past.draw(decided, self._past)

    def _acts(self, view: ApprovalView) -> None:
        words, staff = self.words, self.visit.staff
        with box("footer", "closing-acts"):
            if view.may_be_decided_by(staff.id, level_of(staff.role)):
                act(words("Refuse"), partial(self._ask, view, "refuse"), "outlined")
                act(words("Change terms"), partial(self.deciding.open, view), "outlined")
                act(words("Approve"), partial(self._ask, view, "approve"))
            elif view.asked_by == staff.id:
                act(words("Take back"), partial(self._take_back, view), "outlined")
            else:
                text("p", words("Somebody else has to decide this."), "quiet")

    def _past(self, view: ApprovalView) -> None:
        words = self.words
        today = today_in(self.visit.desk.now(), view.timezone)
        people = [self.cards.who(one) for one in (view.decided_by, view.second_by) if one is not None]
        text("span", f"{view.borrower_name} · {summary(words, view.option, today)}")
        state = words.of(APPROVALS, view.state.value)
        text("span", " · ".join([state, *people]), "quiet")
        if view.second_reason or view.reason:
            text("span", f"“{view.second_reason or view.reason}”", "quiet note")

    def _ask(self, view: ApprovalView, verdict: str) -> None:
        words = self.words
        approve = verdict == "approve"
        meaning = (
            words("The borrower gets these terms as an offer and decides.")
            if approve
            else words("The borrower is told kindly, with the ways that remain.")
        )
        button = words("Approve") if approve else words("Refuse")
        approvals = self.visit.desk.grace.approvals

        async def decide(reason: str, _: bool) -> bool:
            done = await attempt(
                self.visit,
                lambda agent: approvals.decide(
                    view.id, agent_id=agent, verdict="approve" if approve else "refuse", reason=reason
                ),
            )
            return await self._settled(done)

        self.reasons.ask(Question(button, meaning, words("Reason"), button), decide)

    async def _change(self, view: ApprovalView, terms: Wish, reason: str) -> bool:
        approvals = self.visit.desk.grace.approvals
        done = await attempt(
            self.visit,
            lambda agent: approvals.decide(
                view.id, agent_id=agent, verdict="change", reason=reason, terms=terms
            ),
        )
        return await self._settled(done)

    def _take_back(self, view: ApprovalView) -> None:
        words = self.words
        approvals = self.visit.desk.grace.approvals

        async def take(reason: str, _: bool) -> bool:
            done = await attempt(
                self.visit, lambda agent: approvals.withdraw(view.id, agent_id=agent, reason=reason)
            )
            return await self._settled(done)

        meaning = words("Nobody has to decide it any more.")
        self.reasons.ask(Question(words("Take back"), meaning, words("Reason"), words("Take back")), take)

    async def _settled(self, view: ApprovalView | None) -> bool:
        if view is None:
            await self.update()
            return False
        words = self.words
        if view.state is ApprovalState.WAITING:
            self.visit.say(words("A second person has to agree."), "info")
        else:
            self.visit.say(words.of(APPROVALS, view.state.value), "positive")
        await self.visit.desk.wake()
        await self.visit.desk.feed.look()
        await self.update()
        return True
