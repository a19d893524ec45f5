"""Finds every act in a message, in the whole and in each clause."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.assistant.features import CachedEncoder, DenseEncoder, normalise
from bot.assistant.finding import Thresholds, find
from bot.assistant.model import ActModel, Encoder
from bot.assistant.stored import keep, kept

FALLBACK = "nlu_fallback"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class ActClassifier(GraphComponent, IntentClassifier):
    """Sets `intent` (the act served first) and `acts` (all of them, in the order of service)."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`thresholds` overrides those of `Thresholds`; `dense: false` reads with n-grams alone.

        `dense_cache` is the file that keeps vectors between trainings; None makes them anew.
        """
        return {
            "dense": True,
            "dense_cache": "var/cache/vectors.npz",
            "thresholds": {},
        }

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: ActModel | None = None,
    ) -> None:
        self.config = {**self.get_default_config(), **config}
        self._limits = Thresholds(**self.config["thresholds"])
        self._storage = model_storage
        self._resource = resource
        self._model = model
        encoder = DenseEncoder() if self.config["dense"] else None
        self._encoder = encoder if encoder is not None and encoder.available else None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ActClassifier:
        """Make an untrained component."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> ActClassifier:
        """Read the trained model back."""
        with model_storage.read_from(resource) as folder:
            model = kept(Path(folder) / "acts.pickle.gz")
        return cls(config, model_storage, resource, model)

    def train(self, training_data: TrainingData) -> Resource:
        """Fit the model on the intent examples and store it."""
        examples = [m for m in training_data.intent_examples if m.get(TEXT)]
        texts = [normalise(m.get(TEXT)) for m in examples]
        encoder: Encoder | None = self._encoder
        if self._encoder is not None and self.config["dense_cache"] is not None:
            encoder = CachedEncoder(self._encoder, Path(self.config["dense_cache"]))
        self._model = ActModel.fit(texts, [m.get(INTENT) for m in examples], encoder)
        with self._storage.write_to(self._resource) as folder:
            keep(self._model, Path(folder) / "acts.pickle.gz")
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave the examples as they are: no later component trains on predictions."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Set intent, ranking and acts on every message that has text."""
        for message in messages:
            text = message.get(TEXT)
            if text:
                self._read(message, text)
        return messages

    def _read(self, message: Message, text: str) -> None:
        assert self._model is not None
        found = find(text, self._model, self._encoder, self._limits)
        unsure = {"intent": FALLBACK, "confidence": 1.0 - found.ranking[0]["confidence"]}
        first = found.acts[0] if found.acts else unsure
        message.set(INTENT, {"name": first["intent"], "confidence": first["confidence"]}, add_to_output=True)
        message.set("intent_ranking", found.ranking, add_to_output=True)
        message.set("acts", found.acts, add_to_output=True)
