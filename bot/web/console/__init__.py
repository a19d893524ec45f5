"""The agents' console: queue, cases, sign-in; NiceGUI below /console."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from nicegui import core, ui

from bot.bootstrap import Grace
from bot.web.console.approvals import approvals
from bot.web.console.attaching import attachments
from bot.web.console.auth import ROOT, login_page, room
from bot.web.console.board import Board
from bot.web.console.calls import calls
from bot.web.console.case import case
from bot.web.console.complaints import complaints
from bot.web.console.desk import Desk
from bot.web.console.files import files
from bot.web.console.layout import ICON
from bot.web.console.members import members
from bot.web.console.payments import payments
from bot.web.console.quality import quality
from bot.web.console.queue import queue
from bot.web.console.security import security
from bot.web.console.shortcuts import shortcuts
from bot.web.console.team import team
from bot.web.console.words import Phrasebook
from bot.web.feed import Feed

__all__ = ["mount"]

_RECONNECT = 10.0


def mount(app: FastAPI, grace: Grace, feed: Feed, wake: Callable[[], Awaitable[None]]) -> None:
    """Add the console to an app, below /console.

    `feed` wakes open pages and must run beside the app; `wake` is awaited when an agent's message was queued.
    """
    desk = Desk(grace, feed, wake, Board(grace, feed), Phrasebook(grace.kit.texts))
    if core.app.middleware_stack is not None:
        # NiceGUI has one application a process; mounted again, as tests do, it begins anew.
        core.app.middleware_stack = None
        core.app.user_middleware.clear()
    login_page(desk)
    room(desk, "/", "queue", queue)
    room(desk, "/case/{number}", "case", case)
    room(desk, "/approvals", "approvals", approvals)
    room(desk, "/payments", "payments", payments)
    room(desk, "/complaints", "complaints", complaints)
    room(desk, "/calls", "calls", calls)
    room(desk, "/shortcuts", "shortcuts", shortcuts)
    room(desk, "/security", "security", security)
    room(desk, "/board", "board", team)
    room(desk, "/members", "members", members)
    room(desk, "/quality", "quality", quality)
    files(desk)
    attachments(desk)

    @app.get(ROOT, include_in_schema=False)
    def console() -> RedirectResponse:
        return RedirectResponse(f"{ROOT}/", 307)

    settings = grace.kit.settings
    ui.run_with(
        app,
        mount_path=ROOT,
        title="Grace",
        favicon=ICON,
        dark=None,
        tailwind=False,
        reconnect_timeout=_RECONNECT,
        show_welcome_message=False,
        storage_secret=settings.signing_secret(),
        session_middleware_kwargs={
            "session_cookie": "grace_staff",
            "path": ROOT,
            "max_age": settings.session_hours * 3600,
            "https_only": settings.public_url.startswith("https"),
            "same_site": "lax",
        },
    )
