"""A database for one simulation: quick rather than safe against a power cut, and done with afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from bot.storage.db import Database, Transaction


class _Alone(Transaction):
    """A session beside which nobody else writes: what it has loaded is what the database holds.

    Rows stay loaded until it ends, and one that is to be locked is not read a second time.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept: set[Any] = set()

    def execute(self, statement: Any, params: Any = None, **more: Any) -> Any:
        """Execute a statement; what is loaded is not filled in anew."""
        return super().execute(statement, params, **_trusting(statement, more))

    def get(self, entity: Any, ident: Any, **more: Any) -> Any:
        """Return a row by its key, without locking it."""
        return super().get(entity, ident)

    def get_one(self, entity: Any, ident: Any, **more: Any) -> Any:
        """Like `get`; raises NoResultFound for a key that is not there."""
        return super().get_one(entity, ident)

    def refresh(self, instance: Any, *args: Any, **more: Any) -> None:
        """Leave a row as it was loaded."""

    def keep(self, row: Any) -> None:
        """Hold on to a row, which would else be forgotten, and read again, as soon as nobody looks at it."""
        self._kept.add(row)


def _trusting(statement: Any, more: dict[str, Any]) -> dict[str, Any]:
    """What was loaded is not filled in anew: nobody else can have changed it."""
    if not more and "populate_existing" not in statement.get_execution_options():
        return more
    return {**more, "execution_options": {**more.get("execution_options", {}), "populate_existing": False}}


@event.listens_for(_Alone, "loaded_as_persistent")
@event.listens_for(_Alone, "pending_to_persistent")
def _keep(session: Session, row: Any) -> None:
    assert isinstance(session, _Alone)
    session.keep(row)


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
    def read(self) -> Iterator[Session]:
        """Like `begin`: what is shared has to be seen, and nobody else waits to write."""
        with self.begin() as session:
            yield session

    @contextmanager
    def together(self) -> Iterator[None]:
        """Share one transaction among all that is begun inside."""
        if self._shared is not None:
            yield
            return
        with _Alone(self.engine, expire_on_commit=False) as session, session.begin():
            self._shared = session
            try:
                yield
            finally:
                self._shared = None


def _hurry(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=MEMORY")
    cursor.execute("PRAGMA synchronous=OFF")
    cursor.execute("PRAGMA locking_mode=EXCLUSIVE")
    cursor.execute("PRAGMA cache_size=-131072")
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.close()
