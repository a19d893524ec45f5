"""One page's live line: what was missed, then what comes, each message once."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

import structlog
from fastapi import WebSocket, WebSocketDisconnect

from bot.bootstrap import Grace
from bot.channels.channel import Door
from bot.channels.webchat import NAME
from bot.observing.metrics import PAGES
from bot.services.conversation import Incoming
from bot.services.threads import Line
from bot.storage.db import StorageError
from bot.web.chat.pace import Pace
from bot.web.chat.texts import page_texts
from bot.web.chat.uploads import CLIENT_ID
from bot.web.feed import Feed
from bot.web.session import PaperLinks, Session

log = structlog.get_logger()
PING = 25.0
REFUSED = 4401
"""The code of a line that has no session, or no longer."""
_MAX_FRAME = 200_000
_LOOK_BACK = 30
_RETRY = 1.0
_PAGE = 500
_LARGEST = 2**31
_TAPS = ("payload", "stale")


class ChatSocket:
    """Serves one WebSocket of one borrower's thread."""

    def __init__(
        self,
        socket: WebSocket,
        session: Session,
        grace: Grace,
        door: Door,
        feed: Feed,
        papers: PaperLinks,
    ) -> None:
        self._socket = socket
        self._papers = papers
        self._address = session.address
        self._lasts = session.left
        self._pace = Pace(grace.kit.settings.chat_frames)
        self._grace = grace
        self._door = door
        self._feed = feed
        self._conversation = ""
        self._first = self._seen = self._read_to = 0
        self._sent: set[int] = set()
        self._known: set[int] = set()
        self._unused: set[int] = set()
        self._mode = ""
        self._locale = ""
        self._newest = "", ""

    async def serve(self) -> None:
        """Run until either side ends."""
        with suppress(WebSocketDisconnect), PAGES.track_inprogress():
            if await self._open():
                await self._run()

    async def _open(self) -> bool:
        hello = await self._next()
        if hello is None or hello.get("type") != "hello":
            await self._socket.close(4000)
            return False
        self._first = self._seen = _number(hello.get("after")) or 0
        try:
            self._conversation = await asyncio.to_thread(
                self._grace.conversations.ensure, NAME, self._address
            )
            await self._ready()
        except StorageError as error:
            log.warning("chat_not_opened", error=error)
            await self._socket.close(1013)
            return False
        return True

    async def _run(self) -> None:
        work = (self._listen(), self._push(), self._ping(), self._expire())
        tasks = [asyncio.create_task(one) for one in work]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                _report(task.exception())
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _ready(self) -> None:
        self._mode, self._locale = await asyncio.to_thread(self._grace.threads.mode, self._conversation)
        newest = await asyncio.to_thread(self._grace.threads.tail, self._conversation, 1)
        await self._send(
            {
                "type": "ready",
                "conversation": self._conversation,
                "mode": self._mode,
                "locale": self._locale,
                "last": newest[-1].seq if newest and _is_shown(newest[-1]) else self._seen,
            }
        )
        if not newest:
            await self._door.receive(
                Incoming(NAME, self._address, "web:start", "", kind="payload", payload="/start_chat")
            )

    async def _push(self) -> None:
        async with self._feed.subscribe(self._conversation, self._known) as event:
            while True:
                await event.wait()
                event.clear()
                try:
                    await self._catch_up()
                except StorageError as error:
                    # The line is kept: all pages coming anew at once is no help to a database in trouble.
                    log.warning("chat_waits", error=error)
                    await asyncio.sleep(_RETRY)
                    event.set()

    async def _catch_up(self) -> None:
        # Rows of two transactions may become visible out of order: look a little back, send each once.
        tapped = await self._deliver(max(self._first, self._seen - _LOOK_BACK))
        if tapped and self._unused:
            # Perhaps in another window: what was chosen is shown on the message that offered it.
            await self._deliver(min(self._unused) - 1)
        mode, locale = self._newest
        if mode != self._mode:
            self._mode = mode
            await self._send({"type": "mode", "mode": mode})
        if locale != self._locale:
            self._locale = locale
            lender = self._grace.kit.settings.lender(locale)
            texts = page_texts(self._grace.kit.texts, locale, lender)
            await self._send({"type": "locale", "locale": locale, "lender": lender, "texts": texts})

    async def _deliver(self, after: int) -> bool:
        """Send what is new after a sequence number, or newly used; tell whether a button was tapped."""
        tapped = False
        while True:
            found = await asyncio.to_thread(self._grace.threads.news, self._conversation, after, _PAGE)
            lines, self._newest = found.lines, (found.mode, found.locale)
            for line in lines:
                if line.seq not in self._sent or (line.seq in self._unused and line.used is not None):
                    tapped = tapped or line.kind in _TAPS
                    await self._show(line)
            if len(lines) < _PAGE:
                return tapped
            after = lines[-1].seq

    async def _show(self, line: Line) -> None:
        self._sent.add(line.seq)
        self._known.add(line.seq)
        self._seen = max(self._seen, line.seq)
        if line.buttons and line.used is None:
            self._unused.add(line.seq)
        else:
            self._unused.discard(line.seq)
        if _is_shown(line):
            await self._send(_frame(line, self._attachments(line)))

    def _attachments(self, line: Line) -> list[dict[str, str]]:
        if line.paper is not None:
            url = self._papers.issue(self._conversation, line.seq)
            paper = line.paper
            return [{"name": paper.name, "type": paper.type, "alt": paper.alt, "url": url}]
        if line.file is None:
            return []
        named = {"name": line.file.name, "type": line.file.type}
        if line.sender == "borrower":
            # By name alone: the borrower has it, and only staff can fetch it.
            return [named]
        return [{**named, "url": self._papers.issue(self._conversation, line.seq, "file")}]

    async def _listen(self) -> None:
        while (frame := await self._next()) is not None:
            in_pace = self._pace.allows()
            kind, client_id = frame.get("type"), frame.get("client_id")
            if kind == "read":
                await self._read(frame)
                continue
            if kind not in ("message", "tap") or not isinstance(client_id, str):
                continue
            if not CLIENT_ID.fullmatch(client_id):
                continue
            if not in_pace:
                await self._refuse(client_id, "too_fast")
                continue
            try:
                seq = await (self._message(frame, client_id) if kind == "message" else self._tap(frame))
            except StorageError as error:
                log.warning("chat_not_stored", error=error)
                seq = None
            if seq is None:
                await self._refuse(client_id, "failed")
            else:
                # The page has it; other windows show it, and this one gets it with what comes next.
                self._known.add(seq)
                await self._send({"type": "ack", "client_id": client_id, "seq": seq})

    async def _read(self, frame: dict[str, Any]) -> None:
        """Note what was shown. One that is lost is no harm: the page tells again what it has shown."""
        seq = _number(frame.get("seq"))
        if seq is None or seq <= self._read_to:
            return
        try:
            await asyncio.to_thread(self._grace.threads.read, self._conversation, seq)
            self._read_to = seq
        except StorageError as error:
            log.warning("chat_not_stored", error=str(error))

    async def _refuse(self, client_id: str, why: str) -> None:
        """Give a frame back to the page, which keeps it, says why and offers to send it again."""
        await self._send({"type": "error", "client_id": client_id, "text": self._words(why)})

    async def _message(self, frame: dict[str, Any], client_id: str) -> int | None:
        text = frame.get("text")
        if not isinstance(text, str) or not text.replace("\x00", "").strip():
            return None
        received = await self._door.receive(Incoming(NAME, self._address, f"web:{client_id}", text))
        return received.message_id

    async def _tap(self, frame: dict[str, Any]) -> int | None:
        seq, index = _number(frame.get("seq")), _number(frame.get("index"))
        if seq is None or index is None:
            return None
        received = await self._door.tap(NAME, self._address, seq, index)
        return None if received is None else received.message_id

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(PING)
            await self._send({"type": "ping"})

    async def _expire(self) -> None:
        """End with the session: a page that is left open must not outlive its cookie."""
        await asyncio.sleep(self._lasts)
        await self._send({"type": "closed", "reason": "expired"})
        await self._socket.close(REFUSED)

    async def _next(self) -> dict[str, Any] | None:
        """Return the next frame, empty if it is no JSON object; None if the other side is gone or floods."""
        try:
            raw = await self._socket.receive_text()
        except (WebSocketDisconnect, RuntimeError, KeyError):
            return None
        if len(raw) > _MAX_FRAME:
            return None
        try:
            frame = json.loads(raw)
        except (ValueError, RecursionError):
            return {}
        return frame if isinstance(frame, dict) else {}

    async def _send(self, frame: dict[str, Any]) -> None:
        await self._socket.send_text(json.dumps(frame, ensure_ascii=False))

    def _words(self, key: str) -> str:
        lender = self._grace.kit.settings.lender(self._locale)
        return page_texts(self._grace.kit.texts, self._locale, lender)[key]


def _frame(line: Line, attachments: list[dict[str, str]]) -> dict[str, Any]:
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
        "attachments": attachments,
    }


def _is_shown(line: Line) -> bool:
    """Tell whether a page shows a line; an opened chat or a sticker has nothing to show."""
    return bool(line.text) or line.file is not None


def _number(value: Any) -> int | None:
    """A whole number that a database column can hold, or None; `true` is none."""
    return value if type(value) is int and 0 <= value < _LARGEST else None


def _report(error: BaseException | None) -> None:
    """Log why a line ended, unless the page left or the database is away: then it comes again."""
    if error is not None and not isinstance(error, (WebSocketDisconnect, RuntimeError, StorageError)):
        log.error("chat_line_failed", exc_info=error)
