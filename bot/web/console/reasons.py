"""What needs a stated reason: a dialog that says what an act means, and does it once a reason is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from nicegui import ui

from bot.web.console.desk import Visit
from bot.web.console.layout import act, box, text

_FIELDS = (ui.select, ui.input, ui.number, ui.textarea)

Decide = Callable[[str, bool], Awaitable[bool]]
Body = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Question:
    """What the dialog asks, in the reader's words.

    Without a `label` no reason is asked for; `consent` is a statement that can be ticked.
    """

    title: str
    meaning: str
    label: str | None
    button: str
    consent: str | None = None


class ReasonDialog:
    """The dialog. What it does is told with each question; it closes when that went through."""

    def __init__(self, visit: Visit) -> None:
        self.words = words = visit.words
        self._decide: Decide | None = None
        self._needs_reason = True
        with ui.dialog() as self.dialog, ui.card().classes("closing"):
            self.title = text("h2", "")
            self.meaning = text("p", "", "quiet")
            self.body = box()
            self.reason = ui.textarea().props('outlined dense autogrow maxlength="500"')
            self.reason.on_value_change(lambda: self.reason.props(remove="error"))
            self.consent = ui.checkbox("")
            with box("div", "closing-acts"):
                act(words("Cancel"), self.dialog.close, "plain")
                self.button = act("", self._go)

    def ask(self, question: Question, decide: Decide, body: Body | None = None) -> None:
        """Show the dialog; `decide` gets the reason and the tick, and tells whether it went through.

        `body` draws what else is asked, above the reason.
        """
        self._decide = decide
        self.title.set_text(question.title)
        self.meaning.set_text(question.meaning)
        self.meaning.set_visibility(bool(question.meaning))
        self.body.clear()
        if body is not None:
            with self.body:
                body()
        self._needs_reason = question.label is not None
        self._lead_focus()
        self.reason.props["label"] = question.label or ""
        self.reason.set_visibility(self._needs_reason)
        self.reason.props(remove="error")
        self.reason.set_value("")
        self.consent.set_text(question.consent or "")
        self.consent.set_visibility(question.consent is not None)
        self.consent.set_value(False)
        self.button.set_text(question.button)
        self.button.enable()
        self.dialog.open()

    def _lead_focus(self) -> None:
        """Let the dialog open with its first field in focus: keys pressed at once go nowhere else."""
        self.reason.props(remove="autofocus")
        fields = [one for one in self.body.descendants() if isinstance(one, _FIELDS)]
        first = fields[0] if fields else self.reason if self._needs_reason else None
        if first is not None:
            first.props("autofocus")

    async def _go(self) -> None:
        reason = (self.reason.value or "").strip()
        if not reason and self._needs_reason:
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
