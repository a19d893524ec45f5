"""Exported records as Parquet: the columns of the CSV under the same names, cells that hold JSON as text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from bot.domain.chain import canonical
from bot.services.ledger.fields import FIELDS, Chain, chain_of

_JSON = frozenset({"loans", "rule_ids", "detail"})
_NUMBERS = frozenset({"cycle", "nudge"})
# Some megabytes of records.
_ROWS = 5_000
MAGIC = b"PAR1"
"""What every file of this format begins with."""


class ParquetSink:
    """A file that takes one record after another, and writes some thousand at a time."""

    def __init__(self, chain: Chain, file: IO[bytes] | Path) -> None:
        self._names = FIELDS[chain]
        self._schema = pa.schema(
            [(name, pa.int64() if name in _NUMBERS else pa.string()) for name in self._names]
        )
        self._writer = pq.ParquetWriter(file, self._schema, compression="zstd")
        self._page: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush()
        self._writer.close()

    def add(self, record: dict[str, Any]) -> None:
        """Take a record."""
        self._page.append(record)
        if len(self._page) == _ROWS:
            self._flush()

    def _flush(self) -> None:
        columns = {name: [_cell(name, record[name]) for record in self._page] for name in self._names}
        self._writer.write_table(pa.table(columns, schema=self._schema))
        self._page = []


def write(records: Iterable[dict[str, Any]], chain: Chain, file: IO[bytes] | Path) -> None:
    """Write records as one file."""
    with ParquetSink(chain, file) as sink:
        for record in records:
            sink.add(record)


def chain_in(path: Path) -> Chain:
    """Return which chain a file is of. Raises ValueError for one that is of neither."""
    with pq.ParquetFile(path) as file:
        chain = chain_of(file.schema_arrow.names)
    if chain is None:
        raise ValueError("it has not the columns of contacts or events")
    return chain


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a file as they were."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_ROWS):
            for row in batch.to_pylist():
                yield {name: _value(name, cell) for name, cell in row.items()}


def _cell(name: str, value: Any) -> Any:
    return canonical(value) if name in _JSON and value is not None else value


def _value(name: str, cell: Any) -> Any:
    return json.loads(cell) if name in _JSON and cell is not None else cell
