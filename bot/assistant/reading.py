"""Reads a message by what was just asked: "15号", "800", "the second", two facts of identity, other terms."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, INTENT, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.assistant.plan_words import (
    HARDSHIP,
    PROMISED,
    arranges,
    heed_break,
    heed_day,
    heed_go_on,
    heed_hold_on,
    is_of_agreement,
    names_terms,
    set_acts,
    telling,
    tells_payday,
    whole,
    with_agreement,
    with_counter,
)
from bot.language import facts
from bot.language.acts import COURTESY, PROTECTION

# What was asked -> the entities that answer it, and the act that such an answer is; the first that fits.
_ANSWERS = {
    "promise_amount": ((("money", "time", "duration"), "promise_to_pay"),),
    "promise_date": ((("time", "duration", "money"), "promise_to_pay"),),
    "promise_confirmed": ((("money", "time", "duration"), "promise_to_pay"),),
    "plan_ability": ((("money",), "counter_offer"), (("time",), "promise_to_pay")),
    "plan_option": ((("ordinal", "count"), "choose_option"), (("time",), "promise_to_pay")),
    "plan_confirmed": ((("ordinal",), "choose_option"),),
    "hardship_duration": ((("duration", "time"), HARDSHIP),),
    "hardship_ability": ((("money",), "counter_offer"), (("time",), HARDSHIP)),
}
IDENTITY = "state_identity"
# What was said last -> what short answers to it are, where no form has asked: its question is another one.
_YES_OR_NO = {
    "utter_anger": {"affirm": "ask_human", "deny": "unsure"},
    "utter_account_more_help": {"affirm": "ask_human"},
    "utter_clarify_open": {"affirm": "ask_human"},
    "utter_plan_exists": {"affirm": "counter_offer"},
    "utter_plan_cancel_ask": {"affirm": "counter_offer"},
    "utter_account_no_plan": {"affirm": "request_instalment"},
    "utter_reminder_options": {"affirm": "request_instalment"},
    # "Please reply here": whatever says no more than that begins the check.
    "utter_reminder_unverified": dict.fromkeys(
        ("affirm", "greet", "ask_repeat", "out_of_scope", "nlu_fallback"), IDENTITY
    ),
}
_ASKED = "identity_confirmed"
_MOVES = ("request_extension", "counter_offer", "ask_due_date")
_COVERED = 0.6
_SURE = 0.8
_LIKELY = 0.5


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class ContextReader(GraphComponent):
    """Overrules the classifier where a message is little more than the answer to an open question,
    or holds that answer and nothing else that was understood.

    A protection act that the classifier is sure of is never overruled. Facts of identity become the act
    `state_identity`, after what protects and before what is asked for beside them; no entity is read in them.
    """

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ContextReader:
        """Make the component; it has no state."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Read each message in the light of its `expected`."""
        for message in messages:
            heed_go_on(message)
            heed_hold_on(message)
            heed_day(message)
            heed_break(message)
            stated = _stated(message)
            if _introduces(message, stated):
                set_acts(message, _with_identity(message, stated))
                _drop_within(message, stated)
                continue
            act = _to_what_was_said(message) or self._answer(message)
            if _protects(message):
                continue
            if is_of_agreement(message):
                set_acts(message, with_agreement(message))
            elif arranges(message) or tells_payday(message) or names_terms(message):
                set_acts(message, with_counter(message))
            elif act is not None:
                _drop_guesses(message)
                set_acts(message, [whole(message, act)])
            elif (told := telling(message)) is not None:
                set_acts(message, [whole(message, told)])
        return messages

    def _answer(self, message: Message) -> str | None:
        expected = (message.get(METADATA) or {}).get("expected")
        text = message.get(TEXT) or ""
        for wanted, act in _ANSWERS.get(expected or "", ()):
            covered = sum(
                entity["end"] - entity["start"]
                for entity in message.get(ENTITIES, [])
                if entity["entity"] in wanted and "start" in entity
            )
            understood = bool(message.get("acts"))
            if covered and (not understood or covered / len(text.strip()) >= _COVERED):
                return act
        return None


def _drop_guesses(message: Message) -> None:
    """Take away the details of acts that nobody is sure of: a bare value tells no reason for a hardship."""
    if all(one["confidence"] < _LIKELY for one in message.get("acts") or []):
        known = [one for one in message.get(ENTITIES, []) if one.get("extractor") != "DetailClassifier"]
        message.set(ENTITIES, known, add_to_output=True)


def _to_what_was_said(message: Message) -> str | None:
    """Return what a message of one short act is, as an answer to the last thing that was said."""
    said = (message.get(METADATA) or {}).get("said") or ""
    act = (message.get(INTENT) or {}).get("name") or ""
    beside = [one for one in message.get("acts") or [] if one["intent"] not in COURTESY | {act}]
    if beside:
        return None
    if said in PROMISED and act in _MOVES and any(e["entity"] == "time" for e in message.get(ENTITIES, [])):
        return "promise_to_pay"
    return _YES_OR_NO.get(said, {}).get(act)


def _stated(message: Message) -> list[facts.Fact]:
    """Return the facts of identity in a message; a bare number that is an amount is one only beside a sure
    one: "1990-05-12, 5678".
    """
    found = facts.find(message.get(TEXT) or "")
    amounts = [one for one in message.get(ENTITIES, []) if one["entity"] == "money" and "start" in one]
    certain = any(fact.sure for fact in found)
    return [
        fact
        for fact in found
        if fact.sure
        or certain
        or not any(one["start"] < fact.end and fact.start < one["end"] for one in amounts)
    ]


def _introduces(message: Message, stated: list[facts.Fact]) -> bool:
    """Tell whether a message says who writes, where that is asked for or not known yet."""
    metadata = message.get(METADATA) or {}
    expected = metadata.get("expected")
    if not stated:
        return False
    if expected == _ASKED:
        return True
    if metadata.get("verified", True):
        return False
    if len(stated) > 1 or stated[0].sure:
        return True
    # One bare number, unasked: a fact only where nothing else is plain.
    return not any(act["confidence"] >= _LIKELY for act in message.get("acts") or [])


def _with_identity(message: Message, stated: list[facts.Fact]) -> list[dict[str, Any]]:
    """Return the message's acts with `state_identity` in its place.

    What was taken for an act by the facts themselves, or by a name, is none.
    """
    text = message.get(TEXT) or ""
    beside = [
        act
        for act in message.get("acts") or []
        if act["intent"] not in COURTESY and act["confidence"] >= _LIKELY and facts.tells(act["text"])
    ]
    said = ", ".join(text[fact.start : fact.end] for fact in stated)
    identity = {"intent": IDENTITY, "confidence": 1.0, "text": said}
    protecting = [act for act in beside if act["intent"] in PROTECTION]
    return [*protecting, identity, *(act for act in beside if act not in protecting)]


def _drop_within(message: Message, stated: list[facts.Fact]) -> None:
    """Take out what was read within the facts: a date of birth is no day of payment."""
    kept = [
        one
        for one in message.get(ENTITIES, [])
        if "start" not in one
        or not any(one["start"] < fact.end and fact.start < one["end"] for fact in stated)
    ]
    message.set(ENTITIES, kept, add_to_output=True)


def _sure_protection(act: dict[str, Any]) -> bool:
    return act["intent"] in PROTECTION and act["confidence"] >= _SURE


def _protects(message: Message) -> bool:
    return any(_sure_protection(act) for act in message.get("acts") or [])
