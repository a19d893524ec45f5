"""The approval inbox: requests beyond somebody's authority, the terms beside the limits, and the decision."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from bot.domain.approvals import ApprovalState
from bot.domain.plans import Wish
from bot.services.approval_rows import ApprovalView, level_of
from bot.web.console.acting import attempt
from bot.web.console.deciding import DecideDialog
from bot.web.console.desk import Visit
from bot.web.console.figures import limit_table, schedule, summary, today_in, wished
from bot.web.console.layout import Frame, act, box, text
from bot.web.console.reasons import Question, ReasonDialog
from bot.web.console.terms import ACTORS, APPROVALS, LEVELS

_TICK = 20.0
_SOON_HOURS = 8


async def approvals(visit: Visit, _: Mapping[str, Any]) -> None:
    """Build the page."""
    entries = await visit.desk.board.read()
    names = await asyncio.to_thread(visit.desk.grace.staff.names)
    Frame(visit, visit.words("Approvals"), entries)
    page = ApprovalsPage(visit, names)
    await page.update()
    visit.follow(visit.desk.feed.subscribe(), page.update)


class ApprovalsPage:
    """What waits, longest first, each with what is needed to decide; below it what was decided."""

    def __init__(self, visit: Visit, names: Mapping[int, str]) -> None:
        self.visit = visit
        self.words = words = visit.words
        self.names = names
        self._shown: tuple[Any, ...] | None = None
        self._ages: list[tuple[ApprovalView, TextElement]] = []
        with box("main", "desk"):
            text("h1", words("Approvals"))
            self.waiting = box("div", "cards")
            self.empty = text("p", words("No request waits for a decision."), "empty")
            self.past = box("details", "past-cards")
            with self.past:
                text("summary", words("Decided before"))
                self.decided = box("ul", "facts")
        self.reasons = ReasonDialog(visit)
        self.deciding = DecideDialog(visit, self._change)
        ui.timer(_TICK, self._age, immediate=False)

    async def update(self) -> None:
        """Show the requests as they are now; nothing is drawn again while nothing has changed."""
        grace = self.visit.desk.grace
        waiting = await asyncio.to_thread(grace.approvals.waiting)
        decided = await asyncio.to_thread(grace.approvals.decided)
        history = await asyncio.to_thread(
            lambda: {one.id: grace.approvals.of_loan(one.loan_id) for one in waiting}
        )
        if (waiting, decided) == self._shown:
            return
        self._shown = waiting, decided
        self.waiting.clear()
        self._ages.clear()
        with self.waiting:
            for one in waiting:
                self._card(one, [past for past in history[one.id] if past.id != one.id])
        self.empty.set_visibility(not waiting)
        self.decided.clear()
        with self.decided:
            for one in decided:
                self._past(one)
        self.past.set_visibility(bool(decided))

    def _age(self) -> None:
        for view, label in self._ages:
            label.set_text(self._time(view))

    def _time(self, view: ApprovalView) -> str:
        words, now = self.words, self.visit.desk.now()
        since = words("waiting: {time}", time=words.elapsed(view.created_at, now))
        until = words("decide by {time}", time=words.instant(view.expires_at, view.timezone))
        return f"{since} · {until}"

    def _card(self, view: ApprovalView, history: list[ApprovalView]) -> None:
        words = self.words
        now = self.visit.desk.now()
        today = today_in(now, view.timezone)
        hours = (view.expires_at - now).total_seconds() / 3600
        with box("article", "card-entry soon" if hours < _SOON_HOURS else "card-entry") as card:
            card.props["aria-label"] = words("Request {number}", number=view.id)
            with box("header"):
                self._name(view)
                text("span", words("Needs: {level}", level=words.of(LEVELS, view.level)), "chip level-4")
                if view.needs_two:
                    text("span", words("Two people"), "chip level-3")
                label = text("span", self._time(view), "quiet age")
                self._ages.append((view, label))
            with box("div", "columns"):
                with box("section"):
                    text("h3", words("Asked for"))
                    text("p", summary(words, view.option, today), "strong")
                    self._pairs(view, today)
                    if view.terms != view.wish:
                        text("h3", words("Changed by the first person"))
                        with box("dl"):
                            for name, value in wished(words, view.terms, today):
                                text("dt", name)
                                text("dd", value)
                    with box("details"):
                        text("summary", words("All payments"))
                        schedule(words, view.option, today)
                with box("section"):
                    text("h3", words("Against the limits"))
                    limit_table(words, view.limits, today)
                    self._story(view, history, today)
            self._acts(view)

    def _name(self, view: ApprovalView) -> None:
        name = f"{view.borrower_name} · {view.loan_ref}"
        if view.handoff_id is None:
            text("h2", name)
            return
        with box("h2"):
            ui.link(name, f"/case/{view.handoff_id}")

    def _pairs(self, view: ApprovalView, today: date) -> None:
        words, option = self.words, view.option
        with box("dl"):
            for name, value in (
                (words("Settles"), words.money(option.principal)),
                (words("Extra cost"), words.money(option.cost)),
                (words("Most in a month"), words.money(option.monthly)),
                *wished(words, view.wish, today),
            ):
                text("dt", name)
                text("dd", value)
        ability = view.wish.ability
        if ability is not None:
            fits = option.monthly <= ability
            said = "Within what they can pay." if fits else "More than they said they can pay."
            text("p", words(said), "verified" if fits else "unverified")

    def _story(self, view: ApprovalView, history: list[ApprovalView], today: date) -> None:
        words = self.words
        text("p", words("Asked by {name}", name=self._who(view.asked_by)), "quiet")
        if view.note:
            text("p", f"“{view.note}”", "note")
        if view.decided_by is not None:
            text("p", words("First agreed: {name}", name=self._who(view.decided_by)), "verified")
            text("p", f"“{view.reason}”", "note")
        if history:
            text("h3", words("Requests before"))
            with box("ul", "facts"):
                for past in history:
                    with box("li"):
                        text("span", summary(words, past.option, today))
                        text("span", words.of(APPROVALS, past.state.value), "quiet")

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
        people = [self._who(one) for one in (view.decided_by, view.second_by) if one is not None]
        with box("li"):
            text("span", f"{view.borrower_name} · {summary(words, view.option, today)}")
            state = words.of(APPROVALS, view.state.value)
            text("span", " · ".join([state, *people]), "quiet")
            if view.second_reason or view.reason:
                text("span", f"“{view.second_reason or view.reason}”", "quiet note")

    def _who(self, agent_id: int | None) -> str:
        words = self.words
        return words.of(ACTORS, "bot") if agent_id is None else self.names.get(agent_id, str(agent_id))

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
