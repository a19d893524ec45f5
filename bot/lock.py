"""One process at a time: a file that the kernel holds for us, and frees however the process ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Busy(Exception):
    """Another process holds the lock; the message says which, and what to do."""


@contextmanager
def held(path: Path, advice: str) -> Iterator[None]:
    """Hold the lock at `path` for the length of a block. Raises Busy, with `advice`, when another has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise Busy(f"process {holder} is at work here ({path}): {advice}") from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
