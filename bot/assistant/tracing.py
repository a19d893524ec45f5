"""Rasa's part of a turn's trace: passed on to the action server, and told in the answer.

A caller that sends no `traceparent` pays nothing for it. See `bot.observing.tracing`.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_PARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}", re.ASCII)
_running: ContextVar[tuple[str, str, list[dict[str, Any]]] | None] = ContextVar("running", default=None)


@contextmanager
def traced(traceparent: str | None) -> Iterator[list[dict[str, Any]]]:
    """Measure a turn under the caller's span; the list has the spans once the block has ended."""
    found = _PARENT.fullmatch(traceparent or "")
    spans: list[dict[str, Any]] = []
    if found is None:
        yield spans
        return
    trace, parent = found.groups()
    token = _running.set((trace, parent, spans))
    try:
        with span("rasa turn"):
            yield spans
    finally:
        _running.reset(token)


@contextmanager
def span(name: str) -> Iterator[dict[str, str]]:
    """Measure a part of a turn; gives the headers that name it to another process, empty when not traced."""
    running = _running.get()
    if running is None:
        yield {}
        return
    trace, parent, spans = running
    own = secrets.token_hex(8)
    token = _running.set((trace, own, spans))
    start = time.time_ns()
    try:
        yield {"traceparent": f"00-{trace}-{own}-01"}
    finally:
        _running.reset(token)
        spans.append(
            {"name": name, "trace": trace, "id": own, "parent": parent, "start": start, "end": time.time_ns()}
        )
