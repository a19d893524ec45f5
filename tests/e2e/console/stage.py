"""A console that is up in a real browser, with what tests and pictures need of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from bot.bootstrap import Grace
from bot.domain.handoff import HandoffReason
from bot.services.conversation import Incoming
from bot.storage.tables import AddressRow, Agent, Borrower, HandoffRow, Message
from bot.web.console import mount
from bot.web.feed import Feed
from bot.web.guards import Guards
from tests.e2e.conftest import Serve

PASSWORD = "correct horse battery"
SECOND = 1000.0
"""Milliseconds, as the browser counts."""
STAFF = (
    ("wang", "Wang Li", "agent"),
    ("anna", "Anna Smith", "senior"),
    ("boss", "Chen Zhu", "supervisor"),
)


@dataclass
class Console:
    """A console that is up, with what tests need of it."""

    grace: Grace
    url: str
    browser: Browser
    woken: list[float]
    contexts: list[BrowserContext] = field(default_factory=list)

    def page(self, login: str | None = None, path: str = "/", **options: Any) -> Page:
        """Open a page in a browser of its own, signed in as `login`."""
        context = self.browser.new_context(**options)
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.goto(f"{self.url}/console{path}")
        if login is not None:
            sign_in(page, login, PASSWORD)
            expect(page.locator(".bar")).to_be_visible()
        return page

    def borrower(self, name: str = "Li Ming", ref: str = "B-1", timezone: str = "Asia/Shanghai") -> str:
        """Make a borrower who has written once, and return the conversation."""
        now = self.grace.kit.clock.now()
        with self.grace.kit.db.begin() as session:
            row = Borrower(ref=ref, name=name, locale="en", timezone=timezone, created_at=now)
            row.addresses = [AddressRow(channel="webchat", address=f"chat-{ref}", consent=True)]
            session.add(row)
        return self.write("Hello, is somebody there?", ref)

    def write(self, text: str, ref: str = "B-1") -> str:
        """Let a borrower write, and return the conversation."""
        incoming = Incoming("webchat", f"chat-{ref}", f"web:{time.monotonic_ns()}", text)
        return self.grace.conversations.receive(incoming).conversation_id

    def hand_over(self, conversation: str, reason: HandoffReason = HandoffReason.ASKED) -> int:
        """Open a hand-off."""
        return self.grace.handoffs.open(conversation, reason, cause="test")

    def agent(self, login: str) -> int:
        """Return an agent's id."""
        with self.grace.kit.db.begin() as session:
            return session.scalars(select(Agent.id).where(Agent.login == login)).one()

    def handoff(self, handoff_id: int) -> HandoffRow:
        """Return a hand-off as it is stored."""
        with self.grace.kit.db.begin() as session:
            return session.get_one(HandoffRow, handoff_id)

    def replies(self, conversation: str) -> list[Message]:
        """Return what agents have queued or sent."""
        with self.grace.kit.db.begin() as session:
            return list(
                session.scalars(
                    select(Message).where(
                        Message.conversation_id == conversation, Message.initiator == "agent"
                    )
                )
            )


def sign_in(page: Page, login: str, password: str) -> None:
    page.get_by_label("Login").fill(login)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")


@contextmanager
def opened(grace: Grace, browser: Browser, serve: Serve) -> Iterator[Console]:
    """Serve the console of these services, with three members of staff."""
    for login, name, role in STAFF:
        grace.staff.add(login, name, role, PASSWORD)
    feed = Feed(grace.threads, grace.kit.settings.watch)
    woken: list[float] = []

    @asynccontextmanager
    async def watching(_: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(feed.run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def wake() -> None:
        woken.append(time.monotonic())

    app = FastAPI(lifespan=watching)
    mount(app, grace, feed, wake)
    app.add_middleware(Guards, settings=grace.kit.settings, guarded=("/console",))
    with serve(app) as url:
        console = Console(grace, url, browser, woken)
        yield console
        for context in console.contexts:
            context.close()
