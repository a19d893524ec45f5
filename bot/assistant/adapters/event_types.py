"""The class of an event is found in a dictionary, not by a walk over all subclasses each time."""

from __future__ import annotations

from rasa.shared.core.events import Event
from rasa.shared.utils.common import all_subclasses

_walked = Event.resolve_by_type
_known: dict[str, type[Event]] = {}


def _resolve(type_name: str, default: type[Event] | None = None) -> type[Event] | None:
    """Return an event's class by its type name, the one that Rasa's own walk finds.

    Raises ValueError for an unknown name without a default, as Rasa does.
    """
    found = _known.get(type_name)
    if found is None:
        # Asked for the first time, or defined since: the walk decides, and its errors are Rasa's own.
        walked: type[Event] | None = _walked(type_name, default)
        return walked
    return found


def install() -> None:
    """Replace `Event.resolve_by_type`."""
    for event in all_subclasses(Event):
        _known.setdefault(event.type_name, event)
    Event.resolve_by_type = staticmethod(_resolve)
