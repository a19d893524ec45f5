"""The act model: a linear model on n-grams, and one on sentence vectors for what the first finds hard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import FeatureUnion
from sklearn.svm import LinearSVC

from bot.assistant.features import normalise, sparse_features, tokens
from bot.assistant.scoring import Scorer

SHARPNESS = 4.0
"""Turns the margins of the sparse model into log-probabilities; best of 2, 3, 4 and 6 on held-out folds."""
HARD = 4000
"""How many texts the dense model learns from: hard ones serve as well as all (docs/understanding.md)."""
READ_AT_MOST = 18
"""How many tokens of one message, its clauses included, are made into vectors: half a millisecond each."""
_DENSE_WEIGHT = 0.6
_TRUSTED = 0.95
_TINY = 1e-6


class Encoder(Protocol):
    """Makes sentence vectors."""

    def encode(self, texts: list[str]) -> Any:
        """Return an array (len(texts), DENSE_SIZE)."""
        ...


@dataclass(frozen=True)
class ActModel:
    """Probabilities of every act for a text. Fitted once, then read-only and picklable.

    Where the sparse model alone is at least `sure` (learned: from there on it is right in `_TRUSTED` of
    unseen texts), the sentence vector is spared. Without an encoder, or trained without one, sparse answers
    alone.
    """

    features: FeatureUnion
    sparse: LinearSVC
    dense: LogisticRegression | None
    sure: float

    @classmethod
    def fit(cls, texts: Sequence[str], labels: Sequence[str], encoder: Encoder | None = None) -> ActModel:
        """Fit on normalised texts; `encoder` makes vectors of those that the sparse model finds hard."""
        wanted = np.asarray(labels)
        features = sparse_features()
        table = features.fit_transform(texts)
        sparse = _sparse(table, wanted)
        # The coefficients are most of the model file; half the precision loses nothing that matters.
        sparse.coef_ = sparse.coef_.astype(np.float32)
        if encoder is None:
            return cls(features, sparse, None, 0.0)
        unseen = _unseen(table, wanted)
        columns = np.searchsorted(sparse.classes_, wanted)
        hard = np.argsort(unseen[np.arange(len(wanted)), columns], kind="stable")[:HARD]
        dense = LogisticRegression(C=30, max_iter=120, random_state=0)
        dense.fit(encoder.encode([texts[at] for at in hard]), wanted[hard])
        return cls(features, sparse, dense, _sure(unseen, columns))

    @property
    def classes(self) -> list[str]:
        """The acts in the order of the columns."""
        return [str(name) for name in self.sparse.classes_]

    def probabilities(self, texts: Sequence[str], encoder: Encoder | None) -> Any:
        """Return an array (texts, classes) for texts as borrowers write them."""
        cleaned = [normalise(text) for text in texts]
        logs = self._sparse_logs(cleaned)
        if self.dense is not None and encoder is not None:
            unsure = _affordable(cleaned, np.flatnonzero(np.exp(logs.max(axis=1)) < self.sure))
            if unsure.size:
                dense = self.dense.predict_proba(encoder.encode([cleaned[at] for at in unsure]))
                logs[unsure] = blend(logs[unsure], _aligned(dense, self.dense.classes_, self.sparse.classes_))
        return np.exp(logs)

    def _sparse_logs(self, cleaned: Sequence[str]) -> Any:
        return _log_softmax(self._scorer.scores(cleaned) * SHARPNESS)

    @cached_property
    def _scorer(self) -> Scorer:
        return Scorer(self.features, self.sparse)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is made from the rest."""
        return {name: value for name, value in self.__dict__.items() if name != "_scorer"}


def blend(sparse_logs: Any, dense: Any) -> Any:
    """Return log-probabilities: the weighted, normalised geometric mean of both models' probabilities."""
    return _log_softmax((sparse_logs + _DENSE_WEIGHT * np.log(dense + _TINY)) / (1 + _DENSE_WEIGHT))


def _affordable(cleaned: Sequence[str], wanted: Any) -> Any:
    """Return the first of the wanted texts whose vectors together cost at most READ_AT_MOST tokens.

    The time of a vector grows with its tokens; a message of 20,000 characters must not take seconds. Where
    the whole message is too dear, its clauses may not be.
    """
    left, chosen = READ_AT_MOST, []
    for at in wanted:
        if (cost := tokens(cleaned[at])) <= left:
            chosen.append(at)
            left -= cost
    return np.asarray(chosen, int)


def _aligned(dense: Any, have: Any, want: Any) -> Any:
    """Spread columns over all classes: an act that never is hard is unknown to the dense model."""
    if len(have) == len(want):
        return dense
    spread = np.zeros((len(dense), len(want)))
    spread[:, np.searchsorted(want, have)] = dense
    return spread


def _sparse(table: Any, labels: Any) -> LinearSVC:
    return LinearSVC(C=0.5, random_state=0).fit(table, labels)


def _unseen(table: Any, labels: Any) -> Any:
    """Return the sparse model's log-probabilities for every text, each fitted on the half without it."""
    logs = np.zeros((len(labels), len(np.unique(labels))))
    for seen, held in StratifiedKFold(2, shuffle=True, random_state=0).split(table, labels):
        logs[held] = _log_softmax(
            _sparse(table[seen], labels[seen]).decision_function(table[held]) * SHARPNESS
        )
    return logs


def _sure(unseen: Any, columns: Any) -> float:
    """Return the confidence from which on the sparse model was right in `_TRUSTED` of the unseen texts."""
    order = np.argsort(-unseen.max(axis=1), kind="stable")
    right = (unseen.argmax(axis=1) == columns)[order]
    share = np.cumsum(right) / np.arange(1, len(right) + 1)
    trusted = np.flatnonzero(share >= _TRUSTED)
    return float(np.exp(unseen.max(axis=1)[order][trusted[-1]])) if trusted.size else 1.0


def _log_softmax(scores: Any) -> Any:
    scores = np.asarray(scores, np.float64)
    shifted = scores - scores.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
