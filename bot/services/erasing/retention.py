"""What is erased in time: words of messages, Rasa's memory, drafts; facts of hardships have their own way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Select, delete, exists, func, select
from sqlalchemy.orm import Session

from bot.domain.handoff import OPEN_STATES
from bot.services.erasing import words
from bot.services.erasing.tracker import Tracker, TrackerError
from bot.services.kit import Kit
from bot.storage.tables import Complaint, Conversation, Draft, HandoffRow, HardshipRow, Message

log = structlog.get_logger()
_BATCH = 200
_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Swept:
    """How much a sweep erased, or would."""

    messages: int = 0
    drafts: int = 0
    hardships: int = 0
    memory: int = 0


class RetentionService:
    """Erases what has been kept for as long as the settings say."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.tracker = Tracker(kit.settings.tracker_url)
        self._next: datetime | None = None

    def tend(self) -> None:
        """Sweep, at most once an hour in each process."""
        now = self.kit.clock.now()
        if self._next is None or now >= self._next:
            self._next = now + _EVERY
            self.sweep()

    def sweep(self, *, dry_run: bool = False) -> Swept:
        """Erase what is over its time, or only count it; hardships are erased by each tick."""
        settings, now = self.kit.settings, self.kit.clock.now()
        messages = drafts = 0
        if settings.message_days:
            messages = self._messages(now - timedelta(days=settings.message_days), now, dry_run)
        if settings.draft_days:
            drafts = self._drafts(now - timedelta(days=settings.draft_days), dry_run)
        with self.kit.db.begin() as session:
            day = (now - timedelta(days=settings.hardship_days)).date()
            over = (HardshipRow.forgotten_at.is_(None), HardshipRow.review_on < day)
            hardships = session.scalar(select(func.count()).where(*over)) or 0
        return Swept(messages, drafts, hardships, self._memory(dry_run))

    def _messages(self, before: datetime, now: datetime, dry_run: bool) -> int:
        if dry_run:
            with self.kit.db.begin() as session:
                return session.scalar(select(func.count()).select_from(_over(before).subquery())) or 0
        total = 0
        while count := self._some(before, now):
            total += count
        return total

    def _some(self, before: datetime, now: datetime) -> int:
        cause = f"kept for {self.kit.settings.message_days} days"
        with self.kit.db.begin() as session:
            found = _rows(session, before)
            words.blank(session, found, now, cause=cause, actor="retention", borrower=None)
            return len(found)

    def _drafts(self, before: datetime, dry_run: bool) -> int:
        with self.kit.db.begin() as session:
            if dry_run:
                return session.scalar(select(func.count()).where(Draft.saved_at < before)) or 0
            gone: Any = session.execute(delete(Draft).where(Draft.saved_at < before))
            return int(gone.rowcount)

    def _memory(self, dry_run: bool) -> int:
        days = self.kit.settings.tracker_days
        if not days:
            return 0
        try:
            # Rasa stamps its events by the machine's clock, also where ours is moved for a demo.
            return self.tracker.sweep(datetime.now(UTC) - timedelta(days=days), dry_run=dry_run)
        except TrackerError as error:
            log.warning("memory_not_swept", error=error)
            return 0


def _over(before: datetime) -> Select[Any]:
    """The messages whose time is over, of conversations about which nothing is open."""
    case = exists().where(
        HandoffRow.conversation_id == Message.conversation_id,
        HandoffRow.state.in_([one.value for one in OPEN_STATES]),
    )
    complaint = exists().where(
        Complaint.conversation_id == Message.conversation_id, Complaint.closed_at.is_(None)
    )
    return (
        select(Message.id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Message.created_at < before,
            Message.erased_at.is_(None),
            Message.state.not_in(("received", "queued", "sending")),
            ~case,
            ~complaint,
        )
    )


def _rows(session: Session, before: datetime) -> list[Message]:
    ids = _over(before).order_by(Message.id).limit(_BATCH)
    return list(session.scalars(select(Message).where(Message.id.in_(ids)).with_for_update()))
