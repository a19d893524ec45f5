"""How much one request may send: what is longer is refused before it fills the memory, whoever sends it."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

LARGEST = 20 * 2**20
"""Bytes: a loan book of a hundred thousand rows has less."""


class Sizes:
    """ASGI middleware: a body past LARGEST is read no further; who reads it answers 413."""

    def __init__(self, app: ASGIApp, largest: int = LARGEST) -> None:
        self.app, self.largest = app, largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is not too long."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        read = 0

        async def bounded() -> MutableMapping[str, Any]:
            nonlocal read
            if declared.isdecimal() and int(declared) > self.largest:
                raise self._too_large()
            message = await receive()
            read += len(message.get("body", b""))
            if read > self.largest:
                raise self._too_large()
            return message

        await self.app(scope, bounded, send)

    def _too_large(self) -> HTTPException:
        return HTTPException(413, f"a request has {self.largest} bytes at most; send more in parts")
