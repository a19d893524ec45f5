"""What runs as tasks, on a broker of one process or of many; every task may run twice and at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import structlog
from taskiq import AsyncBroker, InMemoryBroker
from taskiq.api import run_receiver_task
from taskiq.exceptions import SendTaskError
from taskiq_redis import RedisStreamBroker

from bot import internal, readiness
from bot.bootstrap import Grace
from bot.observing import metrics
from bot.storage.db import StorageError

log = structlog.get_logger()
R = TypeVar("R")

_SCHEMES = ("memory", *readiness.REDIS, *readiness.RABBITMQ)

# What waits longer than this is late anyway, and the next tick asks for all of it again.
_LONGEST_QUEUE = 1000
_UNACKNOWLEDGED_MS = 600_000
_AT_ONCE = 4
# A broker that was lost is sought again by itself; a tick does not wait for that.
_LONGEST_KICK = 10.0


def is_shared(url: str) -> bool:
    """Tell whether a broker URL names a broker that several processes can share. Raises ValueError."""
    scheme = urlsplit(url).scheme
    if scheme not in _SCHEMES:
        raise ValueError(f"GRACE_BROKER_URL: {scheme or url!r} is none of {', '.join(_SCHEMES)}")
    return scheme != "memory"


def broker_for(url: str) -> AsyncBroker:
    """Return the broker of a URL: in memory, a Redis stream, or a RabbitMQ queue; one worker takes a task.

    A task whose worker died comes back at once on RabbitMQ, after ten minutes on Redis; until then the next
    tick's does its work.
    """
    if not is_shared(url):
        return InMemoryBroker()
    if urlsplit(url).scheme in readiness.RABBITMQ:
        return _rabbitmq(url)
    return RedisStreamBroker(url, queue_name="grace", maxlen=_LONGEST_QUEUE, idle_timeout=_UNACKNOWLEDGED_MS)


def _rabbitmq(url: str) -> AsyncBroker:
    # Only here: it takes a fifth of a second to import, and most installations have no use for it.
    from taskiq_aio_pika import AioPikaBroker, Exchange, Queue

    bounded: dict[str, Any] = {"x-max-length": _LONGEST_QUEUE, "x-overflow": "drop-head"}
    broker: AsyncBroker = AioPikaBroker(
        url,
        qos=_AT_ONCE,
        exchange=Exchange(name="grace"),
        task_queues=[Queue(name="grace", arguments=dict(bounded))],
        dead_letter_queue=Queue(name="grace.dead", arguments=dict(bounded)),
        timeout=_LONGEST_KICK,
    )
    return broker


class Tasks:
    """The tasks of an installation, registered on its broker."""

    def __init__(self, grace: Grace) -> None:
        self.broker = broker_for(grace.kit.settings.broker_url)

        async def settle() -> None:
            await asyncio.to_thread(_counted, "settle", grace.settle)
            await self.plan.kiq()

        async def plan() -> None:
            added = await asyncio.to_thread(_counted, "plan", grace.reminders.plan)
            if added:
                log.info("planned", nudges=added)
            await self.prepare.kiq()

        async def prepare() -> None:
            # One batch a task: several workers share what is due, and none is kept by it.
            batch = await asyncio.to_thread(_counted, "prepare", grace.delivery.prepare_due)
            await (self.prepare.kiq() if batch.decided else self.record.kiq())

        async def record() -> None:
            await asyncio.to_thread(_counted, "record", grace.ledger.append)

        self.settle = self.broker.register_task(settle, task_name="grace.settle")
        self.plan = self.broker.register_task(plan, task_name="grace.plan")
        self.prepare = self.broker.register_task(prepare, task_name="grace.prepare")
        self.record = self.broker.register_task(record, task_name="grace.record")

    async def enqueue(self) -> None:
        """Ask for everything that a tick of the clock asks for. Raises StorageError without a broker."""
        try:
            async with asyncio.timeout(_LONGEST_KICK):
                await self.settle.kiq()
        except (SendTaskError, TimeoutError) as error:
            raise StorageError(f"the broker does not answer: {error.__cause__ or error}") from error


async def work(grace: Grace) -> None:
    """Take tasks from the broker and do them until cancelled."""
    settings = grace.kit.settings
    tasks = Tasks(grace)
    checks = {**readiness.storage(grace.kit.db), **readiness.broker(settings)}
    log.info("worker_ready", broker=urlsplit(settings.broker_url).scheme)
    try:
        async with internal.served(settings, checks):
            await run_receiver_task(tasks.broker, run_startup=True, max_async_tasks=_AT_ONCE)
    finally:
        await tasks.broker.shutdown()


def _counted(name: str, work: Callable[[], R]) -> R:
    with metrics.task(name):
        return work()
