"""Reads exported records as an auditor would: from the format's description alone, no line of Grace's."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]
_JSON = {"loans", "rule_ids", "detail", "cycle", "nudge"}


def load(path: Path) -> list[Row]:
    """Return the rows of an exported CSV or JSON file."""
    text = path.read_text("utf-8")
    if text.startswith("["):
        found: list[Row] = json.loads(text)
        return found
    return list(rows(path))


def rows(path: Path) -> Iterator[Row]:
    """Yield the rows of an exported CSV file, one at a time."""
    csv.field_size_limit(1 << 24)
    with path.open(encoding="utf-8", newline="") as file:
        table = csv.reader(file)
        names = next(table)
        for cells in table:
            yield {name: _typed(name, cell) for name, cell in zip(names, cells, strict=True)}


def _typed(name: str, cell: str) -> Any:
    if name == "text":
        return cell
    if cell == "":
        return None
    return json.loads(cell) if name in _JSON else cell


def breaks(rows: list[Row]) -> Iterator[int]:
    """Yield the index of every row whose hash is not that of its fields, or that does not follow the last."""
    before = rows[0]["prev_hash"] if rows else ""
    for index, row in enumerate(rows):
        fields = {name: value for name, value in row.items() if name != "hash"}
        text = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        if row["prev_hash"] != before or hashlib.sha256(text.encode()).hexdigest() != row["hash"]:
            yield index
        before = row["hash"]
