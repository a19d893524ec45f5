"""The gateway: every channel's messages in, one turn at a time to the assistant, every message out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace

import structlog

from bot.bootstrap import Grace
from bot.channels.assistant import Answer, Assistant, AssistantBroken, AssistantDown, AssistantStuck
from bot.channels.channel import Channel, Stores
from bot.channels.dispatch import Dispatcher, guarded
from bot.observing import logs, metrics, tracing
from bot.services.conversation import Incoming, Received
from bot.services.turns import Finished, Turn
from bot.storage.db import StorageError

log = structlog.get_logger()


class Gateway:
    """Runs in the app. All truth is in the database, so that any number of gateways may run."""

    def __init__(self, grace: Grace, assistant: Assistant, channels: Mapping[str, Channel]) -> None:
        self.grace = grace
        self.assistant = assistant
        self.channels = dict(channels)
        self.dispatcher = Dispatcher(grace, channels)
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._news: set[str] = set()
        self._sweeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the channels, and take up what an earlier process left."""
        await asyncio.to_thread(self.grace.turns.release_dead)
        for channel in self.channels.values():
            await channel.start(self)
        self._sweeper = asyncio.create_task(self._sweep())

    async def stop(self) -> None:
        """Stop receiving; what is stored and unanswered waits in the database."""
        for channel in self.channels.values():
            await channel.stop()
        tasks = [task for task in [self._sweeper, *self._workers.values()] if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.dispatcher.stop()

    async def receive(self, incoming: Incoming) -> Received:
        """Store a message and see to its answer. Raises StorageError when it could not be stored."""
        received = await asyncio.to_thread(self.grace.conversations.receive, incoming)
        metrics.RECEIVED.labels(incoming.channel, "yes" if received.duplicate else "no").inc()
        if received.needs_turn:
            self._news.add(received.conversation_id)
            self._work_on(received.conversation_id)
        elif not received.duplicate:
            # Not awaited: a channel that receives must not wait for what is being sent.
            self.dispatcher.soon(received.conversation_id)
        return received

    async def tap(self, channel: str, address: str, message_id: int, index: int) -> Received | None:
        """Take a tapped button; a second tap on it is a duplicate and does nothing."""
        incoming = await asyncio.to_thread(
            self.grace.conversations.tapped, channel, address, message_id, index
        )
        return None if incoming is None else await self.receive(incoming)

    async def wake(self) -> None:
        """Begin to hand over everything that is queued; returns without waiting for any channel."""
        await self.dispatcher.wake()

    async def idle(self) -> None:
        """Wait until no turn is being worked on and nothing is being sent."""
        while self._workers or self.dispatcher.running:
            tasks = [*self._workers.values(), *self.dispatcher.running]
            await asyncio.gather(*tasks, return_exceptions=True)

    def _work_on(self, conversation_id: str) -> None:
        if conversation_id in self._workers:
            return
        task = asyncio.create_task(self._work(conversation_id))
        self._workers[conversation_id] = task
        task.add_done_callback(lambda _: self._retire(conversation_id))

    def _retire(self, conversation_id: str) -> None:
        task = self._workers.pop(conversation_id)
        if conversation_id in self._news and not task.cancelled():
            # Written in the instant between the worker's last look and its end.
            self._work_on(conversation_id)

    async def _work(self, conversation_id: str) -> None:
        """Answer a conversation's messages, turn by turn, until none is left."""
        try:
            while True:
                if conversation_id in self._news:
                    self._news.discard(conversation_id)
                    await asyncio.sleep(self.grace.kit.settings.burst)
                turn = await asyncio.to_thread(self.grace.turns.claim, conversation_id)
                if turn is None and conversation_id not in self._news:
                    break
                if turn is None:
                    continue
                taken = await self._take(turn)
                if taken is None:
                    break
                if not taken.more and conversation_id not in self._news:
                    return
            await self.dispatcher.answer(conversation_id)
        except StorageError as error:
            log.warning("turn_waits", conversation=conversation_id, error=error)
        except Exception:
            # One conversation's fault must not be silent, nor stop the others.
            log.exception("turn_failed", conversation=conversation_id)

    async def _take(self, turn: Turn) -> Finished | None:
        """Have one turn answered; its id goes with it through all processes, in their logs and traces.

        Return what it left, None when it waits to be asked again.
        """
        start = time.perf_counter()
        with (
            logs.bound_contextvars(turn=turn.id, conversation=turn.conversation_id),
            metrics.timed(metrics.TURN_SECONDS),
            tracing.span("turn", turn=turn.id, conversation=turn.conversation_id),
        ):
            outcome, finished = await self._serve(turn)
            metrics.TURNS.labels(turn.channel, outcome).inc()
            log.info("turn_taken", outcome=outcome, seconds=round(time.perf_counter() - start, 4))
            if turn.channel in self.channels:
                orders = isinstance(self.channels[turn.channel], Stores)
                self.dispatcher.hand_over(turn.conversation_id, finished.waiting, in_any_order=orders)
        return None if outcome == "down" else finished

    async def _serve(self, turn: Turn) -> tuple[str, Finished]:
        """Return how it ended and what it left.

        Answered, down (asked again later), or given to people: given_up, broken.
        """
        try:
            with metrics.timed(metrics.ASSISTANT_SECONDS):
                answer = await self.assistant.turn(turn)
        except AssistantDown as error:
            log.warning("assistant_down", error=error)
            stuck = isinstance(error, AssistantStuck)
            given_up = await asyncio.to_thread(self.grace.turns.fail, turn, own_fault=stuck)
            if given_up:
                log.error("turn_given_up")
            return ("given_up" if given_up else "down"), Finished()
        except AssistantBroken as error:
            log.error("turn_broken", error=error)
            await asyncio.to_thread(self.grace.turns.abandon, turn)
            return "broken", Finished()
        if not answer.understood:
            metrics.FALLBACKS.inc()
        with tracing.span("store answer"):
            channel = self.channels.get(turn.channel)
            stores = channel if isinstance(channel, Stores) else None
            finished = await asyncio.to_thread(self._finish, turn, answer, stored=stores is not None)
        if finished.sent and stores is not None:
            stores.stored(turn.conversation_id)
            metrics.SENDS.labels(turn.channel, "sent").inc()
        return "answered", finished

    def _finish(self, turn: Turn, answer: Answer, *, stored: bool) -> Finished:
        reply = answer.reply
        if turn.context["cut"]:
            note = self.grace.kit.texts.render("utter_too_long", turn.context["locale"]).text
            reply = replace(reply, text=f"{note}\n\n{reply.text}")
        return self.grace.turns.finish(
            turn,
            reply,
            expected=answer.expected,
            understood=answer.understood,
            reading=answer.reading,
            stored=stored,
        )

    async def _sweep(self) -> None:
        """Take up, now and then, what no event will: kept messages, queued ones, traces of a crash."""
        while True:
            await guarded(self._look_around)
            await asyncio.sleep(self.grace.kit.settings.rasa_retry)

    async def _look_around(self) -> None:
        for conversation_id in await asyncio.to_thread(self.grace.turns.waiting):
            self._work_on(conversation_id)
        await self.dispatcher.look_around()
