"""What pages of work share: cards of what waits, and below them a fold of what is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from bot.web.console.layout import box, text

Entry = TypeVar("Entry")


class Cards:
    """The cards of what waits; `nothing` is said when there are none."""

    def __init__(self, nothing: str) -> None:
        self._place = box("div", "cards")
        self._empty = text("p", nothing, "empty")

    def draw(self, entries: Sequence[Entry], card: Callable[[Entry], None]) -> None:
        """Put a card for each entry in the place of those drawn before."""
        self._place.clear()
        with self._place:
            for one in entries:
                card(one)
        self._empty.set_visibility(not entries)


class Past:
    """A fold of lines under its `summary`, hidden while nothing is in it."""

    def __init__(self, summary: str) -> None:
        self._fold = box("details", "past-cards")
        with self._fold:
            text("summary", summary)
            self._lines = box("ul", "facts")

    def draw(self, entries: Sequence[Entry], line: Callable[[Entry], None]) -> None:
        """Put a line for each entry, drawn within its `li`, in the place of those drawn before."""
        self._lines.clear()
        with self._lines:
            for one in entries:
                with box("li"):
                    line(one)
        self._fold.set_visibility(bool(entries))
