"""Money, dates, durations, counts, terms of a plan and the like, read in the message's own context."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.language import plan_terms
from bot.language.entities import Context, extract

# What a question expects, in the words of the extractors.
EXPECTS = {
    "promise_amount": "money",
    "promise_date": "time",
    "plan_ability": "money",
    "plan_option": "ordinal",
    "hardship_ability": "money",
}


def context_of(metadata: dict[str, Any]) -> Context:
    """Build the reading context from what the gateway sent with the message."""
    at = metadata.get("at")
    outstanding = metadata.get("outstanding")
    return Context(
        at=datetime.fromisoformat(at) if at else datetime.now(UTC),
        timezone=metadata.get("timezone") or "Asia/Shanghai",
        currency=metadata.get("currency") or "CNY",
        outstanding=Decimal(outstanding) if outstanding is not None else None,
        expected=EXPECTS.get(metadata.get("expected") or ""),
    )


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class EntityExtractor(GraphComponent):
    """Adds the entities of `bot.language.entities`, in the shape of Duckling's output."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> EntityExtractor:
        """Make the component; it has no state."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Add what each message holds."""
        for message in messages:
            text = message.get(TEXT)
            if not text:
                continue
            found = extract(text, context_of(message.get(METADATA) or {}))
            entities = [one.as_dict() for one in found] + [_term(one) for one in plan_terms.find(text)]
            entities = [{**one, "extractor": "EntityExtractor"} for one in entities]
            message.set(ENTITIES, [*message.get(ENTITIES, []), *entities], add_to_output=True)
        return messages


def _term(found: plan_terms.Found) -> dict[str, Any]:
    """Shape a plan's term as an entity without a span: what else is read there stays whole."""
    return {"entity": found.term, "value": found.value, "at": [found.start, found.end]}
