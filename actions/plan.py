"""A plan: a wish or a choice read, an agreement after an explicit yes."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions import offers
from actions.agreed import of_agreed
from actions.base import GraceAction, closed
from actions.beyond import beyond, countered, merged_with, opening_rounds
from actions.choice import agrees, position_of
from actions.hardship import hear
from actions.plan_questions import needless, renew
from actions.plan_slots import FORM, emptied
from actions.terms import VAGUE, read_terms
from actions.turn import Turn
from actions.wish import gentlest, read_wish
from bot.services.accounts import Standing
from bot.services.offers import OfferView

_LASTING = ("ability", "most", "per", "payday", "hardship")


class ValidatePlan(GraceAction):
    """Read a wish, a choice or an answer; nothing is agreed here."""

    key = "validate_plan_form"

    def act(self, turn: Turn) -> list[EventType]:
        """Return what the form's slots become."""
        asked = turn.asked("plan_ability", "plan_option", "plan_confirmed")
        if asked is not None and turn.act == "report_hardship":
            return _worried(turn, asked)
        if asked is not None and turn.interrupted(FORM):
            return []
        standing = turn.grace.accounts.standing(turn.conversation)
        if asked is None and turn.act == "request_waiver":
            # What is offered of a waiver was read before the form began.
            return []
        wish = read_wish(turn, answers_ability=asked == "plan_ability")
        done = of_agreed(turn, standing, wish)
        ended = done if done is not None else needless(turn, standing)
        if ended is not None:
            # Asked whether the agreed plan is to change, they need not say again into what.
            kept = wish if done is None and standing.plan is not None else {}
            return [*ended, SlotSet("plan_wish", kept or None)] if kept else ended
        if asked is not None and _is_promise(turn, standing):
            return [*emptied(), *closed(), FollowupAction("promise_form")]
        shown = turn.grace.negotiation.shown(turn.conversation)
        if turn.value("beyond") is not None and turn.tracker.get_slot("plan_wish"):
            return beyond(turn)
        if asked is None:
            return _opened(turn, wish, shown)
        if asked == "plan_ability":
            return _able(turn, wish)
        return _answered(turn, asked, wish, shown)


class FinishPlan(GraceAction):
    """Agree after the explicit yes; the service checks everything again."""

    key = "action_finish_plan"

    def act(self, turn: Turn) -> list[EventType]:
        """Agree once, and give the written terms."""
        if not turn.tracker.get_slot("plan_confirmed"):
            # What was wished in place of an agreed plan waits for their word.
            return [] if turn.said("utter_plan_exists") else emptied()
        wish = turn.tracker.get_slot("plan_wish") or {}
        done = turn.grace.negotiation.agree(
            turn.conversation,
            int(turn.tracker.get_slot("plan_option")),
            turn=turn.id,
            replacing=bool(wish.get("replaces")),
        )
        if done.plan_id is not None and done.offer is not None:
            written = offers.terms(turn, done.offer)
            turn.say("utter_plan_agreed", plan=done.plan_id, loan=done.offer.loan_ref, **written)
        elif done.problem == "exists":
            needless(turn, turn.grace.accounts.standing(turn.conversation))
        else:
            return [*renew(turn), *emptied(), SlotSet("requested_slot", None)]
        return emptied()


def _is_promise(turn: Turn, standing: Standing) -> bool:
    """Tell whether, in the midst of options, a payment on one day is named: no other wish, but a promise."""
    if turn.act != "promise_to_pay" or (turn.entity("money") or {}).get("per") or turn.entity("arrangement"):
        return False
    return read_terms(turn, standing).day not in (None, VAGUE)


def _opened(turn: Turn, wish: dict[str, Any], shown: tuple[OfferView, ...]) -> list[EventType]:
    position = position_of(turn, shown, wish) if turn.act == "choose_option" else None
    if position is not None:
        return [*emptied(), SlotSet("plan_ability", True), SlotSet("plan_option", shown[position].id)]
    if turn.act == "choose_option" and turn.value("offer") is not None:
        turn.say("utter_plan_expired")
    # In trouble, or wanting less, without naming terms: asked once what is possible; all others see options.
    wants_less = turn.has("counter_offer") or turn.follows("utter_plan_declined")
    asks_for_options = turn.has("request_instalment", "request_extension")
    told: dict[str, Any] = turn.tracker.get_slot("hardship_wish") or {}
    if "count" in wish:
        told = {name: told[name] for name in told if name not in ("ability", "most", "per", "count")}
    wish = {**told, **wish}
    ask = not wish and (wants_less or (turn.has("report_hardship") and not asks_for_options))
    if turn.has("report_hardship"):
        wish["hardship"] = True
    return [
        *emptied(),
        # What somebody in trouble can pay bounds what is offered later, too.
        SlotSet("hardship_wish", {name: told[name] for name in _LASTING if name in told} or None),
        SlotSet("plan_wish", wish),
        SlotSet("plan_ability", None if ask else True),
        SlotSet("plan_rounds", opening_rounds(turn, wish, declined=turn.follows("utter_plan_declined"))),
    ]


def _worried(turn: Turn, asked: str) -> list[EventType]:
    """Hardship told in the midst of it: the options are made anew on its easier terms.

    Told once more it means that they do not fit: asked what would, and then a person takes it further.
    """
    wish = read_wish(turn, answers_ability=asked == "plan_ability")
    if not (turn.tracker.get_slot("plan_wish") or {}).get("hardship"):
        heard = hear(turn)
        eased = {**merged_with(turn, wish), "hardship": True}
        return [
            *heard,
            *emptied(),
            SlotSet("plan_wish", eased),
            SlotSet("plan_ability", True),
            SlotSet("plan_rounds", None),
        ]
    if asked == "plan_ability":
        return _able(turn, wish)
    return countered(turn, wish)


def _able(turn: Turn, wish: dict[str, Any]) -> list[EventType]:
    """Read what can be managed a month; nobody has to say. Who saw the options already goes to a person."""
    if not wish and turn.tracker.get_slot("plan_rounds"):
        return beyond(turn)
    if not wish:
        turn.say("utter_plan_ability_none")
        wish = gentlest(turn)
    return [
        SlotSet("plan_ability", True),
        SlotSet("plan_wish", merged_with(turn, wish)),
        SlotSet("plan_offered", None),
    ]


def _answered(turn: Turn, asked: str, wish: dict[str, Any], shown: tuple[OfferView, ...]) -> list[EventType]:
    """Read the answer to the list, or to the terms that were read back."""
    position = position_of(turn, shown, wish)
    chosen = turn.tracker.get_slot("plan_option") if asked == "plan_confirmed" else None
    current = next((offer for offer in shown if offer.id == chosen), None)
    if current is not None and _says_yes(turn, current) and agrees(current, shown, position, wish):
        return [SlotSet("plan_confirmed", True)]
    if position is not None:
        return [SlotSet("plan_option", shown[position].id), SlotSet("plan_confirmed", None)]
    if turn.value("offer") is not None or (asked == "plan_confirmed" and current is None):
        turn.say("utter_plan_expired")
        return [SlotSet("plan_offered", None), SlotSet("plan_option", None), SlotSet("plan_confirmed", None)]
    if wish:
        return countered(turn, wish)
    if turn.has("unsure"):
        return _thinking(turn, shown)
    if turn.has("affirm") and asked == "plan_option" and shown:
        # A plain yes to the list takes the first, which is read back in full before anything binds.
        return [SlotSet("plan_option", shown[0].id), SlotSet("plan_confirmed", None)]
    if turn.has("counter_offer"):
        return countered(turn, wish)
    if turn.has("deny") and asked == "plan_option":
        turn.say("utter_plan_declined")
        return [*emptied(), *closed()]
    return [SlotSet("plan_option", None), SlotSet("plan_confirmed", None)]


def _says_yes(turn: Turn, current: OfferView) -> bool:
    """Tell whether a yes stands without a but: what binds is never agreed beside other wishes."""
    objects = turn.has("deny", "unsure", "counter_offer", "refuse_to_pay", "request_waiver")
    later = turn.has("request_extension") and current.kind not in ("extension", "holiday", "partial")
    return turn.agrees("affirm") and not objects and not later


def _thinking(turn: Turn, shown: tuple[OfferView, ...]) -> list[EventType]:
    if shown:
        zone = ZoneInfo(turn.context.get("timezone") or "Asia/Shanghai")
        turn.say("utter_plan_thinking", until=turn.day(shown[0].expires_at.astimezone(zone).date()))
    else:
        turn.say("utter_unsure_open")
    return [*emptied(), *closed()]
