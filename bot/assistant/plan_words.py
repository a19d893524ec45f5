"""Reads what a message says to the questions of a plan or a hardship, and "don't stop" for what it says."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from rasa.shared.nlu.constants import ENTITIES, INTENT, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.language.acts import PROTECTION, in_order
from bot.language.going_on import wants_it_to_go_on
from bot.language.holding_on import only_holds_on

HARDSHIP = "report_hardship"
# Amid a plan these words name other terms of it, whatever else they would be.
_PLAN = ("plan_ability", "plan_option", "plan_confirmed")
_OTHER_TERMS = frozenset(
    {
        "counter_offer",
        "request_extension",
        "request_instalment",
        "request_waiver",
        "promise_to_pay",
        "ask_due_date",
        "ask_how_to_pay",
        "out_of_scope",
    }
)
# What an answer in free words is to a question about a hardship.
_TELLING = {
    "hardship_cause": HARDSHIP,
    "hardship_duration": HARDSHIP,
    "hardship_ability": "unsure",
}
_SKIPS = re.compile(
    r"跳过|略过|下一[个题]|不(?:想|愿意?|方便|便)(?:说|答|讲|透露)|不说|保密"
    r"|\b(?:skip|pass|next|rather not|prefer not|private|none of your business)\b",
    re.IGNORECASE,
)
_REPLIES = frozenset({"affirm", "deny", "unsure", "ask_repeat"})
# "Change it to": of which thing, it does not say.
_CHANGES_IT = re.compile(
    r"[改换](?:成|为|到|一下)|(?:change|switch|move)\s+(?:it|this|that)\s+(?:to|into)", re.IGNORECASE
)
# Right after a promise was noted, another day is another day for it.
PROMISED = ("utter_promise_recorded", "utter_promise_recorded_soon")
# Whichever clause it was heard in, this is kept; hours for messages are none of it.
_GRAVE = frozenset(PROTECTION) - {"set_contact_time"}
_SURE = 0.6
_LIKELY = 0.5


def heed_go_on(message: Message) -> None:
    """Take "don't stop" for what it says; it agrees to nothing that binds."""
    acts = message.get("acts") or []
    kept = [act for act in acts if act["intent"] != "stop_contact" or not wants_it_to_go_on(act["text"])]
    unread = not acts and wants_it_to_go_on(message.get(TEXT) or "")
    if len(kept) < len(acts) or unread:
        set_acts(message, kept or [whole(message, "affirm", _LIKELY)])
        found = [one for one in message.get(ENTITIES, []) if one["entity"] != "scope"]
        message.set(ENTITIES, found, add_to_output=True)


def heed_hold_on(message: Message) -> None:
    """Take "hold on" for a moment to think: it asks for no time, and all else that was said stands."""
    moment = whole(message, "unsure")
    if only_holds_on(message.get(TEXT) or ""):
        set_acts(message, [moment])
    else:
        _keep(
            message, lambda act: act["intent"] in _GRAVE or not only_holds_on(act["text"]), otherwise=moment
        )


def heed_day(message: Message) -> None:
    """Take a day for the one that was asked for, where it is but faintly one on which to be written to."""
    expected = (message.get(METADATA) or {}).get("expected") or ""
    dated = any(one["entity"] == "time" for one in message.get(ENTITIES, []))
    if dated and expected.startswith(("promise_", "plan_")):
        _keep(
            message,
            lambda act: act["intent"] != "set_contact_time" or act["confidence"] >= _LIKELY,
            otherwise=whole(message, "promise_to_pay", _LIKELY),
        )


def heed_break(message: Message) -> None:
    """Take a bare "pause" amid a plan's options for the break among them, not for a wish to be left alone."""
    text = (message.get(TEXT) or "").strip()
    amid = (message.get(METADATA) or {}).get("expected") in _PLAN
    if amid and text and _words(message, "arrangement") == text:
        _keep(
            message,
            lambda act: act["intent"] != "stop_contact",
            otherwise=whole(message, "counter_offer"),
        )


def names_terms(message: Message) -> bool:
    """Tell whether a message wants other terms of a plan: how often, from when on, less at the start.

    Less at the start is said of a plan alone; the rest only where one is being spoken of.
    """
    found = {(one["entity"], one["value"]) for one in message.get(ENTITIES, []) if "at" in one}
    metadata = message.get(METADATA) or {}
    if ("concession", "down_payment") in found:
        return True
    if metadata.get("expected") == "hardship_ability":
        return any(name == "payday" for name, _ in found)
    if metadata.get("expected") not in _PLAN:
        return False
    starts = ("start", "start") in found and any(e["entity"] == "time" for e in message.get(ENTITIES, []))
    return starts or any(name in ("frequency", "payday") for name, _ in found)


def arranges(message: Message) -> bool:
    """Tell whether a message wants a break, or to pay a part now and the rest later; not amid a promise."""
    expected = str((message.get(METADATA) or {}).get("expected") or "")
    return not expected.startswith(("promise_", "identity_")) and _has(message, "arrangement")


def is_of_agreement(message: Message) -> bool:
    """Tell whether a message wants an agreed plan ended, changed or sent once more.

    A change of nothing named is one of what was spoken of: beside a promise, or after one, not the plan's.
    """
    metadata = message.get(METADATA) or {}
    expected = str(metadata.get("expected") or "")
    if (expected and not expected.startswith("plan_")) or not _has(message, "agreement"):
        return False
    promised = metadata.get("said") in PROMISED or any(
        act["intent"] == "promise_to_pay" for act in message.get("acts") or []
    )
    return not (promised and _CHANGES_IT.fullmatch(_words(message, "agreement")))


def with_agreement(message: Message) -> list[dict[str, Any]]:
    """Return the one act that such a wish is, after what protects: other acts were its words, too."""
    protecting = [act for act in message.get("acts") or [] if act["intent"] in PROTECTION]
    # To stop a plan is not to be left alone.
    kept = [act for act in protecting if act["intent"] != "stop_contact"]
    return [*kept, whole(message, "counter_offer")]


def _has(message: Message, name: str) -> bool:
    return any(one["entity"] == name and "at" in one for one in message.get(ENTITIES, []))


def _words(message: Message, name: str) -> str:
    """Return the words by which a term was found, empty for none."""
    for one in message.get(ENTITIES, []):
        if one["entity"] == name and "at" in one:
            start, end = one["at"]
            return str(message.get(TEXT) or "")[start:end].strip()
    return ""


def tells_payday(message: Message) -> bool:
    """Take the day in a message for the payday that was asked for; False when none was, or it names none."""
    if (message.get(METADATA) or {}).get("said") != "utter_plan_ask_payday":
        return False
    times = [one for one in message.get(ENTITIES, []) if one["entity"] == "time"]
    days = [one for one in times if one["value"].get("grain") == "day" and one["value"].get("value")]
    if not days:
        return False
    day = int(str(days[0]["value"]["value"])[8:10])
    payday = {"entity": "payday", "value": day, "at": [days[0]["start"], days[0]["end"]]}
    message.set(ENTITIES, [*message.get(ENTITIES, []), payday], add_to_output=True)
    return True


def telling(message: Message) -> str | None:
    """Return what a message is that answers a question about a hardship in words of its own, else None.

    Whatever is surely something else is that.
    """
    told = _TELLING.get((message.get(METADATA) or {}).get("expected") or "")
    acts = message.get("acts") or []
    if told is not None and _SKIPS.search(message.get(TEXT) or "") is not None:
        plain = all(act["intent"] in _REPLIES or act["confidence"] < _SURE for act in acts)
        return "deny" if plain and not _protects(acts) else None
    # A protection signal is heard however faint.
    if _protects(acts) or any(a["confidence"] >= _SURE or a["intent"] in _REPLIES for a in acts):
        return None
    return told


def with_counter(message: Message) -> list[dict[str, Any]]:
    """Return the message's acts with `counter_offer` for those that the terms were taken for."""
    acts = message.get("acts") or []
    # "Paid on the 15th" is not "paid".
    paid = (
        {"already_paid", "pay_now"} if any(e["entity"] == "payday" for e in message.get(ENTITIES, [])) else ()
    )
    other = [
        act
        for act in acts
        if act["intent"] in PROTECTION
        or (act["intent"] not in {*_OTHER_TERMS, *paid} and act["confidence"] >= _LIKELY)
    ]
    counter = whole(message, "counter_offer")
    return [act for _, act in in_order((act["intent"], act) for act in (counter, *other))]


def whole(message: Message, intent: str, confidence: float = 1.0) -> dict[str, Any]:
    """Return the act that a message is as a whole."""
    return {"intent": intent, "confidence": confidence, "text": message.get(TEXT)}


def _keep(message: Message, kept: Callable[[dict[str, Any]], bool], *, otherwise: dict[str, Any]) -> None:
    """Let a message be those of its acts that are kept; where none is left of them, another one."""
    acts = message.get("acts") or []
    left = [act for act in acts if kept(act)]
    if len(left) < len(acts):
        set_acts(message, left or [otherwise])


def set_acts(message: Message, acts: list[dict[str, Any]]) -> None:
    """Let a message be these acts, the first of them its intent."""
    message.set("acts", acts, add_to_output=True)
    first = acts[0]
    message.set(INTENT, {"name": first["intent"], "confidence": first["confidence"]}, add_to_output=True)


def _protects(acts: list[dict[str, Any]]) -> bool:
    return any(act["intent"] in PROTECTION for act in acts)
