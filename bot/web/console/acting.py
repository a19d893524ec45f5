"""One act of whoever is signed in: done on a thread of its own, its refusal said in the reader's words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from bot.services.rights import Beyond, NotAllowed
from bot.services.wording import MissingVariables, Unfit
from bot.storage.db import StorageError
from bot.web.console.desk import Visit
from bot.web.console.terms import LIMITS, REFUSALS, VARIABLES, WORDING
from bot.web.console.words import Words

T = TypeVar("T")

_FAULTS = 3


async def attempt(visit: Visit, act: Callable[[int], T]) -> T | None:
    """Run `act` with the id of whoever is signed in; a refusal or an outage is shown and returns None."""
    staff = await visit.who()
    if staff is None:
        return None
    try:
        return await asyncio.to_thread(act, staff.id)
    except NotAllowed as refusal:
        visit.say(refusal_words(visit.words, refusal), "warning")
    except StorageError:
        visit.say(
            visit.words("The database does not answer just now. Please try again in a moment."), "negative"
        )
    return None


def refusal_words(words: Words, refusal: NotAllowed) -> str:
    """Say what stood in the way: the limits that terms break, or the very words that may not go out."""
    first = words.of(REFUSALS, refusal.code)
    if isinstance(refusal, Beyond):
        limits = (f"{words.of(LIMITS, one.limit)}: {one.asked} ({one.allowed})" for one in refusal.limits)
        return " ".join([first, *limits])
    if isinstance(refusal, MissingVariables):
        return missing_words(words, refusal.names)
    if not isinstance(refusal, Unfit):
        return first
    # The words themselves, so that they are found in a long message; a list without end helps nobody.
    return " ".join([first, *(fault_words(words, code, found) for code, found in refusal.faults[:_FAULTS])])


def fault_words(words: Words, category: str, found: str) -> str:
    """Say of words that may not go out why not."""
    return f"“{found}”: {words.of(WORDING, category)}"


def missing_words(words: Words, names: Sequence[str]) -> str:
    """Say which variables of a reply have no value."""
    said = words(", ").join(words.of(VARIABLES, one) for one in names)
    return words("Not known here: {names}", names=said)
