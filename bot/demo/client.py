"""A borrower's page without a browser: the same link, cookie and WebSocket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, TypeVar

import httpx
from rich.console import Console
from rich.markup import escape
from websockets.asyncio.client import ClientConnection, connect

T = TypeVar("T")
WAIT = 60.0


class Page:
    """One borrower's chat; prints the transcript as it happens."""

    def __init__(self, ref: str, name: str, base: str, console: Console) -> None:
        self.ref = ref
        self.name = name
        self.messages: list[dict[str, Any]] = []
        self._base = base
        self._console = console
        self._acks: dict[str, int] = {}
        self._news = asyncio.Condition()
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._turns = 0

    async def open(self, link: str) -> None:
        """Use the one-time link and connect."""
        async with httpx.AsyncClient(trust_env=False) as web:
            answer = await web.post(link)
        cookie = answer.headers["set-cookie"].split(";")[0]
        url = self._base.replace("http", "ws", 1) + "/chat/ws"
        self._socket = await connect(url, additional_headers={"Cookie": cookie}, proxy=None)
        await self._socket.send(json.dumps({"type": "hello", "after": 0}))
        self._reader = asyncio.create_task(self._read())
        self._console.rule(f"[bold]{self.ref} · {self.name}")

    async def close(self) -> None:
        """Disconnect."""
        if self._reader is not None:
            self._reader.cancel()
        if self._socket is not None:
            await self._socket.close()

    async def say(self, text: str) -> dict[str, Any]:
        """Write and return the answer to it. A repeated demo finds the answer that was given before."""
        self._turns += 1
        return await self._answered(
            {"type": "message", "client_id": f"demo-{self.ref}-{self._turns}", "text": text}
        )

    async def tap(self, message: dict[str, Any], index: int) -> dict[str, Any]:
        """Tap a button and return the answer."""
        self._turns += 1
        frame = {
            "type": "tap",
            "client_id": f"demo-{self.ref}-{self._turns}",
            "seq": message["seq"],
            "index": index,
        }
        return await self._answered(frame)

    async def next_from(self, sender: str, after: int) -> dict[str, Any]:
        """Wait for the first message of a sender after a sequence number."""

        def found() -> dict[str, Any] | None:
            return next((m for m in self.messages if m["seq"] > after and m["from"] == sender), None)

        return await self._until(found, f"a message from the {sender}")

    async def first(self) -> dict[str, Any]:
        """Wait for the first message of the thread."""
        return await self._until(lambda: self.messages[0] if self.messages else None, "the first message")

    async def _answered(self, frame: dict[str, Any]) -> dict[str, Any]:
        assert self._socket is not None
        await self._socket.send(json.dumps(frame))
        seq = await self._until(lambda: self._acks.get(frame["client_id"]), "an acknowledgement")
        return await self.next_from("bot", seq)

    async def _until(self, found: Callable[[], T | None], what: str) -> T:
        async with asyncio.timeout(WAIT):
            async with self._news:
                while (result := found()) is None:
                    try:
                        await asyncio.wait_for(self._news.wait(), WAIT)
                    except TimeoutError:
                        raise TimeoutError(f"{self.ref} waited in vain for {what}") from None
                return result

    async def _read(self) -> None:
        assert self._socket is not None
        async for raw in self._socket:
            frame = json.loads(raw)
            async with self._news:
                if frame["type"] == "message":
                    # A message comes again when one of its buttons was used.
                    if all(known["seq"] != frame["seq"] for known in self.messages):
                        self.messages.append(frame)
                        self._print(frame)
                elif frame["type"] == "ack":
                    self._acks[frame["client_id"]] = frame["seq"]
                self._news.notify_all()

    def _print(self, frame: dict[str, Any]) -> None:
        who = {"borrower": self.name, "bot": "Grace", "agent": frame["name"] or "Agent"}[frame["from"]]
        colour = {"borrower": "cyan", "bot": "green", "agent": "magenta"}[frame["from"]]
        lines = frame["text"].splitlines() or [""]
        self._console.print(f"[{colour} bold]{escape(who)}:[/] {escape(lines[0])}", soft_wrap=True)
        for line in lines[1:]:
            self._console.print(f"    {escape(line)}".rstrip(), soft_wrap=True)
        if frame["buttons"]:
            labels = "  ".join(f"\\[{escape(button['label'])}]" for button in frame["buttons"])
            self._console.print(f"    [yellow]{labels}[/]")
