"""What is stored of persons: unreadable without its key, found all the same, and sealed anew at will."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import inspect, text

from bot.bootstrap import Grace, build
from bot.domain.handoff import HandoffReason
from bot.services.kit import MovableClock
from bot.settings import Settings
from bot.storage.db import StorageError
from bot.storage.keyring import Keyring, SealError, new_key
from bot.storage.tables import AddressRow, Borrower, Message
from tests.conftest import MORNING
from tests.factory import make_borrower
from tests.integration.support import only, rows, say

OLD, NEW = new_key(), new_key()
WORDS = "我的手机丢了，请打 13900001111"
Make = Callable[..., Grace]


@pytest.fixture
def made(settings: Settings) -> Iterator[Make]:
    """Build services on one database, each time with other keys."""
    built: list[Grace] = []

    def make(*keys: str) -> Grace:
        update = {"data_keys": SecretStr(",".join(keys))}
        built.append(build(settings.model_copy(update=update), MovableClock(MORNING), migrate=False))
        return built[-1]

    yield make
    for grace in built:
        grace.close()


def stored(grace: Grace) -> str:
    """Return every value of every table as it lies in the database."""
    with grace.kit.db.engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        return "\n".join(
            str(value)
            for table in tables
            for row in connection.execute(text(f'SELECT * FROM "{table}"'))
            for value in row
        )


def used(grace: Grace) -> str:
    """Use the services: a borrower writes, asks for a person, and is on the record."""
    ref = make_borrower(grace, channel="telegram")
    said = say(grace, ref, WORDS, channel="telegram")
    grace.handoffs.open(said.conversation_id, HandoffReason.ASKED, cause="test")
    grace.ledger.append()
    return ref


def test_nothing_of_a_person_is_readable_in_the_database_itself(made: Make) -> None:
    grace = made(NEW)
    ref = used(grace)
    borrower = only(grace, Borrower, ref=ref)
    lying = stored(grace)
    assert borrower.name == "张伟"
    for secret in (borrower.name, str(borrower.phone), str(borrower.birth_date), WORDS, "13900001111"):
        assert secret not in lying


def test_without_keys_all_is_stored_as_it_is(made: Make) -> None:
    grace = made()
    used(grace)
    assert WORDS in stored(grace)
    assert grace.keys.standing().keys() == {None}


@pytest.mark.parametrize("before", [(), (OLD,)], ids=["not sealed", "an older key"])
def test_what_was_stored_before_is_found_and_read_before_it_is_sealed_anew(
    made: Make, before: tuple[str, ...]
) -> None:
    ref = used(made(*before))
    grace = made(NEW, *before)
    borrower = only(grace, AddressRow, channel="telegram", address=ref).borrower_id
    assert only(grace, Borrower, id=borrower).name == "张伟"
    # A second conversation of the same chat would cut the thread in two.
    say(grace, ref, "在吗", channel="telegram")
    messages = rows(grace, Message, direction="in")
    assert [one.text for one in messages] == [WORDS, "在吗"]
    assert len({one.conversation_id for one in messages}) == 1


def test_after_a_rotation_the_older_key_is_needed_no_more(made: Make) -> None:
    ref = used(made(OLD))
    grace = made(NEW, OLD)
    changed = grace.keys.rotate()
    assert changed == sum(grace.keys.standing().values())
    assert grace.keys.rotate() == 0
    after = made(NEW)
    assert only(after, Borrower, ref=ref).name == "张伟"
    assert only(after, AddressRow, channel="telegram", address=ref).address == ref
    after.ledger.append()
    assert all(after.ledger.verify(chain).broken is None for chain in ("contacts", "events"))


def test_the_ledger_stays_whole_through_a_rotation(made: Make) -> None:
    used(made())
    grace = made(NEW)
    before = grace.ledger.verify("contacts")
    grace.keys.rotate()
    after = grace.ledger.verify("contacts")
    assert (after.count, after.head, after.broken) == (before.count, before.head, None)
    assert after.count > 0


def test_a_missing_key_is_named_and_nothing_is_shown_instead(made: Make) -> None:
    ref = used(made(OLD))
    with pytest.raises(StorageError, match="which GRACE_DATA_KEYS does not hold"):
        only(made(NEW), Borrower, ref=ref)


@pytest.mark.parametrize("keys", ["nonsense", "c2hvcnQ=", ",".join([new_key() for _ in range(3)])])
def test_what_is_no_key_is_refused_at_the_start(settings: Settings, keys: str) -> None:
    with pytest.raises(StorageError, match="GRACE_DATA_KEYS"):
        build(settings.model_copy(update={"data_keys": SecretStr(keys)}), migrate=False)


def test_a_value_moved_into_another_column_does_not_open(made: Make) -> None:
    ring = Keyring(NEW)
    with pytest.raises(SealError, match="changed after it was sealed"):
        ring.open(ring.seal("13900001111", "borrowers.phone"), "borrowers.name")


@given(st.text(), st.sampled_from(["", NEW, f"{NEW},{OLD}"]))
def test_whatever_is_sealed_opens_again(plain: str, keys: str) -> None:
    ring = Keyring(keys)
    hostile = ["", "\x02s:", "\x02p:", "\x02s:00000000:AAAA", "\x02p:\x02p:"]
    for one in (plain, *(start + plain for start in hostile)):
        try:
            one.encode()
        except UnicodeEncodeError:
            continue
        assert ring.open(ring.seal(one, "c"), "c") == one
        assert ring.open_alike(ring.seal_alike(one, "c"), "c") == one
        assert ring.seal_alike(one, "c") == ring.seal_alike(one, "c")


def test_a_setting_is_read_from_the_file_that_is_named_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text(f"{NEW}\n")
    monkeypatch.setenv("GRACE_DATA_KEYS_FILE", str(tmp_path / "key"))
    assert Settings(_env_file=None).data_keys.get_secret_value() == NEW
    monkeypatch.setenv("GRACE_DATA_KEYS", OLD)
    assert Settings(_env_file=None).data_keys.get_secret_value() == OLD
    monkeypatch.setenv("GRACE_SECRET_FILE", str(tmp_path / "none"))
    with pytest.raises(ValueError, match="GRACE_SECRET_FILE"):
        Settings(_env_file=None)
