"""The app process: gateway, chat page, console, webhook, health and clock on one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from bot import clock
from bot.bootstrap import Grace
from bot.channels.assistant import Assistant
from bot.channels.channel import Channel
from bot.channels.gateway import Gateway
from bot.channels.webchat import StoredChannel
from bot.storage.db import StorageError
from bot.tasks import Tasks, is_shared
from bot.web.chat.routes import chat_routes
from bot.web.console import mount
from bot.web.feed import Feed
from bot.web.session import Sessions

log = structlog.get_logger()


def channels(grace: Grace) -> dict[str, Channel]:
    """Return the channels that the settings ask for."""
    made: list[Channel] = [StoredChannel()]
    if grace.kit.settings.telegram_token is not None:
        from bot.channels.telegram import TelegramChannel

        made.append(TelegramChannel(grace))
    return {channel.name: channel for channel in made}


def create_app(grace: Grace, assistant: Assistant | None = None) -> FastAPI:
    """Return the app; nothing runs before its lifespan starts."""
    settings = grace.kit.settings
    asks = assistant or Assistant(settings)
    gateway = Gateway(grace, asks, channels(grace))
    feed = Feed(grace.threads, settings.watch)

    async def wake() -> None:
        await gateway.wake()
        await feed.look()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        watching = asyncio.create_task(feed.run())
        await gateway.start()
        shared = Tasks(grace) if is_shared(settings.broker_url) else None
        if shared is not None:
            await shared.broker.startup()
        jobs = clock.scheduler(grace, wake, None if shared is None else shared.enqueue)
        if not settings.clock_off:
            jobs.start()
        try:
            yield
        finally:
            if jobs.running:
                jobs.shutdown(wait=False)
            await gateway.stop()
            if shared is not None:
                await shared.broker.shutdown()
            watching.cancel()
            await asks.close()

    app = FastAPI(title="Grace", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.gateway, app.state.feed = gateway, feed
    app.include_router(chat_routes(grace, gateway, feed, Sessions(settings)))
    _add_health(app, grace, asks)
    _add_webhook(app, gateway)
    mount(app, grace, feed, wake)
    return app


def _add_health(app: FastAPI, grace: Grace, assistant: Assistant) -> None:
    @app.get("/health")
    async def health() -> Response:
        """The process lives."""
        return JSONResponse({"status": "ok"})

    @app.get("/ready")
    async def ready() -> Response:
        """Every part that a turn needs answers; which one is ill is said."""
        parts = {"assistant": await assistant.ready()}
        try:
            await asyncio.to_thread(grace.threads.newest)
            parts["database"] = True
        except StorageError:
            parts["database"] = False
        return JSONResponse({"parts": parts}, 200 if all(parts.values()) else 503)


def _add_webhook(app: FastAPI, gateway: Gateway) -> None:
    if "telegram" not in gateway.channels:
        return
    telegram: Any = gateway.channels["telegram"]

    @app.post("/telegram/webhook")
    async def webhook(request: Request) -> Response:
        """Telegram's updates; stored before they are acknowledged."""
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token")
        try:
            body = await request.json()
        except ValueError:
            return Response(status_code=400)
        return Response(status_code=await telegram.handle_webhook(body, secret))
