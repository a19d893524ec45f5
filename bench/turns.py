"""Borrowers' turns through Rasa alone: turns a second and waits, by clients and session length."""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
VARIABLE = "GRACE_RASA_ADAPTERS"
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

    async def turn(self, conversation: str, text: str, context: dict[str, Any]) -> Answered:
        """Take one turn."""

    async def close(self) -> None:
        """Close the connections."""


class OurDoor:
    """Grace's own door into Rasa."""

    def __init__(self, stack: Stack) -> None:
        self._assistant = Assistant(stack.settings)

    async def turn(self, conversation: str, text: str, context: dict[str, Any]) -> Answered:
        """Take one turn. Raises AssistantDown, AssistantStuck or AssistantBroken."""
        answer = await self._assistant.turn(
            Turn(context["turn"], conversation, text, context, MORNING, "bench")
        )
        return Answered(answer.expected, answer.reply.keys[-1] if answer.reply.keys else None)

    async def close(self) -> None:
        """Close the connections."""
        await self._assistant.close()


class Client:
    """One borrower after another, each with a fresh loan and a whole dialogue."""

    def __init__(self, stack: Stack, assistant: Door, locale: str) -> None:
        self._stack, self._assistant, self._locale = stack, assistant, locale

    async def dialogue(self, spent: list[float], rounds: int = 1) -> None:
        """Hold a dialogue, `rounds` times in the same session; add the seconds of each turn to `spent`."""
        grace = self._stack.grace
        ref = make_borrower(grace, locale=self._locale)
        conversation = grace.conversations.ensure("webchat", ref)
        grace.identity.vouch(conversation, "bench")
        last = Answered(None, None)
        for number, text in enumerate(DIALOGUES[self._locale] * rounds):
            context: dict[str, Any] = {
                "turn": f"{conversation}:{number}".replace(":", "-"),
                "at": MORNING.isoformat(),
                "timezone": "Asia/Shanghai",
                "locale": self._locale,
                "known": True,
                "verified": True,
                "expected": last.expected,
                "said": last.said,
                "currency": "CNY",
                "outstanding": "3000.00",
            }
            start = time.perf_counter()
            last = await self._assistant.turn(conversation, text, context)
            spent.append(time.perf_counter() - start)


async def load(stack: Stack, assistant: Door, clients: int, seconds: float) -> Figures:
    """Let clients talk side by side for some seconds."""
    spent: list[float] = []
    end = time.perf_counter() + seconds

    async def talk(number: int) -> None:
        client = Client(stack, assistant, list(DIALOGUES)[number % 2])
        while time.perf_counter() < end:
            await client.dialogue(spent)

    start = time.perf_counter()
    await asyncio.gather(*(talk(number) for number in range(clients)))
    return _figures(spent, time.perf_counter() - start)


async def lengthening(stack: Stack, assistant: Door, turns: int) -> list[tuple[int, float]]:
    """Talk on in one session; return (turns so far, median milliseconds of the ten turns there)."""
    spent: list[float] = []
    await Client(stack, assistant, "en").dialogue(spent, turns // len(DIALOGUES["en"]))
    step = len(DIALOGUES["en"])
    return [
        (place + step, statistics.median(spent[place : place + step]) * 1000)
        for place in range(0, len(spent) - step + 1, step)
    ]


def _figures(spent: list[float], took: float) -> Figures:
    ordered = sorted(spent)

    def at(share: float) -> float:
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000

    return Figures(len(ordered) / took, at(0.5), at(0.95), at(0.99))


async def measured(stack: Stack, door: Door, seconds: float) -> tuple[list[Figures], list[tuple[int, float]]]:
    """Warm up, then measure by clients, and one session as it grows longer."""
    await load(stack, door, 1, seconds / 2)
    found = [await load(stack, door, clients, seconds) for clients in CLIENTS]
    longer = await lengthening(stack, door, LONGEST)
    await door.close()
    return found, longer


@contextmanager
def variant(adapters: str | None) -> Iterator[tuple[Stack, Door]]:
    """Run Rasa and the action server with the adapters named, or with all of them."""
    before = os.environ.get(VARIABLE)
    os.environ.pop(VARIABLE, None)
    if adapters is not None:
        os.environ[VARIABLE] = adapters
    try:
        with tempfile.TemporaryDirectory() as folder, running(Path(folder), "rasa", "actions") as stack:
            yield stack, OurDoor(stack)
    finally:
        os.environ.pop(VARIABLE, None)
        if before is not None:
            os.environ[VARIABLE] = before
