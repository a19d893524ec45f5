"""The day on which a hardship is looked at again: its pause ends with a person, never in silence."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.handoff import HandoffReason
from bot.domain.model import HoldKind
from bot.services.handoffs import HandoffService
from bot.services.kit import Kit
from bot.services.records import record
from bot.storage.queries import active_plan, loan_snapshot
from bot.storage.tables import Borrower, Conversation, HardshipRow, HoldRow


class ReviewService:
    """What the clock calls."""

    def __init__(self, kit: Kit, handoffs: HandoffService) -> None:
        self.kit = kit
        self.handoffs = handoffs

    def open_due(self) -> int:
        """Open a case for each hardship whose pause has run out, once; return how many.

        The case keeps reminders away until a person closes it, and the assistant goes on talking. Nobody is
        needed where everything is paid, or where a plan that was agreed since has taken the place of the
        ladder on each loan that is open.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            due = select(HoldRow.borrower_id).where(
                HoldRow.kind == HoldKind.HARDSHIP.value, HoldRow.lifted_at.is_(None), HoldRow.until <= now
            )
            borrowers = list(session.scalars(due.distinct().order_by(HoldRow.borrower_id)))
        return sum(self._review(borrower_id) for borrower_id in borrowers)

    def _review(self, borrower_id: int) -> bool:
        """Decide one borrower's review in its own transaction; of two clocks the second finds nothing."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            borrower = session.get_one(Borrower, borrower_id, with_for_update=True)
            rows = session.scalars(
                select(HoldRow)
                .where(
                    HoldRow.borrower_id == borrower_id,
                    HoldRow.kind == HoldKind.HARDSHIP.value,
                    HoldRow.lifted_at.is_(None),
                )
                .order_by(HoldRow.id)
                .with_for_update()
            ).all()
            over = [row for row in rows if row.until is not None and row.until <= now]
            for row in over:
                row.lifted_at = now
            # Told once more since, it is looked at when that pause ends.
            if not over or len(over) < len(rows):
                return False
            cause = f"hold {over[-1].id}"
            conversation = _conversation(session, borrower_id)
            needless = _needs_nobody(session, borrower)
            if needless is not None or conversation is None:
                record(
                    session,
                    now,
                    "hardship_reviewed",
                    cause=cause,
                    actor="clock",
                    borrower_id=borrower_id,
                    why=needless or "no reachable address",
                )
                return False
            self.handoffs.open_in(
                session, conversation, HandoffReason.REVIEW, cause=cause, actor="clock", beside=True
            )
            return True


def _needs_nobody(session: Session, borrower: Borrower) -> str | None:
    """Say why nobody has to look at a hardship again, None when somebody has to."""
    still_open = [loan for loan in borrower.loans if loan_snapshot(loan).outstanding.minor > 0]
    if not still_open:
        return "paid"
    return "plan" if all(active_plan(session, loan.id) is not None for loan in still_open) else None


def _conversation(session: Session, borrower_id: int) -> Conversation | None:
    """Return the chat in which it was told; where nothing of it was kept, any chat of theirs."""
    told = session.scalars(
        select(HardshipRow.conversation_id)
        .where(HardshipRow.borrower_id == borrower_id)
        .order_by(HardshipRow.id.desc())
        .limit(1)
    ).first()
    if told is not None:
        return session.get(Conversation, told)
    mine = select(Conversation).where(Conversation.borrower_id == borrower_id).order_by(Conversation.id)
    return session.scalars(mine.limit(1)).first()
