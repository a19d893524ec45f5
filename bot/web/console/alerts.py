"""Alerts for hand-offs that wait: seen on every page, heard and repeated until somebody has taken them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from functools import partial

from nicegui import ui
from nicegui.element import Element

from bot.domain.handoff import HandoffReason
from bot.services.desk.queue import QueueEntry
from bot.web.console.desk import Visit
from bot.web.console.layout import box, icon_button, text
from bot.web.console.terms import REASONS

_STAYS = 2
"""Alerts up to this priority stay until somebody acts; the others leave by themselves."""
_SHOWN_SECONDS = 12
_MOST = 3


class Alerts:
    """The corner of a page in which they appear; what an agent has dismissed rings no more for them."""

    def __init__(self, visit: Visit, entries: Sequence[QueueEntry]) -> None:
        self.visit = visit
        self._known = {entry.id: entry for entry in entries}
        self._toasts: dict[int, Element] = {}
        self._ringing: dict[int, QueueEntry] = {}
        self._rung: str | None = None
        self.element = box(classes="toasts").props('role="log" aria-live="assertive"')

    def update(self, entries: Sequence[QueueEntry]) -> None:
        """Show what is new, and let go of what is no longer waiting."""
        waiting = {entry.id: entry for entry in entries if entry.is_waiting}
        for handoff_id in [one for one in self._toasts if one not in waiting]:
            self._dismiss(handoff_id)
        self._ringing = {id: waiting[id] for id in self._ringing if id in waiting}
        fresh = [entry for entry in waiting.values() if self._is_news(entry)]
        self._known = {entry.id: entry for entry in entries}
        self._ringing |= {entry.id: entry for entry in fresh}
        for entry in reversed(fresh[:_MOST]):
            self._show(entry)
        self._ring()

    def ring(self) -> None:
        """Ring anew: whether it is heard was changed."""
        self._rung = None
        self._ring()

    def _ring(self) -> None:
        """Tell the browser what rings; it repeats that by itself. Nothing of the borrower is in it."""
        words = self.visit.words
        told = json.dumps(
            {
                "sound": self.visit.session.sound and not self._is_away(),
                "title": words("{count} waiting", count=len(self._ringing)),
                "calls": [
                    {
                        "id": one.id,
                        "said": f"{words.priority(one.priority)} · {words.of(REASONS, one.reason)}",
                    }
                    for one in self._ringing.values()
                ],
            }
        )
        if told != self._rung and (self._ringing or self._rung is not None):
            self._rung = told
            with self.visit.client:
                ui.run_javascript(f"grace.ring({told})")

    def _is_away(self) -> bool:
        me = self.visit.desk.board.agent(self.visit.staff.id)
        return me is not None and me.presence == "away"

    def _said(self, entry: QueueEntry) -> str:
        words = self.visit.words
        return f"{words.priority(entry.priority)} · {words.of(REASONS, entry.reason)}"

    def _is_news(self, entry: QueueEntry) -> bool:
        """New, back in the queue, or more urgent than before; what a colleague opens for themself is not."""
        if not self._concerns_me(entry):
            return False
        before = self._known.get(entry.id)
        if before is None:
            return entry.reason != HandoffReason.OPERATOR
        return not before.is_waiting or entry.priority < before.priority

    def _concerns_me(self, entry: QueueEntry) -> bool:
        """Tell whether this agent's teams serve a case; the most urgent concern everybody."""
        me = self.visit.desk.board.agent(self.visit.staff.id)
        return entry.priority <= _STAYS or me is None or not me.teams or entry.team in me.teams

    def _show(self, entry: QueueEntry) -> None:
        words = self.visit.words
        self._remove(entry.id)
        with self.element, box(classes=f"toast level-{entry.priority}") as toast:
            with box(classes="toast-words"):
                text("div", self._said(entry), "strong")
                text("div", entry.borrower_name or words("Not identified"), "quiet")
            ui.link(words("Open case"), f"/case/{entry.id}").classes("toast-open")
            icon_button("close", words("Dismiss")).on_click(partial(self._dismiss, entry.id))
        toast.move(target_index=0)
        self._toasts[entry.id] = toast
        if entry.priority > _STAYS:
            asyncio.get_running_loop().call_later(_SHOWN_SECONDS, self._remove, entry.id, toast)

    def _dismiss(self, handoff_id: int) -> None:
        self._remove(handoff_id)
        if self._ringing.pop(handoff_id, None) is not None:
            self._ring()

    def _remove(self, handoff_id: int, only: Element | None = None) -> None:
        toast = self._toasts.get(handoff_id)
        if toast is not None and only in (None, toast):
            del self._toasts[handoff_id]
            if not toast.is_deleted:
                toast.delete()
