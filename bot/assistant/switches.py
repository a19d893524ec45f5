"""Which adapters are on. It imports nothing of Rasa: one of them decides what Rasa itself imports."""

from __future__ import annotations

import os

VARIABLE = "GRACE_RASA_ADAPTERS"
PATCHES = ("schema", "graph", "events", "recent")
"""Put in place of a method of Rasa's."""
SWITCHES = ("connection", "locks", "session", "networks")
"""Read where they act: the connection to the action server, the lock's pace, the tracker, the start."""
NAMES = (*PATCHES, *SWITCHES)


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
