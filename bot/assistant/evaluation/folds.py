"""Cross-validation of the act model on its own training sentences, intent by intent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import yaml
from sklearn.model_selection import StratifiedKFold

from bot.assistant.evaluation.metrics import diversity
from bot.assistant.features import CachedEncoder, DenseEncoder, normalise
from bot.assistant.model import ActModel

LANGUAGES = ("zh", "en")


def examples(home: Path) -> list[tuple[str, str, str]]:
    """Return (language, intent, text) of every training sentence under `data/nlu`."""
    rows = []
    for language in LANGUAGES:
        for path in sorted((home / "data" / "nlu" / language).glob("*.yml")):
            for block in yaml.safe_load(path.read_text("utf-8"))["nlu"]:
                lines = (block.get("examples") or "").splitlines()
                rows += [
                    (language, block["intent"], line[2:].strip()) for line in lines if line.startswith("- ")
                ]
    return rows


def cross_validate(home: Path, cache: Path, folds: int) -> Iterator[str]:
    """Yield Markdown: accuracy by language, then recall, examples and lexical diversity by intent."""
    rows = examples(home)
    languages, labels, raw = (np.array(column, dtype=object) for column in zip(*rows, strict=True))
    texts = np.array([normalise(text) for text in raw], dtype=object)
    encoder = DenseEncoder()
    known = CachedEncoder(encoder, cache) if encoder.available else None
    read = np.empty(len(rows), dtype=object)
    for train, test in StratifiedKFold(folds, shuffle=True, random_state=0).split(texts, labels):
        model = ActModel.fit(list(texts[train]), list(labels[train]), known)
        scores = model.probabilities(list(texts[test]), known)
        read[test] = np.array(model.classes, dtype=object)[scores.argmax(axis=1)]
    right = read == labels
    yield f"{folds} folds over {len(rows)} sentences; primary act right: " + ", ".join(
        f"{one} {right[languages == one].mean():.3f}" for one in LANGUAGES
    )
    yield "\n| intent | recall | examples | lexical diversity |\n|---|---|---|---|"
    for intent in sorted(set(labels), key=lambda one: right[labels == one].mean()):
        mine = labels == intent
        yield f"| {intent} | {right[mine].mean():.2f} | {mine.sum()} | {diversity(list(texts[mine])):.2f} |"
