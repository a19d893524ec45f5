"""The queue as agents see it: every open case with its wait, its countdown, and who has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from bot.domain.business import BusinessHours, Countdown, countdown
from bot.domain.handoff import HandoffState
from bot.domain.money import Money
from bot.language.formats import language_of
from bot.services.kit import Kit, local_day
from bot.services.waiting import OPEN, hours_for, team_of
from bot.storage.queries import current_loan, loan_snapshot, zone_of
from bot.storage.tables import Borrower, Colleague, HandoffRow


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """One open case.

    `countdown` is the business time left to the first reply, None once it was given; `warned` says that it
    runs out soon; `open_now` that its team is there; `callback_at` from when on it is to be taken up.
    """

    id: int
    conversation_id: str
    reason: str
    priority: int
    level: int
    state: str
    team: str
    borrower_ref: str | None
    borrower_name: str | None
    timezone: str
    locale: str
    language: str
    channel: str
    overdue: Money | None
    days_past_due: int | None
    opened_at: datetime
    waiting_since: datetime
    callback_at: datetime | None
    snoozed_until: datetime | None
    countdown: Countdown | None
    warned: bool
    open_now: bool
    agent_id: int | None
    agent_name: str | None
    colleagues: tuple[int, ...]

    @property
    def is_waiting(self) -> bool:
        """True while nobody has it."""
        return self.state == HandoffState.WAITING


class QueueService:
    """Reads the queue."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def entries(self) -> tuple[QueueEntry, ...]:
        """Return every open case: the most urgent first, among equals the one that waits longest."""
        with self.kit.db.begin() as session:
            rows = session.scalars(
                select(HandoffRow)
                .where(HandoffRow.state.in_(OPEN))
                .options(
                    joinedload(HandoffRow.conversation),
                    joinedload(HandoffRow.borrower).selectinload(Borrower.loans),
                    joinedload(HandoffRow.agent),
                )
                .order_by(HandoffRow.priority, HandoffRow.waiting_since, HandoffRow.id)
            ).all()
            helpers = _helpers(session, [row.id for row in rows])
            hours: dict[tuple[str, int | None], BusinessHours] = {}
            return tuple(self._entry(session, row, helpers.get(row.id, ()), hours) for row in rows)

    def entry(self, handoff_id: int) -> QueueEntry | None:
        """Return one case, open or closed."""
        with self.kit.db.begin() as session:
            row = session.get(HandoffRow, handoff_id)
            if row is None:
                return None
            return self._entry(session, row, _helpers(session, [row.id]).get(row.id, ()), {})

    def _entry(
        self,
        session: Session,
        row: HandoffRow,
        colleagues: tuple[int, ...],
        known: dict[tuple[str, int | None], BusinessHours],
    ) -> QueueEntry:
        now, borrower = self.kit.clock.now(), row.borrower
        team = team_of(self.kit, row)
        key = (team.id, row.borrower_id)
        if key not in known:
            known[key] = hours_for(session, self.kit, team, row.conversation.borrower)
        hours = known[key]
        loan_row = None if borrower is None else current_loan(session, borrower.id)
        loan = None if loan_row is None else loan_snapshot(loan_row)
        today = local_day(now, zone_of(borrower))
        answered = row.first_reply_at is not None or not HandoffState(row.state).is_open
        return QueueEntry(
            id=row.id,
            conversation_id=row.conversation_id,
            reason=row.reason,
            priority=row.priority,
            level=row.level,
            state=row.state,
            team=team.id,
            borrower_ref=borrower.ref if borrower else None,
            borrower_name=borrower.name if borrower else None,
            timezone=zone_of(borrower),
            locale=row.conversation.locale,
            language=language_of(row.conversation.locale),
            channel=row.conversation.channel,
            overdue=None if loan is None else loan.overdue(today),
            days_past_due=None if loan is None else loan.days_past_due(today),
            opened_at=row.opened_at,
            waiting_since=row.waiting_since,
            callback_at=row.callback_at,
            snoozed_until=row.snoozed_until,
            countdown=None if answered or row.respond_by is None else countdown(hours, row.respond_by, now),
            warned=row.warned_at is not None,
            open_now=hours.is_open(now),
            agent_id=row.agent_id,
            agent_name=row.agent.name if row.agent else None,
            colleagues=colleagues,
        )


def _helpers(session: Session, numbers: Iterable[int]) -> dict[int, tuple[int, ...]]:
    found: dict[int, tuple[int, ...]] = {}
    chosen = select(Colleague.handoff_id, Colleague.agent_id).where(Colleague.handoff_id.in_(list(numbers)))
    for handoff_id, agent_id in session.execute(chosen.order_by(Colleague.added_at, Colleague.agent_id)):
        found[handoff_id] = (*found.get(handoff_id, ()), agent_id)
    return found
