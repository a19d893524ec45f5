"""Requests that only people can grant."""

from __future__ import annotations

from rasa_sdk.events import EventType

from actions.base import GraceAction, hand_over
from actions.turn import Turn
from bot.domain.handoff import HandoffReason


class PassWaiver(GraceAction):
    """Reducing fees or interest is for people."""

    key = "action_pass_waiver"

    def act(self, turn: Turn) -> list[EventType]:
        """Hand over with the reason."""
        return hand_over(turn, HandoffReason.BEYOND_POLICY, "utter_waiver_passed")


class PassCallback(GraceAction):
    """A call is a task for people."""

    key = "action_pass_callback"

    def act(self, turn: Turn) -> list[EventType]:
        """Hand over with the reason."""
        return hand_over(turn, HandoffReason.CALLBACK, "utter_handoff_callback")
