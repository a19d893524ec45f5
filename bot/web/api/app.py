"""The API's own application, mounted below /api/v1."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI

from bot.bootstrap import Grace
from bot.channels.channel import Door
from bot.web.api import handoffs, lending, terms
from bot.web.api.desk import Api
from bot.web.api.problems import add_handlers
from bot.web.api.refs import Refs

PATH = "/api/v1"


def api_app(grace: Grace, door: Door, wake: Callable[[], Awaitable[None]]) -> FastAPI:
    """Return the API; its description is at /api/v1/openapi.json."""
    app = FastAPI(
        title="Grace",
        version="1",
        description="Hand-offs, messages, approvals, the loan book and records, for a lender's own desk.",
        docs_url=None,
        redoc_url=None,
    )
    app.state.api = Api(grace, door, wake, Refs(grace.kit.settings.signing_secret()))
    app.include_router(handoffs.routes)
    app.include_router(lending.routes)
    app.include_router(terms.routes)
    add_handlers(app)
    return app
