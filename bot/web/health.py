"""Health, readiness and metrics of the app process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from bot import readiness
from bot.bootstrap import Grace
from bot.channels.assistant import Assistant
from bot.channels.channel import Channel
from bot.observing import metrics


def add_health(app: FastAPI, grace: Grace, assistant: Assistant, channels: Mapping[str, Channel]) -> None:
    """Add `/health`, `/ready` and `/metrics`."""
    settings = grace.kit.settings
    checks = {
        **readiness.storage(grace.kit.db),
        "rasa": _rasa(assistant),
        "actions": readiness.http(settings.actions_health),
        **readiness.broker(settings),
        **readiness.ticking(settings, time.time()),
        **{f"channel_{name}": _channel(one) for name, one in channels.items()},
    }

    @app.get("/health")
    async def health() -> Response:
        """The process lives."""
        return JSONResponse({"status": "ok"})

    @app.get("/ready")
    async def ready() -> Response:
        """Every part that a turn needs answers; which one is ill is said."""
        said, status = await readiness.examine(checks)
        return JSONResponse(said, status)

    @app.get("/metrics")
    async def measured(request: Request) -> Response:
        """What this process measures, and how things stand in the database; behind a token."""
        if settings.metrics_token is None:
            return Response(status_code=404)
        if not metrics.readable(settings.metrics_token, request.headers.get("Authorization")):
            return Response(status_code=401)
        body = await asyncio.to_thread(metrics.exposed, grace.gauges.registry)
        return Response(body, media_type=metrics.CONTENT_TYPE)


def _rasa(assistant: Assistant) -> readiness.Check:
    async def answers() -> str:
        return readiness.WELL if await assistant.ready() else "does not answer"

    return answers


def _channel(channel: Channel) -> readiness.Check:
    async def works() -> str:
        # A channel that cannot be ill, such as the stored one, says nothing of it.
        return getattr(channel, "ailment", "") or readiness.WELL

    return works
