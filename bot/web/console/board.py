"""The live queue: read once for all open pages, whenever something was written and as time goes by."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import structlog
from nicegui import background_tasks

from bot.bootstrap import Grace
from bot.domain.approvals import may_decide
from bot.domain.policy import Authority
from bot.services.desk.presence import AgentView
from bot.services.desk.queue import QueueEntry
from bot.services.desk.watching import Viewer
from bot.storage.db import StorageError
from bot.web.feed import Feed

log = structlog.get_logger()

_OUTAGE = 1.0
_ANYWAY = 4.0
"""Seconds after which it is read though nothing was written: who looks, who is there, what runs late."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What waits on the other pages.

    Levels of what waits for approval, open complaints, calls to make, who marked the payments to check.
    """

    approvals: tuple[Authority, ...] = ()
    complaints: int = 0
    calls: int = 0
    payments: tuple[int, ...] = ()

    def approvals_for(self, level: Authority) -> int:
        """Return how many requests a level may decide."""
        return sum(may_decide(level, needed) for needed in self.approvals)


@dataclass(frozen=True, slots=True)
class Sight:
    """Everything that the board shows at one instant."""

    entries: tuple[QueueEntry, ...] = ()
    tally: Tally = field(default_factory=Tally)
    agents: tuple[AgentView, ...] = ()
    viewers: Mapping[int, tuple[Viewer, ...]] = field(default_factory=dict)


class Board:
    """The open hand-offs, most urgent first; pages subscribe and are woken when something changed."""

    def __init__(self, grace: Grace, feed: Feed) -> None:
        self._grace = grace
        self._feed = feed
        self._listeners: set[asyncio.Event] = set()
        self._watch: asyncio.Task[None] | None = None
        # Reads go one at a time, so that an older one never overwrites a newer.
        self._reading = asyncio.Lock()
        self.sight = Sight()

    @property
    def entries(self) -> tuple[QueueEntry, ...]:
        """The queue as it was last read."""
        return self.sight.entries

    @property
    def tally(self) -> Tally:
        """What waited elsewhere when it was last read."""
        return self.sight.tally

    def agent(self, agent_id: int) -> AgentView | None:
        """Return a colleague as they were last seen."""
        return next((one for one in self.sight.agents if one.id == agent_id), None)

    async def read(self) -> tuple[QueueEntry, ...]:
        """Read the board now. Raises StorageError when the database is down."""
        async with self._reading:
            sight = await asyncio.to_thread(self._look)
            if sight != self.sight:
                self.sight = sight
                for event in self._listeners:
                    event.set()
            return sight.entries

    def _look(self) -> Sight:
        grace = self._grace
        waiting = grace.approvals.due() + grace.notices.due()
        tally = Tally(waiting, grace.complaints.due(), grace.call_list.due(), grace.paid.due())
        return Sight(grace.queue.entries(), tally, grace.presence.agents(), grace.watching.viewers())

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[asyncio.Event]:
        """Hand out an event that is set whenever the board changed; clear it, then read `sight`."""
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
                with suppress(TimeoutError):
                    await asyncio.wait_for(event.wait(), _ANYWAY)
                event.clear()
                if not self._listeners:
                    continue
                try:
                    await self.read()
                except StorageError as error:
                    log.warning("queue_waits", error=error)
                    event.set()
                    await asyncio.sleep(_OUTAGE)
