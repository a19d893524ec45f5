"""What a borrower may know of the account: balances, breakdown, plan, payments. Never before identity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.model import HoldKind, Loan
from bot.domain.money import Money
from bot.domain.plans import case_of, plan_amount
from bot.domain.policy import ProductPolicy
from bot.services.identity import IdentityService
from bot.services.kit import Kit, local_day
from bot.services.records import caused_by, place_hold, record_once
from bot.storage.queries import active_plan, conversation_of, current_loan, loan_snapshot
from bot.storage.tables import Borrower, Conversation, Payment

PAID_CLAIM_DAYS = 3


class IdentityNeeded(Exception):
    """A debt fact was asked for in a conversation whose identity is not verified."""


@dataclass(frozen=True, slots=True)
class PlanStanding:
    """The active plan: payments in all, payments ahead, the next one."""

    id: int
    count: int
    left: int
    next_on: date
    next_amount: Money


@dataclass(frozen=True, slots=True)
class Standing:
    """One borrower's current loan on one day."""

    name: str
    loan: Loan
    policy: ProductPolicy
    today: date
    timezone: str
    plan: PlanStanding | None

    @property
    def claimed(self) -> Money:
        """What a plan or a promise would be about."""
        return plan_amount(self.loan, self.today)

    @property
    def charges(self) -> tuple[Money, Money]:
        """The fees and the interest in it, which people may waive."""
        case = case_of(self.loan, self.policy, self.today, hardship=False)
        return Money(case.fees, self.loan.currency), Money(case.interest, self.loan.currency)


class AccountService:
    """Reads the account for the dialogue."""

    def __init__(self, kit: Kit, identity: IdentityService) -> None:
        self.kit = kit
        self.identity = identity

    def standing(self, conversation_id: str) -> Standing:
        """Return where the borrower stands. Raises IdentityNeeded before identity is verified."""
        with self.kit.db.read() as session:
            return self.standing_in(session, conversation_of(session, conversation_id))

    def standing_in(self, session: Session, conversation: Conversation) -> Standing:
        """Like `standing`, within a running transaction."""
        if not self.identity.is_verified(conversation) or conversation.borrower is None:
            raise IdentityNeeded
        return self.standing_of(session, conversation.borrower)

    def standing_of(self, session: Session, borrower: Borrower) -> Standing:
        """Return where a borrower stands, for people and for what they decide; nothing of it is told here."""
        row = current_loan(session, borrower.id)
        if row is None:
            raise LookupError(f"borrower {borrower.ref} has no loan")
        today = local_day(self.kit.clock.now(), borrower.timezone)
        return Standing(
            borrower.name,
            loan_snapshot(row),
            self.kit.policies.product(row.product, today),
            today,
            borrower.timezone,
            plan_standing(session, row.id, row.currency),
        )

    def outstanding_in(self, session: Session, conversation: Conversation) -> Money | None:
        """Return what is owed on the current loan, for reading "half" and "all of it"; None without one."""
        if not self.identity.is_verified(conversation) or conversation.borrower_id is None:
            return None
        row = current_loan(session, conversation.borrower_id)
        return None if row is None else loan_snapshot(row).outstanding

    def recent_payment(
        self, conversation_id: str, since: timedelta = timedelta(days=7)
    ) -> tuple[Money, date] | None:
        """Return the newest payment on the current loan if it is recent."""
        now = self.kit.clock.now()
        with self.kit.db.read() as session:
            standing = self.standing_in(session, conversation_of(session, conversation_id))
            row = session.scalars(
                select(Payment)
                .where(Payment.loan_id == standing.loan.id, Payment.paid_at >= now - since)
                .order_by(Payment.paid_at.desc())
            ).first()
            if row is None:
                return None
            return Money(row.amount_minor, standing.loan.currency), local_day(row.paid_at, standing.timezone)

    def claim_paid(self, conversation_id: str, turn: str) -> datetime:
        """Record that the borrower says they have paid: reminders rest while it is checked."""
        now = self.kit.clock.now()
        until = now + timedelta(days=PAID_CLAIM_DAYS)
        with self.kit.db.begin() as session:
            conversation = conversation_of(session, conversation_id)
            standing = self.standing_in(session, conversation)
            assert conversation.borrower_id is not None
            place_hold(
                session,
                now,
                conversation.borrower_id,
                HoldKind.PAID_CLAIM,
                cause=caused_by(turn),
                loan_id=standing.loan.id,
                until=until,
            )
            record_once(
                session,
                now,
                "paid_claim",
                turn=turn,
                actor="borrower",
                borrower_id=conversation.borrower_id,
                loan_id=standing.loan.id,
                until=until.isoformat(),
            )
        return until


def plan_standing(session: Session, loan_id: int, currency: str) -> PlanStanding | None:
    """Return the loan's active plan, if payments are ahead."""
    plan = active_plan(session, loan_id)
    if plan is None:
        return None
    ahead = [item for item in plan.items if item.paid_minor < item.amount_minor]
    if not ahead:
        return None
    following = ahead[0]
    open_amount = Money(following.amount_minor - following.paid_minor, currency)
    return PlanStanding(plan.id, len(plan.items), len(ahead), following.due_on, open_amount)
