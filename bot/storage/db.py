"""The database: one engine, short transactions, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import DateTime, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.sql.compiler import InsertmanyvaluesSentinelOpts
from sqlalchemy.types import TypeDecorator

from bot.observing.masking import Plain
from bot.storage import liveness
from bot.storage.keyring import Keyring, SealError, attach
from bot.storage.prepared import is_plain

P = ParamSpec("P")
R = TypeVar("R")

# More than there are statements in the services: none is made ready twice.
_STATEMENTS = 2000
# Any number will do, as long as nothing else in the database locks on it.
_ONE_MIGRATION = 7_201_452
_MIGRATIONS = Path(__file__).with_name("migrations")


class StorageError(Plain):
    """The database cannot be reached or used; the message says how to mend it."""


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime: `timestamptz` on PostgreSQL, naive UTC text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive datetimes, store UTC."""
        return None if value is None else _in_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    # Millions of instants pass here: on SQLite, whose driver knows none, each is written or read in one go.
    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """Write as SQLite's DATETIME does; as the driver does elsewhere."""
        if dialect.name != "sqlite":
            return super().bind_processor(dialect)
        return lambda value: None if value is None else _in_utc(value).isoformat(" ", "microseconds")[:_NAIVE]

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """Read what `bind_processor` wrote."""
        if dialect.name != "sqlite":
            return super().result_processor(dialect, coltype)
        return lambda value: None if value is None else _from_text(value)


# As many characters has an instant of SQLite's: it names no zone.
_NAIVE = len("2026-03-01 12:00:00.000000")


def _from_text(value: str) -> datetime:
    # One call that knows the zone takes an eighth of the time of one that gives it afterwards.
    if len(value) == _NAIVE:
        return datetime.fromisoformat(f"{value}Z")
    # Written by another hand, perhaps as a mere day.
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("instants must be aware")
    return value if value.tzinfo is UTC else value.astimezone(UTC)


_READS = "grace_reads"
# PostgreSQL gives each statement a snapshot of its own in any case: a transaction around look-ups would
# add nothing but the way there and back, twice.
_READING: dict[str, dict[str, Any]] = {
    "sqlite": {_READS: True},
    "postgresql": {"isolation_level": "AUTOCOMMIT"},
}


class ReadOnly(Exception):
    """Something was to be written in a transaction that was opened for reading."""


class Transaction(Session):
    """A session that reads mere columns without what the ORM does for rows that may be changed.

    That halves the time of such a look-up. Only a `prepared` statement says of itself that it is one.
    """

    def execute(self, statement: Any, params: Any = None, **more: Any) -> Any:
        """Execute a statement, whatever waits to be written before it."""
        if more or not is_plain(statement):
            return super().execute(statement, params, **more)
        if self.autoflush:
            self.flush()
        return self.connection().execute(statement, params)

    def scalars(self, statement: Any, params: Any = None, **more: Any) -> Any:
        """Like `execute`, for the first column."""
        return self.execute(statement, params, **more).scalars()

    def scalar(self, statement: Any, params: Any = None, **more: Any) -> Any:
        """Like `execute`, for the first column of the first row."""
        return self.execute(statement, params, **more).scalar()


class Reading(Transaction):
    """A session that only looks: it refuses to write, and to lock what it could not keep locked."""

    def execute(self, statement: Any, params: Any = None, **more: Any) -> Any:
        """Execute a look-up; anything else takes the ORM's way, on which it is refused."""
        if not statement.is_select:
            return Session.execute(self, statement, params, **more)
        return super().execute(statement, params, **more)


class Database:
    """Sessions on one database URL."""

    def __init__(self, url: str, keys: Keyring | None = None) -> None:
        self.url = make_url(_with_driver(url))
        self.engine = self._make_engine()
        self._reading = self.engine.execution_options(**_READING[self.url.get_backend_name()])
        self.keys = keys or Keyring()
        attach(self.engine.dialect, self.keys)

    @property
    def is_sqlite(self) -> bool:
        """True on SQLite, where a writer locks the whole file."""
        return self.url.get_backend_name() == "sqlite"

    def _make_engine(self) -> Engine:
        if not self.is_sqlite:
            # The last one returned is taken first: it has the statements prepared.
            engine = create_engine(
                self.url, pool_size=10, max_overflow=20, pool_use_lifo=True, query_cache_size=_STATEMENTS
            )
            liveness.watch(engine)
            return engine
        if self.url.database and self.url.database != ":memory:":
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            self.url,
            query_cache_size=_STATEMENTS,
            connect_args={"timeout": 30, "check_same_thread": False, "cached_statements": _STATEMENTS},
        )
        # SQLite numbers the rows of one statement in their order, so that many new ones share it.
        engine.dialect.insertmanyvalues_implicit_sentinel = InsertmanyvaluesSentinelOpts.ANY_AUTOINCREMENT
        event.listen(engine, "connect", _sqlite_pragmas)
        event.listen(engine, "begin", _begin)
        return engine

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """Open a transaction: committed at the end, rolled back on any exception.

        Raises StorageError when the database cannot be reached, or what it holds cannot be opened.
        """
        with self._session(self.engine, Transaction) as session:
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that only reads: on SQLite it waits for no writer, and no writer for it.

        Each statement sees what is committed when it begins, on SQLite what was when the first one did.
        Raises StorageError when the database cannot be reached, ReadOnly when something would be written.
        """
        with self._session(self._reading, Reading) as session:
            yield session

    @contextmanager
    def _session(self, engine: Engine, kind: type[Session]) -> Iterator[Session]:
        try:
            with kind(engine, expire_on_commit=False) as session, session.begin():
                yield session
        except OperationalError as error:
            raise StorageError(f"the database at {self._shown()} does not answer: {error.orig}") from error
        except SealError as error:
            raise StorageError(str(error)) from error

    def migrate(self) -> None:
        """Bring the schema to the newest revision."""
        # Only here: merely imported, it would announce its plugins in every process.
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        try:
            with self.engine.begin() as connection:
                if not self.is_sqlite:
                    # Several processes start at once: the others wait, and find nothing left to do.
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_MIGRATION})
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except OperationalError as error:
            raise StorageError(f"the database at {self._shown()} does not answer: {error.orig}") from error

    def revision(self) -> str | None:
        """Return the schema's revision, None where there is none. Raises StorageError."""
        with self.begin() as session:
            if not inspect(session.connection()).has_table("alembic_version"):
                return None
            found: str | None = session.scalar(text("SELECT version_num FROM alembic_version"))
            return found

    @staticmethod
    def newest_revision() -> str:
        """Return the revision that this release's code works with."""
        return max(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("0*.py"))

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _shown(self) -> str:
        return self.url.render_as_string(hide_password=True)


def retried(function: Callable[P, R]) -> Callable[P, R]:
    """Run a transaction again when another one inserted the same unique row first: it then finds that row."""

    @wraps(function)
    def again(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except IntegrityError:
            return function(*args, **kwargs)

    return again


def _with_driver(url: str) -> str:
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def _sqlite_pragmas(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA busy_timeout=30000")
    cursor.close()


def _begin(connection: Any) -> None:
    # A deferred transaction that turns writer may fail at once; an immediate one waits its turn.
    reads = connection.get_execution_options().get(_READS)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


@event.listens_for(Reading, "before_flush")
def _refuse_flush(session: Session, _context: Any, _instances: Any) -> None:
    if session.new or session.dirty or session.deleted:
        raise ReadOnly("this session only reads")


@event.listens_for(Reading, "do_orm_execute")
def _refuse_writes(state: ORMExecuteState) -> None:
    if not state.is_select or getattr(state.statement, "_for_update_arg", None) is not None:
        raise ReadOnly("this session only reads")
