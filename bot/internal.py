"""The internal port of a process without pages of its own: health, readiness, metrics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot import readiness
from bot.observing import metrics
from bot.settings import Settings


def app(settings: Settings, checks: Mapping[str, readiness.Check]) -> Starlette:
    """Return `/health`, `/ready` and `/metrics`; the last behind the token where one is set."""

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(_: Request) -> Response:
        said, status = await readiness.examine(checks)
        return JSONResponse(said, status)

    async def measured(request: Request) -> Response:
        if not metrics.readable(settings.metrics_token, request.headers.get("Authorization")):
            return Response(status_code=401)
        return Response(metrics.exposed(), media_type=metrics.CONTENT_TYPE)

    return Starlette(routes=[Route("/health", health), Route("/ready", ready), Route("/metrics", measured)])


@asynccontextmanager
async def served(settings: Settings, checks: Mapping[str, readiness.Check]) -> AsyncIterator[None]:
    """Serve them on `settings.worker_port` for the length of a block; nothing when that is 0."""
    if not settings.worker_port:
        yield
        return
    config = uvicorn.Config(
        app(settings, checks),
        host=settings.host,
        port=settings.worker_port,
        log_config=None,
        access_log=False,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    # Stopping is the worker's own affair.
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server._serve())
    try:
        yield
    finally:
        server.should_exit = True
        await serving
