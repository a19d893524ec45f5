"""Finds every act in a message: a linear model on n-grams blended with one on sentence vectors."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from bot.assistant.features import DenseEncoder, normalise, sparse_features
from bot.language.acts import COURTESY, PROTECTION, in_order
from bot.language.clauses import clauses

FALLBACK = "nlu_fallback"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class ActClassifier(GraphComponent, IntentClassifier):
    """Sets `intent` (the act served first) and `acts` (all of them, in the order of service)."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Thresholds are probabilities; `protection` is low: a miss is far worse than a false alarm."""
        return {
            "dense": True,
            "dense_cache": "var/cache/vectors.npz",
            "sharpness": 3.0,
            "fallback": 0.22,
            "clause": 0.5,
            "protection": 0.3,
        }

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: dict[str, Any] | None = None,
    ) -> None:
        self.config = {**self.get_default_config(), **config}
        self._storage = model_storage
        self._resource = resource
        self._model = model
        self._encoder = DenseEncoder() if self.config["dense"] else None

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
            model = joblib.load(Path(folder) / "acts.joblib")
        return cls(config, model_storage, resource, model)

    def train(self, training_data: TrainingData) -> Resource:
        """Fit both models on the intent examples and store them."""
        examples = [m for m in training_data.intent_examples if m.get(TEXT)]
        texts = [normalise(m.get(TEXT)) for m in examples]
        labels = np.array([m.get(INTENT) for m in examples])
        features = sparse_features()
        sparse = LinearSVC(C=0.5, random_state=0).fit(features.fit_transform(texts), labels)
        # The coefficients are most of the model file; half precision loses nothing that matters.
        sparse.coef_ = sparse.coef_.astype(np.float32)
        dense = None
        if self._encoder is not None and self._encoder.available:
            vectors = self._encoder.encode_cached(texts, Path(self.config["dense_cache"]))
            # Stopped before full convergence: half a minute for a third of a point is a poor trade.
            dense = LogisticRegression(C=30, max_iter=120, random_state=0).fit(vectors, labels)
        self._model = {"features": features, "sparse": sparse, "dense": dense}
        with self._storage.write_to(self._resource) as folder:
            joblib.dump(self._model, Path(folder) / "acts.joblib", compress=3)
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
        parts = clauses(text)
        spans = [text, *parts] if len(parts) > 1 else [text]
        scores = self.probabilities(spans)
        names = self.classes
        found: dict[str, tuple[float, str]] = {}
        for act, score in self._accepted(names, scores[0], self.config["fallback"]):
            found[act] = (score, text)
        for span, row in zip(spans[1:], scores[1:], strict=True):
            for act, score in self._accepted(names, row, self.config["clause"]):
                if act not in found or found[act][1] == text:
                    found[act] = (max(score, found.get(act, (0.0, ""))[0]), span)
        acts = _served(found)
        top = np.argsort(-scores[0])[:5]
        ranking = [{"name": names[i], "confidence": float(scores[0][i])} for i in top]
        first = acts[0] if acts else {"intent": FALLBACK, "confidence": 1.0 - ranking[0]["confidence"]}
        message.set(INTENT, {"name": first["intent"], "confidence": first["confidence"]}, add_to_output=True)
        message.set("intent_ranking", ranking, add_to_output=True)
        message.set("acts", acts, add_to_output=True)

    @property
    def classes(self) -> list[str]:
        """The acts that the model knows, in the order of its columns."""
        assert self._model is not None
        return [str(name) for name in self._model["sparse"].classes_]

    def probabilities(self, texts: list[str]) -> Any:
        """Return an array (texts, classes): the normalised product of both models' probabilities."""
        assert self._model is not None
        cleaned = [normalise(text) for text in texts]
        margins = self._model["sparse"].decision_function(self._model["features"].transform(cleaned))
        logs = _log_softmax(np.asarray(margins, np.float64) * self.config["sharpness"])
        if self._model["dense"] is not None and self._encoder is not None and self._encoder.available:
            dense = self._model["dense"].predict_proba(self._encoder.encode(cleaned))
            logs = 0.5 * (logs + np.log(dense + 1e-6))
        return np.exp(_log_softmax(logs))

    def _accepted(self, names: list[str], row: Any, threshold: float) -> Iterable[tuple[str, float]]:
        """The top act when it is sure enough, and any protection act at its own lower threshold."""
        best = int(np.argmax(row))
        if row[best] >= threshold:
            yield names[best], float(row[best])
        for index in np.flatnonzero(row >= self.config["protection"]):
            if index != best and names[index] in PROTECTION:
                yield names[index], float(row[index])


def _served(found: dict[str, tuple[float, str]]) -> list[dict[str, Any]]:
    """Order the acts; courtesies go when anything else was said."""
    pairs = in_order(found.items())
    telling = [pair for pair in pairs if pair[0] not in COURTESY]
    return [
        {"intent": act, "confidence": round(score, 4), "text": span}
        for act, (score, span) in (telling or pairs[:1])
    ]


def _log_softmax(scores: Any) -> Any:
    shifted = scores - scores.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
