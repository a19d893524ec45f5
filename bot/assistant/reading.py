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

from bot.language.acts import PROTECTION

# What was asked -> (the entity that answers it, the act that such an answer is).
_ANSWERS = {
    "promise_amount": (("money",), "promise_to_pay"),
    "promise_date": (("time", "duration"), "promise_to_pay"),
    "plan_ability": (("money",), "counter_offer"),
    "plan_option": (("ordinal", "count"), "choose_option"),
}
IDENTITY = "state_identity"
_COVERED = 0.6
_SURE = 0.8
_DIGITS = re.compile(r"\d{4}|\d{3}[xX]\b|\d+\s*[年/.-]\s*\d+")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class ContextReader(GraphComponent):
    """Overrules the classifier where a message is little more than the answer to an open question.

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
                message.set("acts", [{"intent": act, "confidence": 1.0, "text": span}], add_to_output=True)
                message.set(INTENT, {"name": act, "confidence": 1.0}, add_to_output=True)
        return messages

    def _answer(self, message: Message) -> str | None:
        expected = (message.get(METADATA) or {}).get("expected")
        text = message.get(TEXT) or ""
        if expected == "identity_confirmed":
            return IDENTITY if _DIGITS.search(text) else None
        if expected not in _ANSWERS:
            return None
        wanted, act = _ANSWERS[expected]
        covered = sum(
            entity["end"] - entity["start"]
            for entity in message.get(ENTITIES, [])
            if entity["entity"] in wanted and "start" in entity
        )
        return act if text.strip() and covered / len(text.strip()) >= _COVERED else None


def _protects(message: Message) -> bool:
    return any(
        act["intent"] in PROTECTION and act["confidence"] >= _SURE for act in message.get("acts") or []
    )
