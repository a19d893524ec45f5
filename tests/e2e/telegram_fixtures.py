"""What the Telegram tests share: the emulator, a borrower's phone, services, a scripted assistant."""

from __future__ import annotations

import asyncio
import fcntl
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from bot.bootstrap import Grace, build
from bot.channels.assistant import Answer, Assistant
from bot.channels.gateway import Gateway
from bot.channels.telegram import TelegramChannel
from bot.domain.plans import Wish
from bot.services.kit import MovableClock
from bot.services.replies import Reply
from bot.services.turns import Turn
from bot.storage.tables import Conversation, Message
from tests.conftest import ROOT, absent, settings_for
from tests.e2e.fake_bot_api import FakeBotApi
from tests.factory import make_borrower
from tests.stack import PATIENCE, free_port

TOKEN = "424242:an-emulated-token"
PHONE = "19900005678"
"""What every borrower of the factory has on file."""
_FOLDER = ROOT / "tests" / "emulator"

Open = Callable[..., Grace]


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    """The URL of telegram-test-api, run by node in a process of its own."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        absent("no node and npm, which run the Telegram emulator")
    _install(npm)
    port = free_port()
    command = [node, str(_FOLDER / "serve.js"), str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def _install(npm: str) -> None:
    """Install the emulator where it is missing; test processes that run side by side wait for one another."""
    with (_FOLDER / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (_FOLDER / "node_modules" / "telegram-test-api").is_dir():
            return
        made = subprocess.run([npm, "ci"], cwd=_FOLDER, capture_output=True, text=True, timeout=300)
    if made.returncode != 0:
        absent(f"npm cannot install the Telegram emulator: {made.stderr[-300:]}")


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    """A Bot API that can be told to misbehave."""
    fake = FakeBotApi()
    await fake.open()
    yield fake
    await fake.shut()


@pytest.fixture
def open_grace(sqlite_template: Path, tmp_path: Path, clock: MovableClock) -> Iterator[Open]:
    """Build services on one SQLite database, with a Telegram channel at a Bot API."""
    path = tmp_path / "grace.db"
    shutil.copyfile(sqlite_template, path)
    built: list[Grace] = []

    def make(url: str, **changes: Any) -> Grace:
        update = {"telegram_token": SecretStr(TOKEN), "telegram_api_base": url, **changes}
        settings = settings_for(f"sqlite:///{path}").model_copy(update=update)
        built.append(build(settings, clock, migrate=False))
        return built[-1]

    yield make
    for grace in built:
        grace.close()


class ScriptedAssistant(Assistant):
    """Stands in for Rasa where the dialogue does not matter: says the next line of its script."""

    def __init__(self, *script: Reply, expected: str | None = None) -> None:
        self.turns: list[Turn] = []
        self.script = list(script)
        self.expected = expected

    async def turn(self, turn: Turn) -> Answer:
        """Note what was asked, and answer."""
        self.turns.append(turn)
        reply = self.script.pop(0) if self.script else Reply(f"heard: {turn.text.partition('{')[0][:40]}")
        return Answer(reply, self.expected, True)

    @property
    def heard(self) -> list[str]:
        """What each turn said."""
        return [turn.text for turn in self.turns]


class Agreeing(ScriptedAssistant):
    """Agrees a plan within its first turn, as the action server does."""

    def __init__(self, grace: Grace, *script: Reply) -> None:
        super().__init__(*script)
        self.grace = grace

    async def turn(self, turn: Turn) -> Answer:
        """Agree what is offered first, and answer."""
        if not self.turns:
            await asyncio.to_thread(self._agree, turn)
        return await super().turn(turn)

    def _agree(self, turn: Turn) -> None:
        made = self.grace.negotiation.propose(turn.conversation_id, Wish(count=3), turn=f"{turn.id}:0")
        self.grace.negotiation.agree(turn.conversation_id, made.options[0].id, turn=turn.id)


@asynccontextmanager
async def running(grace: Grace, assistant: Assistant | None = None) -> AsyncIterator[TelegramChannel]:
    """Run a gateway with the Telegram channel alone, impatient enough for a test."""
    channel = channel_of(grace)
    gateway = Gateway(grace, assistant or ScriptedAssistant(), {channel.name: channel})
    await gateway.start()
    try:
        yield channel
    finally:
        await gateway.stop()


def channel_of(grace: Grace) -> TelegramChannel:
    """Return a channel that waits for next to nothing."""
    channel = TelegramChannel(grace)
    channel.pause, channel.patience = 0.02, 0.5
    return channel


class TelegramUser:
    """A borrower's phone, on the client half of the emulator. The emulator keeps chats apart by their id."""

    def __init__(self, url: str, chat: int, language: str = "zh-hans") -> None:
        self.chat = chat
        self._sender = {"id": chat, "is_bot": False, "first_name": "Li", "language_code": language}
        self._http = httpx.AsyncClient(base_url=url, trust_env=False)

    async def __aenter__(self) -> TelegramUser:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def say(self, text: str, **fields: Any) -> None:
        """Write a message, or send whatever `fields` say."""
        await self._post("/sendMessage", {**self._message(), "text": text, **fields})

    async def send(self, **fields: Any) -> None:
        """Send a message without words: a photo, a contact, a sticker."""
        await self._post("/sendMessage", {**self._message(), **fields})

    async def command(self, text: str) -> None:
        """Send a command as an app does: marked as one."""
        entity = {"type": "bot_command", "offset": 0, "length": len(text.split(" ")[0])}
        await self._post("/sendCommand", {**self._message(), "text": text, "entities": [entity]})

    async def tap(self, shown: dict[str, Any], index: int) -> None:
        """Tap a button of a message that `hear` returned."""
        row = shown["reply_markup"]["inline_keyboard"][index]
        message = {"chat": self._message()["chat"], "message_id": shown["message_id"]}
        data = {"botToken": TOKEN, "from": self._sender, "message": message, "data": row[0]["callback_data"]}
        await self._post("/sendCallback", data)

    async def hear(self, count: int = 1) -> list[dict[str, Any]]:
        """Wait for this many messages of the bot, each with its text, keyboard and id."""
        heard: list[dict[str, Any]] = []
        last = time.monotonic() + 2 * PATIENCE
        while len(heard) < count:
            assert time.monotonic() < last, f"only {len(heard)} of {count} messages came: {heard}"
            answer = await self._post("/getUpdates", {"token": TOKEN, "chatId": self.chat})
            heard += [{**one["message"], "message_id": one["messageId"]} for one in answer["result"]]
            await asyncio.sleep(0.02)
        return heard

    async def keyboard(self, shown: dict[str, Any]) -> list[Any]:
        """Return the inline keyboard that a message of the bot has now."""
        history = await self._post("/getUpdatesHistory", {"token": TOKEN})
        now = next(one for one in history["result"] if one["messageId"] == shown["message_id"])
        markup = now["message"].get("reply_markup") or {}
        rows: list[Any] = markup.get("inline_keyboard", [])
        return rows

    def _message(self) -> dict[str, Any]:
        chat = {"id": self.chat, "type": "private", "first_name": "Li"}
        return {"botToken": TOKEN, "date": int(time.time()), "from": self._sender, "chat": chat}

    async def _post(self, path: str, data: dict[str, Any]) -> Any:
        answer = await self._http.post(path, json=data)
        answer.raise_for_status()
        return answer.json()


def add_borrower(grace: Grace) -> tuple[str, str]:
    """Put a borrower with an overdue loan on file; return their reference and a one-time link's token."""
    ref = make_borrower(grace)
    return ref, grace.links.issue(ref, "telegram")


def bind(grace: Grace, chat: int) -> str:
    """Put a borrower on file whose chat this is, and return its conversation."""
    _, token = add_borrower(grace)
    assert grace.links.bind(token, "telegram", str(chat))
    return grace.conversations.ensure("telegram", str(chat))


def messages(grace: Grace, direction: str, chat: int | None = None) -> list[Message]:
    """Return what came in or went out, in order."""
    found = select(Message).join(Conversation, Conversation.id == Message.conversation_id)
    if chat is not None:
        found = found.where(Conversation.address == str(chat))
    with grace.kit.db.begin() as session:
        return list(session.scalars(found.where(Message.direction == direction).order_by(Message.id)))
