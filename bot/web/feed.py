"""Live updates: one watcher an app sees what any process wrote and wakes every open page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from bot.services.threads import ThreadService
from bot.storage.db import StorageError

log = structlog.get_logger()


class Feed:
    """Watches two counters in the database; pages subscribe and are woken when one moves."""

    def __init__(self, threads: ThreadService, every: float) -> None:
        self._threads = threads
        self._every = every
        self._listeners: set[asyncio.Event] = set()
        self._seen: tuple[int, int] | None = None

    async def run(self) -> None:
        """Watch until cancelled; a database outage is waited out."""
        while True:
            await self.look()
            await asyncio.sleep(self._every)

    async def look(self) -> None:
        """Look once, now; wake the listeners when anything is new."""
        try:
            newest = await asyncio.to_thread(self._threads.newest)
        except StorageError as error:
            log.warning("feed_waits", error=str(error))
            return
        if newest != self._seen:
            self._seen = newest
            for event in self._listeners:
                event.set()

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[asyncio.Event]:
        """Hand out an event that is set whenever something was written; clear it, then read."""
        event = asyncio.Event()
        event.set()
        self._listeners.add(event)
        try:
            yield event
        finally:
            self._listeners.discard(event)
