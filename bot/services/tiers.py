"""Sorts open loans into tiers by the score card, a batch at a time, and keeps every change on record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from bot.domain.model import HoldKind, Purpose
from bot.domain.tiers import Assessment, Signals, assess
from bot.services.kit import Kit, local_day
from bot.services.records import record
from bot.storage.policies import PolicyError, versioned
from bot.storage.queries import STILL_OPEN, loan_snapshot
from bot.storage.tables import (
    Borrower,
    Conversation,
    DueItem,
    HoldRow,
    LoanRow,
    Message,
    Nudge,
    Payment,
    Plan,
    Promise,
)

_BATCH = 1000
_MEMORY = timedelta(days=365)
_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class LoanTier:
    """A loan's tier as it would be now, and every reason for it."""

    loan: str
    card: str
    assessment: Assessment


class TierService:
    """What the clock calls once a day, and staff ask why."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self._last: datetime | None = None

    def refresh(self) -> int:
        """Assess every open loan when this process has not done so within the hour; return what changed."""
        now = self.kit.clock.now()
        if self._last is not None and self._last <= now < self._last + _EVERY:
            return 0
        self._last = now
        return self.assess()

    def assess(self, due_by: date | None = None) -> int:
        """Assess every open loan again; return how many have changed their tier or record.

        `due_by` leaves out loans on which nothing open is due by that day.
        """
        after, changed = 0, 0
        while True:
            with self.kit.db.begin() as session:
                rows = self._batch(session, after, due_by)
                if not rows:
                    return changed
                found = list(self._assessed(session, rows))
                changed += sum(self._settle(session, row, one) for row, one in found)
                after = rows[-1].id

    def of(self, ref: str) -> tuple[LoanTier, ...]:
        """Return the tier of a loan, or of each loan of a borrower, with its reasons, on the facts of now.

        Raises LookupError for a reference that is neither.
        """
        with self.kit.db.begin() as session:
            chosen = _loans().where(or_(LoanRow.ref == ref, Borrower.ref == ref)).join(LoanRow.borrower)
            rows = session.scalars(chosen).all()
            if not rows:
                raise LookupError(f"there is no loan and no borrower {ref!r}")
            return tuple(
                LoanTier(row.ref, card, found) for row, (card, found) in self._assessed(session, rows)
            )

    def _batch(self, session: Session, after: int, due_by: date | None) -> Sequence[LoanRow]:
        chosen = select(DueItem.id).where(DueItem.loan_id == LoanRow.id, STILL_OPEN)
        still_open = (chosen if due_by is None else chosen.where(DueItem.due_on <= due_by)).exists()
        return session.scalars(_loans().where(LoanRow.id > after, still_open).limit(_BATCH)).all()

    def _assessed(
        self, session: Session, rows: Sequence[LoanRow]
    ) -> Iterable[tuple[LoanRow, tuple[str, Assessment]]]:
        now = self.kit.clock.now()
        facts = _Facts(session, rows, now)
        for row in rows:
            today = local_day(now, row.borrower.timezone)
            try:
                card = self.kit.policies.score_card(self.kit.policies.product(row.product, today))
            except PolicyError:
                continue  # No policy is in force: nothing is planned for this loan either.
            yield row, (versioned(card).version, assess(facts.signals(row, today), card))

    def _settle(self, session: Session, row: LoanRow, found: tuple[str, Assessment]) -> bool:
        card, one = found
        if (row.tier, row.good_record) == (one.tier, one.good_record):
            return False
        record(
            session,
            self.kit.clock.now(),
            "tier",
            cause=card,
            actor="clock",
            borrower_id=row.borrower_id,
            loan_id=row.id,
            was=row.tier,
            tier=one.tier,
            good_record=one.good_record,
            ability=one.ability,
            willingness=one.willingness,
            points=[{"signal": part.signal, "points": part.points} for part in one.points],
        )
        row.tier, row.good_record = one.tier, one.good_record
        return True


def _loans() -> Any:
    return (
        select(LoanRow).options(selectinload(LoanRow.dues), joinedload(LoanRow.borrower)).order_by(LoanRow.id)
    )


class _Facts:
    """What the signals of a batch of loans rest on: one statement for each kind of fact."""

    def __init__(self, session: Session, rows: Sequence[LoanRow], now: datetime) -> None:
        self._session, self._since = session, now - _MEMORY
        self._loans = [row.id for row in rows]
        self._people = {row.borrower_id for row in rows}
        self._promises = self._states(Promise.state, Promise.loan_id, Promise.closed_at)
        self._plans = self._states(Plan.state, Plan.loan_id, Plan.closed_at)
        in_force = or_(HoldRow.until.is_(None), HoldRow.until > now)
        self._hardship = set(
            session.scalars(
                select(HoldRow.borrower_id).where(
                    HoldRow.borrower_id.in_(self._people),
                    HoldRow.kind == HoldKind.HARDSHIP.value,
                    HoldRow.lifted_at.is_(None),
                    in_force,
                )
            )
        )
        self._heard = self._last_heard()
        self._sent = self._reminded()
        self._paid = self._payments()

    def signals(self, row: LoanRow, today: date) -> Signals:
        """Return the signals of one loan of the batch on a local day."""
        loan = loan_snapshot(row)
        due = loan.next_due()
        number = due.number if due is not None else len(loan.dues) + 1
        sent, heard = self._sent[row.id, number], self._heard.get(row.borrower_id)
        before = [item for item in row.dues if item.number < number]
        promises, plans = self._promises[row.borrower_id], self._plans[row.borrower_id]
        return Signals(
            grade=row.grade,
            days_past_due=max(0, loan.days_past_due(today) or 0),
            kept_promises=promises["kept"],
            broken_promises=promises["broken"],
            replies=int(heard is not None and bool(sent) and heard > min(sent)),
            unanswered_reminders=sum(heard is None or at > heard for at in sent),
            hardship=row.borrower_id in self._hardship,
            kept_plans=plans["completed"],
            broken_plans=plans["broken"],
            cycles_before=len(before),
            cycles_paid_on_time=self._on_time(row, before),
        )

    def _on_time(self, row: LoanRow, items: Sequence[DueItem]) -> int:
        """Count the due items that were covered by their day; payments are booked oldest item first."""
        paid = [(local_day(at, row.borrower.timezone), amount) for at, amount in self._paid.get(row.id, ())]
        owed = count = 0
        for item in sorted(items, key=lambda one: one.number):
            owed += item.principal_minor + item.interest_minor + item.fee_minor
            count += sum(amount for day, amount in paid if day <= item.due_on) >= owed
        return count

    def _states(self, state: Any, loan_id: Any, closed_at: Any) -> dict[int, dict[str, int]]:
        """Count by borrower how promises or plans ended of late, on all of their loans."""
        found: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        rows = self._session.execute(
            select(LoanRow.borrower_id, state, func.count())
            .join(LoanRow, LoanRow.id == loan_id)
            .where(LoanRow.borrower_id.in_(self._people), closed_at >= self._since)
            .group_by(LoanRow.borrower_id, state)
        )
        for borrower_id, name, count in rows:
            found[borrower_id][name] = count
        return found

    def _last_heard(self) -> dict[int, datetime]:
        rows = self._session.execute(
            select(Conversation.borrower_id, func.max(Message.created_at, type_=Message.created_at.type))
            .join(Message, Message.conversation_id == Conversation.id)
            .where(Conversation.borrower_id.in_(self._people), Message.direction == "in")
            .group_by(Conversation.borrower_id)
        )
        return {borrower_id: at for borrower_id, at in rows if borrower_id is not None}

    def _reminded(self) -> dict[tuple[int, int], list[datetime]]:
        found: dict[tuple[int, int], list[datetime]] = defaultdict(list)
        rows = self._session.execute(
            select(Nudge.loan_id, Nudge.cycle, Nudge.done_at).where(
                Nudge.loan_id.in_(self._loans),
                Nudge.state == "sent",
                Nudge.purpose == Purpose.REMINDER.value,
                Nudge.done_at.is_not(None),
            )
        )
        for loan_id, cycle, at in rows:
            if at is not None:
                found[loan_id, cycle].append(at)
        return found

    def _payments(self) -> dict[int, list[tuple[datetime, int]]]:
        found: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
        rows = self._session.execute(
            select(Payment.loan_id, Payment.paid_at, Payment.amount_minor).where(
                Payment.loan_id.in_(self._loans)
            )
        )
        for loan_id, at, amount in rows:
            found[loan_id].append((at, amount))
        return found
