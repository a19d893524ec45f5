"""Routes of the chat page: the one-time link, the page's files, its session, its socket."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response, WebSocket
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse

from bot.bootstrap import Grace
from bot.channels.channel import Door
from bot.channels.webchat import NAME
from bot.web.chat.socket import ChatSocket
from bot.web.chat.texts import WORDS, page_texts
from bot.web.feed import Feed
from bot.web.session import CHAT_COOKIE, Sessions

_FILES = Path(__file__).parent
_NAME = re.compile(r"[a-z]{1,40}\.[a-z]{2,4}")
_TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}
_NOWHERE = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_GUARDS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    f" connect-src 'self' {{socket}}; img-src 'self'; {_NOWHERE}",
    "Cache-Control": "no-cache",
    **_GUARDS,
}
_NOTICE_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'unsafe-inline'; {_NOWHERE}",
    "Cache-Control": "no-store",
    **_GUARDS,
}
_NOTICE_STYLE = "font-family:system-ui;max-width:32rem;margin:20vh auto;padding:0 1.5rem;line-height:1.7"


def chat_routes(grace: Grace, door: Door, feed: Feed, sessions: Sessions) -> APIRouter:
    """Return the routes under /chat."""
    routes = APIRouter(prefix="/chat")

    @routes.get("/l/{token}")
    async def open_link(token: str) -> Response:
        ref = await asyncio.to_thread(grace.links.bind, token, NAME)
        if ref is None:
            return _notice(grace, "utter_link_used", 410)
        answer = RedirectResponse("/chat/", 303)
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
            return _notice(grace, "utter_link_used", 401)
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

    @routes.get("/{name}")
    async def file(name: str, request: Request) -> Response:
        return _file(name, request)

    @routes.websocket("/ws")
    async def socket(websocket: WebSocket) -> None:
        address = sessions.read(websocket.cookies.get(CHAT_COOKIE))
        if address is None or not _same_origin(websocket):
            await websocket.close(4401)
            return
        await websocket.accept()
        await ChatSocket(websocket, address, grace, door, feed).serve()

    return routes


def _file(name: str, request: Request) -> Response:
    path = _FILES / name
    if not _NAME.fullmatch(name) or path.suffix not in _TYPES or not path.is_file():
        return Response(status_code=404)
    return FileResponse(path, media_type=_TYPES[path.suffix], headers=_headers(request))


def _headers(request: Request) -> dict[str, str]:
    host = request.headers.get("host", "")
    return {key: value.replace("{socket}", f"ws://{host} wss://{host}") for key, value in _HEADERS.items()}


def _notice(grace: Grace, key: str, status: int) -> Response:
    """A plain page in both languages for a link that opens nothing."""
    values = {"phone": grace.kit.settings.lender_phone}
    lines = "".join(f"<p>{grace.kit.texts.render(key, one, values).text}</p>" for one in ("zh_CN", "en"))
    page = (
        "<!doctype html><html lang='zh'><meta charset='utf-8'><meta name='viewport' "
        "content='width=device-width, initial-scale=1'><title>Grace</title>"
        f"<body style='{_NOTICE_STYLE}'>" + lines
    )
    return HTMLResponse(page, status, headers=_NOTICE_HEADERS)


def _same_origin(websocket: WebSocket) -> bool:
    origin = websocket.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == websocket.headers.get("host")
