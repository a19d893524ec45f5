"""Where Rasa spends time for nothing: each module replaces one thing, says why, and can be switched off.

`GRACE_RASA_ADAPTERS` names those that are on, separated by commas; unset means all of them, empty none.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from bot.assistant.adapters import event_types, graph, recent, schema

VARIABLE = "GRACE_RASA_ADAPTERS"
PATCHES: dict[str, Callable[[], None]] = {
    "schema": schema.install,
    "graph": graph.install,
    "events": event_types.install,
    "recent": recent.install,
}
# Read where they act: the connection to the action server, the lock's pace, the bounded tracker.
SWITCHES = ("connection", "locks", "session")
NAMES = (*PATCHES, *SWITCHES)


def wanted() -> frozenset[str]:
    """Return the names of the adapters that are on. Raises ValueError for a name that is none."""
    given = os.environ.get(VARIABLE)
    if given is None:
        return frozenset(NAMES)
    names = frozenset(name.strip() for name in given.split(",") if name.strip())
    unknown = sorted(names - set(NAMES))
    if unknown:
        raise ValueError(f"{VARIABLE}: {', '.join(unknown)} is none of {', '.join(NAMES)}")
    return names


def install() -> None:
    """Put those in place that replace a method of Rasa's; a second call changes nothing."""
    for name in wanted() & PATCHES.keys():
        PATCHES[name]()
