"""Which part of what a process needs is ill: one check a part, all at once, each with a time limit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpx

from bot.observing.metrics import LAST_TICK, PART_UP
from bot.settings import Settings
from bot.storage.db import Database, StorageError

WELL = "ok"
PATIENCE = 3.0
"""Seconds that a part has to answer."""
REDIS = ("redis", "rediss")
RABBITMQ = ("amqp", "amqps")
"""Schemes of brokers that several processes can share."""
_MISSED_TICKS = 3
_LEAST_LAG = 30.0

Check = Callable[[], Awaitable[str]]
"""Returns `WELL`, or in a few words what is wrong."""


async def examine(checks: Mapping[str, Check]) -> tuple[dict[str, Any], int]:
    """Return what `/ready` says, and its HTTP status: 503 as soon as one part is ill."""
    found = dict(zip(checks, await asyncio.gather(*map(_asked, checks.values())), strict=True))
    for part, said in found.items():
        PART_UP.labels(part).set(said == WELL)
    ill = [part for part, said in found.items() if said != WELL]
    return {"status": "ill" if ill else WELL, "ill": ill, "parts": found}, 503 if ill else 200


async def _asked(check: Check) -> str:
    try:
        return await asyncio.wait_for(check(), PATIENCE)
    except TimeoutError:
        return f"no answer within {PATIENCE:g} seconds"
    except Exception as error:
        return type(error).__name__


def storage(db: Database) -> dict[str, Check]:
    """Return the checks of the database: that it answers, and that its schema is the one of this release."""

    async def answers() -> str:
        try:
            await asyncio.to_thread(db.revision)
        except StorageError:
            return "does not answer"
        return WELL

    async def is_current() -> str:
        try:
            found = await asyncio.to_thread(db.revision)
        except StorageError:
            return "unknown: the database does not answer"
        newest = db.newest_revision()
        return WELL if found == newest else f"at {found or 'no revision'}, this release needs {newest}"

    return {"database": answers, "migrations": is_current}


def broker(settings: Settings) -> dict[str, Check]:
    """Return the check of the broker; none where tasks stay in the process."""
    scheme = urlsplit(settings.broker_url).scheme
    if scheme in REDIS:
        return {"broker": partial(_redis, settings.broker_url)}
    if scheme in RABBITMQ:
        return {"broker": partial(_rabbitmq, settings.broker_url)}
    return {}


async def _redis(url: str) -> str:
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    try:
        async with Redis.from_url(url, socket_timeout=PATIENCE) as redis:
            await redis.ping()
    except (RedisError, OSError):
        return "does not answer"
    return WELL


async def _rabbitmq(url: str) -> str:
    import aio_pika
    from aio_pika.exceptions import AMQPError

    try:
        async with await aio_pika.connect(url, timeout=PATIENCE):
            return WELL
    except (AMQPError, OSError, TimeoutError):
        return "does not answer"


def ticking(settings: Settings, since: float) -> dict[str, Check]:
    """Return the check of the clock; `since` is when it was started, in Unix seconds."""
    if settings.clock_off:
        return {}

    async def ticks() -> str:
        last = max(LAST_TICK._value.get(), since)
        late = time.time() - last
        return WELL if late <= longest_lag(settings) else f"has not ticked for {late:.0f} seconds"

    return {"clock": ticks}


def longest_lag(settings: Settings) -> float:
    """Return how many seconds may pass between two ticks before the clock counts as ill."""
    return max(_MISSED_TICKS * settings.tick, _LEAST_LAG)


def http(url: str) -> Check:
    """Return the check of an address that answers 200 while all is well."""

    async def answers() -> str:
        try:
            async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as web:
                status = (await web.get(url)).status_code
        except httpx.HTTPError:
            return "does not answer"
        return WELL if status == httpx.codes.OK else f"answers {status}"

    return answers
