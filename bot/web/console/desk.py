"""What the pages share: the services, a browser's session, and one visit of one page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import structlog
from nicegui import Client, background_tasks, ui

from bot.bootstrap import Grace
from bot.services.kit import Clock
from bot.services.staff import Staff
from bot.storage.db import StorageError
from bot.web.console.board import Board
from bot.web.console.words import Phrasebook, Words
from bot.web.feed import Feed

log = structlog.get_logger()

# A burst of writes repaints a page a few times a second, not once for each.
_BREATH = 0.1
_OUTAGE = 1.0


@dataclass
class Desk:
    """The same for every page and every agent."""

    grace: Grace
    feed: Feed
    wake: Callable[[], Awaitable[None]]
    board: Board
    book: Phrasebook

    def now(self) -> datetime:
        """Return the current instant of Grace's clock."""
        return self.grace.kit.clock.now()


class Session:
    """A browser's session: its content stays on the server, a signed cookie names it."""

    def __init__(self, store: MutableMapping[str, Any], clock: Clock, lasts: timedelta) -> None:
        self._store = store
        self._clock = clock
        self._lasts = lasts

    @property
    def agent_id(self) -> int | None:
        """Who is signed in; None when nobody is, or no longer."""
        left = self.left
        return None if left is None or left <= timedelta() else int(self._store["agent"])

    @property
    def left(self) -> timedelta | None:
        """How long the session still lasts."""
        until = self._store.get("until")
        return None if until is None else datetime.fromisoformat(until) - self._clock.now()

    @property
    def token(self) -> str:
        """What names the session in the database, where alone it is known whether it still holds."""
        return str(self._store.get("token", ""))

    def begin(self, staff: Staff, token: str) -> None:
        """Sign in."""
        until = self._clock.now() + self._lasts
        self._store.update(agent=staff.id, token=token, until=until.isoformat())

    def end(self) -> None:
        """Forget who is signed in; language and sound stay as this browser likes them."""
        for key in ("agent", "token", "until"):
            self._store.pop(key, None)

    def locale(self, spoken: tuple[str, ...], default: str) -> str:
        """Return the language of this browser."""
        chosen = self._store.get("locale")
        return chosen if chosen in spoken else default

    def choose_locale(self, locale: str) -> None:
        """Remember the language."""
        self._store["locale"] = locale

    @property
    def sound(self) -> bool:
        """Whether alerts are heard."""
        return bool(self._store.get("sound", False))

    @sound.setter
    def sound(self, on: bool) -> None:
        self._store["sound"] = on


@dataclass
class Visit:
    """One agent on one open page."""

    desk: Desk
    client: Client
    session: Session
    staff: Staff
    words: Words

    async def who(self, *, active: bool = True) -> Staff | None:
        """Check again, before an act, who is signed in; send the page to the sign-in when it is nobody."""
        check = self.desk.grace.access.check
        found = await asyncio.to_thread(check, self.session.token, active=active)
        if found is None or found.staff.id != self.staff.id:
            self.session.end()
            self.leave()
            return None
        return found.staff

    async def sign_out(self) -> None:
        """End this session here and in the database."""
        await asyncio.to_thread(self.desk.grace.access.end, self.session.token)
        self.session.end()
        self.leave()

    def leave(self) -> None:
        """Send the page to the sign-in."""
        with self.client:
            ui.navigate.to("/login")

    def say(self, text: str, kind: Literal["positive", "negative", "warning", "info"] = "info") -> None:
        """Show a short message that goes away by itself."""
        with self.client:
            ui.notify(text, type=kind, position="top")

    def follow(
        self,
        source: AbstractAsyncContextManager[asyncio.Event],
        update: Callable[[], Awaitable[None]],
    ) -> None:
        """Call `update` whenever the event of `source` is set, for as long as the page is open."""

        async def watch() -> None:
            async with source as event:
                while True:
                    await event.wait()
                    event.clear()
                    if self.session.agent_id != self.staff.id:
                        self.leave()
                        return
                    try:
                        await update()
                    except StorageError as error:
                        log.warning("page_waits", error=error)
                        event.set()
                        await asyncio.sleep(_OUTAGE)
                    await asyncio.sleep(_BREATH)

        task = background_tasks.create(watch(), name=f"follow {self.client.page.path}", context=self.client)

        def stop() -> None:
            task.cancel()

        self.client.on_delete(stop)
