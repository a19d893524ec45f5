"""The identity check: two facts, few tries, and the request that waited for it."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions.base import AskAction, GraceAction, closed, hand_over
from actions.dialogue import MISUNDERSTOOD_LIMIT
from actions.standing import say_standing
from actions.turn import Turn, answers
from bot.domain.handoff import HandoffReason
from bot.language.formats import listed

FORM = "identity_form"
FACTS = "state_identity"
# What asks for nothing that could be served once identity is settled.
_NO_REQUEST = frozenset(
    {
        "greet",
        "affirm",
        "deny",
        "unsure",
        "out_of_scope",
        "nlu_fallback",
        "start_chat",
        "present_contact",
        "choose_option",
        "ask_repeat",
    }
)


class ValidateIdentity(GraceAction):
    """Check the facts in a message; keep a request that came instead for later."""

    key = "validate_identity_form"

    def act(self, turn: Turn) -> list[EventType]:
        """Return what the form's slot becomes."""
        opened = turn.asked("identity_confirmed") is None
        if not opened and turn.interrupted(FORM):
            return []
        waiting = _request(turn)
        if turn.grace.conversations.verified(turn.conversation):
            # Settled meanwhile by other means: the phone number, or a member of staff.
            return [*waiting, SlotSet("identity_confirmed", True)]
        # No fact is read out of other acts: the 2000 of "I'll pay 2000" would cost a try.
        stated = turn.text if turn.act == FACTS else ""
        found = turn.grace.identity.present(turn.conversation, stated, turn=turn.id)
        if found.status == "verified":
            return [*waiting, SlotSet("identity_confirmed", True)]
        if found.status == "unknown":
            turn.say("utter_welcome_unknown")
            return [SlotSet("identity_deferred", None), *closed()]
        if found.status == "locked":
            return hand_over(turn, HandoffReason.IDENTITY, "utter_identity_locked")
        if not opened and turn.act == "deny":
            turn.say("utter_identity_refused")
            return [SlotSet("identity_status", None), *closed()]
        if not opened and turn.act == "nlu_fallback" and _lost(turn):
            return hand_over(turn, HandoffReason.MISUNDERSTOOD, "utter_handoff_misunderstood")
        status = "asked" if found.status == "nothing" and not opened else found.status
        return [*waiting, SlotSet("identity_confirmed", None), SlotSet("identity_status", status)]


class AskIdentity(AskAction):
    """Ask for the facts that are still missing."""

    key = "action_ask_identity_confirmed"
    form = FORM

    def ask(self, turn: Turn) -> list[EventType]:
        """Ask; with a warm word first when the borrower came with a worry."""
        facts = [
            turn.words(f"utter_fact_{name}") for name in turn.grace.identity.missing_facts(turn.conversation)
        ]
        status = turn.tracker.get_slot("identity_status") or ""
        if status not in ("more", "wrong") and turn.act == "report_hardship":
            turn.say("utter_identity_care")
        key = {
            "more": "utter_identity_more",
            "wrong": "utter_identity_wrong",
            "asked": "utter_identity_again",
        }.get(status, "utter_identity_ask")
        turn.say(key, facts=listed(facts, turn.locale))
        # Whatever interrupts from here on, the long question has been asked.
        return [SlotSet("identity_status", "asked")]


class FinishIdentity(GraceAction):
    """Go on with what the borrower wanted before the check, or say where they stand."""

    key = "action_finish_identity"

    def act(self, turn: Turn) -> list[EventType]:
        """Thank, then resume."""
        deferred: dict[str, Any] | None = turn.tracker.get_slot("identity_deferred")
        clean: list[EventType] = [SlotSet("identity_confirmed", None), SlotSet("identity_status", None)]
        if not turn.grace.conversations.verified(turn.conversation):
            # Given up or refused for now: the request is served when the facts come after all.
            return clean
        clean.append(SlotSet("identity_deferred", None))
        turn.say("utter_identity_done")
        if deferred:
            return [*clean, *turn.resumed(deferred, "resumed", verified=True)]
        say_standing(turn)
        return clean


def _request(turn: Turn) -> list[EventType]:
    """Keep what the message asks for; its questions that need no identity are answered without waiting."""
    wanted = turn.acts[1:] if turn.act == FACTS else turn.acts
    if not wanted or (wanted[0]["intent"] in _NO_REQUEST and turn.value("offer") is None):
        return []
    later = answers(turn.grace.kit.settings.home)[FORM]
    first = wanted[0]
    kept = {
        **turn.message,
        "entities": turn.entities if turn.act != FACTS else _inside(turn, wanted),
        "intent": {"name": first["intent"], "confidence": first["confidence"]},
        "acts": [first, *(act for act in wanted[1:] if act["intent"] in later)],
    }
    return [SlotSet("identity_deferred", kept)]


def _inside(turn: Turn, acts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the entities within the clauses of these acts: a date of birth is no day of payment."""
    spans = [(turn.text.find(text), text) for text in (str(act.get("text") or "") for act in acts)]
    return [
        one
        for one in turn.entities
        if "start" not in one or any(at >= 0 and at <= one["start"] < at + len(text) for at, text in spans)
    ]


def _lost(turn: Turn) -> bool:
    return turn.grace.conversations.misunderstood(turn.conversation, turn=turn.base) >= MISUNDERSTOOD_LIMIT
