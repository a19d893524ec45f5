"""The identity check: two facts, few tries, and the request that waited for it."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions.base import GraceAction, hand_over
from actions.standing import say_standing
from actions.turn import Turn
from bot.domain.handoff import HandoffReason
from bot.language.formats import listed

_NO_REQUEST = frozenset(
    {
        "state_identity",
        "greet",
        "goodbye",
        "thank",
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
        waiting = [] if turn.act in _NO_REQUEST else [SlotSet("identity_deferred", turn.message)]
        if turn.context.get("verified"):
            # Settled meanwhile by other means: the phone number, or a member of staff.
            return [*waiting, SlotSet("identity_confirmed", True)]
        opened = turn.asked("identity_confirmed") is None
        if not opened and turn.interrupted("identity_form"):
            return []
        if opened and turn.act != "state_identity":
            return [*waiting, SlotSet("identity_confirmed", None), SlotSet("identity_status", None)]
        found = turn.grace.identity.present(turn.conversation, turn.text)
        if found.status == "verified":
            return [*waiting, SlotSet("identity_confirmed", True)]
        if found.status in ("locked", "unknown"):
            return [
                SlotSet("identity_deferred", None),
                *hand_over(turn, HandoffReason.IDENTITY, "utter_identity_locked"),
            ]
        return [*waiting, SlotSet("identity_confirmed", None), SlotSet("identity_status", found.status)]


class AskIdentity(GraceAction):
    """Ask for the facts that are still missing."""

    key = "action_ask_identity_confirmed"

    def act(self, turn: Turn) -> list[EventType]:
        """Ask; with a warm word first when the borrower came with a worry."""
        facts = [
            turn.words(f"utter_fact_{name}") for name in turn.grace.identity.missing_facts(turn.conversation)
        ]
        status = turn.tracker.get_slot("identity_status")
        if status not in ("more", "wrong") and turn.act == "report_hardship":
            turn.say("utter_identity_care")
        key = {"more": "utter_identity_more", "wrong": "utter_identity_wrong"}.get(
            status or "", "utter_identity_ask"
        )
        turn.say(key, facts=listed(facts, turn.locale))
        return []


class FinishIdentity(GraceAction):
    """Go on with what the borrower wanted before the check, or say where they stand."""

    key = "action_finish_identity"

    def act(self, turn: Turn) -> list[EventType]:
        """Thank, then resume."""
        deferred: dict[str, Any] | None = turn.tracker.get_slot("identity_deferred")
        clean: list[EventType] = [
            SlotSet("identity_deferred", None),
            SlotSet("identity_confirmed", None),
            SlotSet("identity_status", None),
        ]
        if not turn.grace.conversations.verified(turn.conversation):
            return clean
        turn.say("utter_identity_done")
        if deferred:
            return [*clean, *turn.resumed(deferred, "resumed", verified=True)]
        say_standing(turn)
        return clean
