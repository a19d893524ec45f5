"""How a message was read, and a correction of it by who knows better: it teaches the assistant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from bot.services.threads import Line
from bot.web.console.acting import attempt
from bot.web.console.desk import Visit
from bot.web.console.layout import act, box, text
from bot.web.console.terms import ACTS


class ReadingDialog:
    """Asks what a message really meant."""

    def __init__(self, visit: Visit, done: Callable[[], Awaitable[None]]) -> None:
        self.visit = visit
        self.words = words = visit.words
        self._done = done
        self._line: Line | None = None
        with ui.dialog() as self.dialog, ui.card().classes("closing"):
            text("h2", words("Correct the reading"))
            self.said = text("p", "", "note")
            self.read = text("p", "", "quiet")
            names = sorted(((words(name), code) for code, name in ACTS.items()), key=lambda one: one[0])
            self.meant = ui.select({code: name for name, code in names}, label=words("What it meant"))
            self.meant.props("outlined dense options-dense use-input input-debounce=0")
            with box("div", "closing-acts"):
                act(words("Cancel"), self.dialog.close, "plain")
                self.button = act(words("Correct"), self._go)

    def open(self, line: Line) -> None:
        """Show it for a message."""
        self._line = line
        self.said.set_text(f"“{line.text}”")
        self.read.set_text(reading_words(self.visit, line))
        self.meant.set_value(None)
        self.dialog.open()

    async def _go(self) -> None:
        line, meant, tuning = self._line, self.meant.value, self.visit.desk.grace.tuning
        if line is None or meant is None:
            return

        def correct(agent: int) -> bool:
            tuning.correct_as(line.seq, agent, meant)
            return True

        self.button.disable()
        try:
            done = await attempt(self.visit, correct)
        finally:
            self.button.enable()
        if done:
            self.dialog.close()
            await self._done()


def reading_words(visit: Visit, line: Line) -> str:
    """Say how a message was read, and what it was corrected to."""
    words = visit.words
    acts = ", ".join(words.of(ACTS, one) for one in line.acts) or words("Nothing understood")
    read = words("Read as: {acts}", acts=acts)
    if line.corrected is None:
        return read
    return f"{read} · {words('corrected to: {act}', act=words.of(ACTS, line.corrected))}"
