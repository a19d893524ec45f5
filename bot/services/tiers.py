"""Sorts open loans into tiers by the score card, a batch at a time, and keeps every change on record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from bot.domain.policy import ScoreCard
from bot.domain.tiers import Assessment, Signals, assess
from bot.services.kit import Kit, local_day
from bot.services.records import Note, record_all
from bot.services.tier_facts import Assessed, Facts, loans
from bot.storage.policies import PolicyError, versioned
from bot.storage.queries import STILL_OPEN
from bot.storage.tables import Borrower, DueItem, LoanRow

_BATCH = 1000
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
                changed += self._settle(session, self._assessed(session, rows))
                after = rows[-1].id

    def of(self, ref: str) -> tuple[LoanTier, ...]:
        """Return the tier of a loan, or of each loan of a borrower, with its reasons, on the facts of now.

        Raises LookupError for a reference that is neither.
        """
        with self.kit.db.begin() as session:
            found = session.execute(loans().where(or_(LoanRow.ref == ref, Borrower.ref == ref)))
            rows = [Assessed(*row) for row in found]
            if not rows:
                raise LookupError(f"there is no loan and no borrower {ref!r}")
            return tuple(
                LoanTier(row.ref, card, found) for row, (card, found) in self._assessed(session, rows)
            )

    def _batch(self, session: Session, after: int, due_by: date | None) -> Sequence[Assessed]:
        chosen = select(DueItem.id).where(DueItem.loan_id == LoanRow.id, STILL_OPEN)
        still_open = (chosen if due_by is None else chosen.where(DueItem.due_on <= due_by)).exists()
        rows = session.execute(loans().where(LoanRow.id > after, still_open).limit(_BATCH))
        return [Assessed(*row) for row in rows]

    def _assessed(
        self, session: Session, rows: Sequence[Assessed]
    ) -> Iterable[tuple[Assessed, tuple[str, Assessment]]]:
        now = self.kit.clock.now()
        facts = Facts(session, rows, now)
        # Loans are many, what is known of them is soon the same.
        known: dict[tuple[str, Signals], Assessment] = {}
        for row in rows:
            today = local_day(now, row.timezone)
            try:
                card: ScoreCard = self.kit.policies.score_card(self.kit.policies.product(row.product, today))
            except PolicyError:
                continue  # No policy is in force: nothing is planned for this loan either.
            key = versioned(card).version, facts.signals(row, today)
            if key not in known:
                known[key] = assess(key[1], card)
            yield row, (key[0], known[key])

    def _settle(self, session: Session, assessed: Iterable[tuple[Assessed, tuple[str, Assessment]]]) -> int:
        changed, notes = [], []
        for row, (card, one) in assessed:
            if (row.tier, row.good_record) != (one.tier, one.good_record):
                notes.append(_note(row, card, one))
                changed.append({"id": row.id, "tier": one.tier, "good_record": one.good_record})
        if changed:
            record_all(session, self.kit.clock.now(), notes, actor="clock")
            session.execute(update(LoanRow), changed)
        return len(changed)


def _note(row: Assessed, card: str, one: Assessment) -> Note:
    detail = {
        "was": row.tier,
        "tier": one.tier,
        "good_record": one.good_record,
        "ability": one.ability,
        "willingness": one.willingness,
        "points": [{"signal": part.signal, "points": part.points} for part in one.points],
    }
    return Note("tier", card, row.borrower_id, row.id, detail)
