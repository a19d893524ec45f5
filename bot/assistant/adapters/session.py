"""A tracker store that reads one row for a turn, however long the conversation has been.

Rasa reads every event of the session, rebuilds the tracker from them, and sends them all with each action
call: a turn costs more the longer people talk. Grace's rules and actions look no further back than the
message before, so a turn needs the state (slots, the active form) and the newest turns. They are kept in
one row beside Rasa's own table of events, which is still written in Rasa's own form, event by event.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.constants import (
    ACTION_LISTEN_NAME,
    ACTION_SESSION_START_NAME,
)
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    Event,
    LoopInterrupted,
    SessionStarted,
    SlotSet,
)
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import QueuePool

from bot.assistant.adapters.recent import opens_turn
from bot.assistant.switches import wanted

StoreError = DBAPIError
"""What a database that fails raises."""

KEPT_TURNS = 2
"""How many turns are always there: the newest, and the one before it."""
MOST_TURNS = 5
"""When there are more, the older ones are folded into the state they left: not at every turn."""

_STORED = "_grace_stored"


class SessionTrackerStore(SQLTrackerStore):
    """Rasa's SQL store, with the bounded session beside it; switched off, it is Rasa's own."""

    class Session(SQLTrackerStore.Base):  # type: ignore[misc]
        """One conversation: its state and newest events, as a JSON list of events."""

        __tablename__ = "sessions"
        sender_id = sa.Column(sa.String(255), primary_key=True)
        events = sa.Column(sa.Text, nullable=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.engine: Any
        super().__init__(*args, **kwargs)
        self._bounded = "session" in wanted()
        # Below the ORM, and made once: its sessions cost more than these statements do.
        kept: Any = self.Session.__table__
        sender: Any = sa.bindparam("sender")
        recent: Any = sa.bindparam("recent")
        self._found = sa.select(kept.c.events).where(kept.c.sender_id == sender)
        self._renewed = sa.update(kept).where(kept.c.sender_id == sender).values(events=recent)
        self._begun = sa.insert(kept).values(sender_id=sender, events=recent)
        self._logged = sa.insert(self.SQLEvent.__table__)
        if self._bounded and self.engine.dialect.name == "sqlite":
            self._keep_connections()

    def _keep_connections(self) -> None:
        """Keep the file open, with a write-ahead log: Rasa opens it anew for every read and write."""
        self.engine.dispose()
        engine = sa.create_engine(
            self.engine.url, poolclass=QueuePool, connect_args={"check_same_thread": False}
        )
        sa.event.listen(engine, "connect", _tune)
        self.engine, self.sessionmaker = engine, sessionmaker(bind=engine)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """Return the tracker as the next turn needs it; None for a conversation never seen."""
        if not self._bounded:
            return await super().retrieve(sender_id)
        with self.engine.connect() as connection:
            found = connection.execute(self._found, {"sender": sender_id}).scalar()
        if found is None:
            # Of the time before this store: read whole once, bounded from the next save on.
            tracker = await super().retrieve(sender_id)
        else:
            tracker = DialogueStateTracker.from_dict(sender_id, json.loads(found), self.domain.slots)
        if tracker is not None:
            setattr(tracker, _STORED, len(tracker.events))
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Append the events that are new, and renew the bounded session, in one transaction."""
        if not self._bounded:
            await super().save(tracker)
            return
        await self.stream_events(tracker)
        events = list(tracker.events)
        fresh = events[getattr(tracker, _STORED, 0) :]
        recent = json.dumps(
            [event.as_dict() for event in bounded(tracker.sender_id, events, self.domain.slots)]
        )
        mine = {"sender": tracker.sender_id, "recent": recent}
        with self.engine.begin() as connection:
            if fresh:
                connection.execute(self._logged, [self._row(tracker.sender_id, event) for event in fresh])
            if connection.execute(self._renewed, mine).rowcount == 0:
                connection.execute(self._begun, mine)
        setattr(tracker, _STORED, len(events))

    @staticmethod
    def _row(sender_id: str, event: Event) -> dict[str, Any]:
        data = event.as_dict()
        return {
            "sender_id": sender_id,
            "type_name": event.type_name,
            "timestamp": data.get("timestamp"),
            "intent_name": data.get("parse_data", {}).get("intent", {}).get("name"),
            "action_name": data.get("name"),
            "data": json.dumps(data),
        }


def ping(engine: Any) -> None:
    """Raise StoreError when the database does not answer."""
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT 1"))


def _tune(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA busy_timeout=10000")
    cursor.close()


def bounded(sender_id: str, events: list[Event], slots: Iterable[Slot]) -> list[Event]:
    """Return events that lead to the same state as `events`, with at most MOST_TURNS turns among them."""
    starts = [place for place, event in enumerate(events) if opens_turn(event)]
    if len(starts) <= MOST_TURNS:
        return events
    cut = starts[-KEPT_TURNS]
    return [*_state(DialogueStateTracker.from_events(sender_id, events[:cut], slots)), *events[cut:]]


def _state(tracker: DialogueStateTracker) -> list[Event]:
    """Return the events that bring a new tracker to the state of this one, listening."""
    at = tracker.events[-1].timestamp if tracker.events else None
    found: list[Event] = [
        ActionExecuted(ACTION_SESSION_START_NAME, timestamp=at),
        SessionStarted(timestamp=at),
    ]
    found += [
        SlotSet(slot.name, slot.value, timestamp=at)
        for slot in tracker.slots.values()
        if slot.value != slot.initial_value
    ]
    loop = tracker.active_loop
    if loop is not None:
        found.append(ActiveLoop(loop.name, timestamp=at))
        if loop.rejected:
            found.append(ActionExecutionRejected(loop.name, timestamp=at))
        if loop.is_interrupted:
            found.append(LoopInterrupted(True, timestamp=at))
    found.append(ActionExecuted(ACTION_LISTEN_NAME, timestamp=at))
    return found
