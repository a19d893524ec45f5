"""Asks Rasa: one turn over loopback HTTP, with the token that opens its only door."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import aiohttp

from bot.observing import tracing
from bot.observing.masking import Plain
from bot.services.replies import Reply
from bot.services.turns import Turn
from bot.settings import Settings

FALLBACK = "nlu_fallback"
_CONNECT = _PROBE = 2.0
"""Seconds to reach a process that is up."""


class AssistantDown(Plain):
    """Rasa or its action server cannot be reached; the turn stays stored and is asked again."""


class AssistantStuck(AssistantDown):
    """The turn got no answer though everything else answers, or got none in time: it may itself be why."""


class AssistantBroken(Plain):
    """Rasa answered that it cannot serve this turn; asking again will hardly help."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What Rasa said, which question is open now, whether the message was understood, and as what."""

    reply: Reply
    expected: str | None
    understood: bool
    reading: dict[str, Any] = field(default_factory=dict)


class Assistant:
    """A client that keeps its connections, in the event loop that first asks through it."""

    def __init__(self, settings: Settings) -> None:
        self._door = f"{settings.rasa_url.rstrip('/')}/webhooks/gateway"
        self._headers = {"Authorization": f"Bearer {settings.rasa_token.get_secret_value()}"}
        self._timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=_CONNECT, sock_read=settings.rasa_timeout
        )
        self._actions = settings.actions_health
        self._opened: aiohttp.ClientSession | None = None

    async def turn(self, turn: Turn) -> Answer:
        """Have one turn read and answered. Raises AssistantDown, AssistantStuck or AssistantBroken."""
        body = {
            "conversation": turn.conversation_id,
            "turn": turn.id,
            "text": turn.text,
            "context": turn.context,
        }
        answer = await self._post("/turn", body)
        tracing.told(answer.get("spans") or (), "rasa")
        try:
            reply = join(answer["messages"])
        except (KeyError, TypeError, AttributeError) as error:
            raise AssistantBroken("Rasa's answer holds no messages") from error
        understood = answer.get("intent") not in (None, FALLBACK)
        return Answer(reply, answer.get("expected"), understood, answer.get("reading") or {})

    async def parse(self, text: str, context: dict[str, Any]) -> dict[str, Any]:
        """Have one message read, without any dialogue. Raises AssistantDown or AssistantBroken."""
        return await self._post("/parse", {"text": text, "context": context})

    async def ready(self) -> bool:
        """Tell whether Rasa answers."""
        return await self._is_well(f"{self._door}/", self._timeout, self._headers)

    async def _all_answer(self) -> bool:
        """Tell whether Rasa and its action server both answer now."""
        return await self.ready() and await self._is_well(self._actions, aiohttp.ClientTimeout(_PROBE))

    async def _is_well(
        self, url: str, timeout: aiohttp.ClientTimeout, headers: dict[str, str] | None = None
    ) -> bool:
        try:
            async with self._session().get(url, timeout=timeout, headers=headers) as response:
                return response.status == HTTPStatus.OK
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    def _session(self) -> aiohttp.ClientSession:
        # Not before a loop runs: a session belongs to one.
        if self._opened is None:
            self._opened = aiohttp.ClientSession(timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar())
        return self._opened

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {**self._headers, **tracing.headers()}
        try:
            async with self._session().post(f"{self._door}{path}", json=body, headers=headers) as response:
                status, said = response.status, await response.read()
        except aiohttp.SocketTimeoutError as error:
            raise AssistantStuck("no answer in time") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise AssistantDown(type(error).__name__) from error
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            if await self._all_answer():
                raise AssistantStuck("an action did not answer, though everything is up")
            raise AssistantDown("Rasa or its action server is not ready")
        if status != HTTPStatus.OK:
            raise AssistantBroken(f"Rasa answered {status}")
        try:
            result = json.loads(said)
        except ValueError as error:
            raise AssistantBroken("Rasa's answer is not JSON") from error
        if not isinstance(result, dict):
            raise AssistantBroken("Rasa's answer is not an object")
        return result


def join(messages: list[dict[str, Any]]) -> Reply:
    """Make one message of a turn's parts: texts in order, each once, with the last part's buttons."""
    texts = list(dict.fromkeys(part["text"] for part in messages if part.get("text")))
    buttons: list[dict[str, str]] = next((m["buttons"] for m in reversed(messages) if m.get("buttons")), [])
    purposes = {part.get("purpose", "reply") for part in messages}
    purpose = next((one for one in ("handoff", "confirmation") if one in purposes), "reply")
    keys = tuple(part["key"] for part in messages if part.get("key"))
    return Reply("\n\n".join(texts), buttons, keys, purpose)
