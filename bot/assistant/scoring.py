"""A linear model on n-grams asked of a few short texts: the same scores, without building a matrix.

scikit-learn checks, copies and joins sparse matrices for a millisecond before it multiplies; of a message
only some hundred n-grams are known, and their rows can be summed as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion
from sklearn.svm import LinearSVC


class Scorer:
    """Scores of a fitted union of sublinear tf-idf vectorizers and a linear model on it; read-only."""

    def __init__(self, features: FeatureUnion, model: LinearSVC) -> None:
        """Take both over; the model keeps its coefficients, laid out by n-gram."""
        rows = np.ascontiguousarray(model.coef_.T)
        model.coef_ = rows.T
        self._intercept = np.asarray(model.intercept_, np.float64)
        self._parts = []
        start = 0
        for _, vectorizer in features.transformer_list:
            size = len(vectorizer.vocabulary_)
            self._parts.append(_Part(vectorizer, rows[start : start + size]))
            start += size

    def scores(self, texts: Sequence[str]) -> Any:
        """Return an array (texts, classes): what `decision_function` says of the transformed texts."""
        found = np.empty((len(texts), len(self._intercept)))
        for at, text in enumerate(texts):
            found[at] = self._intercept + sum(part.score(text) for part in self._parts)
        return found


class _Part:
    def __init__(self, vectorizer: TfidfVectorizer, rows: Any) -> None:
        if not (vectorizer.sublinear_tf and vectorizer.norm == "l2" and vectorizer.use_idf):
            raise ValueError("only sublinear tf-idf of unit length is scored here")
        self._grams = vectorizer.build_analyzer()
        self._places: dict[str, int] = vectorizer.vocabulary_
        self._idf = np.asarray(vectorizer.idf_, np.float64)
        self._rows = rows

    def score(self, text: str) -> Any:
        """Return one text's share of the scores."""
        counts: Counter[int] = Counter()
        for gram in self._grams(text):
            place = self._places.get(gram)
            if place is not None:
                counts[place] += 1
        if not counts:
            return 0.0
        places = np.fromiter(counts, np.intp, len(counts))
        often = np.fromiter(counts.values(), np.float64, len(counts))
        weights = (1.0 + np.log(often)) * self._idf[places]
        return (weights / np.sqrt(weights @ weights)) @ self._rows[places]
