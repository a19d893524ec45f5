"""Asks Rasa: one turn over loopback HTTP, with the token that opens its only door."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

from bot.observing import tracing
from bot.observing.masking import Plain
from bot.services.replies import Reply
from bot.services.turns import Turn
from bot.settings import Settings

FALLBACK = "nlu_fallback"


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
    """A client that keeps its connections."""

    def __init__(self, settings: Settings) -> None:
        self._client = httpx.AsyncClient(
            base_url=f"{settings.rasa_url}/webhooks/gateway",
            headers={"Authorization": f"Bearer {settings.rasa_token.get_secret_value()}"},
            timeout=httpx.Timeout(settings.rasa_timeout, connect=2.0),
            trust_env=False,
        )
        self._actions = settings.actions_health

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
        try:
            return (await self._client.get("/")).status_code == 200
        except httpx.HTTPError:
            return False

    async def _all_answer(self) -> bool:
        """Tell whether Rasa and its action server both answer now."""
        async with httpx.AsyncClient(timeout=2.0, trust_env=False) as probe:
            try:
                return await self.ready() and (await probe.get(self._actions)).is_success
            except httpx.HTTPError:
                return False

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            response = await self._client.post(path, json=body, headers=tracing.headers())
        except httpx.ReadTimeout as error:
            raise AssistantStuck("no answer in time") from error
        except httpx.HTTPError as error:
            raise AssistantDown(type(error).__name__) from error
        if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            if await self._all_answer():
                raise AssistantStuck("an action did not answer, though everything is up")
            raise AssistantDown("Rasa or its action server is not ready")
        if not response.is_success:
            raise AssistantBroken(f"Rasa answered {response.status_code}")
        try:
            result = response.json()
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
