"""Plays five borrowers against the running processes, and checks what came of it."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx
from rich.console import Console

from bot.bootstrap import Grace, build
from bot.demo.client import Page
from bot.demo.report import changes, expectations, links
from bot.domain.handoff import Outcome
from bot.settings import Settings

START_WAIT = 180.0
SENT_WAIT = 90.0


@dataclass
class Play:
    """What the scenes share."""

    grace: Grace
    console: Console
    base: str

    async def page(self, ref: str, name: str) -> Page:
        """Open a borrower's page by a fresh one-time link."""
        token = await asyncio.to_thread(self.grace.links.issue, ref, "webchat")
        page = Page(ref, name, self.base, self.console)
        await page.open(f"{self.base}/chat/l/{token}")
        await page.first()
        return page


async def job_lost(play: Play) -> None:
    """陈立 lost his job and agrees to three instalments."""
    page = await play.page("B0001", "陈立")
    await page.say("我失业了，能分三期吗")
    options = await page.say("我是1990年5月12日的，手机尾号5678")
    terms = await page.tap(options, 0)
    await page.tap(terms, 0)
    await page.say("谢谢你")
    await page.close()


async def promises_friday(play: Play) -> None:
    """James promises Friday."""
    page = await play.page("B0002", "James")
    await page.say("Hi, I get paid this week. I can pay it on Friday")
    confirm = await page.say("born 3 November 1988, my phone ends in 2244")
    await page.tap(confirm, 0)
    await page.close()


async def asks_for_person(play: Play) -> None:
    """王敏 asks for a person and is answered by one."""
    page = await play.page("B0003", "王敏")
    answer = await page.say("我想找人工客服聊一下")
    agent = await asyncio.to_thread(play.grace.staff.by_login, "mei")
    assert agent is not None
    conversation = await asyncio.to_thread(play.grace.conversations.ensure, "webchat", page.ref)
    queue = await asyncio.to_thread(play.grace.handoffs.queue)
    waiting = next((row for row in queue if row.conversation_id == conversation), None)
    if waiting is not None:
        handoffs = play.grace.handoffs
        text = "王女士您好，我是客服周梅，您的情况我看到了。方便说说是哪里不清楚吗？"
        await asyncio.to_thread(handoffs.reply, waiting.id, agent.id, text, key="demo-1")
        await page.next_from("agent", answer["seq"])
        await asyncio.to_thread(
            handoffs.close, waiting.id, agent.id, Outcome.RESOLVED, "演示：已解答", to_bot=True
        )
    await page.next_from("bot", (await page.next_from("agent", answer["seq"]))["seq"])
    await page.close()


async def stops(play: Play) -> None:
    """刘洋 wants no more messages."""
    page = await play.page("B0004", "刘洋")
    await page.say("别再给我发消息了")
    await page.close()


async def wrong_person(play: Play) -> None:
    """Whoever reads Emily's messages is not Emily."""
    page = await play.page("B0005", "(someone)")
    await page.say("You have the wrong person, I don't know any Emily")
    await page.close()


SCENES: tuple[Callable[[Play], Awaitable[None]], ...] = (
    job_lost,
    promises_friday,
    asks_for_person,
    stops,
    wrong_person,
)


async def play_all(grace: Grace, *, once: bool) -> int:
    """Play every scene; return 0 when every expectation held."""
    console = Console(width=110, force_terminal=sys.stdout.isatty())
    settings = grace.kit.settings
    base = f"http://127.0.0.1:{settings.port}"
    await ready(base)
    console.print(
        f"Ready. The clock shows {grace.kit.clock.now():%Y-%m-%d %H:%M} UTC: nine in the morning in Shanghai."
    )
    sent = await reminders_sent(grace)
    console.print(f"{sent} reminders went out; `grace preview` tells who, when and why.\n")
    play = Play(grace, console, base)
    failures = []
    for scene in SCENES:
        try:
            await scene(play)
        except (TimeoutError, httpx.HTTPError, OSError, IndexError, KeyError) as error:
            failures.append(f"{scene.__name__}: {error or type(error).__name__}")
    changes(grace, console)
    failures += expectations(grace)
    for failure in failures:
        console.print(f"FAILED  {failure}", style="red", markup=False)
    if not once:
        links(grace, console)
        await asyncio.Event().wait()
    console.print("Every expectation held." if not failures else f"{len(failures)} expectations failed.")
    return 1 if failures else 0


async def ready(base: str) -> None:
    """Wait until every part answers. Raises TimeoutError naming the part that does not."""
    deadline = time.monotonic() + START_WAIT
    said = "the app does not answer"
    async with httpx.AsyncClient(trust_env=False) as web:
        while time.monotonic() < deadline:
            try:
                answer = await web.get(f"{base}/ready")
                if answer.status_code == 200:
                    return
                said = answer.text
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.3)
    raise TimeoutError(said)


async def reminders_sent(grace: Grace) -> int:
    """Wait until the clock's first tick has been handed over; return how many reminders were sent."""
    deadline = time.monotonic() + SENT_WAIT
    seen = -1
    while time.monotonic() < deadline:
        sent, waiting = await asyncio.to_thread(grace.reminders.progress)
        if sent and not waiting and sent == seen:
            return sent
        seen = sent
        await asyncio.sleep(1.0)
    raise TimeoutError("the reminders did not go out")


def main() -> int:
    """Run as a process of the demo."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--once", action="store_true")
    arguments = parser.parse_args()
    grace = build(Settings(), migrate=False)
    try:
        return asyncio.run(play_all(grace, once=arguments.once))
    finally:
        grace.close()


if __name__ == "__main__":
    sys.exit(main())
