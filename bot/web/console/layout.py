"""What every page is made of: words that are never markup, buttons, and a page's style and script."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

from nicegui import Client, ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from bot.web.console.desk import Session
from bot.web.console.words import Words

_HERE = Path(__file__).parent
_STYLES = ("console.css", "queue.css", "case.css", "keys.css", "team.css")
_CSS = "".join((_HERE / name).read_text("utf-8") for name in _STYLES)
_SCRIPTS = ("console.js", "composer.js", "attaching.js", "keys.js")
_JS = "".join((_HERE / name).read_text("utf-8") for name in _SCRIPTS)
ICON = _HERE / "icon.svg"

NAMES = {"zh_CN": "中文", "en": "English"}
"""Languages in their own words, which no catalogue translates."""

AnyElement = TypeVar("AnyElement", bound=Element)
Look = Literal["filled", "outlined", "plain"]


def text(tag: str, words: str, classes: str = "") -> TextElement:
    """Make an element of any tag whose content is plain text, never markup."""
    return TextElement(tag=tag, text=words).classes(classes)


def box(tag: str = "div", classes: str = "") -> Element:
    """Make an element that holds others."""
    return ui.element(tag).classes(classes)


def fact(label: str, value: str, classes: str = "") -> None:
    """Make a line of a list of facts."""
    text("dt", label)
    text("dd", value, classes)


def icon_button(icon: str, label: str) -> ui.button:
    """Make a round button that shows an icon and says its name."""
    button = ui.button(icon=icon, color=None).props("flat round dense").classes("icon-act")
    button.props["aria-label"] = button.props["title"] = label
    return button


def act(label: str, on_click: Callable[[], object] | None = None, look: Look = "filled") -> ui.button:
    """Make a button with words; its colours come from the style sheet, which knows light and dark."""
    button = ui.button(label, color=None).props("no-caps unelevated dense").classes(f"act {look}")
    return button if on_click is None else button.on_click(on_click)


def commanded(element: AnyElement, command: str) -> AnyElement:
    """Let a command of the keyboard press (or, where one writes, focus) an element."""
    element.props["data-command"] = command
    return element


def dress(client: Client, words: Words, title: str) -> None:
    """Give a page its style, its script, its language and its title."""
    # The page object belongs to all visitors; a copy carries this one's language.
    page = copy(client.page)
    page.language = "zh-CN" if words.locale.startswith("zh") else "en-US"
    client.page = page
    ui.add_css(_CSS)
    ui.add_head_html(f"<script>{_JS}</script>")
    ui.page_title(f"{title} · Grace")


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
    with box("div", "notice") as place:
        text("p", words)
    return place
