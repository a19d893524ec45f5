"""Structured logs: keys and ids, never what a person wrote or who they are."""

from __future__ import annotations

import logging

import structlog

# Names under which personal data would travel; whatever stands there is masked.
_PERSONAL = frozenset({"text", "name", "phone", "address", "birth_date", "id_last4", "token", "password"})


def mask(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Mask the values of personal keys."""
    for key in _PERSONAL & event.keys():
        event[key] = "•••"
    return event


def configure(*, as_json: bool = False) -> None:
    """Set up logging for this process; libraries speak from WARNING on."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    renderer = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            mask,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
