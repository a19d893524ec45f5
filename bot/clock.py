"""The clock: says when, never what. Any number may tick; the database makes each nudge happen once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.bootstrap import Grace
from bot.observing import metrics
from bot.storage.db import StorageError

log = structlog.get_logger()
Wake = Callable[[], Awaitable[None]]
Enqueue = Callable[[], Awaitable[None]]


async def tick(grace: Grace, wake: Wake) -> int:
    """Settle agreements, plan and prepare what is due, hand it over; return how many messages there are."""
    written = await asyncio.to_thread(work, grace)
    await wake()
    return written


def work(grace: Grace) -> int:
    """Do a tick's work in the database."""
    with metrics.task("settle"):
        grace.settle()
    with metrics.task("plan"):
        grace.reminders.plan()
    written = 0
    with metrics.task("prepare"):
        while (batch := grace.delivery.prepare_due()).decided:
            written += len(batch.written)
    with metrics.task("record"):
        grace.ledger.append()
    return written


def scheduler(grace: Grace, wake: Wake, enqueue: Enqueue | None = None) -> AsyncIOScheduler:
    """Return a scheduler that ticks every `settings.tick` seconds; ticks never overlap or pile up.

    With `enqueue` a tick asks the workers for its work in the database, and only hands over what is written.
    """

    async def safe() -> None:
        try:
            if enqueue is None:
                await tick(grace, wake)
            else:
                await enqueue()
                await wake()
            await asyncio.to_thread(grace.retention.tend)
            metrics.LAST_TICK.set_to_current_time()
        except StorageError as error:
            log.warning("tick_skipped", error=error)

    jobs = AsyncIOScheduler(timezone="UTC")
    jobs.add_job(
        safe,
        "interval",
        seconds=grace.kit.settings.tick,
        max_instances=1,
        coalesce=True,
        misfire_grace_time=None,
    )
    return jobs
