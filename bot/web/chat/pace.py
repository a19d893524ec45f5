"""How fast one page may send: so many frames a second, that many at once after a pause."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """A bucket that fills by `rate` a second, up to `rate`."""

    def __init__(self, rate: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._level = float(rate)
        self._at = clock()

    def allows(self) -> bool:
        """Take one, and tell whether there was one to take."""
        now = self._clock()
        self._level = min(self._rate, self._level + (now - self._at) * self._rate)
        self._at = now
        if self._level < 1:
            return False
        self._level -= 1
        return True
