"""What one check found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "bad"]
"""`warn`: it works, but not as it should in earnest. `bad`: something does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's answer: its name, how bad it is, what was seen, and how to mend it."""

    name: str
    level: Level
    said: str
    mend: str = ""


def ok(name: str, said: str) -> Finding:
    """All is well."""
    return Finding(name, "ok", said)


def warn(name: str, said: str, mend: str) -> Finding:
    """It works, but somebody should see to it."""
    return Finding(name, "warn", said, mend)


def bad(name: str, said: str, mend: str) -> Finding:
    """It does not work."""
    return Finding(name, "bad", said, mend)
