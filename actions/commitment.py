"""Promises to pay, payments now and payments made."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions.base import GraceAction, closed
from actions.standing import how_to_pay
from actions.turn import Turn, day_of, days_of
from bot.domain.model import Refusal
from bot.domain.money import Money, MoneyError
from bot.services.accounts import PAID_CLAIM_DAYS, Standing

_EMPTY = [SlotSet("promise_amount", None), SlotSet("promise_date", None), SlotSet("promise_confirmed", None)]

_COARSE = ("week", "month", "year")
# The limits that a day breaks; the others concern the amount.
_DAY_LIMITS = ("promise.past", "promise.days_ahead")


class ValidatePromise(GraceAction):
    """Read amount and day out of a message; ask again for what is vague; never guess."""

    key = "validate_promise_form"

    def act(self, turn: Turn) -> list[EventType]:
        """Return what the form's slots become."""
        asked = turn.asked("promise_amount", "promise_date", "promise_confirmed")
        opened = asked is None
        if not opened and turn.interrupted("promise_form"):
            return []
        standing = turn.grace.accounts.standing(turn.conversation)
        if asked == "promise_confirmed" and not turn.has("promise_to_pay", "counter_offer"):
            return _confirmation(turn)
        if asked is not None and turn.has("deny", "unsure") and not turn.entities:
            turn.say("utter_promise_dropped")
            return [*_EMPTY, *closed()]
        amount = None if opened else turn.tracker.get_slot("promise_amount")
        day = None if opened else turn.tracker.get_slot("promise_date")
        amount = _read_amount(turn, standing) or amount
        day = _read_day(turn) or day
        if opened and amount is None and turn.entity("money") is None:
            # "I'll pay on Friday" without a sum means what is due.
            amount = str(standing.claimed.amount) if standing.claimed.minor else None
        return _checked(turn, standing, amount, day)


class AskConfirmation(GraceAction):
    """Read the promise back before it is recorded."""

    key = "action_ask_promise_confirmed"

    def act(self, turn: Turn) -> list[EventType]:
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
            refusals = turn.grace.negotiation.promise(turn.conversation, amount, day, turn=turn.id)
            if refusals:
                _explain(turn, refusals)
            else:
                turn.say("utter_promise_recorded", amount=turn.money(amount), date=turn.day(day))
        return list(_EMPTY)


class PayNow(GraceAction):
    """Say how to pay; nothing more to ask."""

    key = "action_pay_now"

    def act(self, turn: Turn) -> list[EventType]:
        """Say how."""
        standing = turn.grace.accounts.standing(turn.conversation)
        turn.say("utter_pay_now", how=how_to_pay(turn, standing))
        return []


class CheckPayment(GraceAction):
    """Thank for a payment that is booked; let reminders rest while another is checked."""

    key = "action_check_payment"

    def act(self, turn: Turn) -> list[EventType]:
        """Look for it."""
        seen = turn.grace.accounts.recent_payment(turn.conversation)
        if seen is not None:
            turn.say("utter_paid_seen", amount=turn.money(seen[0]), date=turn.day(seen[1]))
        else:
            turn.grace.accounts.claim_paid(turn.conversation, turn.id)
            turn.say("utter_paid_claim", days=PAID_CLAIM_DAYS)
        return []


def _confirmation(turn: Turn) -> list[EventType]:
    if turn.has("affirm", "pay_now", "choose_option"):
        return [SlotSet("promise_confirmed", True)]
    if turn.has("deny"):
        turn.say("utter_promise_change")
        return list(_EMPTY)
    turn.say("utter_promise_dropped")
    return [*_EMPTY, *closed()]


def _checked(turn: Turn, standing: Standing, amount: str | None, day: str | None) -> list[EventType]:
    """Drop what breaks a limit, and say which."""
    events: list[EventType] = [SlotSet("promise_confirmed", None)]
    if amount is not None or day is not None:
        money = Money.of(amount, standing.loan.currency) if amount else standing.loan.outstanding
        on = date.fromisoformat(day) if day else standing.today
        refusals = turn.grace.negotiation.check_promise(turn.conversation, money, on)
        broken = {refusal.limit for refusal in refusals}
        day = None if broken & set(_DAY_LIMITS) else day
        amount = None if broken - set(_DAY_LIMITS) else amount
        _explain(turn, refusals[:1])
    return [SlotSet("promise_amount", amount), SlotSet("promise_date", day), *events]


def _explain(turn: Turn, refusals: tuple[Refusal, ...]) -> None:
    standing = turn.grace.accounts.standing(turn.conversation)
    for refusal in refusals:
        if refusal.limit in _DAY_LIMITS:
            allowed = turn.day(date.fromisoformat(refusal.allowed))
        else:
            allowed = turn.money(Money.of(refusal.allowed.split()[0], standing.loan.currency))
        turn.say(f"utter_limit_{refusal.limit.replace('.', '_')}", allowed=allowed)


def _read_amount(turn: Turn, standing: Standing) -> str | None:
    found = turn.entity("money")
    if found is None:
        return None
    value: dict[str, Any] = found["value"]
    if "fraction" in value:
        return str(standing.loan.outstanding.times(Decimal(str(value["fraction"]))).amount)
    if "from" in value or "to" in value or found.get("vague") or value.get("value") is None:
        turn.say("utter_promise_vague")
        return None
    try:
        return str(Money.of(value["value"], standing.loan.currency).amount)
    except MoneyError:
        turn.say("utter_promise_vague")
        return None


def _read_day(turn: Turn) -> str | None:
    found = _named_day(turn)
    if found is not None:
        exact = found.get("grain") not in _COARSE and not found.get("vague")
        day = day_of(found["value"]) if exact and not _is_range(found["value"]) else None
        if day is None:
            turn.say("utter_promise_vague_date")
        return day.isoformat() if day else None
    duration = turn.value("duration")
    days = days_of(duration) if isinstance(duration, dict) else None
    return (turn.today + timedelta(days=days)).isoformat() if days else None


def _named_day(turn: Turn) -> dict[str, Any] | None:
    """The time that a promise is about: an exact day before a week, what is ahead before what is past."""
    times = [one for one in turn.entities if one.get("entity") == "time"]

    def rank(entity: dict[str, Any]) -> tuple[bool, bool]:
        day = day_of(entity["value"])
        return (day is None or day < turn.today, entity.get("grain") in _COARSE or _is_range(entity["value"]))

    return min(times, key=rank, default=None)


def _is_range(value: Any) -> bool:
    return isinstance(value, dict) and "from" in value


def _promised(turn: Turn) -> tuple[Money, date]:
    standing = turn.grace.accounts.standing(turn.conversation)
    amount = Money.of(turn.tracker.get_slot("promise_amount"), standing.loan.currency)
    return amount, date.fromisoformat(turn.tracker.get_slot("promise_date"))
