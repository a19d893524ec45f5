"""What was told of a hardship before it was agreed that it may be kept: in this process's memory alone."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from actions.turn import Turn, days_of

_KEPT = timedelta(minutes=30)
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Unsaid:
    """A reason and how long it may last, as they were read from a message; None for what was not told."""

    reason: str | None
    lasts_days: int | None


class Memory:
    """Forgets after half an hour, at a restart, and when asked to; a lost fact is simply asked for."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[datetime, Unsaid]] = OrderedDict()
        self._lock = Lock()

    def keep(self, conversation: str, told: Unsaid, at: datetime) -> None:
        """Keep what was told beside what was told before; nothing new changes nothing."""
        before = self.recall(conversation, at)
        if before is not None:
            told = Unsaid(told.reason or before.reason, told.lasts_days or before.lasts_days)
        if told.reason is None and told.lasts_days is None:
            return
        with self._lock:
            self._kept[conversation] = (at, told)
            self._kept.move_to_end(conversation)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)

    def recall(self, conversation: str, at: datetime) -> Unsaid | None:
        """Return what was told in the last half hour."""
        with self._lock:
            found = self._kept.get(conversation)
            if found is not None and at - found[0] > _KEPT:
                del self._kept[conversation]
                return None
            return None if found is None else found[1]

    def forget(self, conversation: str) -> None:
        """Forget it."""
        with self._lock:
            self._kept.pop(conversation, None)


MEMORY = Memory()


def remember(turn: Turn) -> None:
    """Keep what this message tells of a hardship until it is agreed that it may be kept, in memory alone."""
    if turn.has("report_hardship"):
        MEMORY.keep(turn.conversation, told_in(turn), at(turn))


def told_in(turn: Turn) -> Unsaid:
    """Return what a message tells: a named reason, and how long it is to last."""
    reason = turn.value("hardship_reason")
    duration = turn.value("duration")
    named = reason if reason not in (None, "other") else None
    days = _days(duration) if isinstance(duration, dict) and not _is_wish(turn) else None
    return Unsaid(named, days)


def at(turn: Turn) -> datetime:
    """Return the instant of the turn."""
    return datetime.fromisoformat(turn.context["at"])


def _is_wish(turn: Turn) -> bool:
    """Three months of instalments are no three months without work."""
    asking = ("request_instalment", "request_extension")
    return turn.has(*asking) and turn.within("duration", *asking)


def _days(duration: dict[str, object]) -> int | None:
    """Return how long something is to last; of a range the longer end: nobody should have to hurry."""
    whole = duration if duration.get("value") is not None else {**duration, "value": duration.get("to")}
    days = days_of(whole)
    return days if days and days > 0 else None
