"""Other terms than those shown: agreed at once, answered with the nearest, or put before people, prepared."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rasa_sdk.events import EventType, SlotSet

from actions.base import closed, hand_over
from actions.plan_slots import emptied
from actions.turn import Turn
from actions.wish import is_concrete, wish_of
from bot.domain.counter import Counter
from bot.domain.handoff import HandoffReason
from bot.domain.plans import Wish
from bot.domain.policy import Authority
from bot.services.accounts import IdentityNeeded
from bot.services.negotiation import Proposal

MAX_ROUNDS = 2
"""How often the nearest is offered on one point before a person takes it further."""
_POINTS = ("even", "months", "pay_now", "first_on", "frequency", "count", "days", "ability")
# What somebody can pay is so whatever is answered; the rest is given up once it was not to be had.
_GIVEN_UP = {"even": ("even", "count")}


def opening_rounds(turn: Turn, wish: dict[str, Any], *, declined: bool) -> dict[str, int]:
    """Return the rounds that an opening message begins with: one on the point that policy does not meet."""
    if is_concrete(wish) and turn.grace.counters.answer(turn.conversation, wish_of(turn, wish)).limits:
        return {_point(wish): 1}
    return {_point({}): 1} if declined else {}


def countered(turn: Turn, wish: dict[str, Any]) -> list[EventType]:
    """Answer other terms, or none of these.

    What policy allows is agreed and read back at once. Else the nearest is offered, or it is asked what could
    be managed; after two rounds on one point a person takes it further.
    """
    merged = merged_with(turn, wish)
    if merged.get("frequency") == "payday" and "payday" not in merged:
        turn.say("utter_plan_ask_payday")
        return [SlotSet("plan_wish", merged), SlotSet("plan_option", None), SlotSet("plan_confirmed", None)]
    if is_concrete(wish) or "payday" in wish:
        agreed = _as_wished(turn, merged)
        if agreed is not None:
            return agreed
    rounds = dict(turn.tracker.get_slot("plan_rounds") or {})
    point = _point(wish)
    rounds[point] = rounds.get(point, 0) + 1
    if rounds[point] > MAX_ROUNDS:
        return beyond(turn, merged)
    return [
        SlotSet("plan_wish", merged),
        SlotSet("plan_rounds", rounds),
        SlotSet("plan_ability", True if wish else None),
        SlotSet("plan_option", None),
        SlotSet("plan_confirmed", None),
    ]


def beyond(turn: Turn, wish: dict[str, Any] | None = None) -> list[EventType]:
    """Put a wish before whoever may grant it, with its terms and the limits it breaks, and say when.

    The assistant tells the answer later and goes on meanwhile. What nobody may grant, or names no terms, goes
    to a person as a conversation.
    """
    stored = wish if wish is not None else turn.tracker.get_slot("plan_wish") or {}
    asked = wish_of(turn, stored)
    answer = turn.grace.counters.answer(turn.conversation, asked) if is_concrete(stored) else None
    if answer is not None and answer.authority is not None and put_forward(turn, asked, answer.authority):
        return [*emptied(), *closed()]
    return [*emptied(), *hand_over(turn, HandoffReason.BEYOND_POLICY, "utter_plan_none")]


def may_be_granted(turn: Turn, wish: dict[str, Any]) -> Counter | None:
    """Return the answer to a wish that somebody above the bot may grant, else None."""
    if not is_concrete(wish):
        return None
    answer = turn.grace.counters.answer(turn.conversation, wish_of(turn, wish))
    return answer if answer.authority is not None else None


def prepare(turn: Turn) -> None:
    """Ask whoever may grant it for a wish that was refused, so that who takes over finds it asked."""
    stored = turn.tracker.get_slot("plan_wish") or {}
    try:
        above = may_be_granted(turn, stored)
        if above is not None and above.authority is not None:
            wish = wish_of(turn, stored)
            turn.grace.approvals.request(turn.conversation, wish, level=above.authority, turn=turn.id)
    except IdentityNeeded:
        # Whoever asks for a person gets one, whatever else.
        return


def put_forward(turn: Turn, wish: Wish, level: Authority) -> bool:
    """Ask `level` for a wish and say when there will be an answer; False where it cannot be asked."""
    made = turn.grace.approvals.request(turn.conversation, wish, level=level, turn=turn.id)
    if not isinstance(made, tuple):
        turn.say("utter_approval_asked", until=_local_day(turn, made.expires_at))
        return True
    waiting = next((one for one in made if one.limit == "approval.waiting"), None)
    if waiting is None:
        return False
    ends = datetime.fromisoformat(waiting.detail["expires_at"])
    turn.say("utter_approval_waiting", until=_local_day(turn, ends))
    return True


def _as_wished(turn: Turn, merged: dict[str, Any]) -> list[EventType] | None:
    """Return the events that take terms within the limits, ready to be read back; None when they are not."""
    wish = wish_of(turn, merged)
    answer = turn.grace.counters.answer(turn.conversation, wish)
    if answer.verdict != "accept" or answer.option is None:
        return None
    proposal = proposed(turn, wish, merged)
    option = answer.option
    same = (one for one in proposal.options if (one.kind, one.schedule) == (option.kind, option.schedule))
    found = next(same, None)
    if found is None:
        return None
    turn.say("utter_plan_as_wished")
    return [
        SlotSet("plan_wish", merged),
        SlotSet("plan_offered", merged),
        SlotSet("plan_ability", True),
        SlotSet("plan_option", found.id),
        SlotSet("plan_confirmed", None),
    ]


def proposed(turn: Turn, wish: Wish, stored: dict[str, Any]) -> Proposal:
    """Make the options for a wish; where its terms are to replace an agreed plan, beside that plan."""
    replacing = bool(stored.get("replaces"))
    return turn.grace.negotiation.propose(turn.conversation, wish, turn=turn.id, replacing=replacing)


def merged_with(turn: Turn, wish: dict[str, Any]) -> dict[str, Any]:
    """Add new terms to what was wished before; another kind of plan begins afresh."""
    before: dict[str, Any] = turn.tracker.get_slot("plan_wish") or {}
    if wish.get("kind") != before.get("kind"):
        kept = ("ability", "most", "per", "payday", "hardship", "replaces")
        before = {name: before[name] for name in kept if name in before}
    gone: set[str] = set()
    for point in turn.tracker.get_slot("plan_rounds") or {}:
        if point != "ability":
            gone |= {*_GIVEN_UP.get(point, (point,))}
    if "ability" in wish:
        # What can be paid each time says how many payments there are, and the other way round.
        gone |= {"count", "even"}
    if "count" in wish:
        gone |= {"ability", "most", "per", "even"}
    return {**{name: value for name, value in before.items() if name not in gone}, **wish}


def _point(wish: dict[str, Any]) -> str:
    return next((name for name in _POINTS if name in wish), "none")


def _local_day(turn: Turn, at: datetime) -> str:
    zone = ZoneInfo(turn.context.get("timezone") or "Asia/Shanghai")
    return turn.day(at.astimezone(zone).date())
