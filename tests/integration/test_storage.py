"""The database: instants are UTC, transactions are whole, and an outage says what to do."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Select, Update, delete, func, select, text, update
from sqlalchemy.event import listen, remove
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Session

from bot.bootstrap import Grace, build
from bot.domain.model import HoldKind
from bot.services.kit import MovableClock
from bot.services.records import place_hold, policy_version, record
from bot.storage.db import Database, ReadOnly, StorageError, retried
from bot.storage.prepared import prepared
from bot.storage.tables import Agent, AuditEvent, Base, Borrower, HoldRow, PolicyVersion
from tests.conftest import MORNING, settings_for
from tests.factory import make_borrower
from tests.integration.support import at_once, make_agent, only, rows, slowly

CHINA = timezone(timedelta(hours=8))


def event(at: datetime, kind: str = "test") -> AuditEvent:
    return AuditEvent(at=at, kind=kind, detail={}, cause="test", actor="test")


class TestInstants:
    def test_an_instant_comes_back_as_aware_utc(self, grace: Grace) -> None:
        at = datetime(2026, 3, 2, 9, 30, 0, 123456, tzinfo=CHINA)
        with grace.kit.db.begin() as session:
            session.add(event(at))
        found = only(grace, AuditEvent).at
        assert found == at
        assert found.utcoffset() == timedelta(0)

    def test_instants_compare_across_zones_in_the_database(self, grace: Grace) -> None:
        with grace.kit.db.begin() as session:
            session.add(event(datetime(2026, 3, 2, 9, tzinfo=CHINA), "early"))
            session.add(event(datetime(2026, 3, 2, 2, tzinfo=UTC), "late"))
        with grace.kit.db.begin() as session:
            later = select(AuditEvent.kind).where(
                AuditEvent.at > datetime(2026, 3, 1, 20, 30, tzinfo=timezone(timedelta(hours=-5)))
            )
            assert session.scalars(later).all() == ["late"]

    @pytest.mark.parametrize("fraction", [0, 123000])
    def test_sqlite_holds_them_all_in_one_width_so_that_texts_compare_as_instants_do(
        self, tmp_path: Path, fraction: int
    ) -> None:
        database = Database(f"sqlite:///{tmp_path}/instants.db")
        Base.metadata.create_all(database.engine)
        with database.begin() as session:
            session.add(event(datetime(2026, 3, 2, 9, 30, 0, fraction, tzinfo=CHINA)))
            session.flush()
            stored = session.scalar(text("SELECT at FROM audit_events"))
        database.close()
        assert stored == f"2026-03-02 01:30:00.{fraction:06d}"

    def test_a_naive_instant_is_refused(self, grace: Grace) -> None:
        with pytest.raises(StatementError, match="instants must be aware"), grace.kit.db.begin() as session:
            session.add(event(datetime(2026, 3, 2, 9)))
        assert rows(grace, AuditEvent) == []


class TestTransactions:
    def test_a_transaction_that_fails_leaves_nothing(self, grace: Grace) -> None:
        def fail() -> None:
            with grace.kit.db.begin() as session:
                session.add(event(grace.kit.clock.now()))
                session.flush()
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()
        assert rows(grace, AuditEvent) == []

    def test_writers_wait_for_one_another(self, grace: Grace) -> None:
        agent = make_agent(grace, "0")

        def fail() -> None:
            with grace.kit.db.begin() as session:
                row = session.get_one(Agent, agent, with_for_update=True)
                row.name = str(int(row.name) + 1)

        at_once(*[fail] * 8)
        assert only(grace, Agent).name == "8"

    def test_a_row_that_points_to_nothing_is_refused(self, grace: Grace) -> None:
        with pytest.raises(IntegrityError), grace.kit.db.begin() as session:
            place_hold(session, grace.kit.clock.now(), 4711, HoldKind.PAUSE, cause="test")

    def test_a_transaction_that_came_second_is_run_again_once(self) -> None:
        calls = []

        @retried
        def second() -> str:
            calls.append(1)
            if len(calls) == 1:
                raise IntegrityError("insert", {}, Exception("twice"))
            return "found"

        assert second() == "found"
        assert len(calls) == 2

    def test_a_policy_is_stored_once_however_many_cite_it_first(self, grace: Grace) -> None:
        make_borrower(grace)
        policy = grace.kit.policies.product("consumer-cn", grace.kit.clock.now().date())

        now = grace.kit.clock.now()

        def cite() -> str:
            with grace.kit.db.begin() as session:
                return policy_version(session, policy, now)

        version = slowly(grace, lambda session: policy_version(session, policy, now), cite)
        assert version == only(grace, PolicyVersion).version

    def test_a_hold_is_extended_and_never_shortened(self, grace: Grace) -> None:
        ref = make_borrower(grace)
        now = grace.kit.clock.now()
        with grace.kit.db.begin() as session:
            borrower = session.scalars(select(Borrower.id).where(Borrower.ref == ref)).one()
            for days in (3, 9, 5):
                until = now + timedelta(days=days)
                place_hold(session, now, borrower, HoldKind.PAUSE, cause="test", until=until)
        assert only(grace, HoldRow).until == now + timedelta(days=9)
        with grace.kit.db.begin() as session:
            place_hold(session, now, borrower, HoldKind.PAUSE, cause="test")
            place_hold(session, now, borrower, HoldKind.PAUSE, cause="test", until=now)
        assert only(grace, HoldRow).until is None


class TestSchema:
    def test_the_migrations_make_just_the_tables_that_the_code_knows(self, database_url: str) -> None:
        database = Database(database_url)
        with database.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": False})
            assert compare_metadata(context, Base.metadata) == []
        database.close()

    def test_migrating_again_changes_nothing(self, database_url: str) -> None:
        database = Database(database_url)
        database.migrate()
        database.migrate()
        database.close()

    def test_a_fresh_file_is_migrated_when_the_services_are_built(
        self, tmp_path: Path, clock: MovableClock
    ) -> None:
        url = f"sqlite:///{tmp_path}/deep/down/grace.db"
        for _ in range(2):
            grace = build(settings_for(url), clock)
            make_borrower(grace)
            grace.close()


class TestOutage:
    def free_port(self) -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    def test_a_database_that_does_not_answer_is_named_without_its_password(self) -> None:
        database = Database(f"postgresql://grace:secret@127.0.0.1:{self.free_port()}/grace")
        with pytest.raises(StorageError) as error, database.begin() as session:
            session.execute(text("select 1"))
        words = str(error.value)
        assert "127.0.0.1" in words
        assert "does not answer" in words
        assert "secret" not in words
        assert "sqlalche.me" not in words

    def test_a_start_without_a_database_fails_in_words(self, clock: MovableClock) -> None:
        url = f"postgresql://grace:secret@127.0.0.1:{self.free_port()}/grace"
        with pytest.raises(StorageError, match="does not answer"):
            build(settings_for(url), clock)

    def test_a_database_without_tables_fails_in_words(self, tmp_path: Path, clock: MovableClock) -> None:
        grace = build(settings_for(f"sqlite:///{tmp_path}/empty.db"), clock, migrate=False)
        with pytest.raises(StorageError, match="no such table"):
            grace.conversations.ensure("webchat", "T1")
        grace.close()

    def test_both_spellings_of_the_scheme_mean_the_same_driver(self) -> None:
        for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
            assert Database(f"{scheme}://u@h/d").url.drivername == "postgresql+psycopg"
        assert Database("sqlite://").is_sqlite


def read(grace: Grace, attempt: Callable[[Session], object]) -> None:
    with grace.kit.db.read() as session:
        attempt(session)
        session.flush()


@prepared
def count_of(kind: str) -> Select[tuple[int]]:
    return select(func.count(AuditEvent.id)).where(AuditEvent.kind == kind)


@prepared
def renamed(kind: str) -> Update:
    found = update(AuditEvent).where(AuditEvent.kind == kind).values(kind="other")
    return found.execution_options(synchronize_session=False)


class TestPlainReading:
    """What a `prepared` statement reads of mere columns goes by the ORM, and sees no less."""

    def test_it_sees_what_waits_to_be_written(self, grace: Grace) -> None:
        with grace.kit.db.begin() as session:
            session.add(event(MORNING))
            assert session.scalar(*count_of("test")) == 1
            session.add(event(MORNING))
            assert session.scalars(*count_of("test")).all() == [2]
            session.add(event(MORNING))
            assert session.execute(*count_of("test")).tuples().all() == [(3,)]

    def test_without_autoflush_it_sees_only_what_is_written(self, grace: Grace) -> None:
        with grace.kit.db.begin() as session, session.no_autoflush:
            session.add(event(MORNING))
            assert session.scalar(*count_of("test")) == 0

    def test_a_session_that_only_reads_refuses_to_write_before_it(self, grace: Grace) -> None:
        with grace.kit.db.read() as session:
            session.add(event(MORNING))
            with pytest.raises(ReadOnly):
                session.scalar(*count_of("test"))
            session.expunge_all()

    def test_a_session_that_only_reads_refuses_what_changes_rows(self, grace: Grace) -> None:
        with grace.kit.db.begin() as session:
            session.add(event(MORNING))
        for attempt in (
            lambda session: session.execute(*renamed("test")),
            lambda session: record(session, MORNING, "other", cause="test", actor="test"),
        ):
            with pytest.raises(ReadOnly):
                read(grace, attempt)
        with grace.kit.db.read() as session:
            assert session.scalar(*count_of("test")) == 1
            assert session.scalar(*count_of("other")) == 0


class TestReading:
    def test_nothing_is_written_or_locked_where_only_reading_was_announced(self, grace: Grace) -> None:
        ref = make_borrower(grace)
        kinds: list[Callable[[Session], object]] = [
            lambda session: session.add(event(MORNING)),
            lambda session: session.execute(update(Borrower).values(name="x")),
            lambda session: session.execute(delete(AuditEvent)),
            lambda session: session.get_one(Borrower, 1, with_for_update=True),
            lambda session: session.execute(text("DELETE FROM audit_events")),
        ]
        before = len(rows(grace, AuditEvent))
        for attempt in kinds:
            with pytest.raises(ReadOnly):
                read(grace, attempt)
        assert len(rows(grace, AuditEvent)) == before
        assert only(grace, Borrower).ref == ref

    def test_a_look_up_is_no_transaction_on_a_server(self, grace: Grace) -> None:
        if grace.kit.db.is_sqlite:
            pytest.skip("a file has no server")
        with grace.kit.db.read() as session:
            session.scalar(select(Borrower.id))
            driver: Any = session.connection().connection.dbapi_connection
            assert driver.info.transaction_status.name == "IDLE"
        with grace.kit.db.begin() as session:
            session.scalar(select(Borrower.id))
            driver = session.connection().connection.dbapi_connection
            assert driver.info.transaction_status.name == "INTRANS"

    def test_a_connection_that_its_server_ended_is_replaced_unasked(self, grace: Grace) -> None:
        if grace.kit.db.is_sqlite:
            pytest.skip("a file has no server")
        end = text("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid = ANY(:pids)")
        make_borrower(grace)
        with grace.kit.db.begin() as one, grace.kit.db.begin() as other:
            mine = text("SELECT pg_backend_pid()")
            pids = [one.scalar(mine), other.scalar(mine)]
        elsewhere = Database(grace.kit.settings.database_url)
        with elsewhere.begin() as session:
            session.execute(end, {"pids": pids})
        elsewhere.close()
        with grace.kit.db.begin() as session, grace.kit.db.read() as reading:
            assert reading.scalar(select(func.count(Borrower.id))) == 1
            assert session.scalar(mine) not in pids

    def test_a_server_that_ends_each_connection_as_soon_as_it_is_made_does_not_answer(
        self, grace: Grace
    ) -> None:
        engine = grace.kit.db.engine
        if grace.kit.db.is_sqlite:
            pytest.skip("a file ends no connections")
        admin = psycopg.connect(engine.url.set(drivername="postgresql").render_as_string(False))
        admin.autocommit = True

        def end(connection: Any, _record: Any) -> None:
            pid = connection.info.backend_pid
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

        with grace.kit.db.begin() as session:
            held = session.scalar(select(func.pg_backend_pid()))
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", (held,))
        listen(engine, "connect", end)
        try:
            for _ in range(3):
                with pytest.raises(StorageError, match="does not answer"), grace.kit.db.begin() as session:
                    session.scalar(select(1))
        finally:
            remove(engine, "connect", end)
            admin.close()
        with grace.kit.db.begin() as session:
            assert session.scalar(select(1)) == 1


def test_rows_that_are_added_together_share_a_statement_and_each_gets_its_own_number(grace: Grace) -> None:
    asked: list[str] = []
    listen(grace.kit.db.engine, "before_cursor_execute", lambda *found: asked.append(found[2]))
    made = [event(datetime.now(UTC), f"kind {number}") for number in range(300)]
    with grace.kit.db.begin() as session:
        session.add_all(made)
    assert sum(one.startswith("INSERT INTO audit_events") for one in asked) == 1
    assert {row.id: row.kind for row in rows(grace, AuditEvent)} == {row.id: row.kind for row in made}
