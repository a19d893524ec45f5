"""An installation to be harmed: workers and apps as processes, on one database, with one channel."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from multiprocessing.process import BaseProcess
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select, text

from bench.faults.instance import Instance
from bench.faults.server import BadServer
from bot import clock
from bot.bootstrap import Grace, build
from bot.channels.dispatch import Dispatcher
from bot.channels.telegram import TelegramChannel
from bot.services.kit import MovableClock
from bot.services.outbox import SILENCE, Settlement
from bot.storage.db import StorageError
from bot.storage.tables import AddressRow, Borrower, Conversation, DueItem, LoanRow, Message, Nudge
from tests.conftest import MORNING, settings_for

A_RUN = 2
"""Borrowers in a run."""
AT_A_TIME = 10
"""Runs whose reminders are planned by one tick: ten times harm is done until they have all come to an end."""
LEASE = 1.0
FINAL = frozenset({"sent", "failed", "uncertain", "cancelled", "expired"})
_FORK = multiprocessing.get_context("fork")
_STEP = 0.02
_LOOK = 0.005
# As often as this a worker ticks, and an app looks around, where nothing has happened.
_TICK, _WATCH = 2.0, 0.25
# A process that has just begun is given this long to do something to be harmed in.
_LONGEST_RUN = 60.0
_LONGEST_TELLING = 10.0
_DAY = 86_400.0
# Seconds after the morning: what is begun later might have to wait for the next one.
_LATE = 6 * 3600.0


class Site:
    """A database, a server, and the processes between them; their clocks show `seconds` after the morning."""

    def __init__(
        self, url: str, runs: int, rng: random.Random, instance: Instance | None, patience: float
    ) -> None:
        self.rng, self.instance, self.runs = rng, instance, runs
        self.server = BadServer(rng)
        self.seconds = _FORK.RawValue("d", 0.0)
        # Without locks: whoever is killed would keep them. A step that gets lost is made up for soon.
        self._news = (_FORK.RawValue("i", 0), _FORK.RawValue("i", 0))
        """How often workers were asked to look what is due, and have done so."""
        self.url = url
        self.processes: dict[str, BaseProcess] = {}
        self.ended: list[str] = []
        """Processes that no harm has ended, and that were found ended."""
        self._offsets: dict[str, float] = {}
        self.latest = 0.0
        """The latest that the clocks have ever shown."""
        self.span = 0.0
        """Seconds that AT_A_TIME undisturbed runs take: harm is done within them."""
        self.patience = patience

    @property
    def is_sqlite(self) -> bool:
        """True where there is no server to restart and no connection to cut."""
        return self.url.startswith("sqlite")

    async def open(self) -> None:
        """Fill the book with borrowers who owe nothing yet; start a worker and an app, and time them."""
        await self.server.open()
        self.grace = _grace(self.url, self.server.url, MovableClock(MORNING))
        self._fill((self.runs + 1 + AT_A_TIME) * A_RUN)
        self._warm_up(self.begin(self.runs, 1))
        for name in ("worker", "app"):
            self.start(name)
        began = time.monotonic()
        await self.settled(self.begin(self.runs + 1, AT_A_TIME))
        self.span = time.monotonic() - began

    def _warm_up(self, chosen: list[int]) -> None:
        """Do all once in this process: those that it forks then need not learn it, and start in no time."""
        outbox = self.grace.outbox
        clock.work(self.grace)
        outbox.recover(())
        outbox.queued(("telegram",), in_bulk=False)
        waiting = [number for number, _ in outbox.queued(("telegram",), in_bulk=True)]
        taken = outbox.claim_many(waiting, claim="warm")
        outbox.settle_many([Settlement(number, "sent", claim="warm") for number in taken.taken])
        clock.work(self.grace)
        ssl.create_default_context()
        for number in chosen:
            self.server.taken[number] += 1

    async def shut(self) -> None:
        """Give those who have something in hand the time to tell, then end all."""
        last = time.monotonic() + _LONGEST_TELLING
        await asyncio.sleep(_TICK / 4)
        while time.monotonic() < last and "uncertain" in _patiently(self._in_doubt):
            await asyncio.sleep(_STEP)
        for name in list(self.processes):
            self.kill(name)
        await self.server.shut()

    def start(self, name: str, offset: float = 0.0) -> None:
        """Start a process, `worker…` or `app…`, whose clock is off by so many seconds."""
        # A connection must not be shared with a child.
        self.grace.close()
        self._offsets[name] = offset
        arguments = (name, self.grace, self.seconds, self._news, offset, self.patience)
        self.processes[name] = process = _FORK.Process(target=_live, args=arguments, daemon=True)
        process.start()

    def kill(self, name: str) -> None:
        """End a process as no process can prevent."""
        process = self.processes.pop(name)
        if process.exitcode is not None:
            self.ended.append(f"{name} had ended by itself, status {process.exitcode}")
        process.kill()
        process.join()

    def restart(self, name: str) -> None:
        """Kill a process and start one in its place."""
        self.kill(name)
        self.start(name, self._offsets[name])

    def move(self, by: float) -> None:
        """Let all clocks jump."""
        self.seconds.value += by
        self.latest = max(self.latest, self.seconds.value)

    def begin(self, first: int, runs: int) -> list[int]:
        """Give the borrowers of some runs something to be reminded of; return their ids."""
        self.move(max(self.latest - self.seconds.value, 0.0))
        days, into = divmod(self.seconds.value, _DAY)
        if into > _LATE:
            # Nobody is written to at night, however far the clocks have jumped.
            self.move((days + 1) * _DAY - self.seconds.value)
        chosen = list(range(first * A_RUN + 1, (first + runs) * A_RUN + 1))
        _patiently(lambda: self._owe(chosen))
        self.tick()
        return chosen

    def tick(self) -> None:
        """Have the workers look what is due, as their clock would."""
        self._news[0].value += 1

    async def settled(self, chosen: list[int]) -> bool:
        """Wait until all reminders of a run have come to an end; return whether they have in time."""
        start = looked = time.monotonic()
        self.move(max(self.latest - self.seconds.value, 0.0) + LEASE)
        self.tick()
        while time.monotonic() < start + _LONGEST_RUN:
            states = _patiently(lambda: self._states(chosen))
            if len(states) == len(chosen) and set(states) <= FINAL:
                return True
            if time.monotonic() > looked + 0.5:
                # Leases of those who were killed run out, and what was put off is due.
                self.move(LEASE)
                self.tick()
                looked = time.monotonic()
            await asyncio.sleep(2 * _STEP)
        return False

    def _in_doubt(self) -> list[str]:
        """Return `uncertain` for each message of which a living process may yet tell what became of it."""
        with self.grace.kit.db.read() as session:
            return list(session.scalars(select(Message.state).where(Message.failure == SILENCE)))

    def _states(self, chosen: list[int]) -> list[str]:
        with self.grace.kit.db.read() as session:
            return list(session.scalars(select(Nudge.state).where(Nudge.borrower_id.in_(chosen))))

    def _owe(self, chosen: list[int]) -> None:
        due_on = MORNING.date() + timedelta(days=self.seconds.value // _DAY - 7)
        with self.grace.kit.db.begin() as session:
            if session.scalar(select(LoanRow.id).where(LoanRow.borrower_id.in_(chosen)).limit(1)):
                return
            for number in chosen:
                loan = LoanRow(
                    ref=f"L{number}",
                    borrower_id=number,
                    product="consumer-cn",
                    currency="CNY",
                    principal_minor=300000,
                    opened_on=date(2025, 6, 1),
                )
                session.add(loan)
                session.flush()
                owed = {"principal_minor": 300000, "interest_minor": 0, "fee_minor": 0, "paid_minor": 0}
                session.add(DueItem(loan_id=loan.id, number=1, due_on=due_on, **owed))

    def _fill(self, count: int) -> None:
        numbers = range(1, count + 1)
        with self.grace.kit.db.begin() as session:
            session.add_all(
                Borrower(
                    id=number,
                    ref=f"B{number}",
                    name="张伟",
                    phone="19900005678",
                    locale="zh_CN",
                    timezone="Asia/Shanghai",
                    created_at=MORNING,
                )
                for number in numbers
            )
            session.flush()
            session.add_all(
                AddressRow(
                    borrower_id=number, channel="telegram", address=str(number), verified=True, consent=True
                )
                for number in numbers
            )
            session.add_all(
                Conversation(
                    id=f"c{number}",
                    borrower_id=number,
                    channel="telegram",
                    address=str(number),
                    locale="zh_CN",
                    verified_at=MORNING,
                    disclosed=True,
                    created_at=MORNING,
                )
                for number in numbers
            )
            if not self.is_sqlite:
                # The ids were given, not drawn.
                session.execute(text("SELECT setval('borrowers_id_seq', :n)"), {"n": count})


def _patiently(work: Callable[[], Any]) -> Any:
    """Do what needs the database however long it is away: it is the one that is harmed."""
    last = time.monotonic() + _LONGEST_RUN
    while True:
        try:
            return work()
        except StorageError:
            if time.monotonic() > last:
                raise
            time.sleep(_STEP)


def _grace(url: str, server: str, at: MovableClock) -> Grace:
    changed = {
        "telegram_token": SecretStr("1:faults"),
        "telegram_api_base": server,
        "telegram_rate": 0.0,
        "lease": LEASE,
    }
    return build(settings_for(url).model_copy(update=changed), at, migrate=False)


def _live(
    name: str, grace: Grace, seconds: Any, news: tuple[Any, Any], offset: float, patience: float
) -> None:
    """A process: a worker does a tick's work in the database, an app hands over; until it is killed."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    at, parent = grace.kit.clock, os.getppid()
    assert isinstance(at, MovableClock)
    # What is connected belongs to the parent.
    grace.kit.db.engine.dispose(close=False)

    def now() -> None:
        if os.getppid() != parent:
            os._exit(1)
        at.at = MORNING + timedelta(seconds=seconds.value + offset)

    if name.startswith("app"):
        asyncio.run(_hand_over(grace, now, news[1], patience))
    _work(grace, now, *news)


def _work(grace: Grace, now: Callable[[], None], asked: Any, done: Any) -> None:
    seen, last = -1, 0.0
    while True:
        if asked.value == seen and time.monotonic() < last + _TICK:
            time.sleep(_LOOK)
            continue
        seen, last = asked.value, time.monotonic()
        now()
        try:
            clock.work(grace)
            done.value += 1
        except StorageError:
            seen = -1
            time.sleep(_STEP)


async def _hand_over(grace: Grace, now: Callable[[], None], done: Any, patience: float) -> None:
    channel = TelegramChannel(grace)
    channel.patience = patience
    await channel.open()
    dispatcher = Dispatcher(grace, {"telegram": channel})
    seen, last = -1, 0.0
    while True:
        if done.value == seen and time.monotonic() < last + _WATCH:
            await asyncio.sleep(_LOOK)
            continue
        seen, last = done.value, time.monotonic()
        now()
        with suppress(StorageError):
            await dispatcher.look_around()
