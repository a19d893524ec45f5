"""Killing any one process loses nothing and doubles nothing."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from bot.storage.tables import Conversation, HandoffRow, Message, Plan
from tests.conftest import absent
from tests.factory import make_borrower
from tests.stack import MODEL, Stack, running, until

pytestmark = pytest.mark.stack
PATIENCE = 90.0


class Borrower:
    """A page that keeps what it could not send, and sends it again under the same id."""

    def __init__(self, stack: Stack, ref: str) -> None:
        self._stack = stack
        self._ref = ref
        self._cookie = ""
        self._sent = 0
        self.messages: dict[int, dict[str, Any]] = {}

    async def open(self) -> None:
        token = self._stack.grace.links.issue(self._ref, "webchat")
        async with httpx.AsyncClient(trust_env=False) as web:
            answer = await web.post(f"{self._stack.settings.public_url}/chat/l/{token}")
        self._cookie = answer.headers["set-cookie"].split(";")[0]
        await self._session({"type": "pong", "client_id": ""}, 0)

    async def say(self, text: str) -> dict[str, Any]:
        return await self._answered({"type": "message", "text": text})

    async def tap(self, message: dict[str, Any], index: int) -> dict[str, Any]:
        return await self._answered({"type": "tap", "seq": message["seq"], "index": index})

    async def _answered(self, frame: dict[str, Any]) -> dict[str, Any]:
        """Deliver a frame, then wait for an answer with content; both through any number of broken lines."""
        self._sent += 1
        frame["client_id"] = f"kill-{self._sent}"
        seq: int | None = None
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    seq = await self._session(frame, seq)
                    if found := self._answer(seq):
                        return found
                except (OSError, WebSocketException, TimeoutError):
                    await asyncio.sleep(0.2)

    async def _session(self, frame: dict[str, Any], seq: int | None) -> int | None:
        url = self._stack.settings.public_url.replace("http", "ws", 1) + "/chat/ws"
        async with connect(url, additional_headers={"Cookie": self._cookie}, proxy=None) as line:
            await line.send(json.dumps({"type": "hello", "after": 0}))
            if seq is None:
                await line.send(json.dumps(frame))
            while seq is None or self._answer(seq) is None:
                got = json.loads(await asyncio.wait_for(line.recv(), 30))
                if got["type"] == "message":
                    self.messages[got["seq"]] = got
                elif got["type"] == "ack" and got["client_id"] == frame["client_id"]:
                    seq = got["seq"]
        return seq

    def _answer(self, seq: int | None) -> dict[str, Any] | None:
        """The first real answer after a message: the notice that a person will look is none."""
        later = (self.messages[n] for n in sorted(self.messages) if seq is not None and n > seq)
        return next((m for m in later if m["from"] == "bot" and not _is_outage(m["text"])), None)


def _is_outage(text: str) -> bool:
    return "暂时没法马上回复" in text


@pytest.mark.parametrize("victim", ["app", "actions", "rasa"])
async def test_killing_one_process_loses_and_doubles_nothing(victim: str, tmp_path: Path) -> None:
    if not MODEL.is_file():
        absent("there is no trained model: run `make train`")
    rng = random.Random(victim)
    with running(tmp_path, "rasa", "actions", "app") as stack:
        ref = make_borrower(stack.grace)
        borrower = Borrower(stack, ref)
        stack.grace.identity.vouch(stack.grace.conversations.ensure("webchat", ref), "test")
        await borrower.open()

        async def killer(delay: float) -> None:
            await asyncio.sleep(delay)
            await asyncio.to_thread(stack.kill, victim)
            await asyncio.to_thread(stack.start, victim)

        options, _ = await asyncio.gather(
            borrower.say("我失业了，能分三期吗"), killer(rng.uniform(0.02, 0.5))
        )
        terms = await borrower.tap(options, 0)
        await asyncio.gather(borrower.tap(terms, 0), killer(rng.uniform(0.02, 0.25)))
        # A page shows a message before its row says that it was sent.
        await until(lambda: not _under_way(stack), "the end of what was under way")
        _nothing_lost_nothing_doubled(stack, ref)


def _under_way(stack: Stack) -> int:
    with stack.grace.kit.db.read() as session:
        query = select(func.count()).select_from(Message).where(Message.state.in_(("queued", "sending")))
        return session.scalar(query) or 0


def _nothing_lost_nothing_doubled(stack: Stack, ref: str) -> None:
    with stack.grace.kit.db.begin() as session:
        conversation = session.scalars(select(Conversation).where(Conversation.address == ref)).one()
        incoming = session.scalars(
            select(Message).where(Message.conversation_id == conversation.id, Message.direction == "in")
        ).all()
        answers = session.scalars(
            select(Message).where(
                Message.conversation_id == conversation.id,
                Message.direction == "out",
                Message.turn.not_like("%:outage"),
            )
        ).all()
        assert [m.state for m in incoming] == ["handled"] * len(incoming)
        papers = [m.turn or "" for m in answers if (m.template or "").startswith("utter_paper")]
        assert len(papers) == len(set(papers)) == 3
        said = sorted(m.turn or "" for m in answers if m.turn not in papers)
        assert said == sorted({m.turn or "" for m in incoming})
        assert {m.state for m in answers if m.turn not in papers} == {"sent"}
        assert session.scalar(select(func.count()).select_from(Plan)) == 1
        assert session.scalar(select(func.count()).select_from(HandoffRow)) == 0
