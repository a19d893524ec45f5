"""Labelled messages: the development sets under `tests/understanding`, one JSON object a line."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CONTEXT = ("at", "timezone", "currency", "outstanding", "expected")


class SetError(ValueError):
    """A labelled file cannot be read; the message names file, line and field."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A message and what a seasoned reader finds in it; `acts` in the order of service, first = primary.

    `entities` is None where the file does not label them.
    """

    text: str
    acts: tuple[str, ...] = ()
    hardship_reason: str | None = None
    scope: str | None = None
    entities: tuple[dict[str, Any], ...] | None = None
    context: dict[str, Any] = field(default_factory=dict)


def load(path: Path) -> list[Labelled]:
    """Read a file of labelled messages. Raises SetError naming the line and what is wrong with it."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise SetError(f"{path}: {error.strerror}") from error
    return [_labelled(f"{path}:{n}", line) for n, line in enumerate(lines, 1) if line.strip()]


def _labelled(where: str, line: str) -> Labelled:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise SetError(f"{where}: no JSON object: {error}") from error
    if not isinstance(row, dict) or not isinstance(row.get("text"), str) or not row["text"].strip():
        raise SetError(f"{where}: text: a message is needed")
    acts = row.get("acts", [])
    if not isinstance(acts, list) or not all(isinstance(act, str) for act in acts):
        raise SetError(f"{where}: acts: a list of intents is needed")
    entities = row.get("entities")
    if entities is not None and not all(
        isinstance(one, dict) and {"entity", "value"} <= one.keys() for one in entities
    ):
        raise SetError(f"{where}: entities: each needs `entity` and `value`")
    return Labelled(
        row["text"],
        tuple(acts),
        row.get("hardship_reason"),
        row.get("scope"),
        None if entities is None else tuple(entities),
        {key: row[key] for key in CONTEXT if row.get(key) is not None},
    )
