"""How much one request may send: what is longer is refused before it fills the memory, whoever sends it."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

LARGEST = 20 * 2**20
"""Bytes: a loan book of a hundred thousand rows has less."""


class TooLarge(HTTPException):
    """A body has more bytes than may be read."""

    def __init__(self, largest: int) -> None:
        super().__init__(413, f"a request has {largest} bytes at most; send more in parts")


def bounded(scope: Scope, receive: Receive, largest: int) -> Receive:
    """Return what gives a request's body as long as it is not too long; then it raises TooLarge."""
    declared = Headers(scope=scope).get("content-length", "")
    announced = int(declared) if declared.isdecimal() else 0
    read = 0

    async def part() -> MutableMapping[str, Any]:
        nonlocal read
        if announced > largest:
            raise TooLarge(largest)
        message = await receive()
        read += len(message.get("body", b""))
        if read > largest:
            raise TooLarge(largest)
        return message

    return part


class Sizes:
    """ASGI middleware: a body past LARGEST is read no further; who reads it answers 413."""

    def __init__(self, app: ASGIApp, largest: int = LARGEST) -> None:
        self.app, self.largest = app, largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is not too long."""
        if scope["type"] == "http":
            receive = bounded(scope, receive, self.largest)
        await self.app(scope, receive, send)
