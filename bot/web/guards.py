"""What stands before every page: headers that tie a browser's hands, and no asking from other sites."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.settings import Settings

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_PLAIN = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
# NiceGUI's pages compile their templates in the browser and carry their own scripts inline.
_CONSOLE = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'{sockets}; object-src 'none';"
    " base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
_BARE = "default-src 'none'; frame-ancestors 'none'"
_TWO_YEARS = "max-age=63072000; includeSubDomains"


class Guards:
    """ASGI middleware around the whole app.

    Below `guarded` paths, where a cookie says who asks, a browser that names another site as the origin is
    refused: a socket always, a request when it could change something or is a socket's stand-in.
    """

    def __init__(self, app: ASGIApp, settings: Settings, guarded: tuple[str, ...]) -> None:
        self.app = app
        self.guarded = guarded
        self.own = urlsplit(settings.public_url).netloc
        self.secure = settings.public_url.startswith("https:")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        if self._is_foreign(scope):
            await self._refuse(scope, receive, send)
            return

        async def dressed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                self._dress(scope, MutableHeaders(scope=message))
            await send(message)

        await self.app(scope, receive, dressed)

    def _is_foreign(self, scope: Scope) -> bool:
        path = str(scope["path"])
        if not path.startswith(self.guarded):
            return False
        if scope["type"] == "http" and scope["method"] in _READING and "/_nicegui_ws" not in path:
            return False
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        return origin is not None and urlsplit(origin).netloc not in (headers.get("host"), self.own)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 4403})
            return
        await Response(status_code=403)(scope, receive, send)

    def _dress(self, scope: Scope, headers: MutableHeaders) -> None:
        for name, value in _PLAIN.items():
            headers.setdefault(name, value)
        if self.secure:
            headers.setdefault("Strict-Transport-Security", _TWO_YEARS)
        host = Headers(scope=scope).get("host", "")
        console = _CONSOLE.replace("{sockets}", f" ws://{host} wss://{host}" if host else "")
        inside = str(scope["path"]).startswith("/console")
        headers.setdefault("Content-Security-Policy", console if inside else _BARE)
