"""What was wanted before identity was settled: kept without its words, and served right after."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions.turn import Turn, answers
from actions.unsaid import remember
from bot.language.acts import in_order

SLOT = "identity_deferred"
_FORM = "identity_form"
# What asks for nothing that could be served once identity is settled.
_NO_REQUEST = frozenset({"state_identity", "affirm", "deny", "unsure", "nlu_fallback", "ask_repeat"})
# A new one takes the place of an older one; questions add up.
_WISHES = frozenset(
    {
        "request_extension",
        "request_instalment",
        "request_waiver",
        "counter_offer",
        "choose_option",
        "promise_to_pay",
        "pay_now",
        "already_paid",
    }
)
_OF_THE_WORDS = frozenset({"start", "end", "text"})


def keep(turn: Turn) -> list[EventType]:
    """Return the events that keep what this message asks for, beside what was kept before.

    What needs no identity is left out: it is answered without waiting.
    """
    waits = set(answers(turn.grace.kit.settings.home)[_FORM]) - _NO_REQUEST
    if turn.value("offer") is None:
        # Without an identity nothing was offered: a bare choice chooses nothing.
        waits -= {"choose_option"}
    wanted = [act for act in turn.acts if act["intent"] in waits]
    remember(turn)
    if not wanted:
        return []
    entities = [{k: v for k, v in one.items() if k not in _OF_THE_WORDS} for one in turn.entities]
    return [SlotSet(SLOT, _beside(turn.tracker.get_slot(SLOT) or {}, wanted, entities))]


def kept(turn: Turn) -> dict[str, Any] | None:
    """Return what was kept, in the shape of a message, with what else the present message asks."""
    deferred: dict[str, Any] | None = turn.tracker.get_slot(SLOT)
    if not deferred:
        return None
    waits = answers(turn.grace.kit.settings.home)[_FORM]
    acts = [*deferred["acts"], *(act for act in turn.acts[1:] if act["intent"] not in waits)]
    first = acts[0]
    return {
        "text": "",
        "intent": {"name": first["intent"], "confidence": first["confidence"]},
        "acts": acts,
        "entities": deferred["entities"],
    }


def is_cared(turn: Turn) -> bool:
    """Tell whether the worry in what is kept has had its kind word."""
    return bool((turn.tracker.get_slot(SLOT) or {}).get("cared"))


def worry(turn: Turn) -> str | None:
    """Return why the kept hardship is one, "" without a reason; None when nothing waits for a kind word."""
    deferred = turn.tracker.get_slot(SLOT) or {}
    if deferred.get("cared") or "report_hardship" not in {act["intent"] for act in deferred.get("acts", [])}:
        return None
    reasons = (one["value"] for one in deferred["entities"] if one["entity"] == "hardship_reason")
    return str(next(reasons, ""))


def cared(turn: Turn) -> list[EventType]:
    """Return the events that note it."""
    deferred = turn.tracker.get_slot(SLOT)
    return [SlotSet(SLOT, {**deferred, "cared": True})] if deferred else []


def _beside(
    before: dict[str, Any], wanted: list[dict[str, Any]], entities: list[dict[str, Any]]
) -> dict[str, Any]:
    """Put new requests beside the old: a new wish replaces all that was wanted but a hardship told."""
    named = {act["intent"] for act in wanted}
    replaces = not named.isdisjoint(_WISHES)
    carried = [
        act
        for act in before.get("acts", [])
        if act["intent"] not in named and (not replaces or act["intent"] == "report_hardship")
    ]
    kinds = {one["entity"] for one in entities}
    old = [
        one
        for one in before.get("entities", [])
        if one["entity"] not in kinds and (not replaces or one["entity"] == "hardship_reason")
    ]
    acts = [{"intent": act["intent"], "confidence": act["confidence"]} for act in [*carried, *wanted]]
    return {
        "acts": [act for _, act in in_order((act["intent"], act) for act in acts)],
        "entities": [*entities, *old],
        "cared": before.get("cared", False),
    }
