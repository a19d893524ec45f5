"""A conversation as bubbles: who said what and when, what was tapped, whether it arrived."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.element import Element

from bot.services.kit import local_day
from bot.services.rights import has_right
from bot.services.threads import Line
from bot.web.console.desk import Visit
from bot.web.console.layout import act, box, text
from bot.web.console.readings import reading_words
from bot.web.console.terms import ACTORS, DELIVERY, KINDS

_ICONS = {
    "queued": "schedule",
    "sending": "schedule",
    "sent": "done",
    "uncertain": "help_outline",
    "failed": "error_outline",
    "held": "block",
}
_SPOKEN = ("uncertain", "failed", "held")
"""States that are written out; the others are an icon with a name."""


class Thread:
    """The bubbles of one conversation; only what changed is drawn again."""

    def __init__(
        self,
        visit: Visit,
        borrower: str | None,
        timezone: str,
        on_correct: Callable[[Line], None] | None = None,
    ) -> None:
        self.visit = visit
        self._on_correct = on_correct
        self.borrower = borrower or visit.words("Borrower")
        self.timezone = timezone
        self._drawn: dict[int, tuple[Line, Element]] = {}
        self._last_day: date | None = None
        with box("div", "thread-place"):
            self.element = box("div", "thread").props('role="log" tabindex="0"')
            self.element.props["aria-label"] = visit.words("Conversation")
            with self.element:
                self._empty = text("p", visit.words("No messages yet."), "empty")
            jump = act(visit.words("New messages")).props("icon=arrow_downward rounded").classes("jump")
            jump.on("click", js_handler="() => grace.jump()")
        ui.run_javascript("grace.follow()")

    def paint(self, lines: Sequence[Line]) -> None:
        """Show these lines, oldest first; those shown before stay."""
        self._empty.set_visibility(not lines)
        if lines and self._drawn and lines[0].seq < min(self._drawn):
            self._clear()
        for line in lines:
            drawn = self._drawn.get(line.seq)
            if drawn is None:
                self._append(line)
            elif drawn[0] != line:
                with drawn[1]:
                    drawn[1].clear()
                    self._fill(line)
                self._drawn[line.seq] = (line, drawn[1])

    def _clear(self) -> None:
        for _, bubble in self._drawn.values():
            bubble.delete()
        for child in [one for one in self.element.default_slot.children if one is not self._empty]:
            child.delete()
        self._drawn.clear()
        self._last_day = None

    def _append(self, line: Line) -> None:
        words = self.visit.words
        day = line.at.astimezone(ZoneInfo(self.timezone)).date()
        with self.element:
            if day != self._last_day:
                today = local_day(self.visit.desk.now(), self.timezone)
                text("div", words.day(day, today), "day")
                self._last_day = day
            with box("div", f"line from-{line.sender}") as bubble:
                self._fill(line)
        self._drawn[line.seq] = (line, bubble)

    def _fill(self, line: Line) -> None:
        words = self.visit.words
        text("div", self._sender(line), "sender")
        with box("div", "bubble"):
            kind = "document" if line.file is not None and not line.file.is_image else line.kind
            if kind in KINDS:
                text("div", words.of(KINDS, kind), "kind")
            if line.file is not None:
                _file(f"/file/{line.seq}", f"{line.file.name} · {_size(line.file.size)}")
            if line.text:
                text("div", line.text, "said")
            if line.paper is not None:
                _file(f"/paper/{line.seq}", line.paper.name)
            if line.buttons:
                self._buttons(line)
        with box("div", "meta"):
            text("time", words.clock(line.at, self.timezone))
            if line.sender != "borrower":
                self._delivery(line)
            elif line.was_read:
                self._reading(line)

    def _reading(self, line: Line) -> None:
        """How it was read: shown while the pointer or the focus is on the message, corrected by a press."""
        said = reading_words(self.visit, line)
        with box("span", "reading corrected" if line.corrected else "reading") as place:
            text("span", said)
            if self._on_correct is not None and has_right(self.visit.staff.role, "correct"):
                button = act(self.visit.words("Correct"), partial(self._on_correct, line), "plain")
                button.props["aria-label"] = f"{self.visit.words('Correct')}: {said}"
        place.props["tabindex"] = "0"

    def _sender(self, line: Line) -> str:
        if line.sender == "borrower":
            return self.borrower
        return line.name or self.visit.words.of(ACTORS, line.sender)

    def _buttons(self, line: Line) -> None:
        with box("div", "choices"):
            for place, button in enumerate(line.buttons):
                tapped = line.used == place
                with box("span", "choice tapped" if tapped else "choice"):
                    if tapped:
                        icon = ui.icon("check")
                        icon.props["role"] = "img"
                        icon.props["aria-label"] = self.visit.words("Tapped")
                    text("span", button.get("title", ""))

    def _delivery(self, line: Line) -> None:
        word = self.visit.words.of(DELIVERY, line.state)
        icon = ui.icon(_ICONS.get(line.state, "help_outline")).classes(f"state-{line.state}")
        icon.props["role"] = "img"
        icon.props["aria-label"] = icon.props["title"] = word
        if line.state in _SPOKEN:
            text("span", word, f"state-{line.state}")


def _file(target: str, label: str) -> None:
    """Draw the link to a file; it opens beside the console."""
    link = ui.link(target=target, new_tab=True).classes("file")
    link.props["rel"] = "noopener noreferrer"
    with link:
        ui.icon("attach_file").props["aria-hidden"] = "true"
        text("span", label)


def _size(count: int) -> str:
    """Write a number of bytes."""
    return f"{count / 2**20:.1f} MB" if count >= 2**20 else f"{max(1, round(count / 1024))} KB"
