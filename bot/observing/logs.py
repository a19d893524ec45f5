"""Structured logs of a process, its libraries' included; what they may hold is decided in `masking`.

Both environments use this module: the app's and Rasa's.
"""

from __future__ import annotations

import json
import linecache
import logging
import sys
import threading
from collections.abc import Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.contextvars import bind_contextvars, bound_contextvars, merge_contextvars

from bot.observing.masking import Ours, masked

__all__ = ["bind_contextvars", "bound_contextvars", "configure", "on_trouble"]

# How far below its first line the text of a logging call may stand.
_CALL_LINES = 6
_PROBLEMS = frozenset({"warning", "error", "critical", "exception"})
_told: list[Callable[[str, str], None]] = []
_names = {"process": ""}


def configure(process: str, *, as_json: bool = False, output: TextIO | None = None) -> None:
    """Set up logging for a process by name: its own lines from INFO on, libraries' from WARNING on."""
    _names["process"] = process
    stream = output or sys.stdout
    write = _as_json if as_json else _as_text
    structlog.configure(
        processors=[
            merge_contextvars,
            structlog.processors.add_log_level,
            _finished,
            lambda _logger, _method, event: write(event),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    handler = _Foreign(stream)
    handler.setFormatter(_Line(write))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in list(logging.root.manager.loggerDict):
        library = logging.getLogger(name)
        # Some bring handlers of their own, which would write past the mask.
        library.handlers.clear()
        library.propagate = True
        if library.level < logging.WARNING:
            library.setLevel(logging.NOTSET)
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda found: _uncaught(
        found.exc_type, found.exc_value or found.exc_type(), found.exc_traceback
    )


def on_trouble(tell: Callable[[str, str], None]) -> None:
    """Have every line from WARNING on counted: `tell` gets its event and its level."""
    if tell not in _told:
        _told.append(tell)


def _finished(_logger: object, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    """Mask an event, put its common fields first, and count it when it tells of trouble."""
    found = masked(event)
    if found.get("level") in _PROBLEMS:
        for tell in _told:
            tell(str(found["event"]), str(found["level"]))
    return {"timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"), **_names, **found}


def _as_json(event: Mapping[str, Any]) -> str:
    return json.dumps(event, ensure_ascii=False, default=lambda _: "•••")


def _as_text(event: Mapping[str, Any]) -> str:
    shown = dict(event)
    head = (shown.pop("timestamp", ""), shown.pop("level", "info"), shown.pop("event", ""))
    return " ".join([*head, *(f"{name}={value}" for name, value in shown.items())])


class _Foreign(logging.StreamHandler[TextIO]):
    """Where libraries write."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Say nothing more: the standard way prints the arguments of the call."""


class _Line(logging.Formatter):
    """A library's record as one of our lines: its text only where that stands in the library's own code."""

    def __init__(self, write: Callable[[Mapping[str, Any]], str]) -> None:
        super().__init__()
        self._write = write

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        folder, _, file = record.pathname.rpartition("/")
        event: dict[str, Any] = {
            "event": "library",
            "level": record.levelname.lower(),
            "logger": record.name,
            "where": f"{folder.rpartition('/')[2]}/{file}:{record.lineno}",
            **structlog.contextvars.get_contextvars(),
        }
        text = _literal(record)
        if text is not None:
            event["said"] = Ours(text)
        if record.exc_info:
            event["exc_info"] = record.exc_info
        return self._write(_finished(None, "", event))


def _literal(record: logging.LogRecord) -> str | None:
    """Return a record's text before anything was put into it; None when that cannot be told."""
    if not isinstance(record.msg, str):
        return None
    first = record.msg.strip().partition("\n")[0]
    lines = range(record.lineno, record.lineno + _CALL_LINES)
    stands = any(first in linecache.getline(record.pathname, number) for number in lines)
    return first[:200] if first and stands else None


def _uncaught(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    structlog.get_logger().error("process_broke", error=error)
