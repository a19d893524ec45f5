"""A claim whose end got lost: who made it knows that it handed nothing over, and says so."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from bot.bootstrap import Grace
from bot.channels.channel import Delivery, Door
from bot.channels.dispatch import Dispatcher
from bot.services.kit import MovableClock
from bot.services.outbox import Outgoing, Settlement
from bot.storage.tables import Message, Nudge
from tests.factory import make_borrower
from tests.integration.support import only, rows, tick

INSTANTS = ["before the commit", "after the commit"]


class Recording:
    """A channel that shows a message as often as it gets it, and nobody can ask what it has shown."""

    name = "webchat"
    replayable = carries_files = False
    rate: float | None = None
    in_hand = 60

    def __init__(self) -> None:
        self.shown: list[int] = []

    async def start(self, door: Door) -> None: ...

    async def stop(self) -> None: ...

    async def send(self, message: Outgoing) -> Delivery:
        self.shown.append(message.id)
        return Delivery("sent")


@pytest.fixture
def reminders(grace: Grace) -> list[int]:
    """Three reminders that wait for their channel."""
    for _ in range(3):
        make_borrower(grace)
    return list(tick(grace))


@contextmanager
def cut(grace: Grace, instant: str) -> Iterator[None]:
    """Cut the connection of the first transaction that has claimed something, right at its commit."""
    dialect = grace.kit.db.engine.dialect
    commit, left = dialect.do_commit, [1]

    def cut_off(connection: Any) -> None:
        if not left or not _claims(connection):
            return commit(connection)
        left.clear()
        if instant == "after the commit":
            commit(connection)
        _terminate(grace, connection)
        commit(connection)
        raise AssertionError("the connection outlived its end")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dialect, "do_commit", cut_off)
        yield
        assert not left, "nothing was claimed"


def _claims(connection: Any) -> bool:
    cursor = connection.cursor()
    cursor.execute("SELECT count(*) FROM messages WHERE state = 'sending'")
    return bool(cursor.fetchone()[0])


def _terminate(grace: Grace, connection: Any) -> None:
    if grace.kit.db.is_sqlite:
        # SQLite has no connection to cut: the nearest to it is a disk that answers with an error.
        if connection.driver_connection.in_transaction:
            connection.rollback()
        raise sqlite3.OperationalError("disk I/O error")
    pid = connection.driver_connection.info.backend_pid
    with psycopg.connect(grace.kit.settings.database_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    connection.cursor().execute("SELECT 1")


async def gone_through(dispatcher: Dispatcher) -> None:
    """Let a dispatcher look around, and wait until it has nothing in its hands."""
    await dispatcher.look_around()
    while dispatcher.running:
        await asyncio.gather(*dispatcher.running, return_exceptions=True)


@pytest.mark.parametrize("instant", INSTANTS)
async def test_cut_off_at_the_commit_of_a_claim_every_reminder_goes_out_once_and_none_is_in_doubt(
    grace: Grace, clock: MovableClock, reminders: list[int], instant: str
) -> None:
    channel = Recording()
    dispatcher = Dispatcher(grace, {"webchat": channel})
    with cut(grace, instant):
        await gone_through(dispatcher)
    # Later than any lease: what nobody accounts for would be in doubt by now.
    clock.at += timedelta(seconds=grace.kit.settings.lease + 1)
    await gone_through(dispatcher)
    assert sorted(channel.shown) == reminders
    assert {message.state for message in rows(grace, Message)} == {"sent"}
    assert {nudge.state for nudge in rows(grace, Nudge)} == {"sent"}


class TestTakingBack:
    def test_what_another_process_took_for_lost_already_is_queued_again(
        self, grace: Grace, clock: MovableClock, reminders: list[int]
    ) -> None:
        grace.outbox.claim_many(reminders, claim="lost")
        clock.at += timedelta(seconds=grace.kit.settings.lease)
        assert grace.outbox.recover(()) == 3
        assert {nudge.state for nudge in rows(grace, Nudge)} == {"uncertain"}
        assert grace.outbox.take_back("lost", reminders) == frozenset()
        assert {message.state for message in rows(grace, Message)} == {"queued"}
        assert {nudge.state for nudge in rows(grace, Nudge)} == {"sending"}
        assert sorted(grace.outbox.claim_many(reminders).taken) == reminders

    def test_what_another_claim_has_in_hand_is_left_alone(self, grace: Grace, reminders: list[int]) -> None:
        first, *others = reminders
        grace.outbox.claim_many([first], claim="lost")
        grace.outbox.claim_many(others, claim="held")
        assert grace.outbox.take_back("lost", reminders) == frozenset()
        assert [message.state for message in rows(grace, Message)] == ["queued", "sending", "sending"]

    def test_what_is_known_to_have_gone_stays_so(self, grace: Grace, reminders: list[int]) -> None:
        grace.outbox.claim_many(reminders, claim="lost")
        grace.outbox.settle_many([Settlement(one, "sent") for one in reminders])
        grace.outbox.take_back("lost", reminders)
        assert {message.state for message in rows(grace, Message)} == {"sent"}

    @pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
    def test_of_what_the_lost_claim_may_still_hold_it_is_asked_again(
        self, grace: Grace, reminders: list[int]
    ) -> None:
        first = reminders[0]
        with grace.kit.db.begin() as session:
            session.execute(text("SELECT id FROM messages WHERE id = :id FOR UPDATE"), {"id": first})
            assert grace.outbox.take_back("lost", reminders) == {first}
        assert grace.outbox.take_back("lost", [first]) == frozenset()


def test_what_one_claim_could_not_send_does_not_take_it_out_of_the_hands_of_the_next(
    grace: Grace, reminders: list[int]
) -> None:
    """A record that is written twice, since its first answer got lost, must not undo what came between."""
    number = reminders[0]
    put_off = Settlement(number, "later", "429", claim="first")
    grace.outbox.claim_many([number], claim="first")
    grace.outbox.settle_many([put_off])
    grace.outbox.claim_many([number], claim="second")
    grace.outbox.settle_many([put_off])
    assert only(grace, Message, id=number).state == "sending"


def test_an_uncertain_message_says_why(grace: Grace, clock: MovableClock, reminders: list[int]) -> None:
    grace.outbox.claim_many(reminders)
    clock.at += timedelta(seconds=grace.kit.settings.lease)
    grace.outbox.recover(())
    assert {doubt.answer for doubt in grace.uncertain.doubts()} == {
        "no answer: its process ended, or was cut off, before it told what became of it"
    }


async def test_after_a_jump_of_the_clock_a_message_on_its_way_is_not_in_doubt(
    grace: Grace, clock: MovableClock, reminders: list[int]
) -> None:
    found: list[str] = []

    class Slow(Recording):
        async def send(self, message: Outgoing) -> Delivery:
            clock.at += timedelta(hours=1)
            await dispatcher.look_around()
            found.append(only(grace, Message, id=message.id).state)
            return await super().send(message)

    dispatcher = Dispatcher(grace, {"webchat": Slow()})
    await gone_through(dispatcher)
    assert found == ["sending"] * 3


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_is_recorded_at_this_moment_is_not_called_uncertain(
    grace: Grace, clock: MovableClock, reminders: list[int]
) -> None:
    """Of two clocks one may be far ahead: for it every lease is over."""
    grace.outbox.claim_many(reminders)
    clock.at += timedelta(hours=1)
    with ThreadPoolExecutor(1) as other:
        with grace.kit.db.begin() as session:
            session.execute(text("UPDATE messages SET state = 'sent' WHERE direction = 'out'"))
            recovered = other.submit(grace.outbox.recover, ()).result(timeout=20)
        assert recovered == 0
    assert {message.state for message in rows(grace, Message)} == {"sent"}
