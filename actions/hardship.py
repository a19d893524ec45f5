"""Hardship: a kind word at once, the pause when it is known who writes."""

from __future__ import annotations

from rasa_sdk.events import EventType

from actions.base import GraceAction
from actions.turn import Turn

_CARING = {"job_loss": "utter_hardship_job_loss", "illness": "utter_hardship_illness"}


class HearHardship(GraceAction):
    """Thank, pause the ladder, say what the answer is used for."""

    key = "action_hear_hardship"

    def act(self, turn: Turn) -> list[EventType]:
        """Pause; the kind word is said once, when the worry is told."""
        if not turn.context.get("cared"):
            care(turn, turn.value("hardship_reason"))
        pause(turn)
        return []


def care(turn: Turn, reason: str | None) -> None:
    """Thank for telling; the reason shapes the words only and is not stored."""
    turn.say(_CARING.get(reason or "", "utter_hardship_heard"))


def pause(turn: Turn) -> None:
    """Let reminders rest and say until when. Raises IdentityNeeded before identity is verified."""
    until = turn.grace.negotiation.report_hardship(turn.conversation, turn.id)
    turn.say("utter_hardship_paused", until=turn.day(until))
