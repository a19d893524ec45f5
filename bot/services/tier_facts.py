"""What the signals of loans rest on, for a batch of them at once: one statement for each kind of fact."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from bot.domain.model import HoldKind, Purpose
from bot.domain.tiers import Signals
from bot.services.kit import local_day
from bot.storage.queries import DUE_AMOUNT, STILL_OPEN
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

_MEMORY = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Assessed:
    """A loan as far as its tier depends on it; `tier` and `good_record` are those of its last assessment."""

    id: int
    ref: str
    borrower_id: int
    product: str
    grade: str | None
    tier: str | None
    good_record: bool
    timezone: str


@dataclass(frozen=True, slots=True)
class _Item:
    """A due item; amounts in minor units."""

    number: int
    due_on: date
    asked: int
    paid: int


@dataclass(frozen=True, slots=True)
class _Sent:
    """The reminders of one cycle: when the first and the last of them went, and how many did."""

    first: datetime
    last: datetime
    count: int


def _is_past(item: _Item) -> bool:
    return item.paid >= item.asked


def loans() -> Select[Any]:
    """Choose the columns of `Assessed`, in order of the loans' ids."""
    return (
        select(
            LoanRow.id,
            LoanRow.ref,
            LoanRow.borrower_id,
            LoanRow.product,
            LoanRow.grade,
            LoanRow.tier,
            LoanRow.good_record,
            Borrower.timezone,
        )
        .join(Borrower, Borrower.id == LoanRow.borrower_id)
        .order_by(LoanRow.id)
    )


class Facts:
    """What the signals of a batch of loans rest on."""

    def __init__(self, session: Session, rows: Sequence[Assessed], now: datetime) -> None:
        self._session, self._since = session, now - _MEMORY
        self._loans = [row.id for row in rows]
        self._people = {row.borrower_id for row in rows}
        self._items = self._due_items()
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
        # Only of who wrote between two reminders it matters which of them came later.
        self._one_by_one = self._reminders(
            [
                row.id
                for row in rows
                if (heard := self._heard.get(row.borrower_id)) is not None
                and any(one.first <= heard < one.last for one in self._sent[row.id].values())
            ]
        )
        # Who was asked once only has no past that could have been on time.
        self._paid = self._payments([loan for loan, items in self._items.items() if _is_past(items[0])])

    def signals(self, row: Assessed, today: date) -> Signals:
        """Return the signals of one loan of the batch on a local day."""
        items = self._items[row.id]
        due = next((item for item in items if not _is_past(item)), None)
        number = due.number if due is not None else len(items) + 1
        sent, heard = self._sent[row.id].get(number), self._heard.get(row.borrower_id)
        before = [item for item in items if item.number < number]
        promises, plans = self._promises[row.borrower_id], self._plans[row.borrower_id]
        return Signals(
            grade=row.grade,
            days_past_due=0 if due is None else max(0, (today - due.due_on).days),
            kept_promises=promises["kept"],
            broken_promises=promises["broken"],
            replies=int(heard is not None and sent is not None and heard > sent.first),
            unanswered_reminders=0 if sent is None else self._unanswered(row.id, number, sent, heard),
            hardship=row.borrower_id in self._hardship,
            kept_plans=plans["completed"],
            broken_plans=plans["broken"],
            cycles_before=len(before),
            cycles_paid_on_time=self._on_time(row, before),
        )

    def _unanswered(self, loan_id: int, number: int, sent: _Sent, heard: datetime | None) -> int:
        if heard is None or heard < sent.first:
            return sent.count
        return sum(at > heard for at in self._one_by_one.get((loan_id, number), ()))

    def _on_time(self, row: Assessed, items: Sequence[_Item]) -> int:
        """Count the due items that were covered by their day; payments are booked oldest item first."""
        if not items:
            return 0
        paid = [(local_day(at, row.timezone), amount) for at, amount in self._paid.get(row.id, ())]
        owed = count = 0
        for item in items:
            owed += item.asked
            count += sum(amount for day, amount in paid if day <= item.due_on) >= owed
        return count

    def _due_items(self) -> dict[int, list[_Item]]:
        found: dict[int, list[_Item]] = defaultdict(list)
        rows = self._session.execute(
            select(DueItem.loan_id, DueItem.number, DueItem.due_on, DUE_AMOUNT, DueItem.paid_minor)
            .where(DueItem.loan_id.in_(self._loans))
            .order_by(DueItem.loan_id, DueItem.number)
        )
        for loan_id, *item in rows:
            found[loan_id].append(_Item(*item))
        return found

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
            # An equality would tempt SQLite into reading all that was ever received.
            .where(Conversation.borrower_id.in_(self._people), Message.direction != "out")
            .group_by(Conversation.borrower_id)
        )
        return {borrower_id: at for borrower_id, at in rows if borrower_id is not None}

    def _reminded(self) -> dict[int, dict[int, _Sent]]:
        """What was sent in cycles that are not over: of the others, most of them, nobody asks."""
        at = Nudge.done_at
        found: dict[int, dict[int, _Sent]] = defaultdict(dict)
        chosen = select(
            Nudge.loan_id,
            Nudge.cycle,
            func.min(at, type_=at.type),
            func.max(at, type_=at.type),
            func.count(at),
        )
        open_item = and_(DueItem.loan_id == Nudge.loan_id, DueItem.number == Nudge.cycle, STILL_OPEN)
        for loan_id, cycle, *sent in self._session.execute(
            _of_reminders(chosen.join(DueItem, open_item), self._loans).group_by(Nudge.loan_id, Nudge.cycle)
        ):
            found[loan_id][cycle] = _Sent(*sent)
        return found

    def _reminders(self, loan_ids: Sequence[int]) -> dict[tuple[int, int], list[datetime]]:
        found: dict[tuple[int, int], list[datetime]] = defaultdict(list)
        chosen = select(Nudge.loan_id, Nudge.cycle, Nudge.done_at)
        for loan_id, cycle, at in self._session.execute(_of_reminders(chosen, loan_ids)):
            found[loan_id, cycle].append(at)
        return found

    def _payments(self, loan_ids: Sequence[int]) -> dict[int, list[tuple[datetime, int]]]:
        found: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
        rows = self._session.execute(
            select(Payment.loan_id, Payment.paid_at, Payment.amount_minor).where(
                Payment.loan_id.in_(loan_ids)
            )
        )
        for loan_id, at, amount in rows:
            found[loan_id].append((at, amount))
        return found


def _of_reminders(chosen: Select[Any], loan_ids: Sequence[int]) -> Select[Any]:
    return chosen.where(
        Nudge.loan_id.in_(loan_ids),
        Nudge.state == "sent",
        Nudge.purpose == Purpose.REMINDER.value,
        Nudge.done_at.is_not(None),
    )
