"""What a user would otherwise run: Rasa with the pipeline of `rasa init`, on the same domain and actions.

The dialogues go in by Rasa's own REST channel, with its own tracker store and texts. It learns EXAMPLES
sentences of every intent in each language, enough to read the bench's dialogues; its speed does not depend on
how many.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from bench.turns import Answered
from bot import processes
from tests.stack import Stack, running

RASA = str(processes.ROOT / ".venv-rasa" / "bin" / "rasa")
EXAMPLES = 25
EPOCHS = 25
_FEATURES: list[dict[str, Any]] = [
    {"name": "WhitespaceTokenizer"},
    {"name": "RegexFeaturizer"},
    {"name": "LexicalSyntacticFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
    {"name": "DIETClassifier", "epochs": EPOCHS, "constrain_similarities": True},
    {"name": "EntitySynonymMapper"},
    {"name": "ResponseSelector", "epochs": EPOCHS, "constrain_similarities": True},
    {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.1},
]
_RULES: list[dict[str, Any]] = [{"name": "RulePolicy"}]
_TED: list[dict[str, Any]] = [
    {"name": "MemoizationPolicy"},
    {"name": "RulePolicy"},
    {"name": "UnexpecTEDIntentPolicy", "max_history": 5, "epochs": EPOCHS},
    {"name": "TEDPolicy", "max_history": 5, "epochs": EPOCHS, "constrain_similarities": True},
]
POLICIES: dict[str, list[dict[str, Any]]] = {"stock, DIET + TED": _TED, "stock, DIET + rules": _RULES}
BASIS = "stock, DIET + TED"
"""What `rasa init` makes: the assistant that all are measured against."""


def folder(name: str) -> Path:
    """Return where a project is kept: its model is trained once, which takes minutes."""
    return Path("var/bench", "-".join(re.findall(r"\w+", name.lower())))


def ready(name: str) -> Path:
    """Make and train a project that is not there yet; return its folder."""
    place = folder(name)
    if not (place / "models" / "stock.tar.gz").is_file():
        project(place, POLICIES[name])
        train(place)
    return place


def project(folder: Path, policies: list[dict[str, Any]]) -> None:
    """Write a project for stock Rasa: our domain, rules and a sample of our sentences."""
    root = processes.ROOT
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "data").mkdir(parents=True)
    shutil.copy(root / "domain.yml", folder)
    shutil.copytree(root / "data" / "rules", folder / "data" / "rules")
    described = {"recipe": "default.v1", "assistant_id": "stock", "language": "en", "pipeline": _FEATURES}
    _write(folder / "config.yml", {**described, "policies": policies})
    _write(folder / "data" / "nlu.yml", {"version": "3.1", "nlu": _sentences(root)})
    _write(folder / "data" / "stories.yml", {"version": "3.1", "stories": _stories(root)})
    _write(
        folder / "endpoints.yml",
        {
            "action_endpoint": yaml.safe_load((root / "endpoints.yml").read_text("utf-8"))["action_endpoint"],
            "tracker_store": {"type": "SQL", "url": "${GRACE_TRACKER_URL}"},
        },
    )
    _write(folder / "credentials.yml", {"rest": None})


def train(folder: Path) -> float:
    """Train it; return how many seconds that took. Raises RuntimeError with the end of the log."""
    start = time.perf_counter()
    env = {**os.environ, "RASA_TELEMETRY_ENABLED": "false", "PYTHONDONTWRITEBYTECODE": ""}
    command = [RASA, "train", "--skip-validation", "--fixed-model-name", "stock"]
    done = subprocess.run(command, cwd=folder.resolve(), env=env, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return time.perf_counter() - start


@contextmanager
def served(folder: Path, state: Path) -> Iterator[tuple[Stack, StockDoor]]:
    """Run stock Rasa and our action server; yield services and a way in."""
    with running(state) as stack:
        env = {**processes.environment(stack.settings), "PYTHONPATH": ""}
        port = stack.settings.rasa_url.rsplit(":", 1)[-1]
        command = [RASA, "run", "--interface", "127.0.0.1", "--port", port, "--model", "models/stock.tar.gz"]
        with (state / "stock.log").open("wb") as log:
            child = stack.children["stock"] = subprocess.Popen(
                command, cwd=folder.resolve(), env=env, stdout=log, stderr=log, start_new_session=True
            )
        stack.start("actions")
        _wait(stack.settings.rasa_url, child)
        yield stack, StockDoor(stack.settings.rasa_url)


class StockDoor:
    """Talks to Rasa's REST channel as a gateway of the user's own would."""

    def __init__(self, url: str) -> None:
        self._client = httpx.AsyncClient(
            base_url=url, timeout=120, trust_env=False, limits=httpx.Limits(max_connections=None)
        )

    async def meet(self, conversation: str) -> None:
        """There is nothing to be done."""

    async def turn(self, conversation: str, text: str, context: dict[str, Any]) -> Answered:
        """Take one turn. Raises httpx.HTTPError."""
        body = {"sender": conversation, "message": text, "metadata": context}
        response = await self._client.post("/webhooks/rest/webhook", json=body)
        response.raise_for_status()
        return Answered(None, None)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _sentences(root: Path) -> list[dict[str, str]]:
    found: dict[str, list[str]] = {}
    for path in sorted((root / "data" / "nlu").rglob("*.yml")):
        for block in yaml.safe_load(path.read_text("utf-8"))["nlu"]:
            if "intent" in block and isinstance(block["examples"], str):
                lines = [line for line in block["examples"].splitlines() if line.startswith("- ")]
                found.setdefault(block["intent"], []).extend(lines[:EXAMPLES])
    return [{"intent": intent, "examples": "\n".join(lines) + "\n"} for intent, lines in found.items()]


def _stories(root: Path) -> list[dict[str, Any]]:
    """Return a story for every rule that begins with an intent: what TED learns from."""
    found = []
    for path in sorted((root / "data" / "rules").glob("*.yml")):
        for rule in yaml.safe_load(path.read_text("utf-8")).get("rules", []):
            steps = rule["steps"]
            loops = any("active_loop" in step for step in steps)
            if "condition" not in rule and "intent" in steps[0] and not loops:
                found.append({"story": rule["rule"], "steps": steps})
    return found


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")


def _wait(url: str, child: subprocess.Popen[bytes], seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and child.poll() is None:
        try:
            if httpx.get(url, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.3)
    raise RuntimeError("stock Rasa did not start")
