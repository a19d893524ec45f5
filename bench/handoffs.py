"""Conversations handed over at random instants in the midst of bot turns, twice each: who spoke after that?

`python -m bench.handoffs 1000 [SEED]` runs against Rasa with the trained model on SQLite.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sqlalchemy import create_engine, select, text

from bot.bootstrap import Grace
from bot.channels.assistant import Answer, Assistant
from bot.channels.channel import Delivery, Door
from bot.channels.gateway import Gateway
from bot.domain.handoff import HandoffReason, Outcome
from bot.services.conversation import Incoming
from bot.services.outbox import Outgoing
from bot.services.turns import Turn
from bot.storage.tables import Agent, Message
from tests.factory import make_borrower
from tests.stack import running

AT_ONCE = 8
TIMES = 2
_GLANCE = 0.05
# The first brings slots, the others turns to be interrupted.
SAID = ("我下周五还两千", "我还欠多少", "怎么还款", "能分期吗", "要是逾期会怎么样")
_OF_THE_TURN = frozenset({"requested_slot", "turn_ended", "turn_locale"})


class Speaks(Protocol):
    """What the gateway asks for an answer."""

    async def turn(self, turn: Turn) -> Answer:
        """Answer a turn."""
        ...


class Witness:
    """A channel that notes when it is given each message, and takes its time to send it."""

    rate: float | None = None
    in_hand = 200
    replayable = False
    carries_files = True
    name = "webchat"

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.given: list[tuple[float, Outgoing]] = []

    async def start(self, door: Door) -> None:
        """Nothing to begin."""

    async def stop(self) -> None:
        """Nothing to end."""

    async def send(self, message: Outgoing) -> Delivery:
        """Note when sending begins and when it ends."""
        await asyncio.sleep(self._rng.uniform(0, 0.02))
        self.given.append((time.perf_counter(), message))
        return Delivery("sent")


@dataclass
class Found:
    """What came of it: conversations, hand-offs, those that met a turn, words after them, slots lost."""

    conversations: int = 0
    handoffs: int = 0
    in_a_turn: int = 0
    kept_back: int = 0
    said_after: list[int] = field(default_factory=list)
    slots_lost: list[str] = field(default_factory=list)


class Trial:
    """Hands conversations over. `slots` reads what the dialogue remembers of one."""

    def __init__(self, grace: Grace, assistant: Speaks, rng: random.Random, longest: float) -> None:
        self.grace, self.rng, self.longest = grace, rng, longest
        self.line = Witness(rng)
        self.gateway = Gateway(grace, assistant, {"webchat": self.line})  # type: ignore[arg-type]
        self.agent = _agent(grace)
        self.found = Found()

    async def run(self, count: int, at_once: int = AT_ONCE) -> Found:
        """Hand `count` conversations over, so many at a time."""
        await self.gateway.start()
        gate = asyncio.Semaphore(at_once)

        async def one() -> None:
            async with gate:
                await self._one()

        try:
            await asyncio.gather(*(one() for _ in range(count)))
            await self.gateway.idle()
        finally:
            await self.gateway.stop()
        self._count_kept_back()
        return self.found

    async def _one(self) -> None:
        ref = await asyncio.to_thread(make_borrower, self.grace)
        conversation = await asyncio.to_thread(self.grace.conversations.ensure, "webchat", ref)
        await asyncio.to_thread(self.grace.identity.vouch, conversation, "bench")
        self.found.conversations += 1
        await self._say(ref, SAID[0])
        await self._settled(conversation)
        before = await asyncio.to_thread(self.slots, conversation)
        for _ in range(TIMES):
            await self._hand_over(ref, conversation)
        after = await asyncio.to_thread(self.slots, conversation)
        self.found.slots_lost += [
            f"{name} of {conversation}" for name, value in before.items() if after.get(name) != value
        ]

    async def _hand_over(self, ref: str, conversation: str) -> None:
        for _ in range(self.rng.randint(1, 2)):
            await self._say(ref, self.rng.choice(SAID[1:]))
        await asyncio.sleep(self.rng.uniform(0, self.longest))
        handoffs, steps_in = self.grace.handoffs, self.rng.random() < 0.5
        unanswered = await asyncio.to_thread(self._unanswered, conversation)
        if steps_in:
            number = await asyncio.to_thread(handoffs.take_over, conversation, self.agent)
        else:
            number = await asyncio.to_thread(
                handoffs.open, conversation, HandoffReason.ASKED, cause="bench", actor="bench"
            )
        instant = time.perf_counter()
        self.found.handoffs += 1
        self.found.in_a_turn += unanswered
        await self._say(ref, self.rng.choice(SAID[1:]))
        await asyncio.to_thread(handoffs.reply, number, self.agent, "您好，我来帮您看看。")
        await self._settled(conversation)
        await asyncio.sleep(self.rng.uniform(0, self.longest))
        until = time.perf_counter()
        self.found.said_after += await asyncio.to_thread(self._spoken, conversation, instant, until)
        await asyncio.to_thread(handoffs.close, number, self.agent, Outcome.RESOLVED, "bench")

    async def _say(self, ref: str, words: str) -> None:
        await self.gateway.receive(Incoming("webchat", ref, f"bench:{uuid.uuid4()}", words))

    async def _settled(self, conversation: str) -> None:
        """Wait until a conversation's messages are answered and its answers have left."""
        while await asyncio.to_thread(self._unanswered, conversation):
            await asyncio.sleep(_GLANCE)
        await self.gateway.wake()
        while await asyncio.to_thread(self._on_its_way, conversation):
            await asyncio.sleep(_GLANCE)

    def _unanswered(self, conversation: str) -> bool:
        return self._any(conversation, "in", ("received",))

    def _on_its_way(self, conversation: str) -> bool:
        return self._any(conversation, "out", ("queued", "sending"))

    def _any(self, conversation: str, direction: str, states: tuple[str, ...]) -> bool:
        with self.grace.kit.db.begin() as session:
            chosen = select(Message.id).where(
                Message.conversation_id == conversation,
                Message.direction == direction,
                Message.state.in_(states),
            )
            return session.scalars(chosen.limit(1)).first() is not None

    def _spoken(self, conversation: str, since: float, until: float) -> list[int]:
        """The bot's own words that the channel was given between two instants."""
        given = [
            one.id
            for at, one in self.line.given
            if one.conversation_id == conversation and since < at <= until and one.initiator == "bot"
        ]
        with self.grace.kit.db.begin() as session:
            chosen = select(Message.id).where(Message.id.in_(given), Message.purpose != "handoff")
            return list(session.scalars(chosen))

    def _count_kept_back(self) -> None:
        with self.grace.kit.db.begin() as session:
            chosen = select(Message.id).where(Message.initiator == "bot", Message.state == "cancelled")
            self.found.kept_back = len(session.scalars(chosen).all())

    def slots(self, conversation: str) -> dict[str, object]:
        """Return what the dialogue remembers; a stand-in without a memory has nothing to lose."""
        return {}


class RasaTrial(Trial):
    """The same, with Rasa's own memory looked into."""

    def slots(self, conversation: str) -> dict[str, object]:
        """Return what Rasa remembers of a chat, but for what belongs to one turn alone."""
        engine = create_engine(self.grace.kit.settings.tracker_url)
        with engine.connect() as connection:
            stored = connection.execute(
                text("SELECT data FROM events WHERE sender_id = :chat AND type_name = 'slot' ORDER BY id"),
                {"chat": conversation},
            ).all()
        engine.dispose()
        found = {event["name"]: event["value"] for (data,) in stored for event in [json.loads(data)]}
        return {
            name: value for name, value in found.items() if value is not None and name not in _OF_THE_TURN
        }


def _agent(grace: Grace) -> int:
    with grace.kit.db.begin() as session:
        agent = Agent(
            login=f"bench-{uuid.uuid4().hex[:8]}",
            name="李敏",
            role="agent",
            password_hash="-",
            created_at=grace.kit.clock.now(),
        )
        session.add(agent)
        session.flush()
        return agent.id


def measure(count: int, seed: int = 6) -> Found:
    """Hand `count` conversations over while Rasa answers them, at instants that `seed` chooses."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), "rasa", "actions") as stack:

        async def run() -> Found:
            assistant = Assistant(stack.settings)
            try:
                return await RasaTrial(stack.grace, assistant, random.Random(seed), 0.25).run(count)
            finally:
                await assistant.close()

        return asyncio.run(run())


if __name__ == "__main__":
    begun = time.perf_counter()
    given = [int(one) for one in sys.argv[1:]] or [1000]
    result = measure(*given[:2])
    print(
        f"{result.conversations} conversations, {result.handoffs} hand-offs, {result.in_a_turn} of them in "
        f"the midst of a turn, {result.kept_back} messages of the bot kept back, "
        f"{len(result.said_after)} said after the instant, {len(result.slots_lost)} slots lost, "
        f"{time.perf_counter() - begun:.0f} s"
    )
    sys.exit(1 if result.said_after or result.slots_lost else 0)
