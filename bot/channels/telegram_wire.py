"""The connections to Telegram's Bot API: aiohttp in the place of the library's own httpx.

With many messages in hand httpx looks through all its connections for each of them: see `bench/delivery.py`.
What an answer or a failure means does not change: python-telegram-bot asks no more of a `BaseRequest`.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import aiohttp
import httpx
from telegram._utils.defaultvalue import DefaultValue
from telegram._utils.types import ODVInput
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

NO_CONNECTION = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
    aiohttp.InvalidURL,
)
"""Failures before the first byte of a request went out."""
_CONNECTIONS = 256
_CONNECT = 5.0
_UPLOAD = 20.0
_AGENT = {"User-Agent": BaseRequest.USER_AGENT}
_FIELDS = {"Content-Type": "application/x-www-form-urlencoded"}


class BrokenAnswer(TelegramError):
    """What came back is no answer of the Bot API."""


class Wire(BaseRequest):
    """Posts requests over kept-alive connections; never writes what it received to the log."""

    def __init__(self, patience: float, connections: int = _CONNECTIONS) -> None:
        """Wait `patience` seconds for an answer, on at most so many `connections`."""
        self._patience, self._connections = patience, connections
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        """Seconds that an answer may take."""
        return self._patience

    async def initialize(self) -> None:
        """Open the client; nothing is asked yet."""
        if self._session is None:
            # The authorities that httpx trusts, and its settings in the environment.
            connector = aiohttp.TCPConnector(limit=self._connections, ssl=httpx.create_ssl_context())
            self._session = aiohttp.ClientSession(connector=connector, headers=_AGENT, trust_env=True)

    async def shutdown(self) -> None:
        """Close the client."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        write_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        connect_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        pool_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Return status and body. Raises TimedOut or NetworkError, caused by aiohttp's errors."""
        if self._session is None:
            raise RuntimeError("the client is not open")
        files = request_data.multipart_data if request_data else None
        data = request_data.json_parameters if request_data else {}
        read, connect = _seconds(read_timeout, self._patience), _seconds(connect_timeout, _CONNECT)
        # The time for an answer begins when all is written: how long that takes has a bound of its own.
        total = connect + _seconds(write_timeout, _UPLOAD if files else self._patience) + read
        timeout = aiohttp.ClientTimeout(total=total, connect=connect, sock_read=read)
        # Fields alone are encoded here: aiohttp would get a writer of files ready for them.
        body = _multipart(data, files) if files else urlencode(data).encode()
        headers = None if files else _FIELDS
        try:
            async with self._session.request(
                method, url, data=body, headers=headers, timeout=timeout
            ) as answer:
                return answer.status, await answer.read()
        except TimeoutError as error:
            raise TimedOut from error
        except aiohttp.ClientError as error:
            # Its name alone: what it says may hold the address, and that holds the token.
            raise NetworkError(type(error).__name__) from error

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read an answer. Raises BrokenAnswer."""
        try:
            answer = json.loads(payload.decode("utf-8", "replace"))
        except ValueError:
            raise BrokenAnswer("the answer is not JSON") from None
        if not isinstance(answer, dict):
            raise BrokenAnswer("the answer is not an object")
        return answer


def _seconds(given: ODVInput[float], usual: float) -> float:
    value = usual if isinstance(given, DefaultValue) else given
    return usual if value is None else float(value)


def _multipart(data: dict[str, str], files: dict[str, Any]) -> aiohttp.FormData:
    form = aiohttp.FormData(data, quote_fields=False, default_to_multipart=True)
    for field, (name, content, kind) in files.items():
        form.add_field(field, content, filename=name, content_type=kind)
    return form
