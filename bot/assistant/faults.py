"""What went wrong inside a turn: Rasa logs it and goes on; the gateway must know."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Literal

Fault = Literal["unreachable", "broken"]

_faults: ContextVar[list[Fault] | None] = ContextVar("faults", default=None)


def watch() -> list[Fault]:
    """Begin to collect the faults of this task's turn; return the list that they go to."""
    found: list[Fault] = []
    _faults.set(found)
    return found


def note(fault: Fault) -> None:
    """Note a fault of the running turn: `unreachable` will pass, `broken` will not by itself."""
    found = _faults.get()
    if found is not None:
        found.append(fault)
