"""Each adapter does what the code of Rasa's does that it replaces."""

from __future__ import annotations

import json
import subprocess
from functools import lru_cache
from typing import Any

import pytest

from bot import processes
from bot.assistant.switches import VARIABLE
from bot.settings import Settings


def told(module: str, *arguments: str, **env: str) -> Any:
    """Return what a module prints that is run in Rasa's environment."""
    done = subprocess.run(
        [str(processes.ASSISTANT_PYTHON), "-m", module, *arguments],
        cwd=processes.ROOT,
        env={**processes.environment(Settings()), **env},
        capture_output=True,
        text=True,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT")]
    assert lines, done.stderr[-2000:]
    return json.loads(lines[-1].removeprefix("RESULT"))


@lru_cache(maxsize=1)
def checks() -> dict[str, list[Any]]:
    """Run both sides once."""
    found: dict[str, list[Any]] = told("tests.adapters.beside")
    return found


@pytest.mark.parametrize(
    ("part", "least"),
    [("event ", 16), ("answer ", 18), ("graph ", 60), ("session ", 24), ("call ", 20), ("score ", 15)],
)
def test_an_adapter_behaves_as_what_it_replaces(part: str, least: int) -> None:
    found = {name: both for name, both in checks().items() if name.startswith(part)}
    assert len(found) >= least
    assert {name: both for name, both in found.items() if both[0] != both[1]} == {}


def test_sound_and_broken_answers_are_told_apart() -> None:
    outcomes = {json.dumps(both[1]) for name, both in checks().items() if name.startswith("answer ")}
    assert outcomes == {"true", '"ValidationError"'}


def test_a_model_without_networks_reads_the_same_without_tensorflow() -> None:
    start = ("tests.adapters.starting", str(processes.MODEL))
    lean, whole = told(*start), told(*start, **{VARIABLE: ""})
    assert (lean["tensorflow"], whole["tensorflow"]) == (False, True)
    assert lean["read"] == whole["read"]
