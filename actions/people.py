"""Requests that only people can grant; whatever was going on goes on."""

from __future__ import annotations

from rasa_sdk.events import EventType

from actions.base import GraceAction, hand_over, pass_on
from actions.plan_slots import FORM
from actions.turn import Turn
from bot.domain.handoff import HandoffReason


class PassWaiver(GraceAction):
    """Reducing fees or interest is for people, and promised by nobody before they have said so."""

    key = "action_pass_waiver"

    def act(self, turn: Turn) -> list[EventType]:
        """Put it before people, unless the plans that are spoken of cost nothing more anyway."""
        shown = turn.grace.negotiation.shown(turn.conversation) if turn.form == FORM else ()
        if (
            shown
            and not any(offer.cost.minor for offer in shown)
            and not turn.follows("utter_waiver_no_cost")
        ):
            turn.say("utter_waiver_no_cost")
            return []
        pass_on(turn, HandoffReason.BEYOND_POLICY, "utter_waiver_passed")
        return []


class PassCallback(GraceAction):
    """A call is a task for people."""

    key = "action_pass_callback"

    def act(self, turn: Turn) -> list[EventType]:
        """Hand over with the reason."""
        return hand_over(turn, HandoffReason.CALLBACK, "utter_handoff_callback")
