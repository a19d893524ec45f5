"""Hardship, options and agreement."""

from __future__ import annotations

from datetime import date
from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions.base import GraceAction, closed, hand_over
from actions.turn import Turn
from actions.wish import read_wish, wish_of
from bot.domain.handoff import HandoffReason
from bot.domain.model import Refusal
from bot.domain.money import Money
from bot.services.accounts import PlanStanding
from bot.services.negotiation import OfferView, Proposal

MAX_ROUNDS = 2
_EMPTY = [SlotSet(f"plan_{name}", None) for name in ("wish", "ability", "option", "confirmed", "rounds")]
_CARING = {"job_loss": "utter_hardship_job_loss", "illness": "utter_hardship_illness"}


class HearHardship(GraceAction):
    """Thank, pause the ladder, say what the answer is used for."""

    key = "action_hear_hardship"

    def act(self, turn: Turn) -> list[EventType]:
        """Pause; the cause shapes the words only and is not stored."""
        until = turn.grace.negotiation.report_hardship(turn.conversation, turn.id)
        key = _CARING.get(turn.value("hardship_reason") or "", "utter_hardship_heard")
        turn.say(key, until=turn.day(until))
        return []


class ValidatePlan(GraceAction):
    """Read a wish, a choice or an answer; nothing is agreed here."""

    key = "validate_plan_form"

    def act(self, turn: Turn) -> list[EventType]:
        """Return what the form's slots become."""
        asked = turn.asked("plan_ability", "plan_option", "plan_confirmed")
        if asked is None:
            return _opened(turn)
        if turn.interrupted("plan_form"):
            return []
        wish = read_wish(turn)
        if asked == "plan_ability":
            if not wish:
                turn.say("utter_plan_ability_none")
            return [SlotSet("plan_ability", True), SlotSet("plan_wish", _merged(turn, wish))]
        if turn.has("unsure"):
            return _thinking(turn)
        if wish and not turn.has("affirm"):
            return _countered(turn, wish)
        if asked == "plan_confirmed" and turn.has("affirm"):
            return [SlotSet("plan_confirmed", True)]
        return _chosen(turn)


class AskOption(GraceAction):
    """Show two or three options, or say why there are none and who can go further."""

    key = "action_ask_plan_option"

    def act(self, turn: Turn) -> list[EventType]:
        """Make the offers and show them."""
        wish = wish_of(turn, turn.tracker.get_slot("plan_wish") or {})
        proposal = turn.grace.negotiation.propose(turn.conversation, wish, turn=turn.id)
        if proposal.existing is not None:
            _say_existing(turn, proposal.existing)
            return [*_EMPTY, *closed()]
        if any(refusal.limit == "nothing_due" for refusal in proposal.refusals):
            turn.say("utter_plan_nothing_due")
            return [*_EMPTY, *closed()]
        if not proposal.options:
            return [*_EMPTY, *hand_over(turn, HandoffReason.BEYOND_POLICY, "utter_plan_none")]
        for refusal in proposal.refusals[:1]:
            _explain(turn, refusal)
        _show(turn, proposal)
        return []


class AskAgreement(GraceAction):
    """Read the whole plan back: every payment, the total, the cost."""

    key = "action_ask_plan_confirmed"

    def act(self, turn: Turn) -> list[EventType]:
        """Say the terms and ask for an explicit yes."""
        offer = turn.grace.negotiation.offer(turn.conversation, int(turn.tracker.get_slot("plan_option")))
        if offer is None:
            turn.say("utter_plan_expired")
            return [*_EMPTY, *closed()]
        turn.say("utter_plan_confirm", **_terms(turn, offer))
        return []


class FinishPlan(GraceAction):
    """Agree after the explicit yes; the service checks everything again."""

    key = "action_finish_plan"

    def act(self, turn: Turn) -> list[EventType]:
        """Agree once, and give the written terms."""
        if not turn.tracker.get_slot("plan_confirmed"):
            return list(_EMPTY)
        done = turn.grace.negotiation.agree(
            turn.conversation, int(turn.tracker.get_slot("plan_option")), turn=turn.id
        )
        if done.plan_id is not None and done.offer is not None:
            turn.say(
                "utter_plan_agreed", plan=done.plan_id, loan=done.offer.loan_ref, **_terms(turn, done.offer)
            )
        elif done.problem == "exists":
            standing = turn.grace.accounts.standing(turn.conversation)
            if standing.plan is not None:
                _say_existing(turn, standing.plan)
        else:
            turn.say("utter_plan_expired")
            _show(turn, turn.grace.negotiation.propose(turn.conversation, wish_of(turn, {}), turn=turn.id))
        return list(_EMPTY)


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


class OpenAffirm(GraceAction):
    """A yes while no form is open: to options shown earlier it shows them again; else it is taken kindly."""

    key = "action_open_affirm"

    def act(self, turn: Turn) -> list[EventType]:
        """Say what there is to say yes to."""
        turn.say("utter_plan_which" if turn.grace.negotiation.shown(turn.conversation) else "utter_ack")
        return []


def _opened(turn: Turn) -> list[EventType]:
    shown = turn.grace.negotiation.shown(turn.conversation)
    position = _position(turn, shown)
    if turn.act == "choose_option" and position is not None:
        return [
            SlotSet("plan_ability", True),
            SlotSet("plan_option", shown[position].id),
            SlotSet("plan_confirmed", None),
        ]
    wish = read_wish(turn)
    # Who is in trouble and named no terms is asked once what they can manage; others see options at once.
    ask = turn.has("report_hardship") and not wish and not turn.has("request_instalment", "request_extension")
    return [
        SlotSet("plan_wish", wish),
        SlotSet("plan_ability", None if ask else True),
        SlotSet("plan_option", None),
        SlotSet("plan_confirmed", None),
        SlotSet("plan_rounds", 0),
    ]


def _chosen(turn: Turn) -> list[EventType]:
    shown = turn.grace.negotiation.shown(turn.conversation)
    position = _position(turn, shown)
    if position is None and turn.has("affirm") and shown:
        # A plain yes to the list takes the first, which is read back in full before anything binds.
        position = 0
    if position is not None:
        return [SlotSet("plan_option", shown[position].id), SlotSet("plan_confirmed", None)]
    asked_to_confirm = turn.tracker.get_slot("requested_slot") == "plan_confirmed"
    if turn.has("deny"):
        if not asked_to_confirm:
            turn.say("utter_plan_declined")
            return [*_EMPTY, *closed()]
        return [SlotSet("plan_option", None), SlotSet("plan_confirmed", None)]
    turn.say("utter_plan_which")
    return [*_EMPTY, *closed()]


def _countered(turn: Turn, wish: dict[str, Any]) -> list[EventType]:
    """Other terms: the offers are made anew; after two rounds on it a person takes it further."""
    rounds = int(turn.tracker.get_slot("plan_rounds") or 0) + 1
    if rounds > MAX_ROUNDS:
        return [*_EMPTY, *hand_over(turn, HandoffReason.BEYOND_POLICY, "utter_plan_none")]
    return [
        SlotSet("plan_wish", _merged(turn, wish)),
        SlotSet("plan_rounds", rounds),
        SlotSet("plan_option", None),
        SlotSet("plan_confirmed", None),
    ]


def _merged(turn: Turn, wish: dict[str, Any]) -> dict[str, Any]:
    return {**(turn.tracker.get_slot("plan_wish") or {}), **wish}


def _thinking(turn: Turn) -> list[EventType]:
    shown = turn.grace.negotiation.shown(turn.conversation)
    if shown:
        turn.say("utter_plan_thinking", until=turn.day(shown[0].expires_at.date()))
    else:
        turn.say("utter_unsure_open")
    return [*_EMPTY, *closed()]


def _position(turn: Turn, shown: tuple[OfferView, ...]) -> int | None:
    """The place in the list that the borrower named, from 0: by a tap, by what it is, or by its order."""
    offer_id = turn.value("offer")
    if offer_id is not None:
        return next((n for n, offer in enumerate(shown) if offer.id == int(offer_id)), None)
    count = turn.value("count")
    if count is not None:
        by_count = [
            n for n, offer in enumerate(shown) if offer.kind == "instalment" and len(offer.schedule) == count
        ]
        if by_count:
            return by_count[0]
    ordinal = turn.value("ordinal")
    if ordinal is None:
        return None
    index = int(ordinal) if int(ordinal) < 0 else int(ordinal) - 1
    return index % len(shown) if shown and -len(shown) <= index < len(shown) else None


def _show(turn: Turn, proposal: Proposal) -> None:
    lines = [_line(turn, offer) for offer in proposal.options]
    turn.ask(
        "utter_plan_options",
        [_button(turn, offer) for offer in proposal.options],
        amount=turn.money(proposal.amount),
        lines="\n".join(lines),
    )


def _line(turn: Turn, offer: OfferView) -> str:
    return turn.words(
        f"utter_plan_option_{offer.kind}",
        n=offer.position,
        count=len(offer.schedule),
        days=offer.days or 0,
        each=turn.money(offer.schedule[-1].amount),
        first=turn.day(offer.schedule[0].due_on),
        last=turn.day(offer.schedule[-1].due_on),
        total=turn.money(offer.total),
        cost=turn.money(offer.cost),
    )


def _button(turn: Turn, offer: OfferView) -> dict[str, str]:
    title = turn.words(f"utter_plan_button_{offer.kind}", count=len(offer.schedule), days=offer.days or 0)
    return {"title": title, "payload": f'/choose_option{{"offer": {offer.id}}}'}


def _terms(turn: Turn, offer: OfferView) -> dict[str, str]:
    lines = [
        turn.words(
            "utter_plan_line", n=item.number, date=turn.day(item.due_on), amount=turn.money(item.amount)
        )
        for item in offer.schedule
    ]
    return {"schedule": "\n".join(lines), "total": turn.money(offer.total), "cost": turn.money(offer.cost)}


def _say_existing(turn: Turn, plan: PlanStanding) -> None:
    turn.say(
        "utter_plan_exists",
        count=plan.count,
        left=plan.left,
        amount=turn.money(plan.next_amount),
        date=turn.day(plan.next_on),
    )


def _explain(turn: Turn, refusal: Refusal) -> None:
    allowed = refusal.allowed
    if refusal.limit == "instalment.first_payment":
        allowed = turn.day(date.fromisoformat(allowed))
    elif refusal.limit == "instalment.minimum":
        amount, currency = allowed.split()
        allowed = turn.money(Money.of(amount, currency))
    turn.say(f"utter_limit_{refusal.limit.replace('.', '_')}", allowed=allowed, asked=refusal.asked)
