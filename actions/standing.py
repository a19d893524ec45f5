"""Questions about the account."""

from __future__ import annotations

from rasa_sdk.events import EventType

from actions.base import GraceAction, pass_on
from actions.offers import standing_plan
from actions.turn import Turn
from bot.domain.handoff import HandoffReason
from bot.domain.money import Money
from bot.services.accounts import Standing

# What is asked in many ways and answered in one.
_REPEATED = {
    "ask_consequences": "utter_account_consequences",
    "ask_how_to_pay": "utter_account_how_to_pay",
}


class AnswerAccount(GraceAction):
    """One action for all account questions; the act says which."""

    key = "action_answer_account"

    def act(self, turn: Turn) -> list[EventType]:
        """Answer from the account as it stands now."""
        answered = _REPEATED.get(turn.act)
        if answered is not None and turn.follows(answered):
            # The same answer once more would be no answer.
            turn.say("utter_account_more_help")
            return []
        if turn.act == "ask_consequences":
            turn.say("utter_account_consequences")
            return []
        if turn.act == "request_document":
            pass_on(turn, HandoffReason.DOCUMENT, "utter_account_document")
            return []
        standing = turn.grace.accounts.standing(turn.conversation)
        if turn.act == "ask_how_to_pay":
            turn.say("utter_account_how_to_pay", how=how_to_pay(turn, standing))
        elif turn.act == "ask_breakdown":
            _breakdown(turn, standing)
        elif turn.act == "ask_plan_status":
            _plan(turn, standing)
        else:
            say_standing(turn, standing)
        return []


def say_standing(turn: Turn, standing: Standing | None = None) -> None:
    """Say what is due and when; of an agreed plan, what comes next."""
    now = standing or turn.grace.accounts.standing(turn.conversation)
    if now.plan is not None:
        _plan(turn, now)
        return
    due = now.loan.next_due()
    values = {"loan": now.loan.ref, "outstanding": turn.money(now.loan.outstanding)}
    if due is None:
        turn.say("utter_account_clear", **values)
    elif due.due_on < now.today:
        overdue = turn.money(now.loan.overdue(now.today))
        # Who is in the midst of finding a way need not be told that there is one.
        key = "utter_account_overdue" if turn.form is None else "utter_account_overdue_since"
        turn.say(key, overdue=overdue, date=turn.day(due.due_on), **values)
    else:
        turn.say("utter_account_current", amount=turn.money(due.open), date=turn.day(due.due_on), **values)


def how_to_pay(turn: Turn, standing: Standing) -> str:
    """Return the product's words on how to pay."""
    words = standing.policy.how_to_pay
    return words.get(turn.locale) or next(iter(words.values()))


def _plan(turn: Turn, standing: Standing) -> None:
    plan = standing.plan
    if plan is None:
        key = "utter_account_plan_pending" if turn.form == "plan_form" else "utter_account_no_plan"
        turn.say(key, loan=standing.loan.ref)
        return
    turn.say("utter_account_plan_status", **standing_plan(turn, plan))


def _breakdown(turn: Turn, standing: Standing) -> None:
    due = standing.loan.next_due()
    if due is None:
        turn.say("utter_account_clear", loan=standing.loan.ref)
        return
    parts: dict[str, Money] = {
        "amount": due.amount,
        "principal": due.principal,
        "interest": due.interest,
        "fee": due.fee,
    }
    written = {name: turn.money(amount) for name, amount in parts.items()}
    turn.say("utter_account_breakdown", date=turn.day(due.due_on), **written)
