"""Protection signals: one action for all of them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from rasa_sdk.events import EventType

from actions.base import GraceAction, closed, ended
from actions.beyond import prepare
from actions.plan_slots import FORM
from actions.turn import Turn

# Honoured without words when people already took over in the same message: they said it in other words.
_SAID_BY_HANDOFF = ("stop_contact", "set_contact_time", "wrong_person", "third_party", "ask_human")
# After these nothing else is said at all.
_GRAVE = ("utter_protect_self_harm", "utter_protect_threat")
_MORNING = 9
_STRANGER = ("wrong_person", "third_party")


class Protect(GraceAction):
    """Honour the signal at once; where people take over, whatever was going on ends."""

    key = "action_protect"

    def act(self, turn: Turn) -> list[EventType]:
        """Call the service and say its answer."""
        scope = turn.value("scope") or "all"
        if turn.act == "ask_human" and turn.form == FORM:
            prepare(turn)
        answer = turn.grace.protection.honour(
            turn.conversation,
            turn.act,
            turn=turn.id,
            locale=turn.locale,
            text=turn.text,
            scope=scope,
            until=_named_instant(turn),
        )
        if turn.is_ended:
            if turn.act not in _SAID_BY_HANDOFF and not turn.said(*_GRAVE):
                # How long it takes was said with the first of them.
                turn.say(answer.response, **{**answer.values, **({"wait": ""} if answer.handed_over else {})})
        else:
            if turn.act == "ask_human" and turn.has("ask_if_bot"):
                turn.say("utter_bot_yes")
            turn.say(answer.response, **answer.values)
        if answer.handed_over or turn.act in _STRANGER:
            return [*closed(), *ended(turn)]
        goes_on = turn.act == "set_contact_time" or (turn.act == "stop_contact" and scope == "third_party")
        return [] if goes_on else closed()


def _named_instant(turn: Turn) -> datetime | None:
    """Return when the borrower may be reached again: of a range its beginning, of a whole day the morning."""
    value = turn.own_value("time")
    if isinstance(value, dict):
        value = value.get("value") or value.get("from") or value.get("to")
    if not value:
        return None
    instant = datetime.fromisoformat(str(value))
    if len(str(value)) == len("2026-03-02"):
        instant = instant.replace(hour=_MORNING)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=ZoneInfo(turn.context.get("timezone") or "Asia/Shanghai"))
    return instant
