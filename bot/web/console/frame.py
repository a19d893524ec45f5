"""The frame around every page: header, places, language, sound, keys and alerts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Self, get_args

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from bot.domain.shortcuts import Shortcuts
from bot.services.approval_rows import level_of
from bot.services.desk.presence import Presence
from bot.services.desk.queue import QueueEntry
from bot.services.rights import NotAllowed, Right, has_right
from bot.storage.db import StorageError
from bot.web.console.acting import attempt
from bot.web.console.alerts import Alerts
from bot.web.console.desk import Visit
from bot.web.console.keys import offer_keys
from bot.web.console.layout import act, box, commanded, dress, icon_button, language_buttons, text
from bot.web.console.terms import PRESENCES, ROLES

_CHECKED = 10.0
_BEAT = 20.0
"""Seconds between two signs of life; without them a colleague counts as gone after a few minutes."""
_SHOW_PLACE = (
    "document.querySelector('.place[aria-current]')?.scrollIntoView({block: 'nearest', inline: 'center'})"
)
"""On a narrow screen the places are wider than the page: the one that is open is in view."""
_CHOICES: tuple[Presence, ...] = get_args(Presence)
_PLACES = {
    "approvals": "Approvals",
    "payments": "Payments to check",
    "complaints": "Complaints",
    "calls": "Calls",
}


_FOR_SUPERVISORS: Mapping[str, tuple[str, Right]] = {
    "board": ("Team board", "assign"),
    "members": ("Members", "assign"),
    "quality": ("Quality", "review"),
}


class Frame:
    """Header and alerts of one visit; the page's own content goes below."""

    @classmethod
    async def open(cls, visit: Visit, title: str) -> Self:
        """Read what every page shows, and draw it. Raises StorageError when the database is down."""
        entries = await visit.desk.board.read()
        keys = await asyncio.to_thread(visit.desk.grace.shortcuts.of, visit.staff.id)
        return cls(visit, title, entries, keys)

    def __init__(self, visit: Visit, title: str, entries: Sequence[QueueEntry], keys: Shortcuts) -> None:
        self.visit = visit
        self.title = title
        self._title = ""
        dress(visit.client, visit.words, title)
        offer_keys(visit.words, keys)
        self._header()
        self._alerts = Alerts(visit, entries)
        self._count(entries)
        self._show_presence()
        visit.follow(visit.desk.board.subscribe(), self._update)
        ui.timer(_BEAT, self._beat)
        if (left := visit.session.left) is not None:
            ui.timer(max(left.total_seconds(), 1), visit.leave, once=True)
        ui.timer(_CHECKED, self._still_here, immediate=False)

    def _header(self) -> None:
        visit, words = self.visit, self.visit.words
        with ui.header().classes("bar"):
            ui.link("Grace", "/").classes("brand")
            with box("nav", "places") as nav:
                self._badge = self._place("queue", "/", "Queue")
                self._counts = {name: self._place(name, f"/{name}", title) for name, title in _PLACES.items()}
                for name, (title, right) in _FOR_SUPERVISORS.items():
                    if has_right(visit.staff.role, right):
                        self._place(name, f"/{name}", title)
            nav.props["aria-label"] = words("Pages")
            ui.run_javascript(_SHOW_PLACE)
            ui.space()
            icon_button("keyboard", words("Keyboard shortcuts")).on(
                "click", js_handler="() => grace.keys.help()"
            )
            self._presence = commanded(act("", None, "plain"), "presence").classes("presence")
            with self._presence, ui.menu():
                for code in _CHOICES:
                    ui.menu_item(words.of(PRESENCES, code), partial(self._say, code))
            self._sound = icon_button("", "").on_click(self._switch_sound)
            self._show_sound()
            language_buttons(visit.session, words.locale, visit.desk.book.texts.locales)
            with box(classes="me"):
                text("span", visit.staff.name, "me-name")
                text("span", words.of(ROLES, visit.staff.role), "me-role")
            shield = icon_button("shield", words("Sign-in security"))
            shield.on_click(lambda: ui.navigate.to("/security"))
            icon_button("logout", words("Sign out")).on_click(self._sign_out)

    def _place(self, command: str, path: str, title: str) -> TextElement:
        """Link a page in the header; return the badge that counts what waits there."""
        words = self.visit.words
        link = commanded(ui.link(target=path).classes("place"), command)
        if words(title) == self.title:
            link.props["aria-current"] = "page"
        with link:
            text("span", words(title))
            badge = text("span", "", "badge")
        badge.set_visibility(False)
        return badge

    def _tally(self) -> None:
        tally = self.visit.desk.board.tally
        staff = self.visit.staff
        others = sum(by != staff.id for by in tally.payments) if has_right(staff.role, "lift") else 0
        found = {
            "approvals": tally.approvals_for(level_of(staff.role)),
            "payments": others,
            "complaints": tally.complaints,
            "calls": tally.calls,
        }
        for name, badge in self._counts.items():
            badge.set_text(str(found[name]))
            badge.props["aria-label"] = self.visit.words("{count} waiting", count=found[name])
            badge.set_visibility(found[name] > 0)

    async def _beat(self) -> None:
        """Give a sign of life; an outage is no reason to disturb anybody."""
        presence = self.visit.desk.grace.presence
        with suppress(StorageError, NotAllowed):
            await asyncio.to_thread(presence.beat, self.visit.staff.id)

    async def _say(self, presence: Presence) -> None:
        service = self.visit.desk.grace.presence

        def say(agent: int) -> bool:
            service.say(agent, presence)
            return True

        if await attempt(self.visit, say):
            await self.visit.desk.board.read()
            self._show_presence()

    def _show_presence(self) -> None:
        words, me = self.visit.words, self.visit.desk.board.agent(self.visit.staff.id)
        shown = "away" if me is None or me.presence == "offline" else me.presence
        self._presence.set_text(words.of(PRESENCES, shown))
        self._presence.classes(replace=f"act plain presence is-{shown}")
        self._presence.props["aria-label"] = words("You are: {presence}", presence=words.of(PRESENCES, shown))

    def _switch_sound(self) -> None:
        on = self.visit.session.sound = not self.visit.session.sound
        self._show_sound()
        if on:
            # Asked for on a press, as browsers want it.
            ui.run_javascript("grace.chime(); grace.permit()")
        self._alerts.ring()

    def _show_sound(self) -> None:
        on = self.visit.session.sound
        label = self.visit.words("Sound on" if on else "Sound off")
        self._sound.props(f"icon={'notifications_active' if on else 'notifications_off'}")
        self._sound.props["aria-label"] = self._sound.props["title"] = label

    async def _still_here(self) -> None:
        """Leave when the session was ended elsewhere, or nobody did anything for too long."""
        try:
            await self.visit.who(active=False)
        except StorageError:
            # An outage signs nobody out.
            return

    async def _sign_out(self) -> None:
        presence = self.visit.desk.grace.presence
        with suppress(StorageError, NotAllowed):
            await asyncio.to_thread(presence.leave, self.visit.staff.id)
        await self.visit.sign_out()

    def _count(self, entries: Sequence[QueueEntry]) -> None:
        self._tally()
        waiting = sum(entry.is_waiting for entry in entries)
        self._badge.set_text(str(waiting) if waiting else "")
        self._badge.props["aria-label"] = self.visit.words("{count} waiting", count=waiting)
        self._badge.set_visibility(waiting > 0)
        title = f"({waiting}) {self.title} · Grace" if waiting else f"{self.title} · Grace"
        if title != self._title:
            self._title = title
            ui.page_title(title)

    async def _update(self) -> None:
        entries = self.visit.desk.board.entries
        self._count(entries)
        self._alerts.update(entries)
        self._show_presence()
