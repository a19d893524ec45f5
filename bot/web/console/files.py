"""What borrowers sent, for staff alone, and so that a browser runs nothing of it."""

from __future__ import annotations

import asyncio

from fastapi import Response
from fastapi.responses import FileResponse
from nicegui import app

from bot.services.rights import NotAllowed
from bot.storage.db import StorageError
from bot.web.console.auth import session_of
from bot.web.console.desk import Desk

_PATH = "/file/{number}"
_LARGEST = 2**31
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}


def files(desk: Desk) -> None:
    """Register the address of files; a photo is shown, any other file is saved."""
    app.remove_route(_PATH)

    @app.get(_PATH, include_in_schema=False)
    async def opened(number: int) -> Response:
        agent = session_of(desk).agent_id
        if agent is None:
            return Response(status_code=401)
        if not 0 < number < _LARGEST:
            return Response(status_code=404)
        try:
            kept, path = await asyncio.to_thread(desk.grace.files.read, number, agent)
        except NotAllowed:
            return Response(status_code=403)
        except LookupError:
            return Response(status_code=404)
        except StorageError:
            return Response(status_code=503)
        disposition = "inline" if kept.is_image else "attachment"
        return FileResponse(
            path,
            headers=_HEADERS,
            media_type=kept.type,
            filename=kept.name,
            content_disposition_type=disposition,
        )
