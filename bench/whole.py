"""The whole way of a borrower's turn: chat page's line, gateway, database, Rasa, action, database, page.

Everything runs as it is served: the app, Rasa and the action server are processes, and the line is the
WebSocket that the chat page opens. Only the pace of a page and the wait for a burst are lifted,
and the clock of reminders stands.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect

from bench.turns import Answered
from bot.settings import Settings
from bot.storage.tables import Conversation
from bot.web.session import CHAT_COOKIE, Sessions
from tests.conftest import postgres_database
from tests.stack import Stack, running

_PATIENCE = 60.0


class PageDoor:
    """Speaks to the app as chat pages do, one line a conversation."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._sessions = Sessions(stack.settings)
        self._lines: dict[str, ClientConnection] = {}

    async def meet(self, conversation: str) -> None:
        """Open the page: it is greeted. Raises TimeoutError."""
        async with asyncio.timeout(_PATIENCE):
            await self._open(conversation)

    async def turn(self, conversation: str, text: str, context: dict[str, Any]) -> Answered:
        """Write, and wait for the answer on the page. Raises TimeoutError."""
        async with asyncio.timeout(_PATIENCE):
            line = self._lines[conversation]
            await line.send(json.dumps({"type": "message", "client_id": context["turn"], "text": text}))
            await _answer(line)
        return Answered(None, None)

    async def _open(self, conversation: str) -> None:
        address = await asyncio.to_thread(self._address, conversation)
        url = urlsplit(self._stack.settings.public_url)
        line = self._lines[conversation] = await connect(
            f"ws://{url.netloc}/chat/ws",
            origin=self._stack.settings.public_url,  # type: ignore[arg-type]
            additional_headers={"Cookie": f"{CHAT_COOKIE}={self._sessions.issue(address)}"},
            proxy=None,
        )
        await line.send(json.dumps({"type": "hello", "after": 0}))
        # An empty thread is greeted: that answer is nobody's turn.
        await _answer(line)

    def _address(self, conversation: str) -> str:
        with self._stack.grace.kit.db.begin() as session:
            return session.get_one(Conversation, conversation).address

    async def close(self) -> None:
        """Close the lines."""
        await asyncio.gather(*(line.close() for line in self._lines.values()))


async def _answer(line: ClientConnection) -> None:
    """Wait for the bot's next words; a plan's papers follow the answer to a turn, and are none."""
    while True:
        frame = json.loads(await line.recv())
        if frame["type"] == "message" and frame["from"] == "bot" and not frame["attachments"]:
            return


@contextmanager
def served(backend: str) -> Iterator[tuple[Stack, PageDoor]]:
    """Run app, Rasa and action server on `sqlite` or `postgresql`; yield services and the way in."""
    database = postgres_database() if backend == "postgresql" else nullcontext(None)
    with (
        database as url,
        tempfile.TemporaryDirectory() as folder,
        running(
            Path(folder),
            "rasa",
            "actions",
            "app",
            database_url=url,
            burst=0.0,
            chat_frames=100_000,
            rasa_retry=Settings.model_fields["rasa_retry"].default,
        ) as stack,
    ):
        yield stack, PageDoor(stack)
