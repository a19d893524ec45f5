"""Protection signals: one action for all of them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from rasa_sdk.events import EventType

from actions.base import GraceAction, closed
from actions.turn import Turn


class Protect(GraceAction):
    """Honour the signal at once; where people take over, whatever was going on ends."""

    key = "action_protect"

    def act(self, turn: Turn) -> list[EventType]:
        """Call the service and say its answer."""
        answer = turn.grace.protection.honour(
            turn.conversation,
            turn.act,
            turn=turn.id,
            locale=turn.locale,
            text=turn.text,
            scope=turn.value("scope") or "all",
            until=_named_instant(turn),
        )
        turn.say(answer.response, **answer.values)
        return closed() if answer.handed_over or turn.act != "set_contact_time" else []


def _named_instant(turn: Turn) -> datetime | None:
    """The instant from which the borrower may be reached again: of a range, its later end."""
    value = turn.value("time")
    if isinstance(value, dict):
        value = value.get("value") or value.get("from") or value.get("to")
    if not value:
        return None
    instant = datetime.fromisoformat(str(value))
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=ZoneInfo(turn.context.get("timezone") or "Asia/Shanghai"))
    return instant
