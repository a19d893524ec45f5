"""Keys of the console: which command has which, and which choices of one's own are possible."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bot.domain.model import Refusal

DEFAULTS: Mapping[str, str] = {
    "help": "?",
    "queue": "g q",
    "approvals": "g a",
    "payments": "g p",
    "complaints": "g c",
    "calls": "g l",
    "board": "g b",
    "members": "g m",
    "quality": "g u",
    "shortcuts": "g k",
    "presence": "o",
    "search": "f",
    "next": "j",
    "previous": "k",
    "take": "t",
    "take_next": "m",
    "reply": "r",
    "note": "n",
    "canned": "/",
    "suggestion": "w",
    "later": "b",
    "attach": "u",
    "thread": "h",
    "account": "a",
    "reveal": "v",
    "terms": "s",
    "transfer": "x",
    "colleague": "+",
    "snooze": "z",
    "debt": "d",
    "paid": "p",
    "pause": "i",
    "call": "l",
    "close": "c",
    "close_next": "e",
}
"""Every command that can have a key, and the one it has by default.

Only bare characters: what browsers and screen readers keep for themselves needs Ctrl, Alt, Meta or a named
key, so no choice can clash with it. The command palette (Ctrl+K) and sending (Ctrl+Enter) are fixed.
"""

Problem = Literal["unknown", "keys", "taken"]
_MOST_STROKES = 2
_KEPT_FOR_MOVING = frozenset(" \t\n\r")


@dataclass(frozen=True, slots=True)
class Shortcuts:
    """An agent's keys: `chosen` holds only what differs from `DEFAULTS`; an empty text is no key at all.

    Without `bare` no single character fires anything (WCAG 2.1.4, character key shortcuts).
    """

    chosen: Mapping[str, str]
    bare: bool = True

    @property
    def keys(self) -> dict[str, str]:
        """Return the keys of every command."""
        return {**DEFAULTS, **self.chosen}


def choose(wanted: Mapping[str, str], *, bare: bool) -> Shortcuts | tuple[Refusal, ...]:
    """Return an agent's keys from what they wrote, or a refusal for each command whose keys cannot be.

    Strokes are written with a space between, at most two. No command may begin with the keys of another.
    """
    found = {command: normal(keys) for command, keys in wanted.items()}
    refused = [
        Refusal(command, "", wanted[command])
        for command, keys in found.items()
        if command not in DEFAULTS or not _is_possible(keys)
    ]
    bad = {one.limit for one in refused}
    keys = {**DEFAULTS, **{command: one for command, one in found.items() if command not in bad}}
    for command, own in keys.items():
        rival = next(
            (other for other, theirs in keys.items() if other != command and _clash(own, theirs)), None
        )
        if rival is not None and command in found:
            refused.append(Refusal(command, rival, own))
    if refused:
        return tuple(refused)
    return Shortcuts({command: one for command, one in found.items() if one != DEFAULTS[command]}, bare)


def normal(keys: str) -> str:
    """Return keys as they are compared: full-width forms as their plain ones, letters small."""
    return " ".join(unicodedata.normalize("NFKC", keys).lower().split())


def _is_possible(keys: str) -> bool:
    strokes = keys.split(" ") if keys else []
    return len(strokes) <= _MOST_STROKES and all(
        len(stroke) == 1 and stroke.isprintable() and stroke not in _KEPT_FOR_MOVING for stroke in strokes
    )


def _clash(own: str, theirs: str) -> bool:
    if not own or not theirs:
        return False
    mine, other = own.split(" "), theirs.split(" ")
    shared = min(len(mine), len(other))
    return mine[:shared] == other[:shared]
