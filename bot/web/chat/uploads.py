"""Photos and documents from the chat page: taken by content and size, kept, and handed on as a message."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from urllib.parse import unquote

import structlog
from fastapi import Request
from fastapi.responses import JSONResponse

from bot.bootstrap import Grace
from bot.channels.channel import Door
from bot.channels.webchat import NAME
from bot.services.conversation import Incoming
from bot.services.files import LARGEST, Fault
from bot.storage.db import StorageError
from bot.web.chat.texts import page_texts
from bot.web.sizes import TooLarge, bounded

log = structlog.get_logger()
CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_STATUS: Mapping[Fault, int] = {"file_large": 413, "file_type": 415, "file_many": 429}
_LONGEST_NAME = 1000


class Uploads:
    """Takes one file at a time from a borrower's page."""

    def __init__(self, grace: Grace, door: Door) -> None:
        self._grace = grace
        self._door = door

    async def take(self, request: Request, address: str, client_id: str) -> JSONResponse:
        """Keep what a request carries and answer with its sequence number, or with words why not."""
        if not CLIENT_ID.fullmatch(client_id):
            return JSONResponse({}, 400)
        content = await _body(request)
        name = unquote(request.headers.get("x-file-name", "")[:_LONGEST_NAME])
        try:
            conversation = await asyncio.to_thread(self._grace.conversations.ensure, NAME, address)
            if content is None:
                return await self._refused(conversation, "file_large")
            kept = await asyncio.to_thread(self._grace.files.keep, conversation, name, content)
            if isinstance(kept, str):
                return await self._refused(conversation, kept)
            try:
                received = await self._door.receive(
                    Incoming(
                        NAME, address, f"web:{client_id}", "", kind="photo", attachment=kept.attachment()
                    )
                )
            except StorageError:
                await asyncio.to_thread(self._grace.files.drop, kept)
                raise
            if received.duplicate:
                await asyncio.to_thread(self._grace.files.drop, kept)
            return JSONResponse({"seq": received.message_id})
        except StorageError as error:
            log.warning("chat_file_not_stored", error=error)
            return JSONResponse({}, 503)

    async def _refused(self, conversation: str, fault: Fault) -> JSONResponse:
        _, locale = await asyncio.to_thread(self._grace.threads.mode, conversation)
        words = page_texts(self._grace.kit.texts, locale, self._grace.kit.settings.lender(locale))
        return JSONResponse({"text": words[fault]}, _STATUS[fault])


async def _body(request: Request) -> bytes | None:
    """Read what was sent; None as soon as it is too large, so that nobody fills the memory."""
    try:
        return await Request(request.scope, bounded(request.scope, request.receive, LARGEST)).body()
    except TooLarge:
        return None
