"""The slots of the plan form."""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet

FORM = "plan_form"
_SLOTS = ("wish", "offered", "ability", "option", "confirmed", "rounds", "read")


def emptied() -> list[EventType]:
    """Return the events that clear the form's slots."""
    return [SlotSet(f"plan_{name}", None) for name in _SLOTS]
