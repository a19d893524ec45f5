"""What runs as tasks, on a broker of one process or of many; every task may run twice and at once."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import structlog
from taskiq import AsyncBroker, InMemoryBroker
from taskiq.api import run_receiver_task
from taskiq.exceptions import SendTaskError
from taskiq_redis import RedisStreamBroker

from bot.bootstrap import Grace
from bot.storage.db import StorageError

log = structlog.get_logger()

# What waits longer than this is late anyway, and the next tick asks for all of it again.
_LONGEST_QUEUE = 1000
_UNACKNOWLEDGED_MS = 600_000


def is_shared(url: str) -> bool:
    """Tell whether a broker URL names a broker that several processes can share. Raises ValueError."""
    scheme = urlsplit(url).scheme
    if scheme not in ("memory", "redis", "rediss"):
        raise ValueError(f"GRACE_BROKER_URL: {scheme or url!r} is none of memory, redis, rediss")
    return scheme != "memory"


def broker_for(url: str) -> AsyncBroker:
    """Return the broker of a URL: `memory://`, or a Redis stream, of which a task is taken by one worker.

    A task whose worker died comes back after ten minutes; until then the next tick's does its work.
    """
    if not is_shared(url):
        return InMemoryBroker()
    return RedisStreamBroker(url, queue_name="grace", maxlen=_LONGEST_QUEUE, idle_timeout=_UNACKNOWLEDGED_MS)


class Tasks:
    """The tasks of an installation, registered on its broker."""

    def __init__(self, grace: Grace) -> None:
        self.broker = broker_for(grace.kit.settings.broker_url)

        async def settle() -> None:
            # Then the day is planned: a plan sees what promises became.
            await asyncio.to_thread(grace.reminders.note_switch)
            await asyncio.to_thread(grace.loanbook.settle_promises)
            await self.plan.kiq()

        async def plan() -> None:
            added = await asyncio.to_thread(grace.reminders.plan)
            if added:
                log.info("planned", nudges=added)
            await self.prepare.kiq()

        async def prepare() -> None:
            # One batch a task: several workers share what is due, and none is kept by it.
            batch = await asyncio.to_thread(grace.delivery.prepare_due)
            await (self.prepare.kiq() if batch.decided else self.record.kiq())

        async def record() -> None:
            await asyncio.to_thread(grace.ledger.append)

        self.settle = self.broker.register_task(settle, task_name="grace.settle")
        self.plan = self.broker.register_task(plan, task_name="grace.plan")
        self.prepare = self.broker.register_task(prepare, task_name="grace.prepare")
        self.record = self.broker.register_task(record, task_name="grace.record")

    async def enqueue(self) -> None:
        """Ask for everything that a tick of the clock asks for. Raises StorageError without a broker."""
        try:
            await self.settle.kiq()
        except SendTaskError as error:
            raise StorageError(f"the broker does not answer: {error.__cause__ or error}") from error


async def work(grace: Grace) -> None:
    """Take tasks from the broker and do them until cancelled."""
    tasks = Tasks(grace)
    log.info("worker_ready", broker=urlsplit(grace.kit.settings.broker_url).scheme)
    try:
        await run_receiver_task(tasks.broker, run_startup=True, max_async_tasks=4)
    finally:
        await tasks.broker.shutdown()
