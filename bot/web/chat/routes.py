"""Routes of the chat page: the one-time link, the page's files, its session, its socket."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response, WebSocket
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse

from bot.bootstrap import Grace
from bot.channels.channel import Door
from bot.channels.webchat import NAME
from bot.services.enclosures import PaperFile
from bot.storage.db import StorageError
from bot.web.chat.plain import GUARDS, NOWHERE, doorstep, notice
from bot.web.chat.socket import REFUSED, ChatSocket
from bot.web.chat.texts import WORDS, page_texts
from bot.web.chat.uploads import Uploads
from bot.web.feed import Feed
from bot.web.papers import served
from bot.web.session import CHAT_COOKIE, PaperLinks, Sessions

_FILES = Path(__file__).parent
_NAME = re.compile(r"[a-z]{1,40}\.[a-z]{2,4}")
_TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    f" connect-src 'self' {{socket}}; img-src 'self'; form-action 'none'; {NOWHERE}",
    "Cache-Control": "no-cache",
    **GUARDS,
}


def chat_routes(grace: Grace, door: Door, feed: Feed, sessions: Sessions) -> APIRouter:
    """Return the routes under /chat."""
    routes = APIRouter(prefix="/chat")
    uploads = Uploads(grace, door)
    papers = PaperLinks(grace.kit.settings)

    @routes.get("/l/{token}")
    async def look_at_link(token: str) -> Response:
        opens = await asyncio.to_thread(grace.links.is_open, token, NAME)
        return doorstep(grace) if opens else notice(grace, "utter_link_used", 410)

    @routes.post("/l/{token}")
    async def open_link(token: str, request: Request) -> Response:
        if not _own_page(request):
            # Another site must not put a browser into a chat of its choice.
            return Response(status_code=403)
        ref = await asyncio.to_thread(grace.links.bind, token, NAME)
        if ref is None:
            return notice(grace, "utter_link_used", 410)
        answer = RedirectResponse("/chat/", 303, headers={"Cache-Control": "no-store", **GUARDS})
        secure = grace.kit.settings.public_url.startswith("https:")
        answer.set_cookie(
            CHAT_COOKIE,
            sessions.issue(ref),
            sessions.seconds,
            httponly=True,
            samesite="lax",
            secure=secure,
            path="/chat",
        )
        return answer

    @routes.get("")
    async def bare() -> Response:
        return RedirectResponse("/chat/", 308)

    @routes.get("/")
    async def page(request: Request) -> Response:
        if sessions.read(request.cookies.get(CHAT_COOKIE)) is None:
            return notice(grace, "utter_link_used", 401)
        return _file("chat.html", request)

    @routes.get("/session")
    async def session(request: Request) -> Response:
        address = sessions.read(request.cookies.get(CHAT_COOKIE))
        locale: str = grace.kit.settings.default_locale
        conversation = ""
        if address is not None:
            conversation = await asyncio.to_thread(grace.conversations.ensure, NAME, address)
            _, locale = await asyncio.to_thread(grace.threads.mode, conversation)
        lender = grace.kit.settings.lender(locale)
        body = {
            "conversation": conversation,
            "locale": locale,
            "lender": lender,
            "texts": page_texts(grace.kit.texts, locale, lender),
        }
        return JSONResponse(body, 200 if address else 401, headers={"Cache-Control": "no-store"})

    @routes.get("/texts.js")
    async def words(request: Request) -> Response:
        script = f"export const ENGLISH = {json.dumps(WORDS, ensure_ascii=False)};"
        return Response(script, media_type=_TYPES[".js"], headers=_headers(request))

    @routes.post("/file")
    async def upload(request: Request, client_id: str = "") -> Response:
        address = sessions.read(request.cookies.get(CHAT_COOKIE))
        if address is None or not _own_page(request):
            return JSONResponse({}, 401)
        return await uploads.take(request, address, client_id)

    @routes.get("/paper/{token}")
    async def paper(token: str, request: Request) -> Response:
        return await handed_out(token, request, grace.papers.opened)

    @routes.get("/file/{token}")
    async def sent(token: str, request: Request) -> Response:
        return await handed_out(token, request, grace.files.opened)

    async def handed_out(token: str, request: Request, opened: Callable[[str, int], PaperFile]) -> Response:
        """Answer with what a message carries, to the browser whose chat it came to."""
        address, link = sessions.read(request.cookies.get(CHAT_COOKIE)), papers.read(token)
        if address is None or link is None:
            return notice(grace, "utter_link_used", 410)
        conversation = await asyncio.to_thread(grace.conversations.ensure, NAME, address)
        if link[0] != conversation:
            return notice(grace, "utter_link_used", 404)
        try:
            return served(await asyncio.to_thread(opened, *link))
        except LookupError:
            return notice(grace, "utter_link_used", 404)
        except StorageError:
            return Response(status_code=503)

    @routes.get("/{name}")
    async def file(name: str, request: Request) -> Response:
        return _file(name, request)

    @routes.websocket("/ws")
    async def socket(websocket: WebSocket) -> None:
        session = sessions.open(websocket.cookies.get(CHAT_COOKIE))
        if session is None or not _same_origin(websocket):
            await websocket.close(REFUSED)
            return
        await websocket.accept()
        await ChatSocket(websocket, session, grace, door, feed, papers).serve()

    return routes


def _file(name: str, request: Request) -> Response:
    path = _FILES / name
    if not _NAME.fullmatch(name) or path.suffix not in _TYPES or not path.is_file():
        return Response(status_code=404)
    return FileResponse(path, media_type=_TYPES[path.suffix], headers=_headers(request))


def _headers(request: Request) -> dict[str, str]:
    host = request.headers.get("host", "")
    return {key: value.replace("{socket}", f"ws://{host} wss://{host}") for key, value in _HEADERS.items()}


def _own_page(request: Request) -> bool:
    """Tell whether a browser says that no other site made it ask; a program says nothing."""
    return request.headers.get("sec-fetch-site", "none") in ("none", "same-origin")


def _same_origin(websocket: WebSocket) -> bool:
    origin = websocket.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == websocket.headers.get("host")
