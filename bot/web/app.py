"""The app process: gateway, chat page, console, webhook, health and clock on one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response

from bot import clock
from bot.bootstrap import Grace
from bot.channels.assistant import Assistant
from bot.channels.channel import Channel
from bot.channels.gateway import Gateway
from bot.channels.webchat import StoredChannel
from bot.tasks import Tasks, is_shared
from bot.web.api.app import PATH, api_app
from bot.web.api.handoffs import CHANNEL
from bot.web.chat.routes import chat_routes
from bot.web.console import mount
from bot.web.feed import Feed
from bot.web.group import group_of
from bot.web.guards import Guards
from bot.web.health import add_health
from bot.web.hooks import Hooks
from bot.web.session import Sessions
from bot.web.sizes import Sizes

log = structlog.get_logger()


def channels(grace: Grace, told: Callable[[str], None] | None = None) -> dict[str, Channel]:
    """Return the channels that the settings ask for; `told` is called with a chat that has news."""
    made: list[Channel] = [StoredChannel(told=told), StoredChannel(CHANNEL)]
    if grace.kit.settings.telegram_token is not None:
        from bot.channels.telegram import TelegramChannel

        made.append(TelegramChannel(grace))
    return {channel.name: channel for channel in made}


def create_app(grace: Grace, assistant: Assistant | None = None) -> FastAPI:
    """Return the app; nothing runs before its lifespan starts."""
    settings = grace.kit.settings
    asks = assistant or Assistant(settings)
    feed = Feed(grace.threads, settings.watch)
    hooks = Hooks(grace.webhooks, settings.signing_secret(), private=settings.webhook_private)
    gateway = Gateway(grace, asks, channels(grace, feed.told))

    async def wake() -> None:
        await gateway.wake()
        await feed.look()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        watching = asyncio.create_task(feed.run())
        group = group_of(grace)
        telling = None if group is None else asyncio.create_task(group.run())
        calling = asyncio.create_task(hooks.run())
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
            if telling is not None:
                telling.cancel()
            calling.cancel()
            await asks.close()

    app = FastAPI(title="Grace", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.gateway, app.state.feed = gateway, feed
    app.include_router(chat_routes(grace, gateway, feed, Sessions(settings)))
    add_health(app, grace, asks, gateway.channels)
    _add_webhook(app, gateway)
    app.mount(PATH, api_app(grace, gateway, wake))
    mount(app, grace, feed, wake)
    app.add_middleware(Sizes)
    app.add_middleware(Guards, settings=settings, guarded=("/console",))
    return app


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
