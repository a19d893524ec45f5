"""Hardship: a kind word at once, the pause when it is known who writes."""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet

from actions.base import GraceAction
from actions.turn import Turn
from actions.unsaid import remember

_CARING = {
    "job_loss": "utter_hardship_job_loss",
    "illness": "utter_hardship_illness",
    "family": "utter_hardship_family",
}


class HearHardship(GraceAction):
    """Thank, pause the ladder, say what the answer is used for."""

    key = "action_hear_hardship"

    def act(self, turn: Turn) -> list[EventType]:
        """Hear it."""
        return hear(turn)


def hear(turn: Turn) -> list[EventType]:
    """Let reminders rest, and say so; told once more on the same day, it needs no second thanks.

    Raises IdentityNeeded before identity is verified.
    """
    until = turn.grace.negotiation.report_hardship(turn.conversation, turn.id)
    remember(turn)
    if turn.tracker.get_slot("hardship_heard") == until.isoformat():
        return []
    if not turn.context.get("cared"):
        care(turn, turn.value("hardship_reason"))
    turn.say("utter_hardship_paused", until=turn.day(until))
    return [SlotSet("hardship_heard", until.isoformat())]


def care(turn: Turn, reason: str | None) -> None:
    """Thank for telling, once, when it is told; the reason shapes the words."""
    turn.say(_CARING.get(reason or "", "utter_hardship_heard"))
