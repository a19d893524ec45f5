"""The plan simulator: terms tried beside a case, the limits they meet, and who may grant them."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable

from nicegui import ui

from bot.domain.model import Refusal
from bot.domain.plans import Wish
from bot.domain.policy import Authority
from bot.services.cases import CaseView
from bot.services.proposals import Trial
from bot.services.rights import NotAllowed
from bot.storage.db import StorageError
from bot.web.console.acting import attempt, refusal_words
from bot.web.console.desk import Visit
from bot.web.console.figures import limit_table, schedule, summary, today_in
from bot.web.console.layout import act, box, text
from bot.web.console.terms import LEVELS, LIMITS, REFUSALS
from bot.web.console.termsform import TermsForm


class Simulator:
    """The dialog. Terms within one's own level go to the borrower, others to who may grant them."""

    def __init__(self, visit: Visit, spread: Callable[[], Awaitable[None]]) -> None:
        self.visit = visit
        self.words = visit.words
        self._spread = spread
        self._view: CaseView | None = None
        self._trial: Trial | None = None
        with ui.dialog() as self.dialog, ui.card().classes("closing simulator") as self.card:
            pass

    async def open(self, view: CaseView) -> None:
        """Show it for a case."""
        words = self.words
        if view.loan is None:
            return
        self._view = view
        # The same terms keep their key until they were taken: a repeated press offers or asks once.
        self._key = uuid.uuid4().hex
        self.card.clear()
        with self.card:
            text("h2", words("Try terms"))
            with box("div", "columns"):
                with box("div"):
                    self.form = TermsForm(words, view.loan.outstanding.currency, self._try)
                    self.note = ui.textarea(words("Note for who decides"))
                    self.note.props('outlined dense autogrow maxlength="500"')
                self.found = box("div", "found").props('role="status"')
            with box("div", "closing-acts"):
                act(words("Cancel"), self.dialog.close, "plain")
                self.ask = act(words("Ask for approval"), self._ask, "outlined")
                self.offer = act(words("Offer to the borrower"), self._offer)
        await self._try()
        self.dialog.open()

    async def _try(self) -> None:
        view, proposals = self._view, self.visit.desk.grace.proposals
        if view is None:
            return
        wish, agent = self.form.wish(), self.visit.staff.id
        try:
            self._trial = await asyncio.to_thread(proposals.try_out, view.conversation_id, wish, agent)
        except (NotAllowed, StorageError) as refusal:
            self._refused(refusal)
            return
        if wish == self.form.wish():
            self._paint(self._trial, view)

    def _refused(self, refusal: NotAllowed | StorageError) -> None:
        words = self.words
        self._trial = None
        self.found.clear()
        with self.found:
            said = (
                refusal_words(words, refusal)
                if isinstance(refusal, NotAllowed)
                else words("The database does not answer just now. Please try again in a moment.")
            )
            text("p", said, "unverified")
        self.offer.disable()
        self.ask.disable()

    def _paint(self, trial: Trial, view: CaseView) -> None:
        words = self.words
        today = today_in(self.visit.desk.now(), view.timezone)
        self.found.clear()
        with self.found:
            text("p", self._verdict(trial), "verified" if trial.is_own else "unverified")
            if trial.limits:
                limit_table(words, trial.limits, today)
            if trial.option is not None:
                text("h3", words("Schedule") if trial.level else words("The nearest possible"))
                text("p", summary(words, trial.option, today), "strong")
                with box("dl"):
                    for name, value in (
                        ("Settles", words.money(trial.option.principal)),
                        ("Extra cost", words.money(trial.option.cost)),
                        ("Most in a month", words.money(trial.option.monthly)),
                        ("Effective annual rate", f"{trial.annual_rate} %"),
                    ):
                        text("dt", words(name))
                        text("dd", value)
                schedule(words, trial.option, today)
        may_send = view.verified and (view.agent_id in (None, self.visit.staff.id))
        self.offer.set_enabled(trial.is_own and may_send)
        self.ask.set_enabled(trial.level is not None and not trial.is_own and view.verified)
        if not view.verified:
            with self.found:
                text("p", words("Identity not confirmed: tell nothing of the debt."), "unverified")

    def _verdict(self, trial: Trial) -> str:
        words = self.words
        if trial.is_own:
            return words("You may grant these terms.")
        if trial.level is None:
            return words("Nobody may grant these terms.")
        return words("Beyond your level; {level} may grant it.", level=words.of(LEVELS, trial.level))

    async def _offer(self) -> None:
        view, wish, key = self._view, self.form.wish(), self._key
        proposals = self.visit.desk.grace.proposals
        if view is None:
            return
        self.offer.disable()
        done = await attempt(self.visit, lambda agent: proposals.offer(view.handoff_id, agent, wish, key=key))
        if done is not None:
            self.visit.say(self.words("Offered to the borrower."), "positive")
            self.dialog.close()
            await self._spread()

    async def _ask(self) -> None:
        view, wish, trial = self._view, self.form.wish(), self._trial
        if view is None or trial is None or trial.level is None:
            return
        self.ask.disable()
        made = await attempt(self.visit, self._request(view, wish, trial.level))
        if made is None:
            return
        if isinstance(made, tuple):
            self.visit.say(", ".join(self._hindrance(one) for one in made), "warning")
            return
        self.visit.say(self.words("The request waits for a decision."), "positive")
        self.dialog.close()
        await self._spread()

    def _request(self, view: CaseView, wish: Wish, level: Authority) -> Callable[[int], object]:
        approvals, note, turn = self.visit.desk.grace.approvals, self.note.value or "", f"ask:{self._key}"

        def ask(agent: int) -> object:
            return approvals.request(view.conversation_id, wish, level=level, turn=turn, by=agent, note=note)

        return ask

    def _hindrance(self, refusal: Refusal) -> str:
        named = {"approval.plan_active": "plan_active", "approval.waiting": "request_waits"}
        code = named.get(refusal.limit)
        return self.words.of(LIMITS, refusal.limit) if code is None else self.words.of(REFUSALS, code)
