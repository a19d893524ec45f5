"""A backup brings everything back, and says so when it does not."""

from __future__ import annotations

import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.bootstrap import Grace, build
from bot.services.backup import BackupError, differences, restore
from bot.services.ledger import CHAINS
from bot.settings import Settings
from bot.storage.tables import Message
from tests.conftest import postgres_database
from tests.factory import make_borrower
from tests.integration.support import answered, chat, claimed, rows, say, send


@pytest.fixture
def grace(settings: Settings, tmp_path: Path) -> Iterator[Grace]:
    """All services with one conversation, its file, and Rasa's memory of it."""
    own = {"state": tmp_path / "state", "tracker_url": f"sqlite:///{tmp_path}/rasa.db"}
    built = build(settings.model_copy(update=own), migrate=False)
    ref = make_borrower(built)
    conversation = chat(built, ref)
    say(built, ref, "你好")
    answered(built, claimed(built, conversation), "您好，我是明达的还款助手。")
    send(built)
    kept = built.files.keep(conversation, "a.png", b"\x89PNG\r\n\x1a\n")
    assert not isinstance(kept, str)
    with sqlite3.connect(tmp_path / "rasa.db") as connection:
        connection.execute("CREATE TABLE sessions (sender_id text, events text)")
        connection.execute("INSERT INTO sessions VALUES (?, '[]')", (conversation,))
    connection.close()
    built.ledger.append()
    yield built
    built.close()


@pytest.fixture
def empty_url(grace: Grace, tmp_path: Path) -> Iterator[str]:
    """A database of the same kind without a table."""
    with ExitStack() as stack:
        if grace.kit.db.is_sqlite:
            yield f"sqlite:///{tmp_path}/new/grace.db"
        else:
            yield stack.enter_context(postgres_database())


def test_everything_comes_back_and_the_chains_hold(grace: Grace, empty_url: str, tmp_path: Path) -> None:
    grace.backup.write(tmp_path / "b.tar.gz")
    assert (tmp_path / "b.tar.gz").stat().st_mode & 0o077 == 0
    memory = f"sqlite:///{tmp_path}/new/rasa.db"
    manifest = restore(tmp_path / "b.tar.gz", empty_url, memory, tmp_path / "new")
    update = {"database_url": empty_url, "state": tmp_path / "new", "tracker_url": memory}
    back = build(grace.kit.settings.model_copy(update=update), grace.kit.clock)
    assert [one.text for one in rows(back, Message)] == [one.text for one in rows(grace, Message)]
    verdicts = {chain: back.ledger.verify(chain) for chain in CHAINS}
    assert all(one.broken is None for one in verdicts.values())
    assert differences(manifest, {str(chain): one.head for chain, one in verdicts.items()}) == []
    assert verdicts["contacts"].count == 2
    (kept,) = (one for one in (tmp_path / "new/files").rglob("*") if one.is_file())
    assert kept.read_bytes().startswith(b"\x89PNG")
    with sqlite3.connect(tmp_path / "new/rasa.db") as connection:
        assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (1,)
    back.close()


def test_a_database_that_is_not_empty_is_not_written_over(grace: Grace, tmp_path: Path) -> None:
    grace.backup.write(tmp_path / "b.tar.gz")
    with pytest.raises(BackupError, match="is not empty"):
        restore(tmp_path / "b.tar.gz", grace.kit.settings.database_url, "sqlite:///x", tmp_path / "new")


def test_another_kind_of_database_is_refused(grace: Grace, tmp_path: Path) -> None:
    grace.backup.write(tmp_path / "b.tar.gz")
    other = "postgresql://nobody@127.0.0.1:1/x" if grace.kit.db.is_sqlite else f"sqlite:///{tmp_path}/y.db"
    with pytest.raises(BackupError, match="cannot take it"):
        restore(tmp_path / "b.tar.gz", other, "sqlite:///x", tmp_path / "new")


@pytest.mark.parametrize("damage", ["cut", "none", "foreign"])
def test_a_damaged_file_is_refused_and_nothing_is_made(damage: str, grace: Grace, tmp_path: Path) -> None:
    path = tmp_path / "b.tar.gz"
    grace.backup.write(path)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-200])
    elif damage == "foreign":
        with tarfile.open(path, "w:gz") as archive:
            archive.add(__file__, "something.py")
    else:
        path.write_bytes(b"")
    with pytest.raises(BackupError, match="no backup, or is damaged"):
        restore(path, f"sqlite:///{tmp_path}/z/grace.db", "sqlite:///x", tmp_path / "new")
    assert not (tmp_path / "z/grace.db").exists()


def test_a_chain_that_ended_elsewhere_is_named(grace: Grace, tmp_path: Path) -> None:
    manifest = grace.backup.write(tmp_path / "b.tar.gz")
    heads = {**manifest.heads, "contacts": "0" * 64}
    assert differences(manifest, heads) == ["contacts"]
