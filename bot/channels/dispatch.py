"""Everything out: queued messages go to their channels, in order within a conversation, at a pace."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

import structlog

from bot.bootstrap import Grace
from bot.channels.channel import Channel, Delivery
from bot.channels.together import Together
from bot.observing import metrics
from bot.services.outbox import Outgoing, Settlement
from bot.storage.db import StorageError

log = structlog.get_logger()

_MOST_ANSWERS = 200
_LONGEST_WAIT = 0.5


class Dispatcher:
    """Hands messages over. All truth is in the database, so that any number may run, in any process."""

    def __init__(self, grace: Grace, channels: Mapping[str, Channel]) -> None:
        self.grace = grace
        self.channels = dict(channels)
        self._due: dict[str, set[int]] = {}
        self._bulk: dict[str, set[int]] = {name: set() for name in channels}
        self._more: set[str] = set()
        self._put_back: set[str] = set()
        self._background: set[asyncio.Task[None]] = set()
        self._handing: set[asyncio.Task[bool]] = set()
        self._stopping = False
        self._in_hand: set[int] = set()
        self._unanswered: dict[str, frozenset[int]] = {}
        self._claim = Together(self._claim_all)
        self._settle = Together(self._settle_all)

    @property
    def running(self) -> set[asyncio.Task[None]]:
        """What is being handed over now."""
        return self._background

    async def stop(self) -> None:
        """Take up nothing more; what a channel has in its hands gets its outcome recorded first."""
        self._stopping = True
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await asyncio.gather(*self._handing, return_exceptions=True)

    async def wake(self) -> None:
        """Begin to hand over everything that is queued, in order within each conversation.

        Returns without waiting for any channel: a slow chat keeps nobody else.
        """
        for name in self.channels:
            # One by one: what piles up for a channel that is down must not hide what waits for another.
            await self._draw(name)

    async def answer(self, conversation_id: str) -> None:
        """Begin to hand over what is queued in one conversation, besides what the lender starts."""
        queued = partial(self.grace.outbox.queued, tuple(self.channels), conversation=conversation_id)
        for message_id, _ in await asyncio.to_thread(queued, _MOST_ANSWERS, in_bulk=False):
            self._hand_over(conversation_id, message_id)

    def hand_over(
        self, conversation_id: str, message_ids: Iterable[int], *, in_any_order: bool = False
    ) -> None:
        """Begin to hand over messages that are known to be queued in a conversation.

        `in_any_order` says that their readers order them by themselves: they go side by side.
        """
        for message_id in message_ids:
            self._hand_over(conversation_id, message_id, in_any_order=in_any_order)

    def soon(self, conversation_id: str) -> None:
        """Begin to hand over what is queued in a conversation, without waiting for the database."""
        self.in_background(partial(self.answer, conversation_id))

    async def look_around(self) -> None:
        """Take up what no event will: queued messages, those put back, traces of a crash."""
        await asyncio.to_thread(self._take_back)
        replayable = tuple(name for name, channel in self.channels.items() if channel.replayable)
        await asyncio.to_thread(self.grace.outbox.recover, replayable, frozenset(self._in_hand))
        self._put_back.clear()
        await self.wake()

    def in_background(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run what nobody waits for; it is called in its task: one cancelled before awaits nothing."""
        task = asyncio.create_task(guarded(work))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _draw(self, name: str) -> None:
        """Take up what waits for a channel: every answer, and as many reminders as its hands hold."""
        queued = partial(self.grace.outbox.queued, (name,))
        for message_id, conversation_id in await asyncio.to_thread(queued, _MOST_ANSWERS, in_bulk=False):
            self._hand_over(conversation_id, message_id)
        most, held = self.channels[name].in_hand, self._bulk[name]
        waiting = await asyncio.to_thread(queued, most, in_bulk=True)
        if len(waiting) == most:
            self._more.add(name)
        for message_id, conversation_id in waiting:
            if len(held) < most and message_id not in held and self._hand_over(conversation_id, message_id):
                held.add(message_id)

    def _hand_over(self, conversation_id: str, message_id: int, *, in_any_order: bool = False) -> bool:
        if conversation_id in self._put_back:
            return False
        if conversation_id in self._due:
            self._due[conversation_id].add(message_id)
            return True
        self._due[conversation_id] = {message_id}
        self.in_background(partial(self._send_all, conversation_id, in_any_order=in_any_order))
        return True

    async def _send_all(self, conversation_id: str, *, in_any_order: bool = False) -> None:
        """Hand over a conversation's messages one by one, those too that `wake` adds meanwhile.

        With `in_any_order` all that are due go at once, and are claimed and recorded together.
        """
        due = self._due[conversation_id]
        taken: list[int] = []
        try:
            while due:
                taken = sorted(due) if in_any_order else [min(due)]
                due.difference_update(taken)
                if not all(await asyncio.gather(*map(self._shielded, taken))):
                    # What was read of the queue meanwhile lacks a message: the next sweep looks anew.
                    self._put_back.add(conversation_id)
                    return
                for message_id in taken:
                    self._released(message_id)
        finally:
            del self._due[conversation_id]
            for left in {*due, *taken}:
                self._released(left)

    async def _shielded(self, message_id: int) -> bool:
        """Send a message to its end, even when whoever asked for it is stopped."""
        handing = asyncio.create_task(self._send(message_id))
        self._handing.add(handing)
        handing.add_done_callback(self._handing.discard)
        return await asyncio.shield(handing)

    def _released(self, message_id: int | None) -> None:
        """Fill a channel's hands again when they are half empty and more is waiting."""
        for name, held in self._bulk.items():
            if message_id in held:
                held.remove(message_id)
                if name in self._more and len(held) <= self.channels[name].in_hand // 2:
                    self._more.remove(name)
                    self.in_background(partial(self._draw, name))

    async def _send(self, message_id: int) -> bool:
        message = await self._claim(message_id)
        while isinstance(message, float):
            # Nothing is claimed yet: whoever stops now leaves it in the queue.
            if self._stopping:
                return False
            await asyncio.sleep(min(message, _LONGEST_WAIT))
            message = await self._claim(message_id)
        if message is None:
            return True
        self._in_hand.add(message_id)
        try:
            delivery = await self._hand(message)
            metrics.SENDS.labels(message.channel, delivery.outcome).inc()
            fate = Settlement(message_id, delivery.outcome, delivery.detail, delivery.wait, message.claim)
            await self._put_on_record(fate)
        finally:
            self._in_hand.discard(message_id)
        if delivery.outcome != "sent":
            log.warning("not_sent", message=message_id, outcome=delivery.outcome)
        return delivery.outcome != "later"

    async def _hand(self, message: Outgoing) -> Delivery:
        """Give a message to its channel, with what it carries."""
        channel = self.channels[message.channel]
        if message.carries is not None:
            if not channel.carries_files:
                return Delivery("cancelled", "the channel carries no files")
            try:
                read = self.grace.papers.file if message.carries == "paper" else self.grace.files.carried
                file = await asyncio.to_thread(read, message.id)
            except StorageError:
                return Delivery("later", "what it carries cannot be had now")
            except Exception as error:
                log.exception("file_failed", message=message.id)
                return Delivery("failed", f"{message.carries}: {type(error).__name__}")
            message = replace(message, file=file)
        try:
            return await channel.send(message)
        except Exception as error:
            # A channel does not raise. If one does, nobody knows how far the message went.
            log.exception("channel_failed", message=message.id, channel=message.channel)
            return Delivery("uncertain", type(error).__name__)

    async def _put_on_record(self, settlement: Settlement) -> None:
        """Record an outcome, however long the database is away: it is known here and nowhere else."""
        while True:
            try:
                await self._settle(settlement)
                return
            except StorageError as error:
                log.warning("outcome_waits", message=settlement.message_id, error=error)
                if self._stopping:
                    return
                await asyncio.sleep(_LONGEST_WAIT)

    def _claim_all(self, message_ids: list[int]) -> dict[int, Outgoing | float]:
        """Claim messages together; those that the pace keeps back get the seconds to wait."""
        rates = {name: one.rate for name, one in self.channels.items() if one.rate is not None}
        claim = uuid.uuid4().hex
        try:
            claimed = self.grace.outbox.claim_many(message_ids, rates, claim)
        except Exception:
            # Committed or not, nothing of it has been handed over, and only this process knows that.
            self._unanswered[claim] = frozenset(message_ids)
            raise
        return {**claimed.taken, **dict.fromkeys(claimed.later, claimed.wait)}

    def _take_back(self) -> None:
        """Queue again what claims took whose end this process never learnt. Raises StorageError."""
        for claim, message_ids in list(self._unanswered.items()):
            locked = self.grace.outbox.take_back(claim, message_ids)
            if locked:
                self._unanswered[claim] = locked
            else:
                del self._unanswered[claim]

    def _settle_all(self, settlements: list[Settlement]) -> dict[Settlement, None]:
        self.grace.outbox.settle_many(settlements)
        return {}


async def guarded(work: Callable[[], Awaitable[None]]) -> None:
    """Run what nobody waits for: a fault is logged, and the next sweep takes up what it left."""
    try:
        await work()
    except StorageError as error:
        log.warning("gateway_waits", error=error)
    except Exception:
        log.exception("gateway_failed")
