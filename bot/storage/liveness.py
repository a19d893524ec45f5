"""Whether a pooled connection still leads anywhere: asked of its socket, and of the server only in doubt."""

from __future__ import annotations

import select
import time
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

_USED, _FRESH = "grace_used", "grace_fresh"
_TRUSTED = 30.0
"""Seconds for which a silent connection is believed to live: a network may drop it and tell nobody."""
_KEPT = 300
"""Statements that a connection keeps prepared: more than a turn has, so that none pushes another out."""


def watch(engine: Engine) -> None:
    """Have an engine's pool replace dead connections as they are taken out, all at once when one is.

    A server that ends a connection says so on it, whether or not anybody asks: there is something to read
    where nothing was asked for. That costs a system call; a round trip, as `pool_pre_ping` makes at each
    checkout, several times what a look-up does.
    """
    dialect = engine.dialect

    def connected(connection: Any, record: Any) -> None:
        connection.prepared_max = _KEPT
        record.info.update({_USED: time.monotonic(), _FRESH: True})

    def taken(connection: Any, record: Any, _proxy: Any) -> None:
        if record.info.pop(_FRESH, False):
            # A server that goes down once more fails the statement, as it should: the pool would give up.
            return
        if time.monotonic() - record.info[_USED] < _TRUSTED and not _has_something_to_say(connection):
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError(type(error).__name__) from error

    def returned(connection: Any, record: Any) -> None:
        if connection is not None:
            record.info[_USED] = time.monotonic()

    event.listen(engine, "connect", connected)
    event.listen(engine, "checkout", taken)
    event.listen(engine, "checkin", returned)


def _has_something_to_say(connection: Any) -> bool:
    """Tell whether anything waits to be read on a connection's socket; True when we have closed it."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
