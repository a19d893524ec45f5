"""`python -m bot.assistant.evaluation report|compare`: see `grace nlu --help`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import yaml

from bot.assistant.evaluation import report
from bot.assistant.evaluation.folds import LANGUAGES, cross_validate, examples
from bot.assistant.evaluation.metrics import Pair
from bot.assistant.evaluation.sets import Labelled, SetError, load
from bot.assistant.features import normalise
from bot.assistant.parse import Reader, context_of, read_line

LATER = ("blind", "fresh", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
"""Sets that were written without a look at the training data: reported, not held to floors."""


def main(argv: list[str]) -> int:
    """Run one command; 1 when a floor is not held or answers changed, 2 for a file that cannot be read."""
    parser = argparse.ArgumentParser(prog="grace nlu")
    commands = parser.add_subparsers(dest="command", required=True)
    reporting = commands.add_parser("report")
    reporting.add_argument("--model", type=Path, required=True)
    reporting.add_argument("--sets", type=Path, required=True)
    reporting.add_argument("--out", type=Path, required=True)
    reporting.add_argument("--check", action="store_true")
    folding = commands.add_parser("cross-validation")
    folding.add_argument("--folds", type=int, default=5)
    comparing = commands.add_parser("compare")
    comparing.add_argument("models", type=Path, nargs=2)
    options = parser.parse_args(argv)
    try:
        if options.command == "report":
            return _report(options)
        if options.command == "compare":
            return _compare(options)
        return _cross_validate(options)
    except SetError as error:
        print(error, file=sys.stderr)
        return 2


def _report(options: argparse.Namespace) -> int:
    floors: dict[str, dict[str, float]] = yaml.safe_load((options.sets / "floors.yml").read_text("utf-8"))
    sets = {
        language: [load(options.sets / f"{language}{part}.jsonl") for part in ("", "_entities")]
        for language in LANGUAGES
    }
    # The gate is on the development sets alone: it need not read what has no floors.
    later = () if options.check else LATER
    blind = {
        language: [path for name in later if (path := options.sets / f"{name}_{language}.jsonl").exists()]
        for language in LANGUAGES
    }
    reader = Reader(str(options.model))
    rows = examples(Path())
    taught = frozenset(normalise(text) for _, _, text in rows)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "training.md").write_text(report.taught(rows), "utf-8")
    failed = False
    for language, labelled in sets.items():
        pairs, entity_pairs = ([_read(reader, one) for one in part] for part in labelled)
        new: list[Pair] = []
        seen: list[Pair] = []
        for pair in pairs:
            (seen if normalise(pair[0].text) in taught else new).append(pair)
        report.write(options.out, language, new, entity_pairs, seen=seen)
        found = report.figures(new, entity_pairs)
        print(f"{language}, {len(new)} messages: {_told(found)}")
        print(f"{language}, with {len(seen)} that training has too: {_told(report.figures(pairs, []))}")
        for path in blind[language]:
            unread = [one for one in load(path) if normalise(one.text) not in taught]
            acts = report.figures([_read(reader, one) for one in unread], [])
            print(f"{path.stem}, {len(unread)} messages written blind: {_told(acts)}")
            values = path.with_name(f"{path.stem}_entities.jsonl")
            if values.exists():
                entities = report.figures([], [_read(reader, one) for one in load(values)])
                told = {name: value for name, value in entities.items() if name.startswith("entity_")}
                print(f"{values.stem}, written blind: {_told(told)}")
        for breach in report.breaches(found, floors[language]) if options.check else ():
            failed = True
            print(f"{language}: below what is agreed: {breach}", file=sys.stderr)
    print(f"tables, pictures and every error: {options.out}")
    return int(failed)


def _told(figures: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in figures.items())


def _read(reader: Reader, one: Labelled) -> Pair:
    return one, reader.read(one.text, context_of(one.context))


def _compare(options: argparse.Namespace) -> int:
    """Read messages from standard input with two models, one after the other; print what changed."""
    lines = [read_line(line) for line in sys.stdin if line.strip()]
    old, new = ([_brief(Reader(str(model)), *one) for one in lines] for model in options.models)
    changed = 0
    for (text, _), before, after in zip(lines, old, new, strict=True):
        if before != after:
            changed += 1
            print(json.dumps({"text": text, "before": before, "after": after}, ensure_ascii=False))
    print(f"{changed} of {len(lines)} answers changed", file=sys.stderr)
    return int(changed > 0)


def _brief(reader: Reader, text: str, context: dict[str, Any]) -> dict[str, Any]:
    read = reader.read(text, context)
    return {
        "acts": [act["intent"] for act in read["acts"]],
        "hardship_reason": read["hardship_reason"],
        "entities": [{"entity": one["entity"], "value": one["value"]} for one in read["entities"]],
        "fallback": read["fallback"],
    }


def _cross_validate(options: argparse.Namespace) -> int:
    for row in cross_validate(Path(), Path("var/cache/vectors.npz"), options.folds):
        print(row)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
