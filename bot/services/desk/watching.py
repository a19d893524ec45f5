"""Who looks at a case and who is typing in it: gone by itself when no sign renews it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select

from bot.services.kit import Kit
from bot.services.rights import NotAllowed, require
from bot.storage.db import retried
from bot.storage.tables import Agent, HandoffRow, Watcher

VIEWING_SECONDS = 20
TYPING_SECONDS = 6
"""How long a sign counts; a page renews it well before."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """One colleague at a case."""

    agent_id: int
    name: str
    typing: bool


class WatchService:
    """What an open case page calls every few seconds."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @retried
    def look(self, handoff_id: int, agent_id: int, *, typing: bool = False) -> None:
        """Say that an agent has the case open, and whether they are typing.

        Raises NotAllowed for an account that may not, or a case that there is not.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            require(session, agent_id, "speak")
            row = session.get(Watcher, (handoff_id, agent_id), with_for_update=True)
            if row is None:
                if session.get(HandoffRow, handoff_id) is None:
                    raise NotAllowed("closed", "there is no such hand-off")
                row = Watcher(handoff_id=handoff_id, agent_id=agent_id, seen_at=now)
                session.add(row)
            row.seen_at = now
            row.typing_at = now if typing else None

    def leave(self, handoff_id: int, agent_id: int) -> None:
        """Say that an agent has closed the case's page."""
        with self.kit.db.begin() as session:
            gone = (Watcher.handoff_id == handoff_id, Watcher.agent_id == agent_id)
            session.execute(delete(Watcher).where(*gone))

    def viewers(self, handoff_id: int | None = None) -> dict[int, tuple[Viewer, ...]]:
        """Return who is at each case now, or at one case, by its id."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            chosen = (
                select(Watcher, Agent.name)
                .join(Agent, Agent.id == Watcher.agent_id)
                .where(Watcher.seen_at > now - timedelta(seconds=VIEWING_SECONDS))
                .order_by(Agent.name, Agent.id)
            )
            if handoff_id is not None:
                chosen = chosen.where(Watcher.handoff_id == handoff_id)
            found: dict[int, list[Viewer]] = {}
            types = now - timedelta(seconds=TYPING_SECONDS)
            for row, name in session.execute(chosen):
                typing = row.typing_at is not None and row.typing_at > types
                found.setdefault(row.handoff_id, []).append(Viewer(row.agent_id, name, typing))
            return {number: tuple(viewers) for number, viewers in found.items()}

    def forget_old(self) -> None:
        """Drop the signs that mean nothing any more."""
        old = self.kit.clock.now() - timedelta(hours=1)
        with self.kit.db.begin() as session:
            session.execute(delete(Watcher).where(Watcher.seen_at < old))
