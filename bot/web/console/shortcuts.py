"""The page on which agents choose their keys."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from nicegui import ui

from bot.domain.shortcuts import DEFAULTS, Shortcuts
from bot.web.console.acting import attempt
from bot.web.console.desk import Visit
from bot.web.console.frame import Frame
from bot.web.console.keys import keys_script
from bot.web.console.layout import act, box, text
from bot.web.console.terms import COMMANDS

_LONGEST = 8


async def shortcuts(visit: Visit, _: Mapping[str, Any]) -> None:
    """Build the page."""
    keys = await asyncio.to_thread(visit.desk.grace.shortcuts.of, visit.staff.id)
    await Frame.open(visit, visit.words("Keyboard shortcuts"))
    KeysPage(visit, keys)


class KeysPage:
    """Every command with a field for its keys; all are kept together, or none and the reasons are shown."""

    def __init__(self, visit: Visit, shortcuts: Shortcuts) -> None:
        self.visit = visit
        self.words = words = visit.words
        self._fields: dict[str, Any] = {}
        with box("div", "desk shortcuts"):
            text("h1", words("Keyboard shortcuts"))
            text(
                "p",
                words("One character, or two with a space between. Leave a field empty for no key."),
                "quiet",
            )
            self.bare = ui.switch(words("Keys of one character work"), value=shortcuts.bare)
            with box("div", "key-fields"):
                for command, keys in shortcuts.keys.items():
                    field = ui.input(words.of(COMMANDS, command), value=keys)
                    field.props(f'outlined dense maxlength={_LONGEST} spellcheck="false" autocomplete="off"')
                    field.props["hint"] = words("Usually: {keys}", keys=DEFAULTS[command])
                    self._fields[command] = field
            with box("div", "closing-acts"):
                act(words("As they were at first"), self._reset, "outlined")
                act(words("Save"), self._save)

    def _reset(self) -> None:
        for command, field in self._fields.items():
            field.set_value(DEFAULTS[command])

    async def _save(self) -> None:
        words = self.words
        wanted = {command: field.value or "" for command, field in self._fields.items()}
        service, bare = self.visit.desk.grace.shortcuts, bool(self.bare.value)
        saved = await attempt(self.visit, lambda agent: service.save(agent, wanted, bare=bare))
        if saved is None:
            return
        wrong = {} if isinstance(saved, Shortcuts) else {one.limit: one.allowed for one in saved}
        for command, field in self._fields.items():
            if command not in wrong:
                field.props(remove="error")
                continue
            field.props(add="error")
            field.props["error-message"] = (
                words("Also: {command}", command=words.of(COMMANDS, wrong[command]))
                if wrong[command]
                else words("One or two single characters, please.")
            )
        if isinstance(saved, Shortcuts):
            for command, keys in saved.keys.items():
                self._fields[command].set_value(keys)
            self.visit.say(words("Saved."), "positive")
            with self.visit.client:
                ui.run_javascript(keys_script(words, saved))
