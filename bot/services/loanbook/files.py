"""Reads the rows of a book: CSV, or JSON as an array or one object a line; UTF-8 in either case."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

WHOLE_ROW = "(row)"
_JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
_BLANK = re.compile(r"[ \t\r\n]*")
_CHUNK = 1 << 16
_LONGEST_OBJECT = 1 << 20


class BookError(Exception):
    """A file as a whole cannot be read as a book; the message names the file and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong in one row: the line it begins on (from 1), the field, and why."""

    line: int
    field: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.field}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Row:
    """The filled cells of one row by column, trimmed, and the line it begins on."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BookFile:
    """A file on disk and the columns that it may have; those in `needed` a CSV header must have."""

    path: Path
    columns: tuple[str, ...]
    needed: frozenset[str]

    def count(self) -> int:
        """Read the whole file once and return how many rows it has.

        Raises BookError for what is wrong with the file as a whole, so that it shows before anything lands.
        """
        return sum(1 for _ in self.rows())

    def rows(self) -> Iterator[Row | RowError]:
        """Yield row after row without holding the file in memory. Raises BookError like `count`."""
        try:
            # newline="" leaves line ends inside quotes to the CSV reader; -sig drops a byte order mark.
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                first = _first_sign(file)
                if first == "":
                    raise self._error("the file is empty")
                if not self._is_json(first):
                    yield from self._csv(file)
                elif first == "[":
                    yield from self._array(file)
                else:
                    yield from self._json_lines(file)
        except OSError as error:
            raise self._error(f"cannot be read: {error.strerror or error}") from error
        except UnicodeDecodeError as error:
            raise self._error("is not UTF-8; please save it as “CSV UTF-8” or JSON") from error

    def _is_json(self, first: str) -> bool:
        suffix = self.path.suffix.lower()
        return suffix in _JSON_SUFFIXES or (suffix != ".csv" and first in "[{")

    def _error(self, what: str, line: int | None = None) -> BookError:
        where = self.path if line is None else f"{self.path}, line {line}"
        return BookError(f"{where}: {what}")

    def _csv(self, file: TextIO) -> Iterator[Row | RowError]:
        reader = csv.reader(file, strict=True)
        line = 1
        header: list[str] | None = None
        try:
            for values in reader:
                filled = any(value.strip() for value in values)
                if filled and header is None:
                    header = self._header(values, line)
                elif filled and header is not None:
                    yield _row(line, header, values)
                line = reader.line_num + 1
        except csv.Error as error:
            raise self._error(f"cannot be read as CSV: {error}", line) from error

    def _header(self, values: list[str], line: int) -> list[str]:
        header = [value.strip() for value in values]
        unknown = [name for name in header if name not in self.columns]
        twice = sorted({name for name in header if header.count(name) > 1})
        missing = [name for name in self.columns if name in self.needed and name not in header]
        problems = (("lacks", missing), ("does not know", unknown), ("has twice", twice))
        found = [f"{verb} {', '.join(map(repr, names))}" for verb, names in problems if names]
        if found:
            raise self._error(
                f"the header {' and '.join(found)}; the columns are {', '.join(self.columns)}", line
            )
        return header

    def _json_lines(self, file: TextIO) -> Iterator[Row | RowError]:
        for line, text in enumerate(file, 1):
            if not text.strip():
                continue
            try:
                found = json.loads(text, parse_float=Decimal, object_pairs_hook=_once)
            except (ValueError, RecursionError) as error:
                yield RowError(line, WHOLE_ROW, f"is not JSON: {error}")
            else:
                yield _object(line, found)

    def _array(self, file: TextIO) -> Iterator[Row | RowError]:
        """Decode one element after another from a sliding window of text."""
        window = _Window(file)
        follows = "["
        while window.peek() == follows:
            window.skip()
            if window.peek() == "]":
                break
            line = window.line
            try:
                found = window.value()
            except UnicodeDecodeError:
                raise
            except (ValueError, RecursionError) as error:
                raise self._error(f"cannot be read as JSON: {error}", line) from error
            yield _object(line, found)
            follows = ","
        end = window.peek()
        window.skip()
        if end != "]" or window.peek():
            raise self._error("cannot be read as JSON: the array does not end properly", window.line)


class _Window:
    """The part of a JSON text that is being decoded, and the line that it has come to."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._at = 0
        self._decoder = json.JSONDecoder(parse_float=Decimal, object_pairs_hook=_once)
        self.line = 1

    def peek(self) -> str:
        """Step over white space and return the next sign; empty at the end."""
        while True:
            blank = _BLANK.match(self._text, self._at)
            self._step_to(blank.end() if blank else self._at)
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def skip(self) -> None:
        """Step over the sign that `peek` has shown."""
        self._step_to(self._at + 1)

    def value(self) -> Any:
        """Return the value that begins here and step over it. Raises ValueError when it is no JSON."""
        while True:
            try:
                found, end = self._decoder.raw_decode(self._text, self._at)
            except ValueError:
                if len(self._text) - self._at > _LONGEST_OBJECT or not self._more():
                    raise
                continue
            # A number at the window's edge may go on behind it.
            if end < len(self._text) or not self._more():
                self._step_to(end)
                return found

    def _more(self) -> bool:
        chunk = self._file.read(_CHUNK)
        self._text, self._at = self._text[self._at :] + chunk, 0
        return bool(chunk)

    def _step_to(self, at: int) -> None:
        self.line += self._text.count("\n", self._at, at)
        self._at = at


def _first_sign(file: TextIO) -> str:
    """Return the first sign that is no white space, and go back to the start."""
    sign = " "
    while sign.isspace():
        sign = file.read(1)
    file.seek(0)
    return sign


def _row(line: int, header: list[str], values: list[str]) -> Row | RowError:
    if len(values) < len(header):
        return RowError(line, header[len(values)], f"is missing: the row has {len(values)} cells")
    if any(value.strip() for value in values[len(header) :]):
        return RowError(line, WHOLE_ROW, f"has {len(values)} cells, the header has {len(header)}")
    stripped = zip(header, map(str.strip, values), strict=False)
    return Row(line, {name: value for name, value in stripped if value})


class _Twice(str):
    """The name of a value that an object gives twice; which of them counts nobody knows."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Twice:
    found = dict(pairs)
    names = [name for name, _ in pairs]
    return found if len(found) == len(names) else _Twice(next(n for n in names if names.count(n) > 1))


def _object(line: int, found: object) -> Row | RowError:
    if isinstance(found, _Twice):
        return RowError(line, found, "stands twice")
    if not isinstance(found, dict):
        return RowError(line, WHOLE_ROW, "is not an object with the columns as its names")
    cells: dict[str, str] = {}
    for name, value in found.items():
        if isinstance(value, dict | list | _Twice):
            return RowError(line, name, "must be text, a number or true/false")
        written = _written(value)
        if written:
            cells[name] = written
    return Row(line, cells)


def _written(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).strip()
