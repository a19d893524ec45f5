"""The way to the action server: one kept connection, a time-out that fits a chat, no fault swallowed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

import aiohttp
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

from bot.assistant import faults
from bot.assistant.switches import wanted
from bot.assistant.tracing import span

TIMEOUT = 10.0
IDLE = 3.0
"""Seconds after which an idle connection is given up: well before the action server would close it."""
_REJECTED = 400
_sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession] = WeakKeyDictionary()


class ActionEndpoint(EndpointConfig):
    """Rasa's own endpoint with four differences.

    It gives up after TIMEOUT seconds instead of 300. It sends an empty domain: no action of Grace reads it,
    and rasa-sdk accepts it, so Rasa need not write the whole of it for every call. It keeps one session with
    its open connections for each event loop (adapter `connection`), where Rasa connects anew for every call:
    about 2 ms. And it notes every failure, because Rasa itself would answer with silence.
    """

    @classmethod
    def around(cls, endpoint: EndpointConfig) -> ActionEndpoint:
        """Take over the address of an endpoint."""
        if isinstance(endpoint, cls):
            return endpoint
        return cls(url=endpoint.url, headers=endpoint.headers, enable_selective_domain=True)

    def session(self) -> Any:
        """Return a context that gives the session; leaving it keeps the connections."""
        return _kept(self.headers) if "connection" in wanted() else super().session()

    async def request(self, *args: Any, **kwargs: Any) -> Any:
        """Call an action."""
        body = {**kwargs.pop("json", {}), "domain": {}}
        kwargs["timeout"] = TIMEOUT
        try:
            with span("rasa action") as headers:
                kwargs["headers"] = {**kwargs.get("headers", {}), **headers}
                return await super().request(*args, json=body, **kwargs)
        except ClientResponseError as error:
            if error.status != _REJECTED:
                faults.note("broken")
            raise
        except (TimeoutError, aiohttp.ClientError, OSError):
            faults.note("unreachable")
            raise


@asynccontextmanager
async def _kept(headers: dict[str, str]) -> AsyncIterator[aiohttp.ClientSession]:
    loop = asyncio.get_running_loop()
    session = _sessions.get(loop)
    if session is None or session.closed:
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE)
        session = _sessions[loop] = aiohttp.ClientSession(headers=headers, connector=connector)
    yield session
