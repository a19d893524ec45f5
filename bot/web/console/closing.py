"""Closing a conversation: an outcome that must be chosen, a note, and who speaks next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from bot.domain.handoff import HandoffReason, Outcome
from bot.web.console.desk import Visit
from bot.web.console.layout import act, box, text
from bot.web.console.terms import OUTCOMES

Close = Callable[[Outcome, str, bool, bool], Awaitable[bool]]


class CloseDialog:
    """The dialog; `close` does it, takes the next case where asked to, and tells whether it went through."""

    def __init__(self, visit: Visit, reason: str, close: Close) -> None:
        self.visit = visit
        self.words = words = visit.words
        self._close = close
        self._then_next = False
        with ui.dialog() as self.dialog, ui.card().classes("closing"):
            text("h2", words("Close conversation"))
            self.outcome = ui.select(
                {one.value: words.of(OUTCOMES, one.value) for one in Outcome}, label=words("Outcome")
            )
            self.outcome.props("outlined dense options-dense autofocus")
            self.outcome.on_value_change(lambda: self.outcome.props(remove="error"))
            self.note = ui.textarea(words("Note for colleagues")).props("outlined dense autogrow")
            self.to_bot = ui.switch(
                words("Hand back to the assistant"), value=not HandoffReason(reason).protects
            )
            self.to_bot.on_value_change(self._explain)
            self.meaning = text("p", "", "quiet")
            with box("div", "closing-acts"):
                act(words("Cancel"), self.dialog.close, "plain")
                self.button = act(words("Close it"), self._go)
        self._explain()

    def open(self, *, then_next: bool = False) -> None:
        """Show it; with `then_next` the next case is taken after."""
        words = self.words
        self._then_next = then_next
        self.button.set_text(words("Close and take the next") if then_next else words("Close it"))
        self.dialog.open()

    def _explain(self) -> None:
        self.meaning.set_text(
            self.words("The assistant may speak again and tells the borrower so.")
            if self.to_bot.value
            else self.words(
                "The assistant stays silent; the borrower's next message comes back to the queue."
            )
        )

    async def _go(self) -> None:
        if self.outcome.value is None:
            self.outcome.props(add="error")
            self.outcome.props["error-message"] = self.words("Please choose an outcome.")
            return
        self.button.disable()
        try:
            done = await self._close(
                Outcome(self.outcome.value),
                (self.note.value or "").strip(),
                bool(self.to_bot.value),
                self._then_next,
            )
        finally:
            self.button.enable()
        if done:
            self.dialog.close()
