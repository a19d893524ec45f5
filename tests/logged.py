"""The logging of a process, which is one for all tests: put back as it was, or written into a buffer."""

from __future__ import annotations

import io
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from bot.observing import logs


@contextmanager
def kept() -> Iterator[None]:
    """Put logging back afterwards: a command run within a test logs to a stream that is soon closed."""
    root = logging.getLogger()
    before = structlog.get_config(), root.handlers, root.level, sys.excepthook, threading.excepthook
    try:
        yield
    finally:
        config, root.handlers, level, sys.excepthook, threading.excepthook = before
        root.setLevel(level)
        logging.captureWarnings(False)
        structlog.configure(**config)
        structlog.contextvars.clear_contextvars()


@contextmanager
def logged(*, as_json: bool = True) -> Iterator[io.StringIO]:
    """Log as a process does, into a buffer."""
    buffer = io.StringIO()
    with kept():
        logs.configure("test", as_json=as_json, output=buffer)
        yield buffer
