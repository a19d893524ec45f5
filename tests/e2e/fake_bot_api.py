"""A tiny Bot API on a socket, for what no emulator does: refusals, floods, silence, half an answer."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

CHAT = 7001


@dataclass(frozen=True)
class Answer:
    """How one request is answered; `silent` never answers, `cut` sends half of the answer and hangs up."""

    status: int = 200
    body: dict[str, Any] | bytes = field(default_factory=lambda: {"ok": True, "result": True})
    silent: bool = False
    cut: bool = False


def refusal(code: int, description: str, **more: Any) -> Answer:
    """Return an answer in which the Bot API says no."""
    return Answer(code, {"ok": False, "error_code": code, "description": description, **more})


BLOCKED = refusal(403, "Forbidden: bot was blocked by the user")
NO_CHAT = refusal(400, "Bad Request: chat not found")
EMPTY = refusal(400, "Bad Request: message text is empty")
WRONG_TOKEN = refusal(401, "Unauthorized")
CONFLICT = refusal(409, "Conflict: terminated by other getUpdates request")
BROKEN = Answer(200, b"<html>gateway</html>")
PROXY_PAGE = Answer(403, b"<html>not from here</html>")
SERVER_ERROR = Answer(502, b"<html>bad gateway</html>")
SILENT = Answer(silent=True)
HALF = Answer(cut=True)


def flood(seconds: int) -> Answer:
    """Return the answer that asks to wait."""
    words = f"Too Many Requests: retry after {seconds}"
    return refusal(429, words, parameters={"retry_after": seconds})


class FakeBotApi:
    """Keeps updates until they are acknowledged, as Telegram does, and every request that was made."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.files: list[tuple[str, str, bytes]] = []
        """Every file that reached us: method, name, content."""
        self.answers: dict[str, deque[Answer]] = defaultdict(deque)
        self.updates: list[Any] = []
        self.url = ""
        self._port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._number = 0

    async def open(self) -> None:
        """Listen; on the same port again after `shut`."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"

    async def shut(self) -> None:
        """Refuse connections from now on."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.close()
        await asyncio.sleep(0)

    def give(self, method: str, *answers: Answer) -> None:
        """Answer the next requests for a method so; afterwards all is well again."""
        self.answers[method].extend(answers)

    def push(self, kind: str = "message", /, *, chat: int = CHAT, **fields: Any) -> dict[str, Any]:
        """Queue an update of a private chat and return it; `message_id` and the like go in as they are."""
        self._number += 1
        origin = {
            "message_id": 100 + self._number,
            "date": 1_772_400_000,
            "chat": {"id": chat, "type": "private"},
            "from": {"id": chat, "is_bot": False, "first_name": "Li", "language_code": "zh-hans"},
        }
        update = {"update_id": 500 + self._number, kind: {**origin, **fields}}
        self.updates.append(update)
        return update

    def tap(self, data: str, *, chat: int = CHAT) -> None:
        """Queue the tap on a button."""
        message = {"message_id": 99, "chat": {"id": chat, "type": "private"}}
        self.push("callback_query", chat=chat, id="q1", data=data, message=message)

    def made(self, method: str) -> list[dict[str, str]]:
        """Return the parameters of every request for a method."""
        return [data for name, data in self.calls if name == method]

    @property
    def texts(self) -> list[str]:
        """Every text that reached us, whatever we answered."""
        return [data["text"] for data in self.made("sendMessage")]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while (request := await _read(reader)) is not None:
                if not await self._respond(*request, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _respond(
        self, method: str, data: dict[str, str], files: dict[str, bytes], writer: asyncio.StreamWriter
    ) -> bool:
        self.calls.append((method, data))
        self.files += [(method, name, content) for name, content in files.items()]
        answer = self.answers[method].popleft() if self.answers[method] else self._usual(method, data)
        if answer.silent:
            await asyncio.sleep(60)
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        head = f"HTTP/1.1 {answer.status} X\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        writer.write(head + (body[: len(body) // 2] if answer.cut else body))
        await writer.drain()
        return not answer.cut

    def _usual(self, method: str, data: dict[str, str]) -> Answer:
        if method != "getUpdates":
            return Answer()
        if "offset" in data:
            known = int(data["offset"])
            self.updates = [one for one in self.updates if one["update_id"] >= known]
        return Answer(body={"ok": True, "result": self.updates})


async def _read(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], dict[str, bytes]] | None:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    length = next((int(line[15:]) for line in lines if line.lower().startswith("content-length:")), 0)
    body = await reader.readexactly(length)
    kind = next((line for line in lines if line.lower().startswith("content-type: multipart/")), None)
    method = lines[0].split(" ")[1].rsplit("/", 1)[1]
    return (method, dict(parse_qsl(body.decode())), {}) if kind is None else (method, *_parts(kind, body))


def _parts(kind: str, body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    """Read a multipart body: plain fields, a file's name among them, and files by their name."""
    data: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for part in message_from_bytes(f"{kind}\r\n\r\n".encode() + body, policy=HTTP).iter_parts():
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        field_name, name = str(part.get_param("name", header="content-disposition")), part.get_filename()
        data[field_name] = name or content.decode()
        if name:
            files[name] = content
    return data, files
