"""What needs a stated reason: a dialog that says what an act means, and does it once a reason is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from nicegui import ui

from bot.web.console.desk import Visit
from bot.web.console.layout import act, box, text

Decide = Callable[[str, bool], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Question:
    """What the dialog asks, in the reader's words; `consent` is a statement that has to be ticked."""

    title: str
    meaning: str
    label: str
    button: str
    consent: str | None = None


class ReasonDialog:
    """The dialog. What it does is told with each question; it closes when that went through."""

    def __init__(self, visit: Visit) -> None:
        self.words = words = visit.words
        self._decide: Decide | None = None
        with ui.dialog() as self.dialog, ui.card().classes("closing"):
            self.title = text("h2", "")
            self.meaning = text("p", "", "quiet")
            self.reason = ui.textarea().props('outlined dense autogrow maxlength="500"')
            self.reason.on_value_change(lambda: self.reason.props(remove="error"))
            self.consent = ui.checkbox("")
            with box("div", "closing-acts"):
                act(words("Cancel"), self.dialog.close, "plain")
                self.button = act("", self._go)

    def ask(self, question: Question, decide: Decide) -> None:
        """Show the dialog; `decide` gets the reason and the tick, and tells whether it went through."""
        self._decide = decide
        self.title.set_text(question.title)
        self.meaning.set_text(question.meaning)
        self.reason.props["label"] = question.label
        self.reason.props(remove="error")
        self.reason.set_value("")
        self.consent.set_text(question.consent or "")
        self.consent.set_visibility(question.consent is not None)
        self.consent.set_value(False)
        self.button.set_text(question.button)
        self.dialog.open()

    async def _go(self) -> None:
        reason = (self.reason.value or "").strip()
        if not reason:
            self.reason.props(add="error")
            self.reason.props["error-message"] = self.words("Please give a reason.")
            return
        if self._decide is None:
            return
        self.button.disable()
        try:
            done = await self._decide(reason, bool(self.consent.value))
        finally:
            self.button.enable()
        if done:
            self.dialog.close()
