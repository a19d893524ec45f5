"""Word to the agents' group that a case waits: told at once, and again until somebody takes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from bot.domain.handoff import HandoffState
from bot.services.kit import Kit
from bot.storage.tables import HandoffRow


@dataclass(frozen=True, slots=True)
class Alert:
    """One waiting case, with nothing that says whose; `before` is when it was told of last."""

    handoff_id: int
    reason: str
    priority: int
    level: int
    before: datetime | None

    @property
    def is_repeated(self) -> bool:
        """True when it was told before."""
        return self.before is not None


class AlertService:
    """Hands out each alert once, to whichever process asks."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def take(self, limit: int = 20) -> list[Alert]:
        """Return the alerts that are due, the most urgent first; nobody else gets them meanwhile."""
        now = self.kit.clock.now()
        again = now - timedelta(seconds=self.kit.settings.alert_repeat)
        due = (
            HandoffRow.state == HandoffState.WAITING.value,
            or_(HandoffRow.paged_at.is_(None), HandoffRow.paged_at <= again),
            or_(HandoffRow.callback_at.is_(None), HandoffRow.callback_at <= now),
        )
        taken = []
        with self.kit.db.begin() as session:
            rows = session.execute(
                select(
                    HandoffRow.id,
                    HandoffRow.reason,
                    HandoffRow.priority,
                    HandoffRow.level,
                    HandoffRow.paged_at,
                )
                .where(*due)
                .order_by(HandoffRow.priority, HandoffRow.waiting_since, HandoffRow.id)
                .limit(limit)
            ).all()
            for row in rows:
                mine = session.execute(
                    update(HandoffRow).where(HandoffRow.id == row.id, *due).values(paged_at=now)
                )
                if mine.rowcount:  # type: ignore[attr-defined]
                    taken.append(Alert(row.id, row.reason, row.priority, row.level, row.paged_at))
        return taken

    def put_back(self, alert: Alert) -> None:
        """Give an alert back that could not be sent: it is due again."""
        with self.kit.db.begin() as session:
            session.execute(
                update(HandoffRow).where(HandoffRow.id == alert.handoff_id).values(paged_at=alert.before)
            )
