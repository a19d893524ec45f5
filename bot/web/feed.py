"""Live updates: one watcher an app sees what any process wrote and wakes the pages that show it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from bot.services.threads import ThreadService
from bot.storage.db import StorageError

log = structlog.get_logger()
_GATHER = 0.02
"""Seconds that news is gathered before the next look: a busy app looks fifty times a second, not more."""
_LOOK_BACK = 30
"""Rows of two transactions may become visible out of order."""
_ANYWAY = 20.0
"""Seconds after which every page looks for itself, whatever was seen."""


class Feed:
    """Watches two counters in the database; pages subscribe and are woken when one moves."""

    def __init__(self, threads: ThreadService, every: float) -> None:
        self._threads = threads
        self._every = every
        self._listeners: dict[str | None, set[asyncio.Event]] = defaultdict(set)
        self._seen: tuple[int, int] | None = None
        self._all_at = 0.0
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Watch until cancelled; a database outage is waited out."""
        while True:
            await self.look()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), self._every)
                await asyncio.sleep(_GATHER)
            self._news.clear()

    def soon(self) -> None:
        """Look at once rather than at the next turn of the watch: this process has just written something."""
        self._news.set()

    async def look(self) -> None:
        """Look once, now; wake the listeners whom what is new concerns."""
        seen = self._seen
        try:
            newest = await asyncio.to_thread(self._threads.newest)
            if newest == seen:
                return
            changed = await self._changed(seen)
        except StorageError as error:
            log.warning("feed_waits", error=error)
            return
        self._seen = newest
        for conversation in list(self._listeners) if changed is None else (None, *changed):
            for event in self._listeners.get(conversation, ()):
                event.set()

    async def _changed(self, seen: tuple[int, int] | None) -> set[str] | None:
        """Return the conversations that something is new in; None when every page shall look for itself."""
        now = asyncio.get_running_loop().time()
        if seen is None or now - self._all_at > _ANYWAY:
            self._all_at = now
            return None
        if not any(conversation is not None for conversation in self._listeners):
            return set()
        messages, events = seen[0] - _LOOK_BACK, seen[1] - _LOOK_BACK
        return await asyncio.to_thread(self._threads.changed, messages, events)

    @asynccontextmanager
    async def subscribe(self, conversation: str | None = None) -> AsyncIterator[asyncio.Event]:
        """Hand out an event that is set whenever something was written, or something of one conversation.

        Clear it, then read.
        """
        event = asyncio.Event()
        event.set()
        self._listeners[conversation].add(event)
        try:
            yield event
        finally:
            self._listeners[conversation].discard(event)
            if not self._listeners[conversation]:
                del self._listeners[conversation]
