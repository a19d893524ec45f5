"""Many runs of one kind of harm, on a database of their own."""

from __future__ import annotations

import asyncio
import random
import shutil
import ssl
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import psycopg
from psycopg import sql

import bot.bootstrap
from bench.faults.instance import Instance
from bench.faults.judge import Tally, judge
from bench.faults.kinds import BADNESS, Kind
from bench.faults.site import AT_A_TIME, Site
from bot.language.texts import Texts
from bot.storage.db import Database
from bot.storage.lint_rules import load_rules
from bot.storage.policies import Policies
from bot.storage.tables import Base


async def many(kind: Kind, url: str, runs: int, seed: int = 0, instance: Instance | None = None) -> Tally:
    """Do a kind of harm so many times on an empty database, and say what came of it."""
    rng = random.Random(f"{kind.name} {seed}")
    site = Site(url, runs, rng, instance, kind.patience)
    tally = Tally(kind.name, "sqlite" if site.is_sqlite else "postgresql")
    start = time.monotonic()
    await site.open()
    for number, offset in enumerate(kind.clocks, 2):
        site.start(f"worker {number}", offset)
        site.start(f"app {number}", offset)
    site.server.bad, site.server.badness = kind.bad, BADNESS if kind.bad else 0.0
    try:
        for first in range(0, runs, AT_A_TIME):
            await _some(site, kind, range(first, min(first + AT_A_TIME, runs)), tally)
        await site.shut()
    finally:
        for name in list(site.processes):
            site.kill(name)
    judge(site.grace, site.server, kind, tally)
    tally.lost += site.ended
    site.grace.close()
    tally.seconds = time.monotonic() - start
    return tally


async def _some(site: Site, kind: Kind, numbers: range, tally: Tally) -> None:
    """Do harm at random instants while reminders are decided and sent, then wait for the end of all."""
    chosen = site.begin(numbers[0], len(numbers))
    for _ in numbers:
        if kind.strike is not None:
            await asyncio.sleep(site.rng.uniform(0.0, 2 * site.span / AT_A_TIME))
            await kind.strike(site)
        tally.runs += 1
    if not await site.settled(chosen):
        tally.lost.append(f"runs {numbers[0]} to {numbers[-1]}: not settled in time")


@contextmanager
def sqlite_database() -> Iterator[str]:
    """Make an empty, migrated SQLite file in memory, where there is a place for it."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        url = f"sqlite:///{folder}/grace.db"
        _migrated(url)
        yield url
        shutil.rmtree(folder, ignore_errors=True)


def emptied(url: str) -> str:
    """Bring a PostgreSQL database to the newest schema, and empty it; return its URL."""
    _migrated(url)
    names = [sql.Identifier(table.name) for table in Base.metadata.sorted_tables]
    with psycopg.connect(url, autocommit=True) as connection:
        statement = sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(sql.SQL(", ").join(names))
        connection.execute(statement)
    return url


def _migrated(url: str) -> None:
    database = Database(url)
    database.migrate()
    database.close()


@contextmanager
def read_once() -> Iterator[None]:
    """Keep texts, policies and rules as they were first read, so that a process starts in no time."""
    kept, certified = (Texts.load, Policies.load), ssl.create_default_context
    Texts.load = lru_cache(Texts.load)  # type: ignore[method-assign]
    Policies.load = lru_cache(Policies.load)  # type: ignore[method-assign]
    vars(bot.bootstrap)["load_rules"] = lru_cache(load_rules)
    # Nothing here is encrypted, and each client would read all the world's certificates.
    vars(ssl)["create_default_context"] = lru_cache(ssl.create_default_context)
    try:
        yield
    finally:
        Texts.load, Policies.load = kept  # type: ignore[method-assign]
        vars(bot.bootstrap)["load_rules"] = load_rules
        vars(ssl)["create_default_context"] = certified
