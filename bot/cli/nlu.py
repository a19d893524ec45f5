"""`grace nlu …`: how well the assistant reads, what it reads with doubt, and what a new model changes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from bot import processes
from bot.cli.common import err, out, refuse, services
from bot.language.training import NoPlace, insert, place
from bot.settings import Settings

app = typer.Typer()
nlu = typer.Typer(help="Measure and tune how the assistant reads.", no_args_is_help=True)
app.add_typer(nlu, name="nlu")
_SETS = processes.ROOT / "tests" / "understanding"


@nlu.command()
def report(
    model: Annotated[Path, typer.Option(help="a trained model")] = processes.MODEL,
    sets: Annotated[Path, typer.Option(help="folder of labelled messages")] = _SETS,
    to: Annotated[Path, typer.Option(help="folder for tables, pictures and errors")] = Path("var/nlu"),
    check: Annotated[bool, typer.Option(help="fail when a floor of floors.yml is not held")] = False,
) -> None:
    """Read the development sets: figures, per-intent table, confusion matrix, calibration, every error."""
    more = ["--check"] if check else []
    _assistant("report", "--model", str(model), "--sets", str(sets), "--out", str(to), *more)


@nlu.command("cross-validation")
def cross_validation(folds: Annotated[int, typer.Option(min=2, max=20)] = 5) -> None:
    """Cross-validate on the training sentences: recall, examples and lexical diversity by intent."""
    _assistant("cross-validation", "--folds", str(folds))


@nlu.command()
def compare(model_a: Path, model_b: Path) -> None:
    """Read every stored message with two models and list the answers that change (masked)."""
    with services() as grace:
        lines = [json.dumps(one, ensure_ascii=False) for one in grace.tuning.stored()]
    _assistant("compare", str(model_a), str(model_b), given="\n".join(lines))


@nlu.command()
def inbox(
    below: Annotated[float, typer.Option(help="confidence under which a reading is doubtful")] = 0.6,
    limit: Annotated[int, typer.Option(min=1)] = 200,
) -> None:
    """List doubtful and corrected messages as JSON lines, masked: add `intent`, then `grace nlu label`."""
    with services() as grace:
        for one in grace.tuning.inbox(below, limit):
            row = {
                "message": one.id,
                "language": one.language,
                "text": one.text,
                "read": list(one.acts),
                "confidence": round(one.confidence, 3),
                "intent": one.corrected or "",
            }
            print(json.dumps(row, ensure_ascii=False))


@nlu.command()
def label(file: Annotated[Path, typer.Argument(help="lines of `inbox` with `intent` filled in")]) -> None:
    """Append labelled messages to the training data, each to the file and block of its intent.

    A line without `intent` is passed over; `detail` picks a hardship reason or scope. Bad lines are named,
    the good ones land.
    """
    bad = 0
    try:
        lines = file.read_text("utf-8").splitlines()
    except OSError as error:
        raise refuse(f"{file}: {error.strerror}") from error
    with services() as grace:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                if row.get("intent"):
                    _append(row)
                    grace.tuning.labelled(int(row["message"]))
            except (ValueError, KeyError, TypeError, LookupError) as error:
                bad += 1
                err.print(f"line {number}: {error}", style="yellow", markup=False)
    raise typer.Exit(1 if bad else 0)


def _append(row: dict[str, Any]) -> None:
    folder = processes.ROOT / "data" / "nlu" / str(row["language"])
    if not folder.is_dir():
        raise NoPlace(f"language: there is no training data for {row['language']!r}")
    path = place(folder, row["intent"], row.get("detail"))
    before = path.read_text("utf-8")
    after = insert(before, row["intent"], row["text"], row.get("detail"))
    if after != before:
        path.write_text(after, "utf-8")
    where = path.relative_to(processes.ROOT)
    out.print(f"{where}: {row['intent']}" + ("" if after != before else " (was there)"), markup=False)


def _assistant(*arguments: str, given: str | None = None) -> None:
    """Run a part that needs Rasa's environment."""
    done = subprocess.run(
        [str(processes.ASSISTANT_PYTHON), "-m", "bot.assistant.evaluation", *arguments],
        input=given,
        text=True,
        env=processes.environment(Settings()),
        cwd=processes.ROOT,
        check=False,
        stderr=sys.stderr,
    )
    raise typer.Exit(done.returncode)
