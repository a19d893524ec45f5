"""Reads an act's detail where the training data label one: why a hardship, how far a stop reaches."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, INTENT, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from bot.assistant.features import normalise, sparse_features
from bot.assistant.stored import keep, kept

DETAILS = {"report_hardship": "hardship_reason", "stop_contact": "scope"}
"""Which act carries which detail; the value stands in the intent's metadata in `data/nlu`."""
UNSURE = {"scope": "all"}
"""What a detail is when nothing speaks for any value: a stop that may mean everything means everything."""
UNTOLD = {"hardship_reason": "other"}
"""What a detail is when no value is told at all: whatever speaks for another goes before it."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class DetailClassifier(GraphComponent):
    """Adds the detail of an act as an entity without a span."""

    def __init__(
        self, model_storage: ModelStorage, resource: Resource, models: dict[str, Any] | None = None
    ) -> None:
        self._storage = model_storage
        self._resource = resource
        self._models = models or {}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> DetailClassifier:
        """Make an untrained component."""
        return cls(model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> DetailClassifier:
        """Read the trained models back."""
        with model_storage.read_from(resource) as folder:
            models = kept(Path(folder) / "details.pickle.gz")
        return cls(model_storage, resource, models)

    def train(self, training_data: TrainingData) -> Resource:
        """Fit one small model for each act that has a detail."""
        for act, name in DETAILS.items():
            labelled = [
                (normalise(m.get(TEXT)), ((m.get(METADATA) or {}).get("intent") or {}).get(name))
                for m in training_data.intent_examples
                if m.get(INTENT) == act
            ]
            texts, labels = zip(*[pair for pair in labelled if pair[1]], strict=True)
            self._models[act] = make_pipeline(
                sparse_features(), LinearSVC(C=1.0, class_weight="balanced", random_state=0)
            ).fit(texts, labels)
        with self._storage.write_to(self._resource) as folder:
            keep(self._models, Path(folder) / "details.pickle.gz")
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave the examples as they are."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Read the details of the acts that were found."""
        for message in messages:
            for act in message.get("acts") or []:
                model = self._models.get(act["intent"])
                if model is None:
                    continue
                name = DETAILS[act["intent"]]
                # A cause often stands in another clause than the inability, but a long message may drown it.
                texts = (message.get(TEXT), act["text"])
                if name in UNTOLD:
                    value = _told(model, texts, UNTOLD[name])
                else:
                    value = _value(model, texts, UNSURE.get(name))
                entity = {"entity": name, "value": value, "extractor": "DetailClassifier"}
                message.set(ENTITIES, [*message.get(ENTITIES, []), entity], add_to_output=True)
        return messages


def _told(model: Any, texts: Sequence[str], untold: str) -> str:
    """Read a detail; where the clearest text tells none, any that speaks goes before `untold`."""
    value = _value(model, texts, None)
    if value != untold:
        return value
    margins = model.decision_function([normalise(text) for text in texts]).max(axis=0)
    margins[model.classes_ == untold] = -np.inf
    return str(model.classes_[margins.argmax()]) if margins.max() >= 0 else untold


def _value(model: Any, texts: Sequence[str], unsure: str | None) -> str:
    """Read a detail from the text that speaks for it most clearly; `unsure` where none does or one is it."""
    margins = model.decision_function([normalise(text) for text in texts])
    if unsure is not None:
        clear = margins[margins.max(axis=1) >= 0]
        if not len(clear) or unsure in model.classes_[clear.argmax(axis=1)]:
            return unsure
    row = margins[margins.max(axis=1).argmax()]
    return str(model.classes_[row.argmax()])
