"""`python -m bench.soak [--minutes 10] [--borrowers 200] [--agents 20] [--think 25] [--seed 1]`.

PostgreSQL and Redis of its own, two Rasa servers, two action servers, two apps, two workers; one of each is
killed now and then and started again, the other lives on and has its memory measured. Status 1 on any fault.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from bench.soak import judge
from bench.soak.people import Borrower, work
from bench.soak.site import Site, redis, site
from bot import processes
from bot.bootstrap import Grace, build
from tests.conftest import postgres_database
from tests.factory import make_borrower
from tests.integration.support import make_agent

RESULTS = processes.ROOT / "bench/results/soak.json"
_SAMPLE = 2.0
_SETTLE = 120.0


@dataclass
class Course:
    """What happened."""

    kills: Counter[str] = field(default_factory=Counter)
    memory: dict[str, list[float]] = field(default_factory=dict)
    cases: int = 0
    seconds: float = 0.0


async def soak(here: Site, grace: Grace, options: argparse.Namespace) -> tuple[Course, list[Borrower]]:
    """Let everybody live for some minutes, then wait until all is answered."""
    rng = random.Random(options.seed)
    borrowers = []
    for number in range(options.borrowers):
        locale = "zh_CN" if number % 2 else "en"
        ref = make_borrower(grace, locale=locale, days_past_due=number % 9)
        grace.identity.vouch(grace.conversations.ensure("webchat", ref), "soak")
        borrowers.append(Borrower(here, ref, locale, random.Random(f"{options.seed}{ref}"), options.think))
    agents = [make_agent(grace) for _ in range(options.agents)]
    until, course, began = asyncio.Event(), Course(), time.monotonic()
    living = [asyncio.create_task(one.live(grace, until)) for one in borrowers]
    working = [
        asyncio.create_task(work(grace, one, random.Random(f"{options.seed}{one}"), until)) for one in agents
    ]
    watching = asyncio.create_task(_watch(here, course))
    killing = asyncio.create_task(_kill(here, course, rng, options.pause))
    await asyncio.sleep(options.minutes * 60)
    killing.cancel()
    await asyncio.gather(killing, return_exceptions=True)
    for part in here.parts.values():
        await asyncio.to_thread(part.wait)
    until.set()
    await asyncio.wait(living, timeout=_SETTLE)
    course.cases = sum(await asyncio.gather(*working))
    end = time.monotonic() + _SETTLE
    while time.monotonic() < end and not await asyncio.to_thread(judge.settled, grace):
        await asyncio.sleep(0.5)
    watching.cancel()
    course.seconds = time.monotonic() - began
    for one in living:
        if one.done():
            one.result()
        else:
            one.cancel()
    return course, borrowers


async def _watch(here: Site, course: Course) -> None:
    steady = [part for part in here.parts.values() if part.name.endswith("2")]
    while True:
        for part in steady:
            course.memory.setdefault(part.name, []).append(await asyncio.to_thread(part.memory))
        await asyncio.sleep(_SAMPLE)


async def _kill(here: Site, course: Course, rng: random.Random, pause: float) -> None:
    victims = [part for part in here.parts.values() if part.name.endswith("1")]
    while True:
        await asyncio.sleep(rng.uniform(0.5, 1.5) * pause)
        part = rng.choice(victims)
        await asyncio.to_thread(part.kill)
        course.kills[part.name] += 1
        await asyncio.sleep(rng.uniform(0, 2))
        part.start(here.folder)
        await asyncio.to_thread(part.wait)


def judged(here: Site, grace: Grace, course: Course, borrowers: list[Borrower]) -> list[str]:
    """Return everything that is wrong."""
    rules: list[Callable[[], Iterable[str]]] = [
        lambda: [] if judge.settled(grace) else ["not everything was answered in time"],
        lambda: judge.handled_once(grace, borrowers),
        lambda: judge.in_order(grace, borrowers),
        lambda: judge.delivered(grace),
        lambda: judge.recorded(grace),
        lambda: judge.steady(course.memory),
    ]
    faults = [fault for rule in rules for fault in rule()]
    for part in here.parts.values():
        if part.lives[-1].process.poll() is not None:
            faults.append(f"{part.name} has ended by itself")
        else:
            faults += judge.accounted(part, part.told())
    return faults


def main() -> None:
    """Run, print what came of it, and end with a status."""
    reader = argparse.ArgumentParser(prog="python -m bench.soak")
    reader.add_argument("--minutes", type=float, default=10)
    reader.add_argument("--borrowers", type=int, default=200)
    reader.add_argument("--agents", type=int, default=20)
    reader.add_argument("--think", type=float, default=25.0, help="mean seconds between two messages")
    reader.add_argument("--pause", type=float, default=20.0, help="mean seconds between two kills")
    reader.add_argument("--seed", type=int, default=1)
    reader.add_argument("--keep", type=Path, help="keep the logs in this folder")
    options = reader.parse_args()
    os.environ.pop("GRACE_RASA_ADAPTERS", None)
    with (
        tempfile.TemporaryDirectory() as made,
        postgres_database() as database,
        postgres_database() as memory,
    ):
        folder = options.keep or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        with redis(folder) as port:
            here = site(folder, database, memory, port)
            grace = build(here.settings)
            try:
                here.start()
                course, borrowers = asyncio.run(soak(here, grace, options))
                faults = judged(here, grace, course, borrowers)
            finally:
                here.stop()
                grace.close()
    raise SystemExit(_report(options, course, borrowers, faults))


def _report(options: argparse.Namespace, course: Course, borrowers: list[Borrower], faults: list[str]) -> int:
    said = sum(len(one.sent) for one in borrowers)
    memory = {name: judge.growth(samples) for name, samples in course.memory.items()}
    lines = sum(one.broken for one in borrowers)
    kills = ", ".join(f"{name} {count}" for name, count in sorted(course.kills.items()))
    spoken = f"{len(borrowers)} borrowers said {said} messages ({lines} lines broke)"
    print(f"{options.minutes:g} minutes, {spoken},")
    print(f"{options.agents} agents closed {course.cases} cases, {course.kills.total()} kills ({kills})")
    for name, (begin, end) in sorted(memory.items()):
        print(f"  {name}: {begin:.0f} MB after the warm-up, {end:.0f} MB at the end ({end / begin - 1:+.1%})")
    print(f"{len(faults)} faults")
    for fault in faults[:40]:
        print(f"  {fault}")
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(
        json.dumps(
            {
                "minutes": options.minutes,
                "messages": said,
                "cases": course.cases,
                "kills": course.kills,
                "memory_mb": memory,
                "faults": faults,
            },
            indent=1,
        )
        + "\n",
        "utf-8",
    )
    return 1 if faults else 0


if __name__ == "__main__":
    main()
