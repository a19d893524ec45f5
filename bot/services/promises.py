"""Promises to pay: within policy, one open at a time, each recorded once."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select

from bot.domain.model import HoldKind, Refusal
from bot.domain.money import Money
from bot.domain.promises import broken_on, promise_refusals
from bot.services.accounting import accounts, lock_loans
from bot.services.accounts import AccountService
from bot.services.kit import Kit
from bot.services.plan_changes import Change, make_way
from bot.services.records import caused_by, place_hold, policy_version, record
from bot.storage.db import retried
from bot.storage.prepared import prepared
from bot.storage.tables import Conversation, Promise


class PromiseService:
    """What the dialogue calls when a borrower names an amount and a day."""

    def __init__(self, kit: Kit, accounts: AccountService) -> None:
        self.kit = kit
        self.accounts = accounts

    def check(self, conversation_id: str, amount: Money, due_on: date) -> tuple[Refusal, ...]:
        """Return the limits that a promise would break."""
        standing = self.accounts.standing(conversation_id)
        return promise_refusals(amount, due_on, standing.loan, standing.policy.promise, standing.today)

    @retried
    def make(self, conversation_id: str, amount: Money, due_on: date, *, turn: str) -> tuple[Refusal, ...]:
        """Record a promise once per turn; it replaces an open one and pauses the ladder until it is due.

        Returns the limits it breaks, and then records nothing.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
            standing = self.accounts.standing_in(session, conversation)
            loan, rules = standing.loan, standing.policy.promise
            if session.scalars(*_made_in(turn)).first() is not None:
                return ()
            refusals = promise_refusals(amount, due_on, loan, rules, standing.today)
            if refusals:
                return refusals
            assert conversation.borrower_id is not None
            (row,) = lock_loans(session, {loan.id})
            account = accounts(session, [row])[loan.id]
            make_way(Change(session, self.kit, now, "borrower", caused_by(turn)), account)
            review_on = broken_on(due_on, rules)
            promise = Promise(
                loan_id=loan.id,
                conversation_id=conversation_id,
                amount_minor=amount.minor,
                due_on=due_on,
                state="open",
                policy_version=policy_version(session, standing.policy, now),
                turn=turn,
                review_on=review_on,
                created_at=now,
            )
            session.add(promise)
            session.flush()
            until = datetime.combine(review_on, time(), tzinfo=ZoneInfo(standing.timezone))
            place_hold(
                session,
                now,
                conversation.borrower_id,
                HoldKind.PROMISE,
                cause=caused_by(turn),
                loan_id=loan.id,
                until=until,
            )
            record(
                session,
                now,
                "promise",
                cause=caused_by(turn),
                actor="borrower",
                borrower_id=conversation.borrower_id,
                loan_id=loan.id,
                promise=promise.id,
                amount=str(amount),
                due_on=due_on.isoformat(),
                policy_version=promise.policy_version,
            )
            return ()


@prepared
def _made_in(turn: str) -> Select[tuple[int]]:
    return select(Promise.id).where(Promise.turn == turn)
