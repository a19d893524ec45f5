"""The questions of the plan form: what can be managed, which offer, and the yes to its terms."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions import offers
from actions.agreed import is_replaced
from actions.base import AskAction, closed, hand_over
from actions.beyond import beyond, may_be_granted, proposed
from actions.plan_slots import FORM, emptied
from actions.turn import Turn
from actions.wish import wish_of
from bot.domain.handoff import HandoffReason
from bot.domain.plans import Wish
from bot.services.accounts import PlanStanding, Standing


class AskAbility(AskAction):
    """Ask once what could be managed; nobody has to say."""

    key = "action_ask_plan_ability"
    form = FORM

    def ask(self, turn: Turn) -> list[EventType]:
        """Ask."""
        turn.say("utter_ask_plan_ability")
        return []


class AskOption(AskAction):
    """Show two or three options, or say why there are none and who can go further."""

    key = "action_ask_plan_option"
    form = FORM

    def ask(self, turn: Turn) -> list[EventType]:
        """Show the offers; those that stand are not made again, nor listed again where a word will do."""
        if turn.said("utter_plan_ask_payday"):
            return []
        ended = needless(turn, turn.grace.accounts.standing(turn.conversation))
        if ended is not None:
            return ended
        wish = turn.tracker.get_slot("plan_wish") or {}
        shown = turn.grace.negotiation.shown(turn.conversation)
        if shown and turn.tracker.get_slot("plan_offered") == wish:
            again = turn.act == "ask_repeat" or turn.value("agreement") == "papers"
            if again or (turn.has("deny") and not turn.interrupted(FORM)):
                offers.show(turn, shown, way="person" if wish.get("hardship") else None)
            else:
                back = turn.interrupted(FORM)
                offers.show_again(turn, shown, "utter_plan_which_again" if back else "utter_plan_which")
            return []
        proposal = proposed(turn, wish_of(turn, wish), wish)
        stretched = not proposal.options and bool(wish.get("most"))
        if stretched:
            proposal = proposed(turn, wish_of(turn, wish, most=True), wish)
        if not proposal.options:
            return self._nearest(turn, wish)
        # Where the upper end of what they said fits, there is nothing to explain.
        above = None if stretched else may_be_granted(turn, wish)
        limits = above.limits if above is not None else proposal.refusals
        # Where it is meant for hard times alone, how long it may be is not the point.
        for refusal in sorted(limits, key=lambda one: one.limit != "holiday.hardship")[:1]:
            offers.explain(turn, refusal)
        # In hardship nobody has to find their way to a person.
        person = bool(proposal.refusals) or bool(wish.get("hardship"))
        way: offers.Way | None = "colleague" if above is not None else "person" if person else None
        offers.show(turn, proposal.options, way=way)
        return [SlotSet("plan_offered", wish)]

    def _nearest(self, turn: Turn, wish: dict[str, Any]) -> list[EventType]:
        """Beyond policy: for whoever is in hardship people are asked at once; others see the closest, too."""
        asked = wish_of(turn, wish).ability
        if wish.get("hardship") or asked is None:
            return beyond(turn, wish)
        above = may_be_granted(turn, wish)
        standing = turn.grace.accounts.standing(turn.conversation)
        count = wish["count"] if wish.get("even") else standing.policy.instalment.count.max
        nearest = Wish(kind="instalment", count=count)
        proposal = proposed(turn, nearest, wish)
        if not proposal.options:
            return beyond(turn, wish)
        if above is not None and wish.get("even"):
            offers.explain(turn, above.limits[0])
        else:
            turn.say("utter_plan_nearest", asked=turn.money(asked))
        offers.show(turn, proposal.options, way="person" if above is None else "colleague")
        return [SlotSet("plan_offered", wish)]


class AskAgreement(AskAction):
    """Read the whole plan back: every payment, the total, the cost."""

    key = "action_ask_plan_confirmed"
    form = FORM

    def ask(self, turn: Turn) -> list[EventType]:
        """Say the terms and ask for an explicit yes; when they were read before, the question alone."""
        offer = turn.grace.negotiation.offer(turn.conversation, int(turn.tracker.get_slot("plan_option")))
        if offer is None:
            return renew(turn)
        read = turn.tracker.get_slot("plan_read") == offer.id
        if read and turn.interrupted(FORM) and turn.act != "ask_repeat":
            turn.say(
                "utter_plan_confirm_again",
                total=turn.money(offer.total),
                last=turn.day(offer.schedule[-1].due_on),
            )
        else:
            turn.say("utter_plan_confirm", **offers.terms(turn, offer))
        return [SlotSet("plan_read", offer.id)]


def needless(turn: Turn, standing: Standing) -> list[EventType] | None:
    """Where no plan can be made, say why and return the events that end the form; else None."""
    if standing.plan is not None and turn.has("report_hardship"):
        return [*emptied(), *_pass_on(turn, standing.plan)]
    if standing.plan is not None and is_replaced(turn, standing.plan):
        return None
    if standing.plan is not None:
        offers.say_existing(turn, standing.plan)
    elif not standing.claimed.minor:
        turn.say("utter_plan_nothing_due")
    else:
        return None
    return [*emptied(), *closed()]


def _pass_on(turn: Turn, plan: PlanStanding) -> list[EventType]:
    """An agreed plan that somebody in trouble cannot keep is for people to change."""
    return hand_over(
        turn, HandoffReason.BEYOND_POLICY, "utter_plan_exists_passed", **offers.standing_plan(turn, plan)
    )


def renew(turn: Turn) -> list[EventType]:
    """An offer ran out: say so, make the offers anew, and ask for a choice again."""
    turn.say("utter_plan_expired")
    wish = turn.tracker.get_slot("plan_wish") or {}
    proposal = proposed(turn, wish_of(turn, wish), wish)
    if not proposal.options:
        return [*emptied(), *hand_over(turn, HandoffReason.BEYOND_POLICY, "utter_plan_none")]
    offers.show(turn, proposal.options)
    return [
        SlotSet("plan_option", None),
        SlotSet("plan_offered", wish),
        SlotSet("requested_slot", "plan_option"),
    ]
