"""Granting other terms than were asked for: the terms, what comes of them at once, and a reason."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from nicegui import ui

from bot.domain.plans import Wish
from bot.services.approval_rows import ApprovalView
from bot.services.rights import NotAllowed
from bot.storage.db import StorageError
from bot.web.console.desk import Visit
from bot.web.console.figures import limit_table, summary, today_in
from bot.web.console.layout import act, box, text
from bot.web.console.termsform import TermsForm

Change = Callable[[ApprovalView, Wish, str], Awaitable[bool]]


class DecideDialog:
    """The dialog; it can be sent only with terms that this level may grant, and a reason."""

    def __init__(self, visit: Visit, change: Change) -> None:
        self.visit = visit
        self.words = visit.words
        self._change = change
        self._view: ApprovalView | None = None
        with ui.dialog() as self.dialog, ui.card().classes("closing") as self.card:
            pass

    def open(self, view: ApprovalView) -> None:
        """Show it for a request, its terms filled in."""
        words = self.words
        self._view = view
        self.card.clear()
        with self.card:
            text("h2", words("Change terms"))
            self.form = TermsForm(words, view.option.principal.currency, self._try)
            self.found = box("div", "found").props('role="status"')
            self.reason = ui.textarea(words("Reason")).props('outlined dense autogrow maxlength="500"')
            with box("div", "closing-acts"):
                act(words("Cancel"), self.dialog.close, "plain")
                self.button = act(words("Offer these terms"), self._go)
        self.form.fill(view.terms)
        self.dialog.open()

    async def _try(self) -> None:
        view, words = self._view, self.words
        if view is None:
            return
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
        self.button.set_enabled(trial.is_own)

    async def _go(self) -> None:
        reason = (self.reason.value or "").strip()
        if not reason:
            self.reason.props(add="error")
            self.reason.props["error-message"] = self.words("Please give a reason.")
            return
        if self._view is None:
            return
        self.button.disable()
        try:
            done = await self._change(self._view, self.form.wish(), reason)
        finally:
            self.button.enable()
        if done:
            self.dialog.close()
