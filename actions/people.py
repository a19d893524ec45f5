"""Requests that only people can grant; whatever was going on goes on."""

from __future__ import annotations

from collections.abc import Iterator

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions.base import GraceAction, hand_over, pass_on
from actions.beyond import put_forward
from actions.plan_slots import FORM, emptied
from actions.turn import Turn
from bot.domain.handoff import HandoffReason
from bot.domain.plans import Wish


class PassWaiver(GraceAction):
    """Reducing fees or interest is for people, but in a campaign; nobody promises it before they said so."""

    key = "action_pass_waiver"

    def act(self, turn: Turn) -> list[EventType]:
        """Offer what was approved beforehand, else put it before whoever may grant it.

        Nobody is troubled where the plans that are spoken of cost nothing more anyway.
        """
        shown = turn.grace.negotiation.shown(turn.conversation) if turn.form == FORM else ()
        if (
            shown
            and not any(offer.cost.minor for offer in shown)
            and not any(one.minor for one in turn.grace.accounts.standing(turn.conversation).charges)
            and not turn.follows("utter_waiver_no_cost")
        ):
            turn.say("utter_waiver_no_cost")
            return []
        for wish in _waivers(turn):
            answer = turn.grace.counters.answer(turn.conversation, wish)
            if answer.verdict == "accept":
                # Approved beforehand: it is offered, and read back like any other plan.
                return _offered(turn, wish)
            if answer.authority is not None and put_forward(turn, wish, answer.authority):
                return []
        pass_on(turn, HandoffReason.BEYOND_POLICY, "utter_waiver_passed")
        return []


def _waivers(turn: Turn) -> Iterator[Wish]:
    """Yield what is asked for: all of what was named, then as much as anybody may take off."""
    fees, interest = turn.grace.accounts.standing(turn.conversation).charges
    named = {one.get("value") for one in turn.entities if one.get("entity") == "concession"}
    asked = fees + interest if "interest" in named else fees if "fee" in named else None
    if asked is not None and asked.minor > 0:
        yield Wish(kind="waiver", waive=asked)
    yield Wish(kind="waiver")


def _offered(turn: Turn, wish: Wish) -> list[EventType]:
    """Return the events that show a waiver among the options; the form goes on with it, or begins."""
    stored = {"kind": "waiver", **({} if wish.waive is None else {"waive": str(wish.waive.amount)})}
    events = [*emptied(), SlotSet("plan_wish", stored), SlotSet("plan_ability", True)]
    return events if turn.form == FORM else [*events, FollowupAction(FORM)]


class PassCallback(GraceAction):
    """A call is a task for people."""

    key = "action_pass_callback"

    def act(self, turn: Turn) -> list[EventType]:
        """Hand over with the reason."""
        return hand_over(turn, HandoffReason.CALLBACK, "utter_handoff_callback")
