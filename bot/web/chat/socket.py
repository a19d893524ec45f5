"""One page's live line: what was missed, then what comes, each message once."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import structlog
from fastapi import WebSocket, WebSocketDisconnect

from bot.bootstrap import Grace
from bot.channels.channel import Door
from bot.channels.webchat import NAME
from bot.services.cases import Line
from bot.services.conversation import Incoming
from bot.storage.db import StorageError
from bot.web.chat.texts import page_texts
from bot.web.feed import Feed

log = structlog.get_logger()
PING = 25.0
_MAX_FRAME = 200_000
_LOOK_BACK = 30


class ChatSocket:
    """Serves one WebSocket of one borrower's thread."""

    def __init__(self, socket: WebSocket, address: str, grace: Grace, door: Door, feed: Feed) -> None:
        self._socket = socket
        self._address = address
        self._grace = grace
        self._door = door
        self._feed = feed
        self._conversation = ""
        self._first = self._seen = 0
        self._sent: set[int] = set()
        self._mode = ""
        self._locale = ""

    async def serve(self) -> None:
        """Run until either side ends."""
        hello = await self._next()
        if hello is None or hello.get("type") != "hello":
            await self._socket.close(4000)
            return
        after = hello.get("after")
        self._first = self._seen = max(after, 0) if isinstance(after, int) else 0
        self._conversation = await asyncio.to_thread(self._grace.conversations.ensure, NAME, self._address)
        await self._ready()
        tasks = [asyncio.create_task(one) for one in (self._listen(), self._push(), self._ping())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _ready(self) -> None:
        self._mode, self._locale = await asyncio.to_thread(self._grace.cases.mode, self._conversation)
        lines = await asyncio.to_thread(self._grace.cases.lines, self._conversation, self._seen)
        await self._send(
            {
                "type": "ready",
                "conversation": self._conversation,
                "mode": self._mode,
                "locale": self._locale,
                "last": lines[-1].seq if lines else self._seen,
            }
        )
        if not lines and self._seen == 0:
            await self._door.receive(
                Incoming(NAME, self._address, "web:start", "", kind="payload", payload="/start_chat")
            )

    async def _push(self) -> None:
        async with self._feed.subscribe() as event:
            while True:
                await event.wait()
                event.clear()
                await self._catch_up()

    async def _catch_up(self) -> None:
        # Rows of two transactions may become visible out of order: look a little back, send each once.
        start = max(self._first, self._seen - _LOOK_BACK)
        for line in await asyncio.to_thread(self._grace.cases.lines, self._conversation, start):
            if line.seq in self._sent:
                continue
            self._sent.add(line.seq)
            self._seen = max(self._seen, line.seq)
            if line.text:
                await self._send(_frame(line))
        mode, locale = await asyncio.to_thread(self._grace.cases.mode, self._conversation)
        if mode != self._mode:
            self._mode = mode
            await self._send({"type": "mode", "mode": mode})
        if locale != self._locale:
            self._locale = locale
            lender = self._grace.kit.settings.lender(locale)
            texts = page_texts(self._grace.kit.texts, locale, lender)
            await self._send({"type": "locale", "locale": locale, "texts": texts})

    async def _listen(self) -> None:
        while (frame := await self._next()) is not None:
            kind, client_id = frame.get("type"), frame.get("client_id")
            if kind not in ("message", "tap") or not isinstance(client_id, str) or len(client_id) > 64:
                continue
            try:
                seq = await (self._message(frame, client_id) if kind == "message" else self._tap(frame))
            except StorageError as error:
                log.warning("chat_not_stored", error=str(error))
                seq = None
            if seq is None:
                await self._send({"type": "error", "client_id": client_id, "text": self._words("failed")})
            else:
                await self._send({"type": "ack", "client_id": client_id, "seq": seq})

    async def _message(self, frame: dict[str, Any], client_id: str) -> int | None:
        text = frame.get("text")
        if not isinstance(text, str) or not text.strip():
            return None
        received = await self._door.receive(Incoming(NAME, self._address, f"web:{client_id}", text))
        return received.message_id

    async def _tap(self, frame: dict[str, Any]) -> int | None:
        seq, index = frame.get("seq"), frame.get("index")
        if not isinstance(seq, int) or not isinstance(index, int):
            return None
        received = await self._door.tap(NAME, self._address, seq, index)
        return None if received is None else received.message_id

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(PING)
            await self._send({"type": "ping"})

    async def _next(self) -> dict[str, Any] | None:
        """Return the next frame that is a JSON object; None when the other side is gone or misbehaves."""
        try:
            raw = await self._socket.receive_text()
            frame = json.loads(raw) if len(raw) <= _MAX_FRAME else None
        except (WebSocketDisconnect, RuntimeError, KeyError):
            return None
        except ValueError:
            frame = {}
        return frame if isinstance(frame, dict) else {} if frame is not None else None

    async def _send(self, frame: dict[str, Any]) -> None:
        await self._socket.send_text(json.dumps(frame, ensure_ascii=False))

    def _words(self, key: str) -> str:
        lender = self._grace.kit.settings.lender(self._locale)
        return page_texts(self._grace.kit.texts, self._locale, lender)[key]


def _frame(line: Line) -> dict[str, Any]:
    return {
        "type": "message",
        "seq": line.seq,
        "from": line.sender,
        "name": line.name,
        "text": line.text,
        "buttons": [{"index": n, "label": button["title"]} for n, button in enumerate(line.buttons)],
        "used": line.used,
        "at": line.at.isoformat(),
        "client_id": line.client_id,
        "attachments": [],
    }
