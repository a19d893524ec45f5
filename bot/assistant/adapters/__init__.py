"""Where Rasa spends time for nothing: each module replaces one thing, says why, and can be switched off.

`GRACE_RASA_ADAPTERS` names those that are on, separated by commas; unset means all of them, empty none.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.assistant.adapters import event_types, graph, recent, schema
from bot.assistant.switches import wanted

_INSTALL: dict[str, Callable[[], None]] = {
    "schema": schema.install,
    "graph": graph.install,
    "events": event_types.install,
    "recent": recent.install,
}


def install() -> None:
    """Put those in place that replace a method of Rasa's; a second call changes nothing."""
    for name in wanted() & _INSTALL.keys():
        _INSTALL[name]()
