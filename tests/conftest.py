"""Fixtures that all tests share: a fresh database on either backend, a clock that stands, all services."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import hypothesis
import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr
from sqlalchemy import make_url

from bot.bootstrap import Grace, build
from bot.services.kit import MovableClock
from bot.settings import Settings
from bot.storage.db import Database
from bot.storage.tables import Base
from tests.logged import kept
from tests.stack import MODEL, Stack, running

ROOT = Path(__file__).parents[1]
MORNING = datetime(2026, 3, 2, 1, tzinfo=UTC)
POSTGRES = os.environ.get("GRACE_TEST_POSTGRES", "postgresql://root@127.0.0.1/postgres")


# The same examples in every run: what fails on one machine fails on all. A busy machine is no fault.
hypothesis.settings.register_profile(
    "fixed",
    derandomize=True,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("fixed")


# Side by side, the files that take longest go first: none of them keeps everybody waiting at the end.
_ORDER = ("understanding", "e2e", "conversations", "adapters", "integration")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slow folders first, and keep the order within each."""
    here = ROOT / "tests"

    def rank(item: pytest.Item) -> int:
        folder = item.path.relative_to(here).parts[0] if item.path.is_relative_to(here) else ""
        return _ORDER.index(folder) if folder in _ORDER else len(_ORDER)

    items.sort(key=rank)


@pytest.fixture(autouse=True)
def logging_kept() -> Iterator[None]:
    """Leave logging to the next test as it was before this one."""
    with kept():
        yield


def absent(reason: str) -> NoReturn:
    """Skip a test for want of something outside the repository; fail it where GRACE_REQUIRE_ALL=1."""
    if os.environ.get("GRACE_REQUIRE_ALL") == "1":
        pytest.fail(f"required here, but absent: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, made once: a copy of it is a fresh database."""
    path = tmp_path_factory.mktemp("template") / "grace.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a migrated PostgreSQL database of this test run's own."""
    try:
        psycopg.connect(POSTGRES, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        absent(f"no PostgreSQL at GRACE_TEST_POSTGRES: {str(error).strip()}")
    with postgres_database() as url:
        _migrate(url)
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty, migrated database; each test runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "grace.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    url: str = request.getfixturevalue("postgres_url")
    _empty(url)
    return url


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Settings that depend on nothing outside the repository, and wait for nothing."""
    return settings_for(database_url)


@pytest.fixture
def clock() -> MovableClock:
    """Monday 2026-03-02, nine in the morning in China."""
    return MovableClock(MORNING)


@pytest.fixture
def grace(settings: Settings, clock: MovableClock) -> Iterator[Grace]:
    """All services on a fresh database."""
    built = build(settings, clock, migrate=False)
    yield built
    built.close()


@pytest.fixture
def fresh_grace(sqlite_template: Path, tmp_path: Path) -> Callable[[], Grace]:
    """Build services on one more SQLite database at each call: for property tests, whose fixtures stay."""

    def make() -> Grace:
        path = tmp_path / f"{uuid.uuid4().hex}.db"
        shutil.copyfile(sqlite_template, path)
        return build(settings_for(f"sqlite:///{path}"), MovableClock(MORNING), migrate=False)

    return make


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Rasa with the trained model and the action server, live, started once."""
    if not MODEL.is_file():
        absent("there is no trained model: run `make train`")
    with running(tmp_path_factory.mktemp("stack"), "rasa", "actions") as live:
        yield live


def settings_for(database_url: str) -> Settings:
    """Return settings for tests on a database; no `.env` file is read."""
    return Settings(
        _env_file=None,
        home=ROOT,
        database_url=database_url,
        burst=0,
        watch=0.02,
        tick=0.1,
        rasa_timeout=5,
        rasa_retry=0.1,
        clock_off=True,
        secret=SecretStr("for tests only"),
    )


@contextmanager
def postgres_database() -> Iterator[str]:
    """Make a PostgreSQL database and yield its URL; drop it at the end, whoever still holds a connection."""
    name = f"grace_test_{uuid.uuid4().hex[:16]}"
    identifier = sql.Identifier(name)
    with psycopg.connect(POSTGRES, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
        # A test database may be lost in a power cut, so no commit has to wait for the disk.
        admin.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(identifier))
    try:
        yield make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(POSTGRES, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


def _migrate(url: str) -> None:
    database = Database(url)
    database.migrate()
    database.close()


def _empty(url: str) -> None:
    """Bring a PostgreSQL database back to how it was migrated: faster than a new copy, and as good.

    Whatever an earlier test left connected is cut off first; numbering begins at 1 again.
    """
    with psycopg.connect(url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)))
        connection.execute("SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'")
