"""What may be answered to other terms that a borrower wishes: agreed at once, or who could agree to them."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy.orm import Session

from bot.domain.counter import Circumstances, Counter, counter
from bot.domain.model import HoldKind
from bot.domain.money import Money
from bot.domain.plans import Wish, instalment_option
from bot.services.accounts import AccountService, Standing
from bot.services.kit import Kit
from bot.storage.queries import extensions_used, holds_of
from bot.storage.tables import Conversation


class CounterService:
    """Reads only; raises IdentityNeeded before identity is verified."""

    def __init__(self, kit: Kit, accounts: AccountService) -> None:
        self.kit = kit
        self.accounts = accounts

    def answer(self, conversation_id: str, wish: Wish) -> Counter:
        """Return what the bot may answer: accept, the nearest, and the level that could grant the wish."""
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, conversation_id)
            standing = self.accounts.standing_in(session, conversation)
            at = self._circumstances(session, conversation, standing)
            return counter(standing.loan, standing.policy, wish, at)

    def even(self, conversation_id: str, count: int) -> Money:
        """Return what each of `count` payments would be at most if nothing more were paid with the first."""
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, conversation_id)
            standing = self.accounts.standing_in(session, conversation)
            rules = standing.policy.instalment.model_copy(update={"down_payment_percent": Decimal(0)})
            policy = standing.policy.model_copy(update={"instalment": rules})
            plan = instalment_option(standing.claimed, policy, count, today=standing.today, hardship=False)
            return plan.monthly

    def _circumstances(
        self, session: Session, conversation: Conversation, standing: Standing
    ) -> Circumstances:
        now = self.kit.clock.now()
        held = holds_of(session, conversation.borrower_id or 0, now)
        return Circumstances(
            standing.today,
            hardship=any(hold.kind is HoldKind.HARDSHIP for hold in held),
            extensions_used=extensions_used(session, standing.loan.id, now),
        )
