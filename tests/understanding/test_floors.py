"""The trained model reads what training never saw at least as well as agreed, and says where it does not."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import processes
from bot.cli import app
from tests.conftest import absent

SETS = Path(__file__).parent
PYTHON = processes.ASSISTANT_PYTHON


@pytest.fixture(scope="module")
def assistant() -> Path:
    if not PYTHON.exists() or not (processes.ROOT / processes.MODEL).exists():
        absent("the assistant's environment or its model is not there: make train")
    return processes.ROOT / processes.MODEL


def run(*arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    # One thread: others that wait for each other cost more than they give where tests run side by side.
    environment = {
        **os.environ,
        "PYTHONPATH": str(processes.ROOT),
        "PYTHONWARNINGS": "ignore",
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.run(
        [str(PYTHON), "-m", "bot.assistant.evaluation", *arguments],
        input=given,
        capture_output=True,
        text=True,
        cwd=processes.ROOT,
        env=environment,
        timeout=600,
    )


def test_the_agreed_floors_hold_in_both_languages(assistant: Path, tmp_path: Path) -> None:
    done = run("report", "--model", str(assistant), "--sets", str(SETS), "--out", str(tmp_path), "--check")
    assert done.returncode == 0, done.stderr[-2000:]
    for language in ("zh", "en"):
        figures = json.loads((tmp_path / f"{language}.json").read_text("utf-8"))
        assert set(figures) >= {"primary", "acts_micro_f1", "protection_recall", "false_alarms"}
        assert (tmp_path / f"{language}_confusion.png").stat().st_size > 10_000
        assert "## By intent" in (tmp_path / f"{language}.md").read_text("utf-8")


def test_a_floor_that_is_not_held_fails_the_gate_by_name(assistant: Path, tmp_path: Path) -> None:
    one = json.dumps({"text": "我失业了", "acts": ["thank"]}, ensure_ascii=False)
    for language in ("zh", "en"):
        (tmp_path / f"{language}.jsonl").write_text(one + "\n", "utf-8")
        (tmp_path / f"{language}_entities.jsonl").write_text("", "utf-8")
    (tmp_path / "floors.yml").write_text("zh: {primary: 0.5}\nen: {primary: 0.0}\n", "utf-8")
    done = run(
        "report", "--model", str(assistant), "--sets", str(tmp_path), "--out", str(tmp_path / "o"), "--check"
    )
    assert done.returncode == 1
    assert "zh: below what is agreed: primary" in done.stderr
    assert "en: below" not in done.stderr


def test_a_bad_line_of_a_set_is_named(assistant: Path, tmp_path: Path) -> None:
    (tmp_path / "floors.yml").write_text("zh: {}\nen: {}\n", "utf-8")
    (tmp_path / "zh.jsonl").write_text('{"text": "ok", "acts": ["affirm"]}\n{"text": 3}\n', "utf-8")
    done = run("report", "--model", str(assistant), "--sets", str(tmp_path), "--out", str(tmp_path / "o"))
    assert done.returncode == 2
    assert "zh.jsonl:2: text" in done.stderr


def test_a_model_compared_with_itself_changes_nothing(assistant: Path) -> None:
    given = '{"text": "我失业了，能分三期吗"}\n{"text": "I will pay 500 on Friday"}\n'
    done = run("compare", str(assistant), str(assistant), given=given)
    assert done.returncode == 0, done.stderr[-500:]
    assert "0 of 2 answers changed" in done.stderr


def test_the_sets_name_only_acts_that_exist() -> None:
    known = {
        line.split(":")[1].strip()
        for path in (processes.ROOT / "data" / "nlu").rglob("*.yml")
        for line in path.read_text("utf-8").splitlines()
        if line.startswith("- intent:")
    }
    for path in SETS.glob("??.jsonl"):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            assert set(json.loads(line)["acts"]) <= known, f"{path.name}:{number}"


def test_label_names_a_bad_line_and_refuses_a_missing_file(tmp_path: Path) -> None:
    missing = CliRunner().invoke(app, ["nlu", "label", str(tmp_path / "none.jsonl")])
    assert missing.exit_code == 2
