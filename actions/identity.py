"""The identity check: two facts, few tries, and the request that waited for it."""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet

from actions import deferred
from actions.base import AskAction, GraceAction, closed, hand_over
from actions.dialogue import MISUNDERSTOOD_LIMIT
from actions.hardship import care
from actions.standing import say_standing
from actions.turn import Turn
from bot.domain.handoff import HandoffReason
from bot.language import facts
from bot.language.formats import listed

FORM = "identity_form"
FACTS = "state_identity"


class ValidateIdentity(GraceAction):
    """Check the facts in a message; keep a request that came instead for later."""

    key = "validate_identity_form"

    def act(self, turn: Turn) -> list[EventType]:
        """Return what the form's slot becomes."""
        opened = turn.asked("identity_confirmed") is None
        if not opened and turn.interrupted(FORM):
            return []
        waiting = deferred.keep(turn)
        if turn.grace.conversations.verified(turn.conversation):
            # Settled meanwhile by other means: the phone number, or a member of staff.
            return [*waiting, SlotSet("identity_confirmed", True)]
        found = turn.grace.identity.present(turn.conversation, _stated(turn), turn=turn.id)
        if found.status == "verified":
            return [*waiting, SlotSet("identity_confirmed", True)]
        if found.status == "unknown":
            turn.say_once("utter_welcome_unknown")
            return [SlotSet(deferred.SLOT, None), *closed()]
        if found.status == "short":
            return hand_over(turn, HandoffReason.IDENTITY, "utter_identity_short")
        if found.status == "locked":
            return hand_over(turn, HandoffReason.IDENTITY, "utter_identity_locked")
        if not opened and turn.act in ("deny", "unsure"):
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
        """Ask; with a kind word first when the borrower came with a worry."""
        worry = deferred.worry(turn)
        if worry is not None:
            care(turn, worry)
        missing = [
            turn.words(f"utter_fact_{name}") for name in turn.grace.identity.missing_facts(turn.conversation)
        ]
        status = turn.tracker.get_slot("identity_status") or ""
        if turn.act == "ask_repeat":
            status = ""
        key = {
            "more": "utter_identity_more",
            "wrong": "utter_identity_wrong",
            "asked": "utter_identity_again",
        }.get(status, "utter_identity_ask")
        turn.say(key, facts=listed(missing, turn.locale))
        # Whatever interrupts from here on, the long question has been asked.
        return [SlotSet("identity_status", "asked"), *(() if worry is None else deferred.cared(turn))]


class FinishIdentity(GraceAction):
    """Go on with what the borrower wanted before the check, or say where they stand."""

    key = "action_finish_identity"

    def act(self, turn: Turn) -> list[EventType]:
        """Thank, then resume."""
        clean: list[EventType] = [SlotSet("identity_confirmed", None), SlotSet("identity_status", None)]
        if not turn.grace.conversations.verified(turn.conversation):
            # Given up or refused for now: the request is served when the facts come after all.
            return clean
        clean.append(SlotSet(deferred.SLOT, None))
        turn.say("utter_identity_done")
        request = deferred.kept(turn)
        if request is not None:
            return [*clean, *turn.resumed(request, "resumed", verified=True, cared=deferred.is_cared(turn))]
        say_standing(turn)
        return clean


def _stated(turn: Turn) -> str:
    """Return the facts in plain figures. None is read out of other acts: the 2000 of "I'll pay 2000" would
    cost a try.
    """
    if turn.act != FACTS:
        return ""
    return ", ".join(fact.said for fact in facts.find(turn.text))


def _lost(turn: Turn) -> bool:
    return turn.grace.conversations.misunderstood(turn.conversation, turn=turn.base) >= MISUNDERSTOOD_LIMIT
