"""Granting other terms than were asked for: the terms, what comes of them at once, and a reason."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bot.domain.plans import Wish
from bot.services.approval_rows import ApprovalView
from bot.services.rights import NotAllowed
from bot.storage.db import StorageError
from bot.web.console.desk import Visit
from bot.web.console.figures import limit_table, summary, today_in
from bot.web.console.layout import box, text
from bot.web.console.reasons import Question, ReasonDialog
from bot.web.console.termsform import TermsForm

Change = Callable[[ApprovalView, Wish, str], Awaitable[bool]]


class DecideDialog:
    """The question; it can be answered only with terms that this level may grant, and a reason."""

    def __init__(self, visit: Visit, reasons: ReasonDialog, change: Change) -> None:
        self.visit = visit
        self.words = visit.words
        self._reasons = reasons
        self._change = change

    def open(self, view: ApprovalView) -> None:
        """Show it for a request, its terms filled in."""
        words = self.words

        async def change(reason: str, _: bool) -> bool:
            return await self._change(view, self.form.wish(), reason)

        def terms() -> None:
            self.form = TermsForm(words, view.option.principal.currency, lambda: self._try(view))
            self.found = box("div", "found").props('role="status"')
            self.form.fill(view.terms)

        question = Question(words("Change terms"), "", words("Reason"), words("Offer these terms"))
        self._reasons.ask(question, change, terms)

    async def _try(self, view: ApprovalView) -> None:
        words = self.words
        proposals, wish, agent = self.visit.desk.grace.proposals, self.form.wish(), self.visit.staff.id
        try:
            trial = await asyncio.to_thread(proposals.try_out, view.conversation_id, wish, agent)
        except (NotAllowed, StorageError):
            return
        today = today_in(self.visit.desk.now(), view.timezone)
        self.found.clear()
        with self.found:
            if trial.is_own and trial.option is not None:
                text("p", summary(words, trial.option, today), "verified")
            else:
                text("p", words("These terms are beyond what your level may grant."), "unverified")
                limit_table(words, trial.limits, today)
        self._reasons.button.set_enabled(trial.is_own)
