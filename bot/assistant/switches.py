"""Which adapters are on. It imports nothing of Rasa: one of them decides what Rasa itself imports."""

from __future__ import annotations

import os

VARIABLE = "GRACE_RASA_ADAPTERS"
NAMES = ("schema", "graph", "events", "recent", "connection", "locks", "session", "networks")
"""The first four take the place of a method of Rasa's; the others are read where they act."""


def wanted() -> frozenset[str]:
    """Return the names of the adapters that are on. Raises ValueError for a name that is none."""
    given = os.environ.get(VARIABLE)
    if given is None:
        return frozenset(NAMES)
    names = frozenset(name.strip() for name in given.split(",") if name.strip())
    unknown = sorted(names - set(NAMES))
    if unknown:
        raise ValueError(f"{VARIABLE}: {', '.join(unknown)} is none of {', '.join(NAMES)}")
    return names
