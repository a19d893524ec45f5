"""The keys of the console as the browser is told them, in the reader's words."""

from __future__ import annotations

import json

from nicegui import ui

from bot.domain.shortcuts import DEFAULTS, Shortcuts
from bot.web.console.terms import COMMANDS
from bot.web.console.words import Words


def offer_keys(words: Words, shortcuts: Shortcuts) -> None:
    """Give the browser the commands in the page's head: keys work before the first word from the server."""
    ui.add_head_html(f"<script>{keys_script(words, shortcuts)}</script>")


def keys_script(words: Words, shortcuts: Shortcuts) -> str:
    """Return a script that tells the commands in the reader's words, each with its keys."""
    keys = shortcuts.keys
    given = {
        "bare": shortcuts.bare,
        "commands": [{"id": one, "label": words.of(COMMANDS, one), "keys": keys[one]} for one in DEFAULTS],
        "words": {
            "help": words("Keyboard shortcuts"),
            "commands": words("Commands"),
            "find": words("What would you like to do?"),
            "none": words("Nothing here is called so."),
            "send": words("Send"),
            "leave": words("Leave a field; close a dialog"),
            "elsewhere": words("On other pages"),
            "off": words("Keys of one character are switched off."),
            "change": words("Change the keys"),
            "close": words("Close"),
            "link": "/console/shortcuts",
        },
    }
    # A `<` could end the script that holds it.
    return f"grace.keys.set({json.dumps(given).replace('<', chr(92) + 'u003c')})"
