"""The schema's way up and down: what an older release stored is still there, and reads as it should."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from bot.storage import db
from bot.storage.db import Database
from bot.storage.tables import Base, Message
from tests.conftest import postgres_database

FOLDER = Path(db.__file__).with_name("migrations")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without a single table."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path}/new.db")
        yield database
        database.close()
        return
    request.getfixturevalue("postgres_url")
    with postgres_database() as url:
        database = Database(url)
        yield database
        database.close()


def go(database: Database, to: str, *, up: bool = True) -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        (command.upgrade if up else command.downgrade)(config, to)


def differences(database: Database) -> list[object]:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        return list(compare_metadata(context, Base.metadata))


def test_there_is_one_newest_revision_and_one_way_to_it() -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    script = ScriptDirectory.from_config(config)
    assert len(script.get_heads()) == len(script.get_bases()) == 1


def test_what_the_first_release_stored_is_there_after_every_step_up(empty: Database) -> None:
    go(empty, "0001")
    with empty.begin() as session:
        session.execute(
            text(
                "INSERT INTO conversations (id, channel, address, locale, mode, identity_facts,"
                " identity_failures, misunderstood, disclosed, outage_told, created_at)"
                " VALUES ('c', 'webchat', 'B1', 'zh_CN', 'bot', '[]', 0, 1, true, false, '2026-03-02')"
            )
        )
        session.execute(
            text(
                "INSERT INTO messages (conversation_id, direction, initiator, purpose, state, text, buttons,"
                " locale, rule_ids, created_at) VALUES"
                " ('c', 'in', 'borrower', 'reply', 'received', '你好', '[]', 'zh_CN', '[]', '2026-03-02')"
            )
        )
    empty.migrate()
    with empty.begin() as session:
        message = session.query(Message).one()
        assert (message.text, message.tries, message.state) == ("你好", 0, "received")
    assert differences(empty) == []


def test_every_step_can_be_taken_back_and_taken_again(empty: Database) -> None:
    empty.migrate()
    go(empty, "0001", up=False)
    assert differences(empty) != []
    empty.migrate()
    assert differences(empty) == []
