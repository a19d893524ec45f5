"""Borrowers' turns through Rasa alone: turns a second and waits, by clients and session length."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bot.channels.assistant import Assistant
from bot.services.turns import Turn
from tests.factory import make_borrower
from tests.stack import MORNING, Stack, running

CLIENTS = (1, 4, 16, 64)
LONGEST = 100
"""Turns in one session; each leaves about a dozen events."""
# One borrower's day: questions, hardship, an option, a second thought, a promise, small talk.
DIALOGUES = {
    "zh_CN": (
        "你好",
        "我还欠多少钱",
        "怎么还款",
        "最近失业了，手头很紧",
        "每个月最多还八百",
        "第一个",
        "等等，要是逾期会怎么样",
        "确认",
        "什么时候到期",
        "谢谢",
    ),
    "en": (
        "hello",
        "how much do I owe",
        "how can I pay",
        "I lost my job and money is tight",
        "I can manage 800 a month",
        "the first one",
        "wait, what happens if I am late",
        "yes, confirm",
        "when is it due",
        "thanks",
    ),
}


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run showed: turns a second, and milliseconds a turn at the 50th, 95th and 99th percentile."""

    rate: float
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Answered:
    """What the next turn's context takes from an answer: the open question, and what was said last."""

    expected: str | None
    said: str | None


class Door(Protocol):
    """A way into an assistant."""

    async def meet(self, conversation: str) -> None:
        """Do what is done before a borrower's first word."""

    async def turn(self, conversation: str, text: str, context: dict[str, Any]) -> Answered:
        """Take one turn."""

    async def close(self) -> None:
        """Close the connections."""


class OurDoor:
    """Grace's own door into Rasa."""

    def __init__(self, stack: Stack) -> None:
        self._assistant = Assistant(stack.settings)

    async def meet(self, conversation: str) -> None:
        """There is nothing to be done."""

    async def turn(self, conversation: str, text: str, context: dict[str, Any]) -> Answered:
        """Take one turn. Raises AssistantDown, AssistantStuck or AssistantBroken."""
        answer = await self._assistant.turn(
            Turn(context["turn"], conversation, text, context, MORNING, "bench")
        )
        return Answered(answer.expected, answer.reply.keys[-1] if answer.reply.keys else None)

    async def close(self) -> None:
        """Close the connections."""
        await self._assistant.close()


async def asked(stack: Stack, door: Door, locale: str, rounds: int = 1) -> AsyncIterator[float]:
    """Hold a dialogue with a fresh borrower, `rounds` times in one session; give the seconds of each turn."""
    grace = stack.grace
    ref = make_borrower(grace, locale=locale)
    conversation = grace.conversations.ensure("webchat", ref)
    grace.identity.vouch(conversation, "bench")
    await door.meet(conversation)
    last = Answered(None, None)
    for number, text in enumerate(DIALOGUES[locale] * rounds):
        context: dict[str, Any] = {
            "turn": f"{conversation}:{number}".replace(":", "-"),
            "at": MORNING.isoformat(),
            "timezone": "Asia/Shanghai",
            "locale": locale,
            "known": True,
            "verified": True,
            "expected": last.expected,
            "said": last.said,
            "currency": "CNY",
            "outstanding": "3000.00",
        }
        start = time.perf_counter()
        last = await door.turn(conversation, text, context)
        yield time.perf_counter() - start


async def load(stack: Stack, door: Door, clients: int, seconds: float) -> Figures:
    """Let clients talk side by side for some seconds."""
    spent: list[float] = []
    end = time.perf_counter() + seconds

    async def talk(number: int) -> None:
        while time.perf_counter() < end:
            async for seconds in asked(stack, door, list(DIALOGUES)[number % 2]):
                spent.append(seconds)

    start = time.perf_counter()
    await asyncio.gather(*(talk(number) for number in range(clients)))
    return _figures(spent, time.perf_counter() - start)


async def lengthening(stack: Stack, door: Door) -> list[tuple[int, float]]:
    """Talk on in one session; return (events so far, median milliseconds of the ten turns there)."""
    step = len(DIALOGUES["en"])
    spent = [seconds async for seconds in asked(stack, door, "en", LONGEST // step)]
    each = _most_events(stack) / len(spent)
    return [
        (round((place + step) * each), statistics.median(spent[place : place + step]) * 1000)
        for place in range(0, len(spent) - step + 1, step)
    ]


def _most_events(stack: Stack) -> int:
    """Return how many events the longest conversation in the assistant's store has."""
    counted = "SELECT count(*) FROM events GROUP BY sender_id ORDER BY 1 DESC LIMIT 1"
    with closing(sqlite3.connect(stack.settings.tracker_url.removeprefix("sqlite:///"))) as store:
        return int(store.execute(counted).fetchone()[0])


def _figures(spent: list[float], took: float) -> Figures:
    ordered = sorted(spent)

    def at(share: float) -> float:
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000

    return Figures(len(ordered) / took, at(0.5), at(0.95), at(0.99))


@contextmanager
def environment(**values: str) -> Iterator[None]:
    """Set variables for the processes that are started within."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def variant(**values: str) -> Iterator[tuple[Stack, Door]]:
    """Run Rasa and the action server with some variables set; yield services and the way in."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as stack:
        # Others are started while these run: what is set for one must not be set for them.
        with environment(**values):
            stack.start("rasa", "actions")
        yield stack, OurDoor(stack)
