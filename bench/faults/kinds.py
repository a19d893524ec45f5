"""What is done to an installation: one harm at a random instant of a run, each kind by its name."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import psycopg

from bench.faults.server import ALL, FLOOD
from bench.faults.site import Site
from tests.e2e.fake_bot_api import BLOCKED, HALF, SILENT, Answer

_BAD = 0.5


@dataclass(frozen=True)
class Kind:
    """A kind of harm: what it does within a run, and what of the installation it needs from the start."""

    name: str
    strike: Callable[[Site], Awaitable[None]] | None = None
    bad: tuple[Answer, ...] = ()
    """What the channel answers in half of the cases."""
    clocks: tuple[float, ...] = ()
    """Seconds by which the clocks of one more worker and app each are off."""
    kills: bool = False
    """Whether a process may die with a message in its hands: of that one nobody can know."""
    patience: float = 5.0
    """Seconds that an app waits for the channel's answer."""
    only: str | None = None
    """The database that has it."""


async def _kill_app(site: Site) -> None:
    site.restart("app")


async def _kill_worker(site: Site) -> None:
    site.restart("worker")


async def _cut(site: Site) -> None:
    with psycopg.connect(site.url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


async def _restart(site: Site) -> None:
    assert site.instance is not None
    mode = site.rng.choice(["immediate", "fast"])
    await asyncio.to_thread(site.instance.restart, mode)


async def _lock(site: Site) -> None:
    with sqlite3.connect(site.url.removeprefix("sqlite:///"), timeout=30, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        await asyncio.sleep(site.rng.uniform(0.02, 0.2))
        other.execute("ROLLBACK")
    other.close()


async def _forward(site: Site) -> None:
    site.move(site.rng.choice([5.0, 60.0, 900.0]))


async def _back(site: Site) -> None:
    site.move(-site.rng.choice([5.0, 60.0, 900.0]))


async def _anything(site: Site) -> None:
    harms = [_kill_app, _kill_worker, _forward, _back, *([_lock] if site.is_sqlite else [_cut])]
    if site.instance is not None:
        harms.append(_restart)
    for _ in range(site.rng.randint(1, 3)):
        await site.rng.choice(harms)(site)
        await asyncio.sleep(site.rng.uniform(0.0, 0.1))


KINDS = (
    Kind("none"),
    Kind("kill -9 of the app", _kill_app, kills=True),
    Kind("kill -9 of the worker", _kill_worker),
    Kind("connections cut", _cut, only="postgresql"),
    Kind("database server restarted", _restart, only="postgresql"),
    Kind("database file locked", _lock, only="sqlite"),
    Kind("two clocks, 15 minutes apart", clocks=(-900.0,)),
    Kind("clock jumps forward", _forward),
    Kind("clock jumps back", _back),
    Kind("channel: 429", bad=(FLOOD,)),
    Kind("channel: 403", bad=(BLOCKED,)),
    Kind("channel: no answer", bad=(SILENT,), patience=0.2),
    Kind("channel: half an answer", bad=(HALF,)),
    Kind("all of these at once", _anything, bad=ALL, clocks=(300.0,), kills=True, patience=0.2),
)
BADNESS = _BAD
