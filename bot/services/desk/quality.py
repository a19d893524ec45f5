"""Reviews of closed cases: which are looked at, and how they score by the checklist."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bot.domain.handoff import HandoffState
from bot.services.kit import Kit
from bot.services.records import record
from bot.services.rights import NotAllowed, Reader, require, require_reader
from bot.storage.db import retried
from bot.storage.policies import versioned
from bot.storage.tables import Agent, HandoffRow, QualityReview


@dataclass(frozen=True, slots=True)
class Sampled:
    """A closed case that is to be looked at, or was."""

    handoff_id: int
    conversation_id: str
    agent_id: int
    agent_name: str
    reason: str
    outcome: str | None
    closed_at: datetime
    reviewed_by: int | None
    percent: int | None
    failed: bool | None


@dataclass(frozen=True, slots=True)
class ReviewView:
    """One review with its marks by item: yes, no, or None where an item does not apply."""

    handoff_id: int
    reviewer_id: int
    marks: Mapping[str, bool | None]
    percent: int | None
    failed: bool
    note: str
    reviewed_at: datetime


class QualityService:
    """The supervisor's quality view."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def sample(self, by: int, since: datetime, until: datetime) -> tuple[Sampled, ...]:
        """Return the closed cases of a time (until excluded) that are to be looked at, newest first.

        Of every agent's cases the checklist's share, at least so many; always the same ones, which nobody
        could know beforehand. Raises NotAllowed for a role that may not.
        """
        checklist = self.kit.policies.desk.checklist
        with self.kit.db.begin() as session:
            require(session, by, "review")
            closed = session.execute(
                select(HandoffRow, Agent.name)
                .join(Agent, Agent.id == HandoffRow.agent_id)
                .where(
                    HandoffRow.state.in_((HandoffState.CLOSED.value, HandoffState.RETURNED.value)),
                    HandoffRow.closed_at >= since,
                    HandoffRow.closed_at < until,
                )
            ).all()
            mine: dict[int, list[tuple[HandoffRow, str]]] = defaultdict(list)
            for row, name in closed:
                if row.agent_id is not None:
                    mine[row.agent_id].append((row, name))
            secret = self.kit.settings.signing_secret()
            chosen = []
            for rows in mine.values():
                wanted = max(-(-len(rows) * checklist.sample_percent // 100), checklist.at_least)
                chosen += sorted(rows, key=lambda one: _draw(secret, one[0].id))[:wanted]
            reviews = {
                review.handoff_id: review
                for review in session.scalars(
                    select(QualityReview)
                    .where(QualityReview.handoff_id.in_([row.id for row, _ in chosen]))
                    .order_by(QualityReview.id)
                )
            }
            found = [_sampled(row, name, reviews.get(row.id)) for row, name in chosen]
            return tuple(sorted(found, key=lambda one: (one.closed_at, one.handoff_id), reverse=True))

    @retried
    def review(
        self, handoff_id: int, by: int, marks: Mapping[str, bool | None], note: str = ""
    ) -> ReviewView:
        """Score a closed case; the same reviewer's second word replaces the first.

        Raises NotAllowed for a role that may not, an open case, one's own work, or marks that do not fit the
        checklist.
        """
        now, checklist = self.kit.clock.now(), self.kit.policies.desk.checklist
        with self.kit.db.begin() as session:
            require(session, by, "review")
            case = session.get(HandoffRow, handoff_id)
            if case is None or HandoffState(case.state).is_open or case.agent_id is None:
                raise NotAllowed("unknown", "only a case that an agent has closed is reviewed")
            if case.agent_id == by:
                raise NotAllowed("own", "nobody reviews their own work")
            try:
                score = checklist.score(marks)
            except ValueError as error:
                raise NotAllowed("marks", str(error)) from error
            row = session.scalars(
                select(QualityReview)
                .where(QualityReview.handoff_id == handoff_id, QualityReview.reviewer_id == by)
                .with_for_update()
            ).first()
            if row is None:
                row = QualityReview(handoff_id=handoff_id, agent_id=case.agent_id, reviewer_id=by)
                session.add(row)
            row.checklist, row.marks = versioned(checklist).version, dict(marks)
            row.percent, row.failed = score.percent, score.failed
            row.note, row.reviewed_at = note.strip()[:2000], now
            record(
                session,
                now,
                "case_reviewed",
                cause=f"handoff {handoff_id}",
                actor=f"agent {by}",
                borrower_id=case.borrower_id,
                agent=case.agent_id,
                percent=score.percent,
                failed=score.failed,
                checklist=row.checklist,
            )
            session.flush()
            return _review(row)

    def reviews(self, handoff_id: int, reader: Reader) -> tuple[ReviewView, ...]:
        """Return the reviews of a case, oldest first. Raises NotAllowed for a role that may not."""
        with self.kit.db.begin() as session:
            require_reader(session, reader, "review")
            rows = session.scalars(
                select(QualityReview).where(QualityReview.handoff_id == handoff_id).order_by(QualityReview.id)
            )
            return tuple(_review(row) for row in rows)


def _draw(secret: str, handoff_id: int) -> str:
    """A number that stays the same and that nobody can foretell."""
    return hashlib.sha256(f"{secret}:{handoff_id}".encode()).hexdigest()


def _sampled(row: HandoffRow, name: str, review: QualityReview | None) -> Sampled:
    assert row.agent_id is not None
    assert row.closed_at is not None
    return Sampled(
        handoff_id=row.id,
        conversation_id=row.conversation_id,
        agent_id=row.agent_id,
        agent_name=name,
        reason=row.reason,
        outcome=row.outcome,
        closed_at=row.closed_at,
        reviewed_by=None if review is None else review.reviewer_id,
        percent=None if review is None else review.percent,
        failed=None if review is None else review.failed,
    )


def _review(row: QualityReview) -> ReviewView:
    return ReviewView(
        row.handoff_id, row.reviewer_id, row.marks, row.percent, row.failed, row.note, row.reviewed_at
    )
