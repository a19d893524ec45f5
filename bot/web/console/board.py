"""The live queue: read once for all open pages, whenever something was written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog
from nicegui import background_tasks

from bot.bootstrap import Grace
from bot.domain.approvals import may_decide
from bot.domain.policy import Authority
from bot.storage.db import StorageError
from bot.storage.tables import HandoffRow
from bot.web.feed import Feed

log = structlog.get_logger()

_OUTAGE = 1.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One open hand-off as the queue shows it."""

    id: int
    reason: str
    priority: int
    state: str
    borrower_name: str | None
    borrower_ref: str | None
    locale: str
    channel: str
    opened_at: datetime
    agent_id: int | None
    agent_name: str | None

    @property
    def is_waiting(self) -> bool:
        """True while nobody has taken it."""
        return self.state == "waiting"


@dataclass(frozen=True, slots=True)
class Tally:
    """What waits on the other pages: levels of the requests for approval, open complaints, calls to make."""

    approvals: tuple[Authority, ...] = ()
    complaints: int = 0
    calls: int = 0

    def approvals_for(self, level: Authority) -> int:
        """Return how many requests a level may decide."""
        return sum(may_decide(level, needed) for needed in self.approvals)


class Board:
    """The open hand-offs, most urgent first; pages subscribe and are woken when they change."""

    def __init__(self, grace: Grace, feed: Feed) -> None:
        self._grace = grace
        self._feed = feed
        self._listeners: set[asyncio.Event] = set()
        self._watch: asyncio.Task[None] | None = None
        # Reads go one at a time, so that an older one never overwrites a newer.
        self._reading = asyncio.Lock()
        self.entries: tuple[Entry, ...] = ()
        self.tally = Tally()

    async def read(self) -> tuple[Entry, ...]:
        """Read the queue now. Raises StorageError when the database is down."""
        async with self._reading:
            entries, tally = await asyncio.to_thread(self._look)
            if (entries, tally) != (self.entries, self.tally):
                self.entries, self.tally = entries, tally
                for event in self._listeners:
                    event.set()
            return entries

    def _look(self) -> tuple[tuple[Entry, ...], Tally]:
        grace = self._grace
        waiting = tuple(one.level for one in grace.approvals.waiting())
        tally = Tally(waiting, grace.complaints.due(), grace.call_list.due())
        return tuple(_entry(row) for row in grace.handoffs.queue()), tally

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[asyncio.Event]:
        """Hand out an event that is set whenever the queue changed; clear it, then read `entries`."""
        if self._watch is None or self._watch.done():
            self._watch = background_tasks.create(self._run(), name="watch the queue")
        event = asyncio.Event()
        event.set()
        self._listeners.add(event)
        try:
            yield event
        finally:
            self._listeners.discard(event)

    async def _run(self) -> None:
        async with self._feed.subscribe() as event:
            while True:
                await event.wait()
                event.clear()
                try:
                    await self.read()
                except StorageError as error:
                    log.warning("queue_waits", error=str(error))
                    event.set()
                    await asyncio.sleep(_OUTAGE)


def _entry(row: HandoffRow) -> Entry:
    return Entry(
        id=row.id,
        reason=row.reason,
        priority=row.priority,
        state=row.state,
        borrower_name=row.borrower.name if row.borrower else None,
        borrower_ref=row.borrower.ref if row.borrower else None,
        locale=row.conversation.locale,
        channel=row.conversation.channel,
        opened_at=row.opened_at,
        agent_id=row.agent_id,
        agent_name=row.agent.name if row.agent else None,
    )
