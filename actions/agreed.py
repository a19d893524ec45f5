"""What a borrower wants of a plan that is agreed: its papers again, other terms, or its end."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions.base import closed, pass_on
from actions.offers import standing_plan
from actions.plan_slots import emptied
from actions.turn import Turn
from actions.wish import is_concrete
from bot.domain.handoff import HandoffReason
from bot.services.accounts import PlanStanding, Standing

_ASKED_TO_END = "utter_plan_cancel_ask"
_WHY = "the borrower asked for it in the chat"


def of_agreed(turn: Turn, standing: Standing, wish: dict[str, Any]) -> list[EventType] | None:
    """Return the events of what a message wants of the agreed plan; None when it wants nothing of it."""
    what, plan = turn.value("agreement"), standing.plan
    asked = turn.asked("plan_ability", "plan_option", "plan_confirmed") is not None
    if plan is None or (asked and is_replaced(turn, plan)):
        return _of_open(turn, what, asked)
    if asked or turn.has("report_hardship"):
        return None
    if what == "papers":
        turn.grace.papers.again(turn.conversation, turn=turn.id)
        turn.say("utter_plan_papers_again", plan=plan.id)
        return [*emptied(), *closed()]
    if what == "sure" or (what is None and not wish and turn.follows(_ASKED_TO_END)):
        return _ended(turn, plan)
    if what == "cancel":
        turn.say(_ASKED_TO_END, **standing_plan(turn, plan))
        return [*emptied(), *closed()]
    if what == "change" or (turn.follows("utter_plan_exists", _ASKED_TO_END) and turn.has("counter_offer")):
        # Whatever they said of it goes into the new one; who named nothing is asked what would be possible.
        before = turn.tracker.get_slot("plan_wish") or {} if turn.follows("utter_plan_exists") else {}
        wish = {**before, **wish}
        return [
            *emptied(),
            SlotSet("plan_wish", {**wish, "replaces": plan.id}),
            SlotSet("plan_ability", True if is_concrete(wish) else None),
        ]
    return None


def is_replaced(turn: Turn, plan: PlanStanding) -> bool:
    """Tell whether the plan that is spoken of is to take the place of the agreed one."""
    return bool((turn.tracker.get_slot("plan_wish") or {}).get("replaces") == plan.id)


def _of_open(turn: Turn, what: str | None, asked: bool) -> list[EventType] | None:
    """Without an agreed plan, or amid its change, such words are about the one that is just spoken of."""
    if what == "papers" and not asked:
        pass_on(turn, HandoffReason.DOCUMENT, "utter_account_document")
        return [*emptied(), *closed()]
    if what == "papers":
        return [SlotSet("plan_read", None), SlotSet("plan_confirmed", None)]
    if what in ("cancel", "sure"):
        turn.say("utter_plan_declined" if asked else "utter_plan_none_agreed")
        return [*emptied(), *closed()]
    return None


def _ended(turn: Turn, plan: PlanStanding) -> list[EventType]:
    refusals = turn.grace.plans.cancel(plan.id, _WHY, "borrower", cause=f"message {turn.id}")
    if not refusals:
        turn.say("utter_plan_cancelled")
    return [*emptied(), *closed()]
