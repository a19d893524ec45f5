"""Faults at random instants: `python -m bench.faults [runs]`. Nothing lost or doubled, no needless doubt.

Each run plans and sends reminders with one or two worker processes to a server that speaks the Bot API and
misbehaves: it floods, blocks, answers half or not at all. Meanwhile workers are killed with SIGKILL and
started again, connections to the database are cut, and the clock jumps. What the server took is the truth.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
from pydantic import SecretStr
from sqlalchemy import select

from bot import clock
from bot.bootstrap import Grace, build
from bot.channels.dispatch import Dispatcher
from bot.channels.telegram import TelegramChannel
from bot.language.texts import Texts
from bot.services.kit import MovableClock
from bot.storage.db import Database, StorageError
from bot.storage.lint_rules import load_rules
from bot.storage.policies import Policies
from bot.storage.tables import Base, Conversation, Message, Nudge
from tests.conftest import MORNING, postgres_database, settings_for
from tests.e2e.fake_bot_api import BLOCKED, HALF, SERVER_ERROR, SILENT, Answer, FakeBotApi, refusal
from tests.factory import make_borrower

BORROWERS = 6
_FORK = multiprocessing.get_context("fork")
_PATIENCE = 0.5
_POLLS, _STEADY = 600, 12
_FINAL = frozenset({"sent", "failed", "uncertain", "cancelled", "expired"})
_FLOOD = refusal(429, "Too Many Requests: retry after 1", parameters={"retry_after": 1})


class BadServer(FakeBotApi):
    """Misbehaves at random, and remembers how often each chat got something."""

    def __init__(self, rng: random.Random, badness: float) -> None:
        super().__init__()
        self._rng, self._badness = rng, badness
        self.taken: Counter[int] = Counter()

    def _usual(self, method: str, data: dict[str, str]) -> Answer:
        chat = int(data["chat_id"])
        answer = Answer()
        if self._rng.random() < self._badness:
            answer = self._rng.choice([_FLOOD, BLOCKED, HALF, SILENT, SERVER_ERROR])
        if answer.status == 200:
            self.taken[chat] += 1
        return answer


@dataclass
class Tally:
    """What many runs came to."""

    runs: int = 0
    kills: int = 0
    cuts: int = 0
    jumps: int = 0
    states: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def _grace(url: str, server: str, at: MovableClock) -> Grace:
    settings = settings_for(url).model_copy(
        update={
            "telegram_token": SecretStr("1:faults"),
            "telegram_api_base": server,
            "telegram_rate": 0.0,
            "lease": 1.0,
        }
    )
    return build(settings, at, migrate=False)


def _worker(url: str, server: str, seconds: Any) -> None:
    """A process that does what an app does for reminders, over and over, until it is killed."""
    at = MovableClock(MORNING)

    async def go() -> None:
        grace = _grace(url, server, at)
        channel = TelegramChannel(grace)
        channel.patience = _PATIENCE
        await channel.open()
        dispatcher = Dispatcher(grace, {"telegram": channel})
        while True:
            at.at = MORNING + timedelta(seconds=seconds.value)
            try:
                await asyncio.to_thread(clock.work, grace)
                await dispatcher.look_around()
            except StorageError:
                pass
            await asyncio.sleep(0.02)

    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    asyncio.run(go())


async def one(url: str, seed: int, tally: Tally) -> None:
    """One run on an empty database; what is wrong is added to the tally."""
    rng = random.Random(seed)
    server = BadServer(rng, rng.choice([0.0, 0.3, 0.6]))
    await server.open()
    seconds = _FORK.Value("d", 0.0)
    grace = _grace(url, server.url, MovableClock(MORNING))
    for _ in range(BORROWERS):
        ref = make_borrower(grace, channel="telegram", prefix="9")
        grace.identity.vouch(grace.conversations.ensure("telegram", ref), "bench")
    grace.kit.db.engine.dispose()
    start = [url, server.url, seconds]
    workers: list[BaseProcess] = [_started(start) for _ in range(rng.choice([1, 2]))]
    killed = 0
    for _ in range(rng.randint(1, 4)):
        await asyncio.sleep(rng.uniform(0.0, 0.25))
        event = rng.choice(["kill", "kill", "cut", "jump"])
        if event == "kill":
            place = rng.randrange(len(workers))
            _kill(workers[place])
            workers[place], killed = _started(start), killed + 1
            tally.kills += 1
        elif event == "cut" and not grace.kit.db.is_sqlite:
            _cut(url)
            tally.cuts += 1
        elif event == "jump":
            seconds.value += rng.choice([-900.0, 60.0, 900.0])
            tally.jumps += 1
    states = await _settled(grace, seconds)
    for worker in workers:
        _kill(worker)
    # What the last kill interrupted is found by whoever looks after it.
    grace.kit.clock.at = MORNING + timedelta(hours=6)  # type: ignore[attr-defined]
    grace.outbox.recover(())
    tally.runs += 1
    _judge(grace, server, seed, killed, states, tally)
    await server.shut()
    grace.close()


def _started(arguments: list[Any]) -> BaseProcess:
    process = _FORK.Process(target=_worker, args=arguments, daemon=True)
    process.start()
    return process


def _kill(process: BaseProcess) -> None:
    if process.pid is not None:
        os.kill(process.pid, signal.SIGKILL)
    process.join()


def _cut(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def _states(grace: Grace) -> list[str]:
    with grace.kit.db.begin() as session:
        return list(session.scalars(select(Nudge.state)))


async def _settled(grace: Grace, seconds: Any) -> bool:
    """Wait until every reminder has come to an end and stays there; return whether that happened.

    A process that was taken for dead may yet tell what became of its message: it is given the time to.
    """
    # As late as it ever was, so that the leases of those who were killed end.
    seconds.value = max(seconds.value, 0.0) + 3600.0
    steady = 0
    for _ in range(_POLLS):
        found = await asyncio.to_thread(_states, grace)
        steady = steady + 1 if len(found) == BORROWERS and set(found) <= _FINAL else 0
        if steady == _STEADY:
            return True
        seconds.value += 0.05
        await asyncio.sleep(0.05)
    return False


def _judge(grace: Grace, server: BadServer, seed: int, killed: int, settled: bool, tally: Tally) -> None:
    with grace.kit.db.begin() as session:
        rows = session.execute(
            select(Nudge.state, Conversation.address, Message.failure)
            .outerjoin(Message, Message.nudge_id == Nudge.id)
            .outerjoin(Conversation, Conversation.id == Message.conversation_id)
            .order_by(Message.id)
        ).all()
    if not settled:
        tally.faults.append(f"seed {seed}: not settled in time: {Counter(state for state, _, _ in rows)}")
    last = {address: (state, failure) for state, address, failure in rows if address is not None}
    if len(last) != BORROWERS:
        tally.faults.append(f"seed {seed}: {BORROWERS - len(last)} reminders are lost")
    for address, (state, failure) in last.items():
        chat = int(address)
        tally.states[state] += 1
        taken = server.taken[chat]
        wrong = None
        if taken > 1:
            wrong = f"sent {taken} times"
        elif state == "sent" and taken != 1:
            wrong = "recorded as sent, and never taken"
        elif state in ("failed", "cancelled", "expired") and taken:
            wrong = f"recorded as {state}, and was taken"
        elif state == "uncertain" and not failure and not killed:
            wrong = "uncertain without a reason"
        if wrong:
            tally.faults.append(f"seed {seed}: chat {chat}: {wrong}")


def _empty(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        names = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
        connection.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE".encode())


async def many(runs: int, backend: str, first_seed: int = 0) -> Tally:
    """Run so many on `sqlite` or `postgresql`, each on an empty database of the same kind."""
    with read_once():
        return await _many(runs, backend, first_seed)


async def _many(runs: int, backend: str, first_seed: int) -> Tally:
    tally = Tally()
    if backend == "postgresql":
        with postgres_database() as url:
            _migrated(url)
            for seed in range(first_seed, first_seed + runs):
                _empty(url)
                await one(url, seed, tally)
        return tally
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "template.db"
        _migrated(f"sqlite:///{template}")
        for seed in range(first_seed, first_seed + runs):
            path = Path(folder) / f"{seed}.db"
            shutil.copyfile(template, path)
            await one(f"sqlite:///{path}", seed, tally)
    return tally


def _migrated(url: str) -> None:
    database = Database(url)
    database.migrate()
    database.close()


@contextmanager
def read_once() -> Iterator[None]:
    """Keep texts, policies and rules as they were first read, so that a worker starts in no time."""
    with (
        patch.object(Texts, "load", lru_cache(Texts.load)),
        patch.object(Policies, "load", lru_cache(Policies.load)),
        patch("bot.bootstrap.load_rules", lru_cache(load_rules)),
    ):
        yield


def main() -> None:
    """Run, print what came of it; status 1 when anything was lost, doubled or needlessly in doubt."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    bad = 0
    for backend in ("postgresql", "sqlite"):
        tally = asyncio.run(many(runs, backend))
        states = ", ".join(f"{count} {state}" for state, count in sorted(tally.states.items()))
        print(
            f"{backend}: {tally.runs} runs, {tally.kills} kills, {tally.cuts} connections cut, "
            f"{tally.jumps} clock jumps; {states}; {len(tally.faults)} faults"
        )
        for fault in tally.faults:
            print(f"  {fault}")
        bad += len(tally.faults)
    raise SystemExit(1 if bad else 0)


if __name__ == "__main__":
    main()
