"""A database for one simulation: quick rather than safe against a power cut, and done with afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from bot.storage.db import Database


class Sandbox(Database):
    """Lets several uses of services share one transaction, as a borrower's whole turn does here."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._shared: Session | None = None
        if self.is_sqlite:
            event.listen(self.engine, "connect", _hurry)

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """Open a transaction, or join the one that is shared."""
        if self._shared is not None:
            yield self._shared
            self._shared.flush()
            return
        with super().begin() as session:
            yield session

    @contextmanager
    def together(self) -> Iterator[None]:
        """Share one transaction among all that is begun inside."""
        with super().begin() as session:
            self._shared = session
            try:
                yield
            finally:
                self._shared = None


def _hurry(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=OFF")
    cursor.execute("PRAGMA cache_size=-131072")
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.close()
