"""Reads a bare answer by what was just asked: "15号", "800", "the second", two facts of identity."""

from __future__ import annotations

import re
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, INTENT, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.language.acts import COURTESY, PROTECTION

# What was asked -> (the entity that answers it, the act that such an answer is).
_ANSWERS = {
    "promise_amount": (("money", "time", "duration"), "promise_to_pay"),
    "promise_date": (("time", "duration", "money"), "promise_to_pay"),
    "promise_confirmed": (("money", "time", "duration"), "promise_to_pay"),
    "plan_ability": (("money",), "counter_offer"),
    "plan_option": (("ordinal", "count"), "choose_option"),
    "plan_confirmed": (("ordinal",), "choose_option"),
}
IDENTITY = "state_identity"
_COVERED = 0.6
_SURE = 0.8
_LIKELY = 0.5
_FACTS = re.compile(
    r"\d{4}|\d{3}[xX]\b|\d{2}\s*[年/.-]\s*\d{1,2}\s*[月/.-]\s*\d{1,2}|\d{1,2}\s*[/.-]\s*\d{1,2}\s*[/.-]\s*\d{2}"
)
# A year in which nobody was born who borrows today: such a date is about paying.
_AHEAD = re.compile(r"20[2-9]\d")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class ContextReader(GraphComponent):
    """Overrules the classifier where a message is little more than the answer to an open question,
    or holds that answer and nothing else that was understood.

    A protection act that the classifier is sure of is never overruled.
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
            act = self._answer(message)
            if act is not None and not _protects(message):
                span = message.get(TEXT)
                acts = [{"intent": act, "confidence": 1.0, "text": span}, *_besides(message, act)]
                message.set("acts", acts, add_to_output=True)
                message.set(INTENT, {"name": act, "confidence": 1.0}, add_to_output=True)
        return messages

    def _answer(self, message: Message) -> str | None:
        metadata = message.get(METADATA) or {}
        expected = metadata.get("expected")
        text = message.get(TEXT) or ""
        if expected == "identity_confirmed":
            return IDENTITY if _FACTS.search(_without_terms(message)) else None
        if expected is None and metadata.get("known") and not metadata.get("verified"):
            return IDENTITY if _introduces(message) else None
        if expected not in _ANSWERS:
            return None
        wanted, act = _ANSWERS[expected]
        covered = sum(
            entity["end"] - entity["start"]
            for entity in message.get(ENTITIES, [])
            if entity["entity"] in wanted and "start" in entity
        )
        understood = bool(message.get("acts"))
        return act if covered and (not understood or covered / len(text.strip()) >= _COVERED) else None


def _introduces(message: Message) -> bool:
    """Tell whether facts were stated unasked: two of them, or one where nothing else is plain."""
    facts = len(_FACTS.findall(_without_terms(message)))
    sure = any(act["confidence"] >= _LIKELY for act in message.get("acts") or [])
    return facts >= 2 or (facts == 1 and not sure)


def _without_terms(message: Message) -> str:
    """Return the text with amounts and days of payment blanked out: none of them is a fact of identity."""
    text = message.get(TEXT) or ""
    for entity in message.get(ENTITIES, []):
        if "start" not in entity:
            continue
        start, end = entity["start"], entity["end"]
        if entity["entity"] == "money" or (entity["entity"] == "time" and _AHEAD.search(text[start:end])):
            text = text[:start] + " " * (end - start) + text[end:]
    return text


def _besides(message: Message, act: str) -> list[dict[str, Any]]:
    """Return the requests that stand beside facts of identity, in clauses of their own."""
    if act != IDENTITY:
        return []
    return [
        other
        for other in message.get("acts") or []
        if other["confidence"] >= _LIKELY
        and other["intent"] not in COURTESY
        and not _FACTS.search(str(other.get("text") or ""))
    ]


def _protects(message: Message) -> bool:
    return any(
        act["intent"] in PROTECTION and act["confidence"] >= _SURE for act in message.get("acts") or []
    )
