"""Imports the lender's files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.services.kit import Kit
from bot.services.loanbook.book import Book, ImportReport, L, Tally
from bot.services.loanbook.contacts import ContactBook
from bot.services.loanbook.loans import LoanBook
from bot.services.loanbook.payments import PaymentBook

Progress = Callable[[int, int], None]
T = TypeVar("T")

BATCH = 5000
# Any number will do, as long as nothing else in the database locks on it.
_ONE_IMPORT_AT_A_TIME = 7_201_451


class _Refused(Exception):
    """A strict import has bad rows, so its one transaction is rolled back."""


class LoanbookService:
    """What the command line calls to bring the lender's books in."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def import_loans(
        self, path: Path | str, *, strict: bool = False, progress: Progress | None = None
    ) -> ImportReport:
        """Land a file of loans, one row a due item; importing it again changes nothing.

        Good rows land, bad ones are named in the report; with `strict` nothing lands when any row is bad.
        A strict import is one transaction: on SQLite other writers wait until it ends.
        `progress` is told how many rows are done, of how many. Raises BookError when the file as a whole is
        no such book; nothing has landed then.
        """
        return self._import(LoanBook, Path(path), strict, progress)

    def import_payments(
        self, path: Path | str, *, strict: bool = False, progress: Progress | None = None
    ) -> ImportReport:
        """Land a file of payments, in the manner of `import_loans`, and do what follows from being paid."""
        return self._import(PaymentBook, Path(path), strict, progress)

    def import_contacts(
        self, path: Path | str, *, strict: bool = False, progress: Progress | None = None
    ) -> ImportReport:
        """Land a file of contacts that an agency or a call centre made, in the manner of `import_loans`."""
        return self._import(ContactBook, Path(path), strict, progress)

    def _import(
        self, kind: type[Book[L]], path: Path, strict: bool, progress: Progress | None
    ) -> ImportReport:
        file, tally = kind.file(path), Tally()
        total = file.count()
        book = kind(self.kit, path.name)
        batches = _told(_batches(file.rows()), total, progress or _silent)
        if not strict:
            for rows in batches:
                with self._transaction() as session:
                    book.take(session, rows, tally)
            return tally.report()
        try:
            with self._transaction() as session:
                for rows in batches:
                    book.take(session, rows, tally)
                if tally.rejected:
                    raise _Refused
        except _Refused:
            return tally.refusal()
        return tally.report()

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        """Open a transaction that waits for any other import to end: two of them share loans and payments."""
        with self.kit.db.begin() as session:
            if not self.kit.db.is_sqlite:
                session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_IMPORT_AT_A_TIME})
            yield session


def _batches(rows: Iterator[T]) -> Iterator[list[T]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def _told(batches: Iterator[list[T]], total: int, progress: Progress) -> Iterator[list[T]]:
    """Pass batches on, and tell `progress` of each that has been dealt with."""
    done = 0
    for batch in batches:
        yield batch
        done += len(batch)
        progress(done, total)


def _silent(_done: int, _total: int) -> None:
    """Stand in where nobody wants to know."""
