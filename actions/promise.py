"""Promises to pay: amount and day asked for, read back, recorded after an explicit yes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions.base import AskAction, GraceAction, closed
from actions.terms import VAGUE, Terms, names_two_payments, read_terms
from actions.turn import Turn
from bot.domain.model import Refusal
from bot.domain.money import Money
from bot.services.accounts import Standing

FORM = "promise_form"
_RECORDED = ("utter_promise_recorded", "utter_promise_recorded_soon")
_YES = ("affirm", "promise_to_pay", "choose_option")
_SLOTS = ("amount", "date", "confirmed", "before")
# The limits that a day breaks; the others concern the amount.
_DAY_LIMITS = ("promise.past", "promise.days_ahead")
# What already asks for an amount, or for a day: the form's own question would ask it twice.
_ASKS_AMOUNT = (
    "utter_promise_vague",
    "utter_promise_change",
    "utter_limit_promise_minimum",
    "utter_limit_promise_outstanding",
)
_ASKS_DAY = ("utter_promise_vague_date", "utter_limit_promise_past", "utter_limit_promise_days_ahead")


class ValidatePromise(GraceAction):
    """Take the terms out of a message; ask again for what is vague; never guess."""

    key = "validate_promise_form"

    def act(self, turn: Turn) -> list[EventType]:
        """Return what the form's slots become."""
        asked = turn.asked("promise_amount", "promise_date", "promise_confirmed")
        if asked is not None and turn.interrupted(FORM):
            return []
        standing = turn.grace.accounts.standing(turn.conversation)
        if standing.loan.outstanding.minor <= 0:
            turn.say("utter_account_clear", loan=standing.loan.ref)
            return _dropped()
        if (turn.entity("money") or {}).get("per"):
            # So much a month is no promise of one payment: it asks for a plan.
            return [*_dropped(), FollowupAction("plan_form")]
        terms = read_terms(turn, standing)
        if asked is None:
            if names_two_payments(turn):
                turn.say("utter_promise_one")
            return _checked(turn, standing, _opening(turn, terms, standing))
        if asked == "promise_confirmed":
            answered = _confirmation(turn, terms)
            if answered is not None:
                return answered
        elif terms.empty and turn.has("deny", "unsure"):
            turn.say("utter_promise_dropped")
            return _dropped()
        return _checked(turn, standing, terms.over(*_known(turn)))


class AskAmount(AskAction):
    """Ask how much."""

    key = "action_ask_promise_amount"
    form = FORM

    def ask(self, turn: Turn) -> list[EventType]:
        """Ask, unless what was said already asks."""
        if not turn.said(*_ASKS_AMOUNT):
            turn.say("utter_ask_promise_amount")
        return []


class AskDate(AskAction):
    """Ask which day."""

    key = "action_ask_promise_date"
    form = FORM

    def ask(self, turn: Turn) -> list[EventType]:
        """Ask, unless what was said already asks."""
        if not turn.said(*_ASKS_DAY):
            turn.say("utter_ask_promise_date")
        return []


class AskConfirmation(AskAction):
    """Read the promise back before it is recorded."""

    key = "action_ask_promise_confirmed"
    form = FORM

    def ask(self, turn: Turn) -> list[EventType]:
        """Say amount and day."""
        amount, day = _promised(turn)
        turn.say("utter_promise_confirm", amount=turn.money(amount), date=turn.day(day))
        return []


class FinishPromise(GraceAction):
    """Record the confirmed promise."""

    key = "action_finish_promise"

    def act(self, turn: Turn) -> list[EventType]:
        """Record, or say which limit now stands in the way."""
        if turn.tracker.get_slot("promise_confirmed"):
            amount, day = _promised(turn)
            refusals = turn.grace.promises.make(turn.conversation, amount, day, turn=turn.id)
            if refusals:
                _explain(turn, refusals[0])
            else:
                # There is no day before today or tomorrow on which a reminder could still come.
                soon = day <= turn.today + timedelta(days=1)
                turn.say(_RECORDED[soon], amount=turn.money(amount), date=turn.day(day))
                return [*_emptied(), SlotSet("promise_last", str(amount.amount))]
        return _emptied()


def _opening(turn: Turn, terms: Terms, standing: Standing) -> Terms:
    """Fill up what opens a promise: to pay on Friday, without a sum, means to pay what is due; said of a
    promise that was noted just now, it means that day instead.
    """
    if terms.amount is None and terms.day is not None and turn.follows(*_RECORDED):
        return terms.over(turn.tracker.get_slot("promise_last"), None)
    if terms.amount is None and standing.claimed.minor:
        return terms.over(str(standing.claimed.amount), None)
    return terms


def _known(turn: Turn) -> tuple[str | None, str | None]:
    """Return amount and day as they stand: in the slots, or what is being changed."""
    before: dict[str, Any] = turn.tracker.get_slot("promise_before") or {}
    amount = turn.tracker.get_slot("promise_amount") or before.get("amount")
    return amount, turn.tracker.get_slot("promise_date") or before.get("date")


def _confirmation(turn: Turn, terms: Terms) -> list[EventType] | None:
    """Return what a yes or no does; None when the message names other terms, which are read back anew."""
    amount, day = _known(turn)
    picks = turn.has("choose_option") and turn.value("ordinal") is not None
    if picks or not terms.within(amount, day):
        return None
    if turn.has("deny", "counter_offer"):
        turn.say("utter_promise_change")
        return [*_emptied(), SlotSet("promise_before", {"amount": amount, "date": day})]
    if turn.has("unsure"):
        turn.say("utter_promise_dropped")
        return _dropped()
    # Anything short of a yes is asked once more.
    return [SlotSet("promise_confirmed", True)] if turn.agrees(*_YES) else None


def _checked(turn: Turn, standing: Standing, terms: Terms) -> list[EventType]:
    """Drop what is vague or breaks a limit, and say which: one question at a time."""
    amount = None if terms.amount is VAGUE else terms.amount
    day = None if terms.day is VAGUE else terms.day
    if terms.amount is VAGUE:
        _ask_exact(turn, standing, terms)
    elif terms.day is VAGUE and amount is not None:
        turn.say("utter_promise_vague_date")
    if amount is not None or day is not None:
        money = Money.of(amount, standing.loan.currency) if amount else standing.loan.outstanding
        on = date.fromisoformat(day) if day else standing.today
        refusals = turn.grace.promises.check(turn.conversation, money, on)
        broken = {refusal.limit for refusal in refusals}
        day = None if broken & set(_DAY_LIMITS) else day
        amount = None if broken - set(_DAY_LIMITS) else amount
        if refusals:
            _explain(turn, refusals[0])
    slots = {"amount": amount, "date": day, "confirmed": None, "before": None}
    return [SlotSet(f"promise_{name}", value) for name, value in slots.items()]


def _ask_exact(turn: Turn, standing: Standing, terms: Terms) -> None:
    """Ask for one amount; both ends of a range are offered as buttons."""
    buttons = [
        {
            "title": turn.money(Money.of(end, standing.loan.currency)),
            "payload": f'/promise_to_pay{{"money": {{"value": "{end}"}}}}',
        }
        for end in terms.ends
    ]
    turn.ask("utter_promise_vague", buttons)


def _explain(turn: Turn, refusal: Refusal) -> None:
    standing = turn.grace.accounts.standing(turn.conversation)
    if refusal.limit in _DAY_LIMITS:
        allowed = turn.day(date.fromisoformat(refusal.allowed))
    else:
        allowed = turn.money(Money.of(refusal.allowed.split()[0], standing.loan.currency))
    turn.say(f"utter_limit_{refusal.limit.replace('.', '_')}", allowed=allowed)


def _promised(turn: Turn) -> tuple[Money, date]:
    standing = turn.grace.accounts.standing(turn.conversation)
    amount = Money.of(turn.tracker.get_slot("promise_amount"), standing.loan.currency)
    return amount, date.fromisoformat(turn.tracker.get_slot("promise_date"))


def _emptied() -> list[EventType]:
    return [SlotSet(f"promise_{name}", None) for name in _SLOTS]


def _dropped() -> list[EventType]:
    return [*_emptied(), *closed()]
