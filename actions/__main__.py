"""`python -m actions`: the action server, one process, behind a token, with health, metrics and traces."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor
from sanic import Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse

from actions.base import grace
from bot import readiness
from bot.bearer import opens
from bot.observing import logs, metrics, tracing
from bot.settings import Settings

_IDLE = 5
_OPEN = frozenset({"/health", "/ready", "/metrics"})
"""What answers without Rasa's token: it tells of no borrower, and figures have a token of their own."""


def server(settings: Settings) -> Sanic[Any, Any]:
    """Return rasa-sdk's server with Grace's actions, `/ready` and `/metrics` beside its `/health`."""
    executor = ActionExecutor()
    executor.register_package("actions")
    app = create_app(executor)
    app.config.KEEP_ALIVE_TIMEOUT = _IDLE
    # rasa-sdk takes up the caller's trace by itself.
    app.ctx.tracer_provider = tracing.start("actions", settings.trace_url)

    @app.on_request
    async def guard(request: Request) -> HTTPResponse | None:
        """Only Rasa asks for actions: whoever may, reads and changes any borrower's account."""
        if request.path in _OPEN or opens(
            settings.rasa_token.get_secret_value(), request.headers.get("Authorization")
        ):
            return None
        return response.json({"error": "wrong token"}, status=401)

    @app.get("/ready")
    async def ready(_: Request) -> HTTPResponse:
        """Which part that an action needs is ill."""
        checks = readiness.storage(await asyncio.to_thread(lambda: grace().kit.db))
        said, status = await readiness.examine(checks)
        return response.json(said, status=status)

    @app.get("/metrics")
    async def measured(request: Request) -> HTTPResponse:
        """What this process measures; behind the token where one is set."""
        if not metrics.readable(settings.metrics_token, request.headers.get("Authorization")):
            return response.empty(status=401)
        return response.raw(metrics.exposed(), content_type=metrics.CONTENT_TYPE)

    return app


def main() -> None:
    """Serve until stopped."""
    settings = Settings()
    # In this one process: what it counts would otherwise be spread over several.
    app = server(settings)
    logs.configure("actions", as_json=settings.log_json)
    logs.on_trouble(metrics.count_trouble)
    app.prepare(
        host=settings.host, port=settings.actions_port, single_process=True, access_log=False, motd=False
    )
    app.before_server_start(partial(_warm, settings))
    Sanic.serve_single(primary=app)


async def _warm(_settings: Settings, _app: Sanic[Any, Any]) -> None:
    """Build the services before the first turn needs them."""
    await asyncio.to_thread(grace)


if __name__ == "__main__":
    main()
