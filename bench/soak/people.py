"""Simulated borrowers on the chat page's own protocol, and agents on the services; each keeps what it did."""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import select
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from bench.soak.site import Site
from bench.turns import DIALOGUES
from bot.bootstrap import Grace
from bot.domain.handoff import Outcome
from bot.services.rights import NotAllowed
from bot.storage.db import StorageError
from bot.storage.tables import HandoffRow

# A day of theirs, and now and then what takes them to people, or to a promise.
SAID = {
    "zh_CN": (*DIALOGUES["zh_CN"], "我要投诉", "转人工", "下周五还"),
    "en": (*DIALOGUES["en"], "I want to talk to a person", "I will pay next Friday"),
}
_PATIENCE = 20.0


@dataclass
class Borrower:
    """A page that sends what was not acknowledged again, under the same id, to whichever app answers."""

    site: Site
    ref: str
    locale: str
    rng: random.Random
    think: float
    sent: list[str] = field(default_factory=list)
    acked: dict[str, int] = field(default_factory=dict)
    broken: int = 0
    _cookie: str = ""
    _outbox: list[dict[str, Any]] = field(default_factory=list)
    _buttons: list[tuple[int, int]] = field(default_factory=list)

    async def live(self, grace: Grace, until: asyncio.Event) -> None:
        """Chat until told to end, then see to it that all that was said is acknowledged."""
        await asyncio.sleep(self.rng.uniform(0, self.think))
        while not self._cookie:
            await self._sign_in(grace)
        while not (until.is_set() and not self._outbox):
            try:
                await self._visit(until)
            except (OSError, WebSocketException, TimeoutError):
                self.broken += 1
                await asyncio.sleep(self.rng.uniform(0.2, 1.0))

    async def _sign_in(self, grace: Grace) -> None:
        token = await asyncio.to_thread(grace.links.issue, self.ref, "webchat")
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=_PATIENCE) as web:
                answer = await web.post(f"{self.rng.choice(self.site.apps)}/chat/l/{token}")
            self._cookie = answer.headers["set-cookie"].split(";")[0]
        except (httpx.HTTPError, KeyError):
            await asyncio.sleep(1)

    async def _visit(self, until: asyncio.Event) -> None:
        url = self.rng.choice(self.site.apps).replace("http", "ws", 1) + "/chat/ws"
        async with connect(
            url, additional_headers={"Cookie": self._cookie}, proxy=None, open_timeout=_PATIENCE
        ) as line:
            await line.send(json.dumps({"type": "hello", "after": max(self.acked.values(), default=0)}))
            hearing = asyncio.create_task(self._hear(line))
            try:
                while not (until.is_set() and not self._outbox):
                    if not self._outbox:
                        pause = self.rng.expovariate(1 / self.think)
                        await asyncio.wait({hearing}, timeout=pause)
                        if hearing.done() or until.is_set():
                            break
                        self._say()
                    await self._deliver(line, hearing)
                    if self.rng.random() < 0.1:
                        break
                if hearing.done():
                    hearing.result()
            finally:
                hearing.cancel()

    def _say(self) -> None:
        """Put the next thing to say into the outbox: one at a time, so that order can be told."""
        name = f"{self.ref}-{len(self.sent):04d}"
        if self._buttons and self.rng.random() < 0.3:
            seq, index = self._buttons[-1]
            frame: dict[str, Any] = {"type": "tap", "seq": seq, "index": index}
            self._buttons.clear()
        else:
            frame = {"type": "message", "text": self.rng.choice(SAID[self.locale])}
            self.sent.append(name)
        frame["client_id"] = name
        self._outbox.append(frame)

    async def _deliver(self, line: ClientConnection, hearing: asyncio.Task[None]) -> None:
        frame = self._outbox[0]
        await line.send(json.dumps(frame))
        end = asyncio.get_running_loop().time() + _PATIENCE
        while self._outbox and asyncio.get_running_loop().time() < end:
            await asyncio.wait({hearing}, timeout=0.05)
            if hearing.done():
                hearing.result()
                raise TimeoutError
        if self._outbox:
            raise TimeoutError

    async def _hear(self, line: ClientConnection) -> None:
        async for raw in line:
            got = json.loads(raw)
            if got["type"] == "ack" and self._outbox and got["client_id"] == self._outbox[0]["client_id"]:
                frame = self._outbox.pop(0)
                if frame["type"] == "message":
                    self.acked[got["client_id"]] = got["seq"]
            elif got["type"] == "error" and self._outbox and self._outbox[0]["type"] == "tap":
                # The button is spent: nothing was said.
                self._outbox.pop(0)
            elif got["type"] == "message" and got["buttons"] and got["used"] is None:
                self._buttons.append((got["seq"], self.rng.randrange(len(got["buttons"]))))


async def work(grace: Grace, agent: int, rng: random.Random, until: asyncio.Event) -> int:
    """Be an agent: take cases, answer, close them, give conversations back; return how many were closed."""
    closed = 0
    while not until.is_set():
        await asyncio.sleep(rng.uniform(0.5, 3.0))
        try:
            closed += await asyncio.to_thread(_one_case, grace, agent, rng)
        except (NotAllowed, StorageError):
            continue
    return closed


def _one_case(grace: Grace, agent: int, rng: random.Random) -> int:
    with grace.kit.db.begin() as session:
        waiting = session.scalars(
            select(HandoffRow.id).where(HandoffRow.state == "waiting").order_by(HandoffRow.id).limit(20)
        ).all()
    if not waiting:
        return 0
    case = rng.choice(waiting)
    if not grace.handoffs.claim(case, agent).won:
        return 0
    grace.handoffs.reply(case, agent, "您好，我来帮您看一下。", key=f"soak:{case}:{agent}")
    grace.handoffs.close(case, agent, Outcome.RESOLVED, to_bot=True)
    return 1
