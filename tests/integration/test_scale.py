"""Several processes on one database: every reminder is written once, handed over once, at one pace."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis.asyncio

from bench.faults.kinds import KINDS, Kind
from bench.faults.running import emptied as empty_database
from bench.faults.running import many, read_once, sqlite_database
from bot import readiness
from bot.bootstrap import Grace
from bot.services.kit import MovableClock
from bot.services.outbox import Settlement
from bot.services.uncertain import NotUncertain
from bot.settings import Settings
from bot.storage.db import StorageError
from bot.storage.tables import AuditEvent, LedgerEntry, Message, Nudge
from bot.tasks import Tasks, is_shared
from tests.conftest import MORNING, ROOT, absent
from tests.factory import make_borrower
from tests.integration.support import add_loan, only, rows, tick

RABBITMQ = os.environ.get("GRACE_TEST_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672/")
REDIS = os.environ.get("GRACE_TEST_REDIS", "redis://127.0.0.1:6379/9")
FAULT_RUNS = int(os.environ.get("GRACE_FAULT_RUNS", "2"))
_DRAIN = """
import sys
from bot.services.kit import MovableClock
from bot.bootstrap import build
from tests.conftest import MORNING, settings_for
grace = build(settings_for(sys.argv[1]), MovableClock(MORNING), migrate=False)
handed = []
grace.reminders.plan()
idle = 0
while idle < 3:
    batch = grace.delivery.prepare_due(20)
    queued = [number for number, _ in grace.outbox.queued(("webchat",), 15)]
    taken = list(grace.outbox.claim_many(queued).taken)
    handed += taken
    from bot.services.outbox import Settlement
    grace.outbox.settle_many([Settlement(number, "sent") for number in taken])
    idle = 0 if batch.decided or queued else idle + 1
grace.ledger.append()
print(handed)
"""


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_in_processes_of_their_own_drain_everything_once(grace: Grace, workers: int) -> None:
    if grace.kit.db.is_sqlite and workers > 2:
        pytest.skip("two are enough to show it where one writes at a time")
    for _ in range(60):
        make_borrower(grace)
    url = grace.kit.settings.database_url
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _DRAIN, url],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for _ in range(workers)
    ]
    handed = [number for one in running for number in json.loads(one.communicate(timeout=120)[0])]
    assert [one.returncode for one in running] == [0] * workers
    assert sorted(handed) == [message.id for message in rows(grace, Message)]
    assert len(set(handed)) == 60
    assert {nudge.state for nudge in rows(grace, Nudge)} == {"sent"}
    assert len(rows(grace, LedgerEntry, chain="contacts")) == 60


def test_two_reminders_to_one_borrower_are_decided_one_after_the_other(grace: Grace) -> None:
    ref = make_borrower(grace)
    for number in range(3):
        add_loan(grace, ref, amount="700", due_on=datetime(2026, 1, 31, tzinfo=UTC).date(), name=f"L{number}")
    assert len(tick(grace)) == 1
    assert {nudge.state for nudge in rows(grace, Nudge)} == {"sending", "queued"}


def test_no_more_is_written_than_the_channels_can_take(grace: Grace) -> None:
    grace.kit.settings.ahead = 5
    for _ in range(12):
        make_borrower(grace)
    assert len(tick(grace)) == 5
    assert len(rows(grace, Nudge, state="queued")) == 7
    queued = [number for number, _ in grace.outbox.queued(("webchat",))]
    grace.outbox.settle_many([Settlement(one, "sent") for one in grace.outbox.claim_many(queued).taken])
    assert len(tick(grace)) == 5


class TestPace:
    def test_a_channel_takes_its_rate_from_all_processes_together(
        self, grace: Grace, clock: MovableClock
    ) -> None:
        for _ in range(50):
            make_borrower(grace)
        tick(grace)
        grace.outbox.wall = clock.now
        went = []
        for _ in range(20):
            queued = [number for number, _ in grace.outbox.queued(("webchat",))]
            went.append(len(grace.outbox.claim_many(queued, {"webchat": 10.0}).taken))
            clock.at = clock.at.fromtimestamp(clock.at.timestamp() + 0.25, UTC)
        assert sum(went) == 50
        # Ten at once for the second that nothing was sent in, and from then on ten a second.
        assert went[0] == 10
        assert all(sum(went[start : start + 4]) <= 20 for start in range(len(went)))
        assert sum(went[1:5]) == 10

    def test_a_channel_that_asks_for_quiet_gets_it_from_everybody_and_after_a_restart(
        self, grace: Grace, clock: MovableClock
    ) -> None:
        for _ in range(3):
            make_borrower(grace)
        first, *others = tick(grace)
        grace.outbox.wall = clock.now
        rates = {"webchat": 30.0}
        assert first in grace.outbox.claim_many([first], rates).taken
        grace.outbox.settle(first, "later", "429", 7.0)
        claimed = grace.outbox.claim_many(others, rates)
        assert (claimed.taken, claimed.later, claimed.wait) == ({}, frozenset(others), 7.0)
        clock.at = clock.at.fromtimestamp(clock.at.timestamp() + 7, UTC)
        assert set(grace.outbox.claim_many(others, rates).taken) == set(others)


class TestUncertain:
    @pytest.fixture
    def doubtful(self, grace: Grace) -> int:
        """A reminder of which nobody knows whether it went out, on the ledger as such."""
        make_borrower(grace)
        (number,) = tick(grace)
        assert grace.outbox.claim(number) is not None
        grace.outbox.settle(number, "uncertain", "ReadTimeout")
        grace.ledger.append()
        return number

    def test_it_is_listed_with_the_channels_answer_and_the_ledgers_records(
        self, grace: Grace, doubtful: int
    ) -> None:
        (one,) = grace.uncertain.doubts()
        assert (one.message, one.channel, one.answer) == (doubtful, "webchat", "ReadTimeout")
        assert [record.outcome for record in one.ledger] == ["uncertain"]
        assert grace.uncertain.nudges(["uncertain"])[0].nudge == one.nudge

    def test_known_to_be_sent_it_is_settled_and_the_ledger_tells_both(
        self, grace: Grace, doubtful: int
    ) -> None:
        fate = grace.uncertain.resolve(doubtful, sent=True, evidence="the borrower quoted it", actor="a")
        assert (fate, only(grace, Message).state) == ("sent", "sent")
        grace.ledger.append()
        outcomes = [json.loads(one.record)["outcome"] for one in rows(grace, LedgerEntry, chain="contacts")]
        assert outcomes == ["uncertain", "sent"]
        assert (
            only(grace, AuditEvent, kind="uncertain_resolved").detail["evidence"] == "the borrower quoted it"
        )

    def test_known_not_to_be_sent_it_is_written_anew_while_it_is_good(
        self, grace: Grace, doubtful: int
    ) -> None:
        assert grace.uncertain.resolve(doubtful, sent=False, evidence="log", actor="a") == "queued"
        (again,) = tick(grace)
        assert again != doubtful
        assert [one.state for one in rows(grace, Message)] == ["failed", "queued"]

    def test_known_not_to_be_sent_and_stale_it_ends(
        self, grace: Grace, doubtful: int, clock: MovableClock
    ) -> None:
        clock.at = only(grace, Nudge).expires_at
        assert grace.uncertain.resolve(doubtful, sent=False, evidence="log", actor="a") == "failed"
        assert tick(grace) == []

    def test_without_evidence_or_without_doubt_nothing_is_settled(self, grace: Grace, doubtful: int) -> None:
        with pytest.raises(NotUncertain, match="evidence"):
            grace.uncertain.resolve(doubtful, sent=True, evidence=" ", actor="a")
        grace.uncertain.resolve(doubtful, sent=True, evidence="x", actor="a")
        with pytest.raises(NotUncertain, match="not uncertain"):
            grace.uncertain.resolve(doubtful, sent=False, evidence="x", actor="a")

    def test_a_process_taken_for_dead_still_tells_what_became_of_its_message(
        self, grace: Grace, clock: MovableClock
    ) -> None:
        make_borrower(grace)
        (number,) = tick(grace)
        grace.outbox.claim(number)
        clock.at = clock.at.fromtimestamp(clock.at.timestamp() + 3600, UTC)
        assert grace.outbox.recover(()) == 1
        assert only(grace, Message).state == "uncertain"
        grace.outbox.settle(number, "sent")
        assert (only(grace, Message).state, only(grace, Nudge).state) == ("sent", "sent")


async def emptied(url: str) -> None:
    """Take away what waits at a broker; skip the test where it is absent."""
    import aio_pika
    from aio_pika.exceptions import AMQPError

    try:
        if url == REDIS:
            async with redis.asyncio.Redis.from_url(url) as client:
                await client.delete("grace")
            return
        async with await aio_pika.connect(url, timeout=5) as connection:
            channel = await connection.channel()
            for queue in ("grace", "grace.dead"):
                await channel.queue_delete(queue)
    except (redis.ConnectionError, AMQPError, OSError) as error:
        absent(f"no broker at {url}: {error}")


@pytest.fixture(params=[REDIS, RABBITMQ], ids=["redis", "rabbitmq"])
async def broker(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The URL of a broker at which nothing waits."""
    url: str = request.param
    await emptied(url)
    yield url
    await emptied(url)


class TestTasks:
    async def test_a_tick_of_tasks_plans_writes_and_records(self, grace: Grace) -> None:
        for _ in range(3):
            make_borrower(grace)
        tasks = Tasks(grace)
        await tasks.enqueue()
        async with asyncio.timeout(20):
            while not rows(grace, Message, state="queued"):
                await asyncio.sleep(0.01)
        await tasks.broker.wait_all()  # type: ignore[attr-defined]
        assert len(rows(grace, Message, state="queued")) == 3

    @pytest.mark.parametrize("url", ["kafka://x", "nonsense"])
    def test_a_broker_that_is_not_known_is_refused(self, url: str) -> None:
        with pytest.raises(ValueError, match="GRACE_BROKER_URL"):
            is_shared(url)

    @pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "amqp://127.0.0.1:1/"])
    async def test_a_broker_that_is_away_is_an_outage(self, grace: Grace, url: str) -> None:
        grace.kit.settings.broker_url = url
        with pytest.raises(StorageError, match="broker"):
            await Tasks(grace).enqueue()

    async def test_a_broker_tells_whether_it_is_well(self, grace: Grace, broker: str) -> None:
        grace.kit.settings.broker_url = broker
        found, status = await readiness.examine(readiness.broker(grace.kit.settings))
        assert (found["parts"], status) == ({"broker": "ok"}, 200)

    async def test_workers_on_a_broker_do_what_the_clock_asks_for(
        self, grace: Grace, tmp_path: Path, broker: str
    ) -> None:
        for _ in range(20):
            make_borrower(grace)
        grace.kit.settings.broker_url = broker
        offset = (MORNING - datetime.now(UTC)).total_seconds()
        env = {
            **os.environ,
            "GRACE_BROKER_URL": broker,
            "GRACE_DATABASE_URL": grace.kit.settings.database_url,
            "GRACE_CLOCK_OFFSET": str(offset),
            "GRACE_SECRET": "for tests only",
            "GRACE_STATE": str(tmp_path),
        }
        workers = [
            subprocess.Popen([sys.executable, "-m", "bot.cli", "worker"], env=env, cwd=ROOT) for _ in range(2)
        ]
        tasks = Tasks(grace)
        await tasks.broker.startup()
        try:
            async with asyncio.timeout(90):
                while len(rows(grace, Message)) < 20:
                    await tasks.enqueue()
                    await asyncio.sleep(0.5)
        finally:
            await tasks.broker.shutdown()
            for worker in workers:
                worker.terminate()
                worker.wait(30)
        assert len({message.nudge_id for message in rows(grace, Message)}) == 20


# A few of them on the way; `python -m bench.faults 200` does all, on both databases.
_HARMS = ("connections cut", "two clocks, 15 minutes apart", "all of these at once")


@pytest.mark.parametrize("kind", [one for one in KINDS if one.name in _HARMS], ids=lambda one: one.name)
async def test_harmed_at_any_instant_nothing_is_lost_or_doubled_or_needlessly_in_doubt(
    request: pytest.FixtureRequest, kind: Kind
) -> None:
    backend = kind.only or "sqlite"
    with read_once():
        if backend == "postgresql":
            tally = await many(kind, empty_database(request.getfixturevalue("postgres_url")), FAULT_RUNS)
        else:
            with sqlite_database() as url:
                tally = await many(kind, url, FAULT_RUNS)
    assert tally.faults == []
    assert tally.runs == FAULT_RUNS


def test_the_settings_of_a_broker_have_a_default_that_needs_nothing() -> None:
    assert not is_shared(Settings.model_fields["broker_url"].default)
