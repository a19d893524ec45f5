"""Live updates: one watcher an app sees what any process wrote and wakes the pages that show it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Container
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog

from bot.services.threads import Change, ThreadService
from bot.storage.db import StorageError

log = structlog.get_logger()
_LOOK_BACK = 30
"""Rows of two transactions may become visible out of order."""
_ANYWAY = 20.0
"""Seconds after which every page looks for itself, whatever was seen."""


@dataclass(eq=False, slots=True)
class _Page:
    """Who shows something: the event that wakes it, and the messages that it has shown."""

    shown: Container[int]
    event: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, change: Change) -> None:
        """Wake up, unless a change is of a message that stands here already."""
        if change.state is None or change.number not in self.shown:
            self.event.set()


class Feed:
    """Watches two counters in the database; pages subscribe and are woken when one moves."""

    def __init__(self, threads: ThreadService, every: float) -> None:
        self._threads = threads
        self._every = every
        self._pages: dict[str | None, set[_Page]] = defaultdict(set)
        self._seen: tuple[int, int] | None = None
        self._known: set[Change] = set()
        self._all_at = 0.0

    async def run(self) -> None:
        """Watch until cancelled; a database outage is waited out."""
        while True:
            await self.look()
            await asyncio.sleep(self._every)

    def told(self, conversation: str) -> None:
        """Wake those who show a conversation: this process has just written there. Others hear at a look."""
        for page in self._pages.get(conversation, ()):
            page.event.set()

    async def look(self) -> None:
        """Look once, now; wake the listeners whom what is new concerns."""
        seen = self._seen
        try:
            newest = await asyncio.to_thread(self._threads.newest)
            if newest == seen:
                return
            changed = await self._changed(seen or newest)
        except StorageError as error:
            log.warning("feed_waits", error=error)
            return
        self._seen = newest
        now = asyncio.get_running_loop().time()
        anyway = seen is None or now - self._all_at > _ANYWAY
        if anyway:
            self._all_at = now
        for conversation in list(self._pages) if anyway else (None,):
            for page in self._pages.get(conversation, ()):
                page.event.set()
        for change in changed:
            for page in self._pages.get(change.conversation, ()):
                page.hear(change)

    async def _changed(self, seen: tuple[int, int]) -> set[Change]:
        """Return what is new since the last look."""
        if not any(conversation is not None for conversation in self._pages):
            return set()
        messages, events = seen[0] - _LOOK_BACK, seen[1] - _LOOK_BACK
        found = set(await asyncio.to_thread(self._threads.changed, messages, events))
        # What is looked back on has been told already, as it was then.
        new, self._known = found - self._known, found
        return new

    @asynccontextmanager
    async def subscribe(
        self, conversation: str | None = None, shown: Container[int] = frozenset()
    ) -> AsyncIterator[asyncio.Event]:
        """Hand out an event that is set whenever something was written, or something of one conversation.

        Clear it, then read. A change of a message that `shown` holds does not set it.
        """
        page = _Page(shown)
        page.event.set()
        self._pages[conversation].add(page)
        try:
            yield page.event
        finally:
            self._pages[conversation].discard(page)
            if not self._pages[conversation]:
                del self._pages[conversation]
