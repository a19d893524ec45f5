"""`python -m bench.rival NAME SENTENCES`, in the environment of Rasa: train a pipeline, print its figures."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import random
import resource
import statistics
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml

from bot.assistant.evaluation.folds import examples
from bot.assistant.evaluation.sets import load

_OURS: list[dict[str, Any]] = [
    {"name": "bot.assistant.details.DetailClassifier"},
    {"name": "bot.assistant.extraction.EntityExtractor"},
    {"name": "bot.assistant.reading.ContextReader"},
]
EPOCHS = 12
_ACTS = {"name": "bot.assistant.acts.ActClassifier"}
PIPELINES: dict[str, list[dict[str, Any]]] = {
    "grace": [{**_ACTS, "dense_cache": None}, *_OURS],
    "grace without vectors": [{**_ACTS, "dense": False}, *_OURS],
    "DIET": [
        {"name": "JiebaTokenizer"},
        {"name": "CountVectorsFeaturizer"},
        {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
        {
            "name": "DIETClassifier",
            "epochs": EPOCHS,
            "entity_recognition": False,
            "constrain_similarities": True,
        },
    ],
}
SETS = Path("tests/understanding")


def main(name: str, sentences: int) -> None:
    """Train on a fixed sample of the training sentences; read the development sets."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    import structlog
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as folder:
        config, data = Path(folder) / "config.yml", Path(folder) / "nlu.yml"
        described = {"recipe": "default.v1", "language": "zh", "pipeline": PIPELINES[name]}
        config.write_text(yaml.safe_dump(described), "utf-8")
        data.write_text(_sample(sentences), "utf-8")
        start = time.perf_counter()
        model = train_nlu(str(config), str(data), folder, fixed_model_name="rival")
        trained = time.perf_counter() - start
        agent = Agent.load(model)
        megabytes = Path(model).stat().st_size / 1e6
        gc.freeze()
        figures = {"trained_s": trained, "model_mb": megabytes, **asyncio.run(_read(agent))}
        # Linux counts in kilobytes; the peak is that of training.
        figures["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        print(json.dumps(figures))


def _sample(sentences: int) -> str:
    """Return a share of every intent's sentences as Rasa's YAML, the same for every pipeline."""
    rows = examples(Path())
    random.Random(0).shuffle(rows)
    share = min(1.0, sentences / len(rows))
    by_intent: defaultdict[str, list[str]] = defaultdict(list)
    for _, intent, text in rows:
        by_intent[intent].append(text)
    blocks = [
        {"intent": intent, "examples": "".join(f"- {text}\n" for text in texts[: round(len(texts) * share)])}
        for intent, texts in sorted(by_intent.items())
    ]
    # A detail needs its labels: without them its classifier has nothing to learn.
    labelled = [
        {**block, "metadata": metadata}
        for path in Path("data/nlu").rglob("*.yml")
        for block in yaml.safe_load(path.read_text("utf-8"))["nlu"]
        if (metadata := block.get("metadata")) and len(block["examples"]) > 0
    ]
    blocks = [block for block in blocks if block["intent"] not in {one["intent"] for one in labelled}]
    for block in labelled:
        lines = block["examples"].splitlines(keepends=True)
        block["examples"] = "".join(lines[: max(5, round(len(lines) * share))])
    return yaml.safe_dump({"version": "3.1", "nlu": [*blocks, *labelled]}, allow_unicode=True)


async def _read(agent: Any) -> dict[str, float]:
    from rasa.core.channels.channel import UserMessage

    figures: dict[str, float] = {}
    spent: list[float] = []
    for language in ("zh", "en"):
        messages = [one for one in load(SETS / f"{language}.jsonl") if len(one.acts) == 1]
        right = 0
        for number, one in enumerate(messages):
            start = time.process_time()
            parsed = await agent.processor.parse_message(UserMessage(one.text, metadata={}))
            if number >= 20:
                spent.append((time.process_time() - start) * 1000)
            right += parsed["intent"]["name"] == one.acts[0]
        figures[language] = right / len(messages)
    spent.sort()
    return {**figures, "p50_ms": statistics.median(spent), "p99_ms": spent[int(len(spent) * 0.99)]}


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
