"""Payments now, payments made, and the record of a promise."""

from __future__ import annotations

from rasa_sdk.events import EventType

from actions.base import GraceAction, closed
from actions.standing import how_to_pay
from actions.turn import Turn
from bot.services.accounts import PAID_CLAIM_DAYS


class PayNow(GraceAction):
    """Say how to pay; nothing more to ask."""

    key = "action_pay_now"

    def act(self, turn: Turn) -> list[EventType]:
        """Say how."""
        standing = turn.grace.accounts.standing(turn.conversation)
        if standing.loan.outstanding.minor <= 0:
            turn.say("utter_account_clear", loan=standing.loan.ref)
        else:
            turn.say("utter_pay_now", how=how_to_pay(turn, standing))
        return closed()


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
            told = turn.follows("utter_paid_claim", "utter_paid_again")
            turn.say("utter_paid_again" if told else "utter_paid_claim", days=PAID_CLAIM_DAYS)
        return closed()
