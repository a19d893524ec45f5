"""The only door into Rasa: one turn in, the whole answer out, behind a token, once per turn id."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from rasa.core.tracker_store import FailSafeTrackerStore
from rasa.shared.core.constants import REQUESTED_SLOT
from rasa.shared.core.events import ActiveLoop, BotUttered, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.assistant import adapters, counting, faults, readiness
from bot.assistant.adapters.session import StoreError
from bot.assistant.endpoint import ActionEndpoint
from bot.assistant.privacy import forget_words
from bot.assistant.switches import wanted
from bot.assistant.tracing import traced
from bot.bearer import opens
from bot.observing import logs

NAME = "gateway"
log = structlog.get_logger()


class TurnFailed(Exception):
    """A turn could not be served whole; nothing of it was saved."""

    def __init__(self, fault: faults.Fault) -> None:
        super().__init__(fault)
        self.fault = fault


class GatewayOutput(CollectingOutputChannel):
    """Collects whole responses, with the metadata that says which text it is and why it is sent."""

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep one response as it was rendered."""
        self.messages.append(_shape(message, message.get("metadata") or {}))


class GatewayInput(InputChannel):
    """`POST /webhooks/gateway/turn` and `/parse`, JSON, `Authorization: Bearer <token>`."""

    @classmethod
    def name(cls) -> str:
        """The URL part under /webhooks."""
        return NAME

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> GatewayInput:
        """Read the token. Raises ValueError when there is none: an open door is no default."""
        token = (credentials or {}).get("token")
        if not token or token.startswith("${"):
            raise ValueError(
                "credentials.yml: bot.assistant.channel.GatewayInput needs a token (GRACE_RASA_TOKEN)"
            )
        adapters.install()
        logs.configure("rasa", as_json=os.environ.get("GRACE_LOG_JSON", "").lower() in ("1", "true", "yes"))
        logs.on_trouble(counting.count_trouble)
        return cls(token)

    def __init__(self, token: str) -> None:
        self._token = token

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("gateway_webhook")

        @routes.get("/")
        async def health(request: Request) -> HTTPResponse:
            if not request.app.ctx.agent.is_ready():
                return response.json({"status": "no model is loaded"}, status=503)
            return response.json({"status": "ok"})

        @routes.post("/turn")
        async def turn(request: Request) -> HTTPResponse:
            if not self._allowed(request):
                return response.json({"error": "wrong token"}, status=401)
            body = request.json
            message = UserMessage(
                body["text"],
                GatewayOutput(),
                body["conversation"],
                input_channel=NAME,
                message_id=body["turn"],
                metadata=body["context"],
            )
            with (
                logs.bound_contextvars(turn=body["turn"], conversation=body["conversation"]),
                traced(request.headers.get("traceparent")) as spans,
            ):
                answer, status = await _served(request.app.ctx.agent, message)
            return response.json({**answer, "spans": spans} if spans else answer, status=status)

        @routes.get("/ready")
        async def ready(request: Request) -> HTTPResponse:
            said, status = await readiness.examine(request.app.ctx.agent)
            return response.json(said, status=status)

        @routes.get("/metrics")
        async def measured(request: Request) -> HTTPResponse:
            if not self._allowed(request):
                return response.json({"error": "wrong token"}, status=401)
            return response.text(counting.exposed())

        @routes.post("/parse")
        async def parse(request: Request) -> HTTPResponse:
            if not self._allowed(request):
                return response.json({"error": "wrong token"}, status=401)
            body = request.json
            message = UserMessage(body["text"], metadata=body.get("context") or {})
            return response.json(await request.app.ctx.agent.processor.parse_message(message))

        return routes

    def _allowed(self, request: Request) -> bool:
        return opens(self._token, request.headers.get("Authorization"))


async def _served(agent: Agent, message: UserMessage) -> tuple[dict[str, Any], int]:
    """Take a turn; return what is answered, and the status. 503: ask again later. 500: that will not help."""
    start = time.perf_counter()
    outcome, status = "broken", 500
    answer: dict[str, Any] = {"error": "broken"}
    try:
        answer, outcome, status = await take_turn(agent, message), "answered", 200
    except StoreError as error:
        # Rasa's memory is away, and the turn with it: it can be asked again when it is back.
        log.error("tracker_store_failed", error=type(error.orig))
        answer, outcome, status = {"error": "unreachable"}, "unreachable", 503
    except TurnFailed as error:
        answer, outcome = {"error": error.fault}, error.fault
        status = 503 if error.fault == "unreachable" else 500
        log.warning("turn_not_served", outcome=outcome)
    finally:
        seconds = time.perf_counter() - start
        counting.count_turn(outcome, seconds)
        log.info("turn_served", outcome=outcome, seconds=round(seconds, 4))
    return answer, status


async def take_turn(agent: Agent, message: UserMessage) -> dict[str, Any]:
    """Handle one turn under the conversation's lock; one that was taken before is answered as it was then.

    The repeat happens when the gateway died between Rasa's answer and storing it. Raises TurnFailed when an
    action could not be run or a text not be rendered: then nothing is saved, and the turn can be asked again.
    """
    async with agent.lock_store.lock(message.sender_id, wait_time_in_seconds=_pace()):
        processor = agent.processor
        processor.action_endpoint = ActionEndpoint.around(processor.action_endpoint)
        _be_honest(agent)
        tracker = await processor.get_tracker(message.sender_id)
        if _last_turn(tracker) == message.message_id:
            return _answer(tracker, _replies(tracker))
        found = faults.watch()
        await processor._update_tracker_session(tracker, message.output_channel, message.metadata)
        if (message.metadata or {}).get("resumed"):
            _leave_form(tracker)
        await processor._handle_message_with_tracker(message, tracker)
        tracker = await processor.run_action_extract_slots(message.output_channel, tracker)
        await processor._run_prediction_loop(message.output_channel, tracker)
        if found:
            raise TurnFailed(found[0])
        answer = _answer(tracker, message.output_channel.messages)
        forget_words(tracker)
        await processor.save_tracker(tracker)
        return answer


def _leave_form(tracker: DialogueStateTracker) -> None:
    """End the form that ran when people took over: a yes to them is none to its question. All slots stay."""
    if tracker.active_loop_name:
        tracker.update(ActiveLoop(None))
        tracker.update(SlotSet(REQUESTED_SLOT, None))


def _pace() -> float:
    """Return how often a turn looks whether the one before it is done, in seconds.

    Rasa looks once a second: of four messages sent at once the last one would wait three seconds for nothing.
    """
    return 0.02 if "locks" in wanted() else 1.0


def _be_honest(agent: Agent) -> None:
    """Let a failing database be an error: Rasa would go on from an empty memory, and say nothing."""
    if isinstance(agent.tracker_store, FailSafeTrackerStore):
        agent.tracker_store = agent.processor.tracker_store = agent.tracker_store._tracker_store


def _answer(tracker: DialogueStateTracker, messages: list[dict[str, Any]]) -> dict[str, Any]:
    latest = tracker.latest_message
    intent = (latest.intent or {}) if latest else {}
    acts = (latest.parse_data or {}).get("acts") if latest else None
    asked = tracker.get_slot(REQUESTED_SLOT) if tracker.active_loop_name else None
    reading = {
        "intent": intent.get("name"),
        "confidence": intent.get("confidence"),
        "acts": [{"intent": act["intent"], "confidence": act["confidence"]} for act in acts or []],
    }
    return {"messages": messages, "intent": intent.get("name"), "expected": asked, "reading": reading}


def _last_turn(tracker: DialogueStateTracker) -> str | None:
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered) and event.message_id:
            return str(event.message_id)
    return None


def _replies(tracker: DialogueStateTracker) -> list[dict[str, Any]]:
    """What the bot said since the message with the newest turn id."""
    replies: list[dict[str, Any]] = []
    for event in reversed(tracker.events):
        if isinstance(event, BotUttered):
            replies.append(_shape({"text": event.text, **event.data}, event.metadata))
        if isinstance(event, UserUttered) and event.message_id:
            break
    return replies[::-1]


def _shape(message: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    return {
        "text": message.get("text") or "",
        "buttons": message.get("buttons") or [],
        "key": metadata.get("key") or metadata.get("utter_action"),
        "purpose": metadata.get("purpose", "reply"),
    }
