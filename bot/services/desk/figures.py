"""What comes of each agent's work: how soon, with what outcome, whether it lasts. Never money alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.handoff import HandoffState
from bot.services.kit import Kit
from bot.services.rights import require
from bot.services.waiting import hours_of
from bot.storage.tables import (
    Agent,
    Complaint,
    Conversation,
    HandoffRow,
    OfferRow,
    Plan,
    Promise,
    QualityReview,
)


@dataclass(frozen=True, slots=True)
class AgentFigures:
    """One agent's work in a time.

    `taken` and `closed` count cases; `first_reply` is the median business time to the first reply, `in_time`
    the percentage given in time; `kept`, `broken` and `open` are the promises made and plans agreed in their
    cases; `complaints` those raised by their borrowers within 14 days after the close; `reopened` cases that
    came back within 7 days; `quality` the mean of their reviews in percent, `failed` how many failed. None
    where there is nothing to reckon with.
    """

    agent_id: int
    name: str
    taken: int
    closed: int
    outcomes: Mapping[str, int]
    first_reply: timedelta | None
    in_time: int | None
    kept: int
    broken: int
    open: int
    complaints: int
    reopened: int
    reviews: int
    quality: int | None
    failed: int

    @property
    def kept_percent(self) -> int | None:
        """How many of the agreements that are over were kept."""
        over = self.kept + self.broken
        return None if over == 0 else self.kept * 100 // over


_AFTER_COMPLAINT = timedelta(days=14)
_COMES_BACK = timedelta(days=7)
_KEPT = frozenset({"kept", "completed", "part_kept"})
_BROKEN = frozenset({"broken"})
_OPEN = frozenset({"open", "active"})


class FigureService:
    """The supervisor's figures."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def of(self, by: int, since: datetime, until: datetime) -> tuple[AgentFigures, ...]:
        """Return the figures of everyone who took a case in a time (until excluded), by name.

        Raises NotAllowed for a role that may not.
        """
        with self.kit.db.begin() as session:
            require(session, by, "review")
            rows = session.execute(
                select(HandoffRow, Agent)
                .join(Agent, Agent.id == HandoffRow.agent_id)
                .where(HandoffRow.claimed_at >= since, HandoffRow.claimed_at < until)
                .order_by(Agent.name, Agent.id, HandoffRow.id)
            ).all()
            mine: dict[int, list[HandoffRow]] = {}
            agents: dict[int, Agent] = {}
            for row, agent in rows:
                mine.setdefault(agent.id, []).append(row)
                agents[agent.id] = agent
            return tuple(self._of(session, agents[number], cases) for number, cases in mine.items())

    def _of(self, session: Session, agent: Agent, cases: Sequence[HandoffRow]) -> AgentFigures:
        closed = [row for row in cases if not HandoffState(row.state).is_open]
        answered = [row for row in cases if row.first_reply_at is not None]
        times = [
            hours_of(session, self.kit, row).between(row.opened_at, row.first_reply_at)
            for row in answered
            if row.first_reply_at is not None
        ]
        due = [row for row in answered if row.respond_by is not None]
        timely = [
            row
            for row in due
            if row.first_reply_at and row.respond_by and row.first_reply_at <= row.respond_by
        ]
        agreed = Counter(state for row in cases for state in _agreed(session, row))
        reviews = session.scalars(
            select(QualityReview).where(QualityReview.handoff_id.in_([row.id for row in cases]))
        ).all()
        scores = [review.percent for review in reviews if review.percent is not None]
        return AgentFigures(
            agent_id=agent.id,
            name=agent.name,
            taken=len(cases),
            closed=len(closed),
            outcomes=dict(Counter(row.outcome for row in closed if row.outcome)),
            first_reply=timedelta(seconds=median(one.total_seconds() for one in times)) if times else None,
            in_time=len(timely) * 100 // len(due) if due else None,
            kept=sum(agreed[state] for state in _KEPT),
            broken=sum(agreed[state] for state in _BROKEN),
            open=sum(agreed[state] for state in _OPEN),
            complaints=sum(_complaints(session, row) for row in closed),
            reopened=sum(_came_back(session, row) for row in closed),
            reviews=len(reviews),
            quality=sum(scores) // len(scores) if scores else None,
            failed=sum(review.failed for review in reviews),
        )


def _agreed(session: Session, row: HandoffRow) -> list[str]:
    """The states of the promises made and plans agreed in a case while it was in the agent's hands."""
    if row.claimed_at is None:
        return []
    start, end = row.claimed_at, row.closed_at
    promises = select(Promise.state).where(
        Promise.conversation_id == row.conversation_id, Promise.created_at >= start
    )
    plans = (
        select(Plan.state)
        .join(OfferRow, OfferRow.id == Plan.offer_id)
        .where(OfferRow.conversation_id == row.conversation_id, Plan.agreed_at >= start)
    )
    if end is not None:
        promises, plans = promises.where(Promise.created_at <= end), plans.where(Plan.agreed_at <= end)
    return [*session.scalars(promises), *session.scalars(plans)]


def _complaints(session: Session, row: HandoffRow) -> int:
    """How many complaints followed a case."""
    if row.closed_at is None:
        return 0
    whose = Complaint.conversation_id == row.conversation_id
    if row.borrower_id is not None:
        whose |= Complaint.borrower_id == row.borrower_id
    after = (Complaint.opened_at > row.closed_at, Complaint.opened_at <= row.closed_at + _AFTER_COMPLAINT)
    return len(session.scalars(select(Complaint.id).where(whose, *after)).all())


def _came_back(session: Session, row: HandoffRow) -> bool:
    """Tell whether the same conversation was handed over again soon after."""
    if row.closed_at is None:
        return False
    again = (
        select(HandoffRow.id)
        .join(Conversation, Conversation.id == HandoffRow.conversation_id)
        .where(
            HandoffRow.conversation_id == row.conversation_id,
            HandoffRow.id != row.id,
            HandoffRow.opened_at > row.closed_at,
            HandoffRow.opened_at <= row.closed_at + _COMES_BACK,
        )
    )
    return session.scalars(again).first() is not None
