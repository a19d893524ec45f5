"""Rasa's memory of conversations, reached from outside of Rasa: its tables `events` and `sessions`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import BindParameter, Connection, bindparam, create_engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.observing.masking import Plain

_TABLES = ("events", "sessions")


class TrackerError(Plain):
    """Rasa's tracker store does not answer; the message says where it was looked for."""


class Tracker:
    """What the app may do with Rasa's tracker store: forget."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url.replace("+psycopg2", "").replace("postgres://", "postgresql://"))
        if self._url.get_backend_name() == "postgresql":
            self._url = self._url.set(drivername="postgresql+psycopg")

    def ping(self) -> None:
        """Raise TrackerError when it does not answer."""
        with self._open():
            pass

    def forget(self, conversations: Sequence[str]) -> int:
        """Erase all that is kept of conversations; return how many rows."""
        found = 0
        with self._open() as (connection, tables):
            for table in tables if conversations else ():
                statement = text(f"DELETE FROM {table} WHERE sender_id IN :ids")  # nosec B608: our own names
                ids: BindParameter[str] = bindparam("ids", expanding=True)
                found += connection.execute(statement.bindparams(ids), {"ids": list(conversations)}).rowcount
        return found

    def sweep(self, before: datetime, *, dry_run: bool = False) -> int:
        """Erase the events from before an instant, and the state of who has been silent since; count rows."""
        at = before.timestamp()
        old = "SELECT sender_id FROM events GROUP BY sender_id HAVING max(timestamp) < :at"
        with self._open() as (connection, tables):
            if "events" not in tables:
                return 0
            count = "SELECT count(*) FROM events WHERE timestamp < :at"
            found = connection.execute(text(count), {"at": at}).scalar() or 0
            if not dry_run:
                if "sessions" in tables:
                    connection.execute(
                        text(f"DELETE FROM sessions WHERE sender_id IN ({old})"),  # nosec B608: a constant
                        {"at": at},
                    )
                connection.execute(text("DELETE FROM events WHERE timestamp < :at"), {"at": at})
        return int(found)

    @contextmanager
    def _open(self) -> Iterator[tuple[Connection, list[str]]]:
        """Open a transaction; gives the tables of Rasa's that there are: none in a file that is not there."""
        file = self._url.database
        is_file = self._url.get_backend_name() == "sqlite"
        if is_file and file and not Path(file).exists():
            yield _NOWHERE, []
            return
        engine = create_engine(self._url)
        try:
            with engine.begin() as connection:
                if is_file:
                    connection.execute(text("PRAGMA secure_delete=ON"))
                names = set(inspect(connection).get_table_names())
                yield connection, [one for one in _TABLES if one in names]
        except SQLAlchemyError as error:
            where = self._url.render_as_string(hide_password=True)
            raise TrackerError(f"Rasa's tracker store at {where} does not answer") from error
        finally:
            engine.dispose()


_NOWHERE: Connection = None  # type: ignore[assignment]
