"""How soon a borrower reads an agent's reply: from the keys in the console to the line of the chat page.

The app is its own process on PostgreSQL or SQLite; 50 borrowers have their chat pages' lines open, and 20
agents each have the console open in a browser, on cases of their own. All agents answer within ten
seconds, again and again, with other cases' messages coming in meanwhile. The time runs from the press of
Ctrl+Enter in the page to the message's arrival on the borrower's line.

    python -m bench.console [--rounds 6] [--spread 10] [--database sqlite]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import statistics
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import Browser, Page, async_playwright
from rich.console import Console
from websockets.asyncio.client import ClientConnection, connect

from bot.domain.handoff import HandoffReason
from bot.web.session import CHAT_COOKIE, Sessions
from tests.conftest import postgres_database
from tests.e2e.conftest import FLAGS
from tests.factory import make_borrower
from tests.stack import Stack, running

CONVERSATIONS = 50
AGENTS = 20
PASSWORD = "correct horse battery"
SPREAD = 10.0
_PATIENCE = 60.0
Found = dict[str, float]


class Borrower:
    """A chat page's line; what arrives is kept with its instant."""

    def __init__(self, ref: str, line: ClientConnection) -> None:
        self.ref = ref
        self.line = line
        self.seen: dict[str, float] = {}
        self.news = asyncio.Event()
        self.reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for raw in self.line:
            frame = json.loads(raw)
            if frame["type"] == "message":
                self.seen[frame["text"]] = time.perf_counter()
                self.news.set()

    async def arrival(self, text: str) -> float:
        """Return when a text has arrived. Raises TimeoutError."""
        async with asyncio.timeout(_PATIENCE):
            while True:
                found = next((at for said, at in self.seen.items() if text in said), None)
                if found is not None:
                    return found
                self.news.clear()
                await self.news.wait()

    async def say(self, text: str) -> None:
        """Write."""
        await self.line.send(json.dumps({"type": "message", "client_id": text, "text": text}))


async def _borrower(stack: Stack, ref: str) -> Borrower:
    url = urlsplit(stack.settings.public_url)
    cookie = f"{CHAT_COOKIE}={Sessions(stack.settings).issue(ref)}"
    line = await connect(
        f"ws://{url.netloc}/chat/ws",
        origin=stack.settings.public_url,  # type: ignore[arg-type]
        additional_headers={"Cookie": cookie},
        proxy=None,
    )
    await line.send(json.dumps({"type": "hello", "after": 0}))
    return Borrower(ref, line)


async def _agent(browser: Browser, stack: Stack, login: str, number: int) -> Page:
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    page.set_default_timeout(_PATIENCE * 1000)
    await page.goto(f"{stack.settings.public_url}/console/case/{number}")
    fields = page.locator(".login-card input")
    await fields.nth(0).fill(login)
    await fields.nth(1).fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.locator(".for-reply textarea").wait_for()
    return page


async def _reply(page: Page, borrower: Borrower, text: str) -> float:
    """Write, press Ctrl+Enter, and return the seconds until it stands on the borrower's page."""
    await page.locator(".for-reply textarea").fill(text)
    start = time.perf_counter()
    await page.keyboard.press("Control+Enter")
    return await borrower.arrival(text) - start


async def _replies(stack: Stack, rounds: int, spread: float) -> list[float]:
    """Return the seconds of every reply."""
    grace, rng = stack.grace, random.Random(6)
    refs = [make_borrower(grace, locale="en") for _ in range(CONVERSATIONS)]
    borrowers = [await _borrower(stack, ref) for ref in refs]
    numbers = []
    for place in range(AGENTS):
        await asyncio.to_thread(grace.staff.add, f"agent{place}", f"Agent {place}", "agent", PASSWORD)
    for place, ref in enumerate(refs):
        conversation = grace.conversations.ensure("webchat", ref)
        grace.identity.vouch(conversation, "bench")
        number = grace.handoffs.open(conversation, HandoffReason.ASKED, cause="bench")
        numbers.append(number)
        if place < AGENTS:
            staff = grace.staff.by_login(f"agent{place}")
            assert staff is not None
            grace.handoffs.claim(number, staff.id)
    async with async_playwright() as playwright:
        chromium = os.environ.get("PLAYWRIGHT_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        pages = [await _agent(browser, stack, f"agent{place}", numbers[place]) for place in range(AGENTS)]
        took: list[float] = []
        for turn in range(rounds):
            others = [
                borrower.say(f"still here {turn} {place}")
                for place, borrower in enumerate(borrowers)
                if place >= AGENTS
            ]
            answers = [
                _after(rng.uniform(0, spread), page, borrowers[place], f"reply {turn} of {place}")
                for place, page in enumerate(pages)
            ]
            found = await asyncio.gather(*answers, *others)
            took += [one for one in found if one is not None]
        await browser.close()
    for one in borrowers:
        one.reader.cancel()
        await one.line.close()
    return took


async def _after(wait: float, page: Page, borrower: Borrower, text: str) -> float:
    """Answer as people do, not all in the same instant."""
    await asyncio.sleep(wait)
    return await _reply(page, borrower, text)


def measure(rounds: int = 6, backend: str = "postgresql", spread: float = SPREAD) -> Found:
    """Return milliseconds of a reply: median, 95th percentile, most; and how many there were.

    In each round every agent replies once, at a moment of its own within `spread` seconds.
    """
    database = postgres_database() if backend == "postgresql" else nullcontext(None)
    with (
        database as url,
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), "app", database_url=url, burst=0.0, chat_frames=100_000) as stack,
    ):
        took = [1000 * seconds for seconds in asyncio.run(_replies(stack, rounds, spread))]
    return {
        "replies": len(took),
        "p50": statistics.median(took),
        "p95": statistics.quantiles(took, n=20)[-1],
        "most": max(took),
    }


def show(console: Console, found: Found) -> None:
    """Print the figures."""
    console.print(
        f"{found['replies']} replies, {AGENTS} agents, {CONVERSATIONS} conversations: "
        f"median {found['p50']:.0f} ms, p95 {found['p95']:.0f} ms, most {found['most']:.0f} ms"
    )


def main() -> None:
    """Measure on the database that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    parser.add_argument("--spread", type=float, default=SPREAD, help="seconds over which the agents reply")
    given = parser.parse_args()
    show(Console(), measure(given.rounds, given.database, given.spread))


if __name__ == "__main__":
    main()
