"""A conversation as bubbles: who said what and when, what was tapped, whether it arrived."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.element import Element

from bot.services.cases import CaseView
from bot.services.desk.drafts import NoteView
from bot.services.kit import local_day
from bot.services.rights import has_right
from bot.services.threads import Line
from bot.web.console.desk import Visit
from bot.web.console.layout import act, box, commanded, text
from bot.web.console.readings import reading_words
from bot.web.console.terms import ACTORS, CHANNELS, DELIVERY, KINDS

_ICONS = {
    "queued": "schedule",
    "sending": "schedule",
    "sent": "done",
    "delivered": "done_all",
    "read": "mark_chat_read",
    "uncertain": "help_outline",
    "failed": "error_outline",
    "held": "block",
    "cancelled": "block",
    "answered": "call",
    "unanswered": "phone_missed",
}
_SPOKEN = ("uncertain", "failed", "held", "cancelled", "answered", "unanswered")
"""States that are written out; the others are an icon with a name."""


class Thread:
    """The bubbles of one conversation; only what changed is drawn again."""

    def __init__(
        self,
        visit: Visit,
        view: CaseView,
        on_correct: Callable[[Line], None] | None = None,
    ) -> None:
        self.visit = visit
        self._on_correct = on_correct
        self.borrower = view.borrower_name or visit.words("Borrower")
        self.timezone = view.timezone
        self.channel = view.channel
        self._drawn: dict[tuple[str, int], tuple[Line | NoteView, Element]] = {}
        self._last_day: date | None = None
        with box("div", "thread-place"):
            self.element = box("div", "thread").props('role="log" tabindex="0" data-act="focus"')
            commanded(self.element, "thread")
            self.element.props["aria-label"] = visit.words("Conversation")
            with self.element:
                self._empty = text("p", visit.words("No messages yet."), "empty")
            jump = act(visit.words("New messages")).props("icon=arrow_downward rounded").classes("jump")
            jump.on("click", js_handler="() => grace.jump()")
        ui.run_javascript("grace.follow()")

    def paint(self, lines: Sequence[Line], notes: Sequence[NoteView] = ()) -> None:
        """Show these lines and notes, oldest first; those shown before stay."""
        since = lines[0].at if lines else datetime.min.replace(tzinfo=UTC)
        shown: list[Line | NoteView] = [*lines, *(one for one in notes if one.at >= since)]
        shown.sort(key=lambda one: one.at)
        self._empty.set_visibility(not shown)
        keys = [_key(one) for one in shown]
        for gone in set(self._drawn).difference(keys):
            self._drawn.pop(gone)[1].delete()
        old = list(self._drawn)
        # What is new comes last; where it does not, the order itself has changed.
        if keys[: len(old)] != old:
            self._clear()
        for one in shown:
            drawn = self._drawn.get(_key(one))
            if drawn is None:
                self._append(one)
            elif drawn[0] != one:
                with drawn[1]:
                    drawn[1].clear()
                    self._fill(one)
                self._drawn[_key(one)] = (one, drawn[1])

    def _clear(self) -> None:
        for _, bubble in self._drawn.values():
            bubble.delete()
        for child in [one for one in self.element.default_slot.children if one is not self._empty]:
            child.delete()
        self._drawn.clear()
        self._last_day = None

    def _append(self, one: Line | NoteView) -> None:
        words = self.visit.words
        day = one.at.astimezone(ZoneInfo(self.timezone)).date()
        sender = one.sender if isinstance(one, Line) else "note"
        with self.element:
            if day != self._last_day:
                today = local_day(self.visit.desk.now(), self.timezone)
                text("div", words.day(day, today), "day")
                self._last_day = day
            with box("div", f"line from-{sender}") as bubble:
                self._fill(one)
        self._drawn[_key(one)] = (one, bubble)

    def _fill(self, one: Line | NoteView) -> None:
        if isinstance(one, Line):
            self._message(one)
        else:
            self._note(one)

    def _note(self, note: NoteView) -> None:
        words = self.visit.words
        text("div", words("{name}, for colleagues only", name=note.agent_name), "sender")
        with box("div", "bubble"):
            text("div", note.text, "said")
        with box("div", "meta"):
            text("time", words.clock(note.at, self.timezone))

    def _message(self, line: Line) -> None:
        words = self.visit.words
        text("div", self._sender(line), "sender")
        with box("div", "bubble"):
            kind = "document" if line.file is not None and not line.file.is_image else line.kind
            if kind in KINDS:
                text("div", words.of(KINDS, kind), "kind")
            if line.file is not None:
                label = f"{line.file.name} · {file_size(line.file.size)}"
                file_link(f"/file/{line.seq}", label, line.file.name if line.file.is_image else None)
            if line.text:
                text("div", line.text, "said")
            if line.paper is not None:
                file_link(
                    f"/paper/{line.seq}", line.paper.name, line.paper.alt if line.paper.is_image else None
                )
            if line.buttons:
                self._buttons(line)
        with box("div", "meta"):
            text("time", words.clock(line.at, self.timezone))
            if line.channel != self.channel:
                text("span", words.of(CHANNELS, line.channel), "elsewhere")
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
                        icon.props["role"], icon.props["aria-hidden"] = "img", "false"
                        icon.props["aria-label"] = self.visit.words("Tapped")
                    text("span", button.get("title", ""))

    def _delivery(self, line: Line) -> None:
        word = self.visit.words.of(DELIVERY, line.state)
        icon = ui.icon(_ICONS.get(line.state, "help_outline")).classes(f"state-{line.state}")
        icon.props["role"], icon.props["aria-hidden"] = "img", "false"
        icon.props["aria-label"] = icon.props["title"] = word
        if line.state in _SPOKEN:
            text("span", word, f"state-{line.state}")


def _key(one: Line | NoteView) -> tuple[str, int]:
    return ("line", one.seq) if isinstance(one, Line) else ("note", one.id)


def file_link(target: str, label: str, picture: str | None = None) -> None:
    """Draw the link to a file; it opens beside the console. A picture is shown, and said in words.

    An `img` runs nothing of what it shows, and the server says the same of the file itself.
    """
    link = ui.link(target=target, new_tab=True).classes("file")
    link.props["rel"] = "noopener noreferrer"
    with link:
        if picture is not None:
            shown = box("img", "picture").props('loading="lazy" decoding="async"')
            shown.props["src"] = f"/console{target}"
            shown.props["alt"] = picture
        with box("span", "file-name"):
            ui.icon("attach_file").props["aria-hidden"] = "true"
            text("span", label)


def file_size(count: int) -> str:
    """Write a number of bytes."""
    return f"{count / 2**20:.1f} MB" if count >= 2**20 else f"{max(1, round(count / 1024))} KB"
