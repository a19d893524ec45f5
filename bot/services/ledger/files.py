"""Exported records as files: CSV, JSON and Parquet, written as they come, read back one by one."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from bot.domain.chain import canonical
from bot.services.ledger import parquet
from bot.services.ledger.fields import FIELDS, Chain, chain_of

FORMATS = ("csv", "json", "parquet")
# A cell is text: these hold JSON, or a whole number. An empty cell is null, but for an empty text.
_JSON = frozenset({"loans", "rule_ids", "detail", "cycle", "nudge"})
_NEVER_NULL = frozenset({"text"})
_LONGEST_CELL = 1 << 24


class ExportError(Exception):
    """A file is no export that can be checked; the message says why."""


def write(records: Iterable[dict[str, Any]], chain: Chain, form: str, file: IO[str]) -> None:
    """Write records as one of FORMATS. `file` is open for text with `newline=""`; Parquet takes its bytes."""
    if form == "parquet":
        parquet.write(records, chain, file.buffer)  # type: ignore[attr-defined]
        return
    names = FIELDS[chain]
    if form == "csv":
        table = csv.writer(file, lineterminator="\n")
        table.writerow(names)
        table.writerows([_cell(name, record[name]) for name in names] for record in records)
        return
    file.write("[")
    for number, record in enumerate(records):
        file.write(",\n" if number else "\n")
        file.write(json.dumps({name: record[name] for name in names}, ensure_ascii=False))
    file.write("\n]\n")


def read(path: Path) -> tuple[Chain, Iterator[dict[str, Any]]]:
    """Return which chain a file is of, and its records as they were. Raises ExportError, also later on."""
    try:
        with path.open("rb") as file:
            start = file.read(len(parquet.MAGIC))
        if start == parquet.MAGIC:
            return parquet.chain_in(path), parquet.read(path)
        records = _objects(path) if start[:1] == b"[" else _rows(path)
        first = next(records, None)
    except (OSError, ValueError) as error:
        raise ExportError(f"{path}: cannot be read: {error}") from error
    if first is None:
        return _kind_of_empty(path, start[:1].decode("ascii", "replace")), iter(())
    chain = chain_of(first)
    if chain is None:
        raise ExportError(f"{path}: has not the fields of contacts or events")
    return chain, _again(first, records)


def _again(first: dict[str, Any], rest: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield first
    yield from rest


def _kind_of_empty(path: Path, start: str) -> Chain:
    if start != "[":
        with path.open(encoding="utf-8", newline="") as file:
            chain = chain_of(next(csv.reader(file), []))
        if chain is None:
            raise ExportError(f"{path}: has not the columns of contacts or events")
        return chain
    return "events"


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    return canonical(value) if name in _JSON else str(value)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(_LONGEST_CELL)
    with path.open(encoding="utf-8", newline="") as file:
        table = csv.reader(file)
        names = next(table, [])
        for number, cells in enumerate(table, 1):
            if len(cells) != len(names):
                raise ExportError(f"{path}: row {number} has {len(cells)} cells, not {len(names)}")
            yield {name: _value(path, number, name, cell) for name, cell in zip(names, cells, strict=True)}


def _value(path: Path, number: int, name: str, cell: str) -> Any:
    if name in _NEVER_NULL:
        return cell
    if not cell:
        return None
    if name not in _JSON:
        return cell
    try:
        return json.loads(cell)
    except ValueError as error:
        raise ExportError(f"{path}: row {number}: {name} is no JSON") from error


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    """Read an array that has one object a line, as it was written."""
    with path.open(encoding="utf-8", newline="\n") as file:
        number = 0
        for line in file:
            text = line.strip().rstrip(",")
            if text in ("[", "]", ""):
                continue
            number += 1
            try:
                found = json.loads(text)
            except ValueError as error:
                raise ExportError(f"{path}: row {number} is no JSON object on a line of its own") from error
            if not isinstance(found, dict):
                raise ExportError(f"{path}: row {number} is no JSON object on a line of its own")
            yield found
