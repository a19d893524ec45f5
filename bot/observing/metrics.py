"""What this process counts and times, for Prometheus. Labels come from our own code and are few.

What the database knows better than any one process (queues, states, deadlines) is read there when somebody
asks: see `bot.services.gauges`.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector
from pydantic import SecretStr

from bot.bearer import opens

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""How `exposed` writes."""


_MOST_PLACES = 150
_PLACE = re.compile(r"[a-z][a-z0-9_.]{0,60}", re.ASCII)
_QUICK = (0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 20.0)
_SLOW = (0.01, 0.05, 0.25, 1.0, 5.0, 15.0, 60.0, 300.0, 1200.0)

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

TURNS = Counter(
    "grace_turns", "Borrowers' turns, by how they ended", ["channel", "outcome"], registry=REGISTRY
)
TURN_SECONDS = Histogram(
    "grace_turn_seconds",
    "From claiming a turn to its stored answer",
    registry=REGISTRY,
    buckets=_QUICK,
)
ASSISTANT_SECONDS = Histogram(
    "grace_assistant_seconds",
    "What Rasa and its actions took for a turn, as the app sees it",
    registry=REGISTRY,
    buckets=_QUICK,
)
FALLBACKS = Counter("grace_fallbacks", "Turns whose message was not understood", registry=REGISTRY)
RECEIVED = Counter(
    "grace_received", "Messages stored, repeats apart", ["channel", "repeat"], registry=REGISTRY
)
SENDS = Counter(
    "grace_sends",
    "Messages handed to a channel, by what came of it",
    ["channel", "outcome"],
    registry=REGISTRY,
)
ACTIONS = Counter("grace_actions", "Actions run, by how they ended", ["action", "outcome"], registry=REGISTRY)
ACTION_SECONDS = Histogram(
    "grace_action_seconds", "How long an action ran", registry=REGISTRY, buckets=_QUICK
)
TASKS = Counter("grace_tasks", "The clock's tasks, by how they ended", ["task", "outcome"], registry=REGISTRY)
TASK_SECONDS = Histogram(
    "grace_task_seconds", "How long a task of the clock ran", ["task"], registry=REGISTRY, buckets=_SLOW
)
LAST_TICK = Gauge("grace_last_tick_timestamp_seconds", "When the clock last ticked here", registry=REGISTRY)
PAGES = Gauge("grace_chat_pages", "Chat pages that hold a line open", registry=REGISTRY)
PART_UP = Gauge(
    "grace_part_up", "1 while a part that this process needs is well", ["part"], registry=REGISTRY
)
ERRORS = Counter(
    "grace_errors",
    "Log lines from WARNING on, by where they come from",
    ["place", "level"],
    registry=REGISTRY,
)

_places: set[str] = set()
_guard = threading.Lock()


def count_trouble(place: str, level: str) -> None:
    """Count a log line; there are never more places than a series can bear: the rest is `other`."""
    with _guard:
        if place not in _places:
            known = _PLACE.fullmatch(place) and len(_places) < _MOST_PLACES
            place = place if known else "other"
            _places.add(place)
    ERRORS.labels(place, level).inc()


@contextmanager
def timed(histogram: Histogram) -> Iterator[None]:
    """Time a block, however it ends."""
    start = time.perf_counter()
    try:
        yield
    finally:
        histogram.observe(time.perf_counter() - start)


@contextmanager
def task(name: str) -> Iterator[None]:
    """Count and time one of the clock's tasks."""
    outcome = "failed"
    try:
        with timed(TASK_SECONDS.labels(name)):
            yield
        outcome = "done"
    finally:
        TASKS.labels(name, outcome).inc()


def readable(token: SecretStr | None, authorization: str | None) -> bool:
    """Return whether the header opens what is measured: anything does where no token is set."""
    return token is None or opens(token.get_secret_value(), authorization)


def exposed(*registries: CollectorRegistry) -> bytes:
    """Return what this process measures, with what further registries tell, as Prometheus reads it."""
    return b"".join(generate_latest(registry) for registry in (REGISTRY, *registries))
