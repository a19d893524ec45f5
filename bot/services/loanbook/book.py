"""What the two imports share: rows are read, checked, landed and counted in the same way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, ClassVar, Generic, Literal, TypeVar

from pydantic import ValidationError
from sqlalchemy.orm import Session

from bot.domain.money import Money, MoneyError
from bot.services.kit import Kit
from bot.services.loanbook.files import BookFile, Row, RowError
from bot.services.loanbook.lines import Line, faults_in
from bot.services.records import BOOK, record

L = TypeVar("L", bound=Line)
Landing = Literal["added", "unchanged", "updated"]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """How an import ended: how many rows were new, known, changed, or refused and why.

    A strict import that was refused as a whole counts nothing but its bad rows.
    """

    added: int = 0
    unchanged: int = 0
    updated: int = 0
    rejected: int = 0
    errors: tuple[RowError, ...] = ()


@dataclass
class Tally:
    """The counts while an import runs."""

    landed: dict[Landing, int] = field(default_factory=lambda: {"added": 0, "unchanged": 0, "updated": 0})
    rejected: int = 0
    errors: list[RowError] = field(default_factory=list)

    def reject(self, *errors: RowError) -> None:
        """Count one bad row."""
        self.rejected += 1
        self.errors += errors

    def report(self) -> ImportReport:
        """Return the counts as they stand."""
        return ImportReport(**self.landed, rejected=self.rejected, errors=self._in_order())

    def refusal(self) -> ImportReport:
        """Return the report of an import of which nothing landed."""
        return ImportReport(rejected=self.rejected, errors=self._in_order())

    def _in_order(self) -> tuple[RowError, ...]:
        return tuple(sorted(self.errors, key=lambda error: error.line))


class Book(ABC, Generic[L]):
    """One import of one file. A batch is loaded, then each of its rows is checked against what is on file and
    in the file so far, and landed whole or not at all.
    """

    line: ClassVar[type[Line]]
    session: Session

    def __init__(self, kit: Kit, source: str) -> None:
        self.kit = kit
        self.now: datetime = kit.clock.now()
        self.cause = f"file {source}"[:120]

    def take(self, session: Session, rows: Sequence[Row | RowError], tally: Tally) -> None:
        """Land a batch of rows within a running transaction."""
        self.session = session
        read = list(self._read(rows, tally))
        self.load([line for _, line in read])
        for number, line in read:
            faults = [RowError(number, name, reason) for name, reason in self.faults(number, line)]
            if faults:
                tally.reject(*faults)
            else:
                tally.landed[self.land(number, line)] += 1
        self.finish()
        session.flush()

    def _read(self, rows: Sequence[Row | RowError], tally: Tally) -> Iterator[tuple[int, L]]:
        for row in rows:
            if isinstance(row, RowError):
                tally.reject(row)
                continue
            try:
                yield row.line, self.line.model_validate(row.cells)  # type: ignore[misc]
            except ValidationError as error:
                tally.reject(*(RowError(row.line, name, reason) for name, reason in faults_in(error)))

    @abstractmethod
    def load(self, lines: Sequence[L]) -> None:
        """Load what is on file about the borrowers, loans and payments that a batch names."""

    @abstractmethod
    def faults(self, number: int, line: L) -> Iterator[tuple[str, str]]:
        """Yield field and reason of everything that keeps a well-formed row from landing."""

    @abstractmethod
    def land(self, number: int, line: L) -> Landing:
        """Put a sound row on file."""

    @abstractmethod
    def finish(self) -> None:
        """Do once for a batch what follows from its rows."""

    def record(self, kind: str, borrower_id: int, loan_id: int | None = None, **detail: Any) -> None:
        """Write an audit event caused by this file."""
        record(
            self.session,
            self.now,
            kind,
            cause=self.cause,
            actor=BOOK,
            borrower_id=borrower_id,
            loan_id=loan_id,
            **detail,
        )

    @classmethod
    def file(cls, path: Any) -> BookFile:
        """Return the file at `path` with the columns of this book."""
        columns = cls.line.columns()
        return BookFile(path, columns, frozenset(columns) - cls.line.spare)


@lru_cache(maxsize=1 << 16)
def exact(amount: Decimal, currency: str) -> Money:
    """Return major units as money; the same amounts come again and again in a book."""
    return Money.of(amount, currency)


def money_faults(line: Line, names: Sequence[str], currency: str) -> Iterator[tuple[str, str]]:
    """Yield every amount that has more decimals than its currency."""
    for name in names:
        try:
            exact(getattr(line, name), currency)
        except MoneyError as error:
            yield name, str(error)
