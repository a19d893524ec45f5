"""How long the assistant takes to read a message: the trained pipeline, in Rasa's own environment."""

from __future__ import annotations

import json
import os
import subprocess

from bot import processes

SCRIPT = """
import asyncio, json, logging, statistics, sys, time, warnings
warnings.simplefilter("ignore"); logging.disable(logging.CRITICAL)
import structlog; structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
agent = Agent.load(sys.argv[1])
texts = json.loads(sys.stdin.read())
async def run():
    spent = []
    for text in texts[:20] + texts:
        start = time.perf_counter()
        await agent.processor.parse_message(UserMessage(text, metadata={}))
        spent.append((time.perf_counter() - start) * 1000)
    return sorted(spent[20:])
spent = asyncio.run(run())
print(json.dumps({"p50": statistics.median(spent), "p99": spent[int(len(spent) * .99)], "max": spent[-1]}))
"""
TEXTS = [
    "我失业了，能分三期吗",
    "I'll pay 500 on Friday",
    "别再给我发消息了",
    "how much do I still owe you",
    "下周五还两千",
    "You have the wrong number",
    "这个月工资还没发，能宽限几天吗？我妈又住院了，实在周转不开",
    "thanks",
]


def measure() -> dict[str, float]:
    """Return milliseconds a message: p50, p99, max."""
    done = subprocess.run(
        [str(processes.ROOT / ".venv-rasa/bin/python"), "-c", SCRIPT, str(processes.MODEL)],
        input=json.dumps(TEXTS * 40),
        capture_output=True,
        text=True,
        check=True,
        cwd=processes.ROOT,
        env={**os.environ, "PYTHONPATH": ".", "OMP_NUM_THREADS": "1"},
    )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures
