"""A hardship as it is told: consent first, what is kept with it, its files, and forgetting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.money import Money
from bot.services.accounts import AccountService
from bot.services.kit import Kit, local_day
from bot.services.records import caused_by, record
from bot.storage.db import retried
from bot.storage.queries import zone_of
from bot.storage.tables import Borrower, Conversation, HardshipRow

Reason = Literal["job_loss", "illness", "reduced_income", "family", "business", "disaster", "other"]
REASONS: tuple[Reason, ...] = get_args(Reason)
"""Why somebody cannot pay, as it is read from their words."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a borrower told; what they did not tell is None.

    `lasts_days`: how long they expect it to last. `ability`: the most they can pay a month. `payday`: the day
    of the month on which money comes in, 31 for its end.
    """

    reason: Reason | None = None
    lasts_days: int | None = None
    ability: Money | None = None
    payday: int | None = None


@dataclass(frozen=True, slots=True)
class HardshipFacts:
    """A hardship as staff see it; `told` is empty without consent, and again once it was forgotten."""

    id: int
    consent: bool
    told: Told
    files: tuple[int, ...]
    review_on: date
    told_at: datetime


class HardshipService:
    """What the dialogue calls once a hardship was heard. Raises IdentityNeeded without an identity."""

    def __init__(self, kit: Kit, accounts: AccountService) -> None:
        self.kit = kit
        self.accounts = accounts

    @retried
    def consent(self, conversation_id: str, given: bool, told: Told, *, turn: str) -> date:
        """Record a yes or no to the use of sensitive facts (PIPL 28–31), and with a yes what was told so far.

        A later answer takes the place of an earlier one; after a no nothing that was told is kept. Returns
        the day of the review, the last day of the pause that policy gives.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
            standing = self.accounts.standing_in(session, conversation)
            assert conversation.borrower_id is not None
            done = session.scalars(select(HardshipRow).where(HardshipRow.turn == turn)).first()
            if done is not None:
                return done.review_on
            review = local_day(now + timedelta(days=standing.policy.hardship_pause_days), standing.timezone)
            for row in _open(session, conversation.borrower_id, standing.today):
                _forget(row, now)
            row = HardshipRow(
                borrower_id=conversation.borrower_id,
                conversation_id=conversation_id,
                consent=given,
                turn=turn,
                review_on=review,
                told_at=now,
                evidence=[],
            )
            session.add(row)
            record(
                session,
                now,
                "sensitive_consent",
                cause=caused_by(turn),
                actor="borrower",
                borrower_id=conversation.borrower_id,
                purpose="hardship",
                given=given,
                review_on=review.isoformat(),
            )
            if given:
                _keep(row, told)
            return review

    @retried
    def tell(self, conversation_id: str, told: Told) -> None:
        """Keep more of what is told, under a consent that was given; without one nothing is kept."""
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
            standing = self.accounts.standing_in(session, conversation)
            for row in _open(session, conversation.borrower_id or 0, standing.today)[-1:]:
                if row.consent:
                    _keep(row, told)

    def attach(self, session: Session, conversation: Conversation, message_id: int) -> bool:
        """Tie a file to the borrower's hardship, within a running transaction; False where none is open.

        Who said no to keeping private facts has not agreed to this either: it goes to the case alone.
        """
        today = local_day(self.kit.clock.now(), zone_of(conversation.borrower))
        for row in _open(session, conversation.borrower_id or 0, today)[-1:]:
            if row.consent:
                row.evidence = [*row.evidence, message_id]
                return True
        return False

    def forget_old(self) -> int:
        """Erase what was told of hardships whose time is over; return how many. The consent itself stays."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            day = (now - timedelta(days=self.kit.settings.hardship_days)).date()
            rows = session.scalars(
                select(HardshipRow).where(HardshipRow.forgotten_at.is_(None), HardshipRow.review_on < day)
            ).all()
            for row in rows:
                _forget(row, now)
            return len(rows)


def hardship_facts(session: Session, borrower: Borrower) -> HardshipFacts | None:
    """Return the newest hardship of a borrower for staff; None when none was told, or all is forgotten."""
    row = session.scalars(
        select(HardshipRow)
        .where(HardshipRow.borrower_id == borrower.id, HardshipRow.forgotten_at.is_(None))
        .order_by(HardshipRow.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    ability = None
    if row.ability_minor is not None and row.currency is not None:
        ability = Money(row.ability_minor, row.currency)
    told = Told(reason_of(row.reason), row.lasts_days, ability, row.payday)
    return HardshipFacts(row.id, row.consent, told, tuple(row.evidence), row.review_on, row.told_at)


def reason_of(value: str | None) -> Reason | None:
    """Return a reason by its name, None for anything else."""
    return next((one for one in REASONS if one == value), None)


def _open(session: Session, borrower_id: int, today: date) -> list[HardshipRow]:
    """Return the hardships that are still to be reviewed, oldest first."""
    return list(
        session.scalars(
            select(HardshipRow)
            .where(
                HardshipRow.borrower_id == borrower_id,
                HardshipRow.review_on >= today,
                HardshipRow.forgotten_at.is_(None),
            )
            .order_by(HardshipRow.id)
        )
    )


def _keep(row: HardshipRow, told: Told) -> None:
    row.reason = told.reason or row.reason
    row.lasts_days = told.lasts_days or row.lasts_days
    row.payday = told.payday or row.payday
    if told.ability is not None:
        row.ability_minor, row.currency = told.ability.minor, told.ability.currency


def _forget(row: HardshipRow, now: datetime) -> None:
    row.reason = row.lasts_days = row.ability_minor = row.currency = row.payday = None
    row.evidence = []
    row.forgotten_at = now
