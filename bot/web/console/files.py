"""What borrowers sent and were sent, for staff alone, and so that a browser runs nothing of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from fastapi import Response
from fastapi.responses import FileResponse
from nicegui import app

from bot.services.rights import NotAllowed
from bot.storage.db import StorageError
from bot.web.console.auth import session_of
from bot.web.console.desk import Desk
from bot.web.papers import GUARDED, served

T = TypeVar("T")
_PATH = "/file/{number}"
_PAPER = "/paper/{number}"
_LARGEST = 2**31


def files(desk: Desk) -> None:
    """Register the addresses of files and papers; a picture is shown, any other file is saved."""
    app.remove_route(_PATH)
    app.remove_route(_PAPER)

    @app.get(_PATH, include_in_schema=False)
    async def opened(number: int) -> Response:
        found = await _found(desk, number, desk.grace.files.read)
        if isinstance(found, Response):
            return found
        kept, path = found
        disposition = "inline" if kept.is_image else "attachment"
        return FileResponse(
            path,
            headers=GUARDED,
            media_type=kept.type,
            filename=kept.name,
            content_disposition_type=disposition,
        )

    @app.get(_PAPER, include_in_schema=False)
    async def paper(number: int) -> Response:
        found = await _found(desk, number, desk.grace.papers.read)
        return found if isinstance(found, Response) else served(found)


async def _found(desk: Desk, number: int, read: Callable[[int, int], T]) -> T | Response:
    """Return what staff may read of a message, or the answer that says why not."""
    session = session_of(desk)
    try:
        found = await asyncio.to_thread(desk.grace.access.check, session.token)
    except StorageError:
        return Response(status_code=503)
    if found is None or found.must_enrol:
        return Response(status_code=401)
    agent = found.staff.id
    if not 0 < number < _LARGEST:
        return Response(status_code=404)
    try:
        return await asyncio.to_thread(read, number, agent)
    except NotAllowed:
        return Response(status_code=403)
    except LookupError:
        return Response(status_code=404)
    except StorageError:
        return Response(status_code=503)
