"""Adds a sentence to the training data in the place and style that the file has."""

from __future__ import annotations

import re
from pathlib import Path

_BLOCK = re.compile(r"^- intent: (\w+)\s*$")
_METADATA = re.compile(r"^  metadata: \{(.*)\}\s*$")
_EXAMPLE = "    - "


class NoPlace(ValueError):
    """There is no block for this intent (and detail), or the sentence cannot stand as an example."""


def insert(source: str, intent: str, text: str, detail: str | None = None) -> str:
    """Return `source` with `text` as the last example of an intent; unchanged when it is there already.

    `detail` picks the block by its metadata value (a hardship reason, a scope). Raises NoPlace.
    """
    line = " ".join(text.split())
    if not line or "[" in line or "{" in line:
        raise NoPlace(f"no example can be made of {line!r}: it is empty or holds entity markup")
    lines = source.splitlines()
    last = None
    for number, (found, value) in _blocks(lines).items():
        if found == intent and (detail is None or value == detail):
            last = _end(lines, number)
            if _EXAMPLE + line in lines[number:last]:
                return source
            break
    if last is None:
        raise NoPlace(f"there is no block for {intent}" + (f" with {detail}" if detail else ""))
    return "\n".join([*lines[:last], _EXAMPLE + line, *lines[last:]]) + "\n"


def place(folder: Path, intent: str, detail: str | None = None) -> Path:
    """Return the file of a language's folder that holds an intent. Raises NoPlace."""
    for path in sorted(folder.glob("*.yml")):
        for found, value in _blocks(path.read_text("utf-8").splitlines()).values():
            if found == intent and (detail is None or value == detail):
                return path
    raise NoPlace(f"{folder.name}: there is no block for {intent}" + (f" with {detail}" if detail else ""))


def _blocks(lines: list[str]) -> dict[int, tuple[str, str | None]]:
    """Map the line number of each block's head to its intent and metadata value."""
    found: dict[int, tuple[str, str | None]] = {}
    for number, line in enumerate(lines):
        if match := _BLOCK.match(line):
            metadata = _METADATA.match(lines[number + 1]) if number + 1 < len(lines) else None
            found[number] = (match[1], metadata[1].partition(":")[2].strip() if metadata else None)
    return found


def _end(lines: list[str], head: int) -> int:
    """Return the line number after a block's last example."""
    last = head
    for number in range(head + 1, len(lines)):
        if _BLOCK.match(lines[number]):
            break
        if lines[number].startswith(_EXAMPLE):
            last = number
    return last + 1
