"""When the rules allow a contact, in words: now, from when on, or not, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.services.allowance import Why
from bot.web.console.terms import HOLDS, RULES
from bot.web.console.words import Words

_TABLE = {**HOLDS, **RULES}


def why_words(words: Words, why: Sequence[Why]) -> str:
    """Return reasons in a line, each once."""
    said = (words.of(_TABLE, one.code, **one.values) for one in why)
    return words(", ").join(dict.fromkeys(said))


def window_words(words: Words, status: str, until: datetime | None, why: Sequence[Why], zone: str) -> str:
    """Return a verdict in a line; times are the borrower's own."""
    if status == "allowed":
        return words("Allowed now")
    if until is None:
        return words("Not allowed: {why}", why=why_words(words, why))
    time = words.instant(until, zone)
    return words("Not before {time}, their time ({why})", time=time, why=why_words(words, why))
