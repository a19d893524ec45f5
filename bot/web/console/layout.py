"""The frame around every page: header, language, sound, and the alerts for new hand-offs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from copy import copy
from functools import partial
from pathlib import Path
from typing import Literal

from nicegui import Client, ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from bot.domain.handoff import HandoffReason
from bot.services.approval_rows import level_of
from bot.web.console.board import Entry
from bot.web.console.desk import Session, Visit
from bot.web.console.terms import REASONS, ROLES
from bot.web.console.words import Words

_HERE = Path(__file__).parent
_CSS = (_HERE / "console.css").read_text("utf-8")
_JS = (_HERE / "console.js").read_text("utf-8")
ICON = _HERE / "icon.svg"

NAMES = {"zh_CN": "中文", "en": "English"}
"""Languages in their own words, which no catalogue translates."""

Look = Literal["filled", "outlined", "plain"]

_PLACES = {"approvals": "Approvals", "complaints": "Complaints", "calls": "Calls"}
_STAYS = 2
"""Alerts up to this priority stay until somebody acts; the others leave by themselves."""
_SHOWN_SECONDS = 12
_MOST = 3


def text(tag: str, words: str, classes: str = "") -> TextElement:
    """Make an element of any tag whose content is plain text, never markup."""
    return TextElement(tag=tag, text=words).classes(classes)


def box(tag: str = "div", classes: str = "") -> Element:
    """Make an element that holds others."""
    return ui.element(tag).classes(classes)


def icon_button(icon: str, label: str) -> ui.button:
    """Make a round button that shows an icon and says its name."""
    button = ui.button(icon=icon, color=None).props("flat round dense").classes("icon-act")
    button.props["aria-label"] = button.props["title"] = label
    return button


def act(label: str, on_click: Callable[[], object] | None = None, look: Look = "filled") -> ui.button:
    """Make a button with words; its colours come from the style sheet, which knows light and dark."""
    button = ui.button(label, color=None).props("no-caps unelevated dense").classes(f"act {look}")
    return button if on_click is None else button.on_click(on_click)


def dress(client: Client, words: Words, title: str) -> None:
    """Give a page its style, its script, its language and its title."""
    # The page object belongs to all visitors; a copy carries this one's language.
    page = copy(client.page)
    page.language = "zh-CN" if words.locale.startswith("zh") else "en-US"
    client.page = page
    ui.add_css(_CSS)
    ui.add_head_html(f"<script>{_JS}</script>")
    ui.page_title(f"{title} · Grace")


class Frame:
    """Header and alerts of one visit; the page's own content goes below."""

    def __init__(self, visit: Visit, title: str, entries: Sequence[Entry]) -> None:
        self.visit = visit
        self.title = title
        self._known = {entry.id: entry for entry in entries}
        self._toasts: dict[int, Element] = {}
        self._title = ""
        dress(visit.client, visit.words, title)
        self._header()
        self._alerts = box(classes="toasts").props('role="log" aria-live="assertive"')
        self._count(entries)
        visit.follow(visit.desk.board.subscribe(), self._update)
        if (left := visit.session.left) is not None:
            ui.timer(max(left.total_seconds(), 1), visit.leave, once=True)

    def _header(self) -> None:
        visit, words = self.visit, self.visit.words
        with ui.header().classes("bar"):
            ui.link("Grace", "/").classes("brand")
            with box("nav", "places") as nav:
                self._badge = self._place("/", "Queue")
                self._counts = {name: self._place(f"/{name}", title) for name, title in _PLACES.items()}
            nav.props["aria-label"] = words("Pages")
            ui.space()
            self._sound = icon_button("", "").on_click(self._switch_sound)
            self._show_sound()
            language_buttons(visit.session, words.locale, visit.desk.book.texts.locales)
            with box(classes="me"):
                text("span", visit.staff.name, "me-name")
                text("span", words.of(ROLES, visit.staff.role), "me-role")
            icon_button("logout", words("Sign out")).on_click(self._sign_out)

    def _place(self, path: str, title: str) -> TextElement:
        """Link a page in the header; return the badge that counts what waits there."""
        words = self.visit.words
        link = ui.link(target=path).classes("place")
        if words(title) == self.title:
            link.props["aria-current"] = "page"
        with link:
            text("span", words(title))
            badge = text("span", "", "badge")
        badge.set_visibility(False)
        return badge

    def _tally(self) -> None:
        tally = self.visit.desk.board.tally
        found = {
            "approvals": tally.approvals_for(level_of(self.visit.staff.role)),
            "complaints": tally.complaints,
            "calls": tally.calls,
        }
        for name, badge in self._counts.items():
            badge.set_text(str(found[name]))
            badge.props["aria-label"] = self.visit.words("{count} waiting", count=found[name])
            badge.set_visibility(found[name] > 0)

    def _switch_sound(self) -> None:
        self.visit.session.sound = not self.visit.session.sound
        self._show_sound()
        if self.visit.session.sound:
            ui.run_javascript("grace.chime()")

    def _show_sound(self) -> None:
        on = self.visit.session.sound
        label = self.visit.words("Sound on" if on else "Sound off")
        self._sound.props(f"icon={'notifications_active' if on else 'notifications_off'}")
        self._sound.props["aria-label"] = self._sound.props["title"] = label

    def _sign_out(self) -> None:
        self.visit.session.end()
        self.visit.leave()

    def _count(self, entries: Sequence[Entry]) -> None:
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
        waiting = {entry.id: entry for entry in entries if entry.is_waiting}
        for handoff_id in [one for one in self._toasts if one not in waiting]:
            self._dismiss(handoff_id)
        fresh = [entry for entry in waiting.values() if self._is_news(entry)]
        self._known = {entry.id: entry for entry in entries}
        for entry in reversed(fresh[:_MOST]):
            self._alert(entry)
        if fresh:
            ui.run_javascript(f"grace.alert({'true' if self.visit.session.sound else 'false'})")

    def _is_news(self, entry: Entry) -> bool:
        """New, back in the queue, or more urgent than before; what a colleague opens for themself is not."""
        before = self._known.get(entry.id)
        if before is None:
            return entry.reason != HandoffReason.OPERATOR
        return not before.is_waiting or entry.priority < before.priority

    def _alert(self, entry: Entry) -> None:
        words = self.visit.words
        self._dismiss(entry.id)
        with self._alerts, box(classes=f"toast level-{entry.priority}") as toast:
            with box(classes="toast-words"):
                text("div", f"{words.priority(entry.priority)} · {words.of(REASONS, entry.reason)}", "strong")
                text("div", entry.borrower_name or words("Not identified"), "quiet")
            ui.link(words("Open case"), f"/case/{entry.id}").classes("toast-open")
            icon_button("close", words("Dismiss")).on_click(lambda: self._dismiss(entry.id))
        toast.move(target_index=0)
        self._toasts[entry.id] = toast
        if entry.priority > _STAYS:
            asyncio.get_running_loop().call_later(_SHOWN_SECONDS, self._dismiss, entry.id, toast)

    def _dismiss(self, handoff_id: int, only: Element | None = None) -> None:
        toast = self._toasts.get(handoff_id)
        if toast is not None and only in (None, toast):
            del self._toasts[handoff_id]
            if not toast.is_deleted:
                toast.delete()


def language_buttons(session: Session, current: str, spoken: Sequence[str]) -> None:
    """Offer the other languages; the choice is remembered and the page comes again."""

    def choose(locale: str) -> None:
        session.choose_locale(locale)
        ui.navigate.reload()

    for locale in spoken:
        if locale != current:
            name = NAMES.get(locale, locale)
            button = act(name, partial(choose, locale), "plain")
            button.props["lang"] = locale.replace("_", "-")


def notice(words: str) -> Element:
    """Show one sentence in the middle of the page; the way on goes into what is returned."""
    with box("main", "notice") as place:
        text("p", words)
    return place
