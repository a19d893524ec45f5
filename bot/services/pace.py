"""How fast a channel is written to: one pace for all processes, kept in the database, over restarts too."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.storage.keyed import own_row
from bot.storage.tables import ChannelPace

_BURST = timedelta(seconds=1)
"""What was not used of the last second may be made up for at once."""


def grant(
    session: Session, channel: str, wanted: int, rate: float | None, now: datetime
) -> tuple[int, float]:
    """Reserve up to `wanted` messages on a channel that takes `rate` a second (None: as many as come).

    Return how many may be handed over now, and how many seconds the others have to wait. The channel's row
    stays locked until the transaction ends: of several processes each reserves what the ones before left.
    """
    if not rate or wanted == 0:
        return wanted, 0.0
    row = _locked(session, channel, now)
    if row.quiet_until is not None and row.quiet_until > now:
        return 0, (row.quiet_until - now).total_seconds()
    # The generic cell rate algorithm: `free_at` is when the last message granted would leave at an even pace.
    free_at = max(row.free_at, now - _BURST)
    granted = min(wanted, math.floor((now - free_at).total_seconds() * rate + 1e-6))
    row.free_at = free_at + timedelta(seconds=granted / rate)
    return granted, 0.0 if granted == wanted else 1 / rate


def keep_quiet(session: Session, channel: str, until: datetime) -> None:
    """Let nothing out on a channel until an instant: it has asked for that."""
    row = _locked(session, channel, until)
    row.quiet_until = until if row.quiet_until is None else max(row.quiet_until, until)


def _locked(session: Session, channel: str, now: datetime) -> ChannelPace:
    return own_row(session, ChannelPace, channel, channel=channel, free_at=now - _BURST)
