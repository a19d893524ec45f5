"""The live stack for conversation tests: the trained model in Rasa, the action server, the real gateway."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

import httpx

from bot import processes
from bot.bootstrap import Grace, build
from bot.channels.assistant import Assistant
from bot.channels.gateway import Gateway
from bot.channels.webchat import StoredChannel
from bot.services.conversation import Incoming
from bot.settings import Settings
from bot.storage.tables import Message
from tests.factory import make_borrower

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
MODEL = processes.ROOT / processes.MODEL
START_WAIT = 120.0
PATIENCE = 15.0
"""Seconds that a test waits for what must come."""
FACTS = "1990-05-12 5678"


@dataclass
class Stack:
    """Services on the stack's database, and the child processes by name."""

    settings: Settings
    grace: Grace
    folder: Path
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _logs: list[IO[bytes]] = field(default_factory=list)

    def start(self, *names: str) -> None:
        """Start processes and wait until they answer."""
        for name, line in processes.commands(self.settings, names).items():
            log = (self.folder / f"{name}.log").open("ab")
            self._logs.append(log)
            self.children[name] = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {line}"],
                env=processes.environment(self.settings),
                cwd=processes.ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.wait(*names)

    def kill(self, name: str) -> None:
        """Kill a process as a power cut would."""
        child = self.children.pop(name)
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()

    def stop(self) -> None:
        """End everything."""
        for name in list(self.children):
            self.kill(name)
        for log in self._logs:
            log.close()
        self.grace.close()

    def url(self, name: str) -> str:
        """Return where a process says that it is ready."""
        return {
            "rasa": f"{self.settings.rasa_url}/webhooks/gateway/",
            "actions": f"http://127.0.0.1:{self.settings.actions_port}/health",
            "app": f"http://127.0.0.1:{self.settings.port}/health",
        }[name]

    def wait(self, *names: str, child: str = "") -> None:
        """Return once processes answer, all of them started by `child`, or each by itself.

        Raises RuntimeError with the end of the log.
        """
        for name in names:
            self._wait(name, child or name)

    def _wait(self, name: str, child: str) -> None:
        deadline = time.monotonic() + START_WAIT
        while time.monotonic() < deadline:
            if self.children[child].poll() is not None:
                break
            try:
                if httpx.get(self.url(name), trust_env=False).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        tail = (self.folder / f"{child}.log").read_text("utf-8", "replace")[-2000:]
        raise RuntimeError(f"{name} did not start:\n{tail}")


@contextmanager
def running(folder: Path, *names: str, database_url: str | None = None, **more: object) -> Iterator[Stack]:
    """Run a stack with the named processes (rasa, actions, app) on free ports; `more` are its settings."""
    ports = [free_port() for _ in range(3)]
    given: dict[str, Any] = {
        "home": processes.ROOT,
        "state": folder,
        "database_url": database_url or f"sqlite:///{folder}/grace.db",
        "tracker_url": f"sqlite:///{folder}/rasa.db",
        "rasa_url": f"http://127.0.0.1:{ports[0]}",
        "actions_port": ports[1],
        "port": ports[2],
        "public_url": f"http://127.0.0.1:{ports[2]}",
        "clock_offset": (MORNING - datetime.now(UTC)).total_seconds(),
        "clock_off": True,
        "burst": 0.05,
        "rasa_retry": 0.3,
        **more,
    }
    settings = Settings(**given)
    stack = Stack(settings, build(settings), folder)
    try:
        if names:
            stack.start(*names)
        yield stack
    finally:
        stack.stop()


async def until(check: Callable[[], Any], what: str = "it") -> Any:
    """Wait until a check is true and return what it returned."""
    last = time.monotonic() + PATIENCE
    while not (found := check()):
        assert time.monotonic() < last, f"{what} did not happen"
        await asyncio.sleep(0.02)
    return found


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Heard:
    """One answer of the bot: its text, the keys that it was rendered from, its buttons, its row."""

    text: str
    keys: tuple[str, ...]
    buttons: tuple[str, ...]
    id: int


class Talk:
    """One borrower in the web chat, against the real gateway, Rasa and action server."""

    def __init__(self, stack: Stack, gateway: Gateway, ref: str) -> None:
        self.stack = stack
        self.grace = stack.grace
        self.gateway = gateway
        self.ref = ref
        self.conversation = self.grace.conversations.ensure("webchat", ref)
        self._seen = 0

    async def say(self, text: str) -> Heard:
        """Write, and return what the bot answers (empty when it is silent)."""
        await self.gateway.receive(Incoming("webchat", self.ref, f"test:{uuid.uuid4()}", text))
        return await self._heard()

    async def tap(self, heard: Heard, index: int) -> Heard:
        """Tap a button of an answer, and return what the bot answers."""
        await self.gateway.tap("webchat", self.ref, heard.id, index)
        return await self._heard()

    async def verify(self) -> Heard:
        """State both facts."""
        return await self.say(FACTS)

    async def _heard(self) -> Heard:
        await self.gateway.idle()
        await asyncio.sleep(0)
        with self.grace.kit.db.begin() as session:
            rows = (
                session.query(Message)
                .filter(
                    Message.conversation_id == self.conversation,
                    Message.direction == "out",
                    Message.initiator == "bot",
                    Message.state == "sent",
                    Message.id > self._seen,
                )
                .order_by(Message.id)
                .all()
            )
        if not rows:
            return Heard("", (), (), 0)
        self._seen = rows[-1].id
        # The papers of an agreed plan follow its words by themselves; their own tests hear them.
        rows = [row for row in rows if not (row.template or "").startswith("utter_paper")]
        keys = tuple(key for row in rows for key in (row.template or "").split())
        return Heard(
            "\n".join(row.text for row in rows),
            keys,
            tuple(button["title"] for button in rows[-1].buttons),
            rows[-1].id,
        )


class Talks:
    """Makes borrowers and their chats on one running stack."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.assistant = Assistant(stack.settings)
        self.gateway = Gateway(stack.grace, self.assistant, {"webchat": StoredChannel()})

    async def start(self) -> None:
        """Start the gateway."""
        await self.gateway.start()

    async def stop(self) -> None:
        """Stop the gateway."""
        await self.gateway.stop()
        await self.assistant.close()

    async def new(self, locale: str = "zh_CN", *, verified: bool = True, **facts: object) -> Talk:
        """Start a chat as a new borrower; `verified` skips the identity check."""
        ref = make_borrower(self.stack.grace, locale=locale, **facts)  # type: ignore[arg-type]
        talk = Talk(self.stack, self.gateway, ref)
        if verified:
            self.stack.grace.identity.vouch(talk.conversation, "test")
        return talk
