"""Who holds a conversation: a name that tells, on the same machine, whether its process still lives."""

from __future__ import annotations

import os
import socket
import uuid


def new_owner() -> str:
    """Return a new holder's name: machine, process and a unique part (at most 80 characters)."""
    return f"{socket.gethostname()[:32]}:{os.getpid()}:{uuid.uuid4().hex[:16]}"


def is_dead(owner: str) -> bool:
    """Tell whether a holder is surely dead: a process of this machine that is gone, or this one's past."""
    host, _, rest = owner.partition(":")
    pid, _, _ = rest.partition(":")
    if host != socket.gethostname()[:32] or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return int(pid) == os.getpid()
