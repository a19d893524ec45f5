"""The gateway: every channel's messages in, one turn at a time to the assistant, every message out."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import replace

import structlog

from bot.bootstrap import Grace
from bot.channels.assistant import Answer, Assistant, AssistantBroken, AssistantDown, AssistantStuck
from bot.channels.channel import Channel, Delivery
from bot.services.conversation import Incoming, Received
from bot.services.outbox import Outgoing
from bot.services.turns import Turn
from bot.storage.db import StorageError

log = structlog.get_logger()


class Gateway:
    """Runs in the app. All truth is in the database, so that any number of gateways may run."""

    def __init__(self, grace: Grace, assistant: Assistant, channels: Mapping[str, Channel]) -> None:
        self.grace = grace
        self.assistant = assistant
        self.channels = dict(channels)
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._news: set[str] = set()
        self._due: dict[str, set[int]] = {}
        self._put_back: set[str] = set()
        self._background: set[asyncio.Task[None]] = set()
        self._handing: set[asyncio.Task[bool]] = set()
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
        tasks = [task for task in [self._sweeper, *self._workers.values(), *self._background] if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # A message in a channel's hands gets its outcome recorded before the process ends.
        await asyncio.gather(*self._handing, return_exceptions=True)

    async def receive(self, incoming: Incoming) -> Received:
        """Store a message and see to its answer. Raises StorageError when it could not be stored."""
        received = await asyncio.to_thread(self.grace.conversations.receive, incoming)
        if received.needs_turn:
            self._news.add(received.conversation_id)
            self._work_on(received.conversation_id)
        elif not received.duplicate:
            # Not awaited: a channel that receives must not wait for what is being sent.
            self._in_background(self.wake())
        return received

    async def tap(self, channel: str, address: str, message_id: int, index: int) -> Received | None:
        """Take a tapped button; a second tap on it is a duplicate and does nothing."""
        incoming = await asyncio.to_thread(
            self.grace.conversations.tapped, channel, address, message_id, index
        )
        return None if incoming is None else await self.receive(incoming)

    async def wake(self) -> None:
        """Begin to hand over everything that is queued, in order within each conversation.

        Returns without waiting for any channel: a slow chat keeps nobody else.
        """
        for channel in self.channels:
            # One by one: what piles up for a channel that is down must not hide what waits for another.
            queued = await asyncio.to_thread(self.grace.outbox.queued, (channel,))
            for message_id, conversation_id in queued:
                self._hand_over(conversation_id, message_id)

    def _hand_over(self, conversation_id: str, message_id: int) -> None:
        if conversation_id in self._due:
            self._due[conversation_id].add(message_id)
        elif conversation_id not in self._put_back:
            self._due[conversation_id] = {message_id}
            self._in_background(self._send_all(conversation_id))

    async def idle(self) -> None:
        """Wait until no turn is being worked on and nothing is being sent."""
        while self._workers or self._background:
            await asyncio.gather(*self._workers.values(), *self._background, return_exceptions=True)

    def _in_background(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(_guarded(work))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

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
                if turn is not None and not await self._take(turn):
                    break
            await self.wake()
        except StorageError as error:
            log.warning("turn_waits", conversation=conversation_id, error=str(error))
        except Exception:
            # One conversation's fault must not be silent, nor stop the others.
            log.exception("turn_failed", conversation=conversation_id)

    async def _take(self, turn: Turn) -> bool:
        try:
            answer = await self.assistant.turn(turn)
        except AssistantDown as error:
            log.warning("assistant_down", conversation=turn.conversation_id, error=str(error))
            stuck = isinstance(error, AssistantStuck)
            given_up = await asyncio.to_thread(self.grace.turns.fail, turn, own_fault=stuck)
            if given_up:
                log.error("turn_given_up", conversation=turn.conversation_id, turn=turn.id)
            return given_up
        except AssistantBroken as error:
            log.error("turn_broken", conversation=turn.conversation_id, turn=turn.id, error=str(error))
            await asyncio.to_thread(self.grace.turns.abandon, turn)
            return True
        await asyncio.to_thread(self._finish, turn, answer)
        await self.wake()
        return True

    def _finish(self, turn: Turn, answer: Answer) -> None:
        reply = answer.reply
        if turn.context["cut"]:
            note = self.grace.kit.texts.render("utter_too_long", turn.context["locale"]).text
            reply = replace(reply, text=f"{note}\n\n{reply.text}")
        self.grace.turns.finish(
            turn,
            reply,
            expected=answer.expected,
            understood=answer.understood,
            reading=answer.reading,
        )

    async def _send_all(self, conversation_id: str) -> None:
        """Hand over a conversation's messages one by one, those too that `wake` adds meanwhile."""
        due = self._due[conversation_id]
        try:
            while due:
                message_id = min(due)
                due.remove(message_id)
                handing = asyncio.create_task(self._send(message_id))
                self._handing.add(handing)
                handing.add_done_callback(self._handing.discard)
                if not await asyncio.shield(handing):
                    # What was read of the queue meanwhile lacks this message: the next sweep looks anew.
                    self._put_back.add(conversation_id)
                    return
        finally:
            del self._due[conversation_id]

    async def _send(self, message_id: int) -> bool:
        message = await asyncio.to_thread(self.grace.outbox.claim, message_id)
        if message is None:
            return True
        delivery = await self._hand(message)
        await asyncio.to_thread(self.grace.outbox.settle, message_id, delivery.outcome, delivery.detail)
        if delivery.outcome != "sent":
            log.warning("not_sent", message=message_id, outcome=delivery.outcome, detail=delivery.detail)
        return delivery.outcome != "later"

    async def _hand(self, message: Outgoing) -> Delivery:
        """Give a message to its channel, with the paper that it carries."""
        channel = self.channels[message.channel]
        if message.carries_paper:
            if not channel.carries_files:
                return Delivery("cancelled", "the channel carries no files")
            try:
                file = await asyncio.to_thread(self.grace.papers.file, message.id)
            except StorageError:
                return Delivery("later", "the paper cannot be kept now")
            except Exception as error:
                log.exception("paper_failed", message=message.id)
                return Delivery("failed", f"paper: {type(error).__name__}")
            message = replace(message, file=file)
        try:
            return await channel.send(message)
        except Exception as error:
            # A channel does not raise. If one does, nobody knows how far the message went.
            log.exception("channel_failed", message=message.id, channel=message.channel)
            return Delivery("uncertain", type(error).__name__)

    async def _sweep(self) -> None:
        """Take up, now and then, what no event will: kept messages, queued ones, traces of a crash."""
        replayable = tuple(name for name, channel in self.channels.items() if channel.replayable)
        while True:
            await _guarded(self._look_around(replayable))
            await asyncio.sleep(self.grace.kit.settings.rasa_retry)

    async def _look_around(self, replayable: tuple[str, ...]) -> None:
        for conversation_id in await asyncio.to_thread(self.grace.turns.waiting):
            self._work_on(conversation_id)
        await asyncio.to_thread(self.grace.outbox.recover, replayable)
        self._put_back.clear()
        await self.wake()


async def _guarded(work: Coroutine[None, None, None]) -> None:
    """Run what nobody waits for: a fault is logged, and the next sweep takes up what it left."""
    try:
        await work
    except StorageError as error:
        log.warning("gateway_waits", error=str(error))
    except Exception:
        log.exception("gateway_failed")
