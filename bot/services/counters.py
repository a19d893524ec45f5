"""What may be answered to other terms that a borrower wishes: agreed at once, or who could agree to them."""

from __future__ import annotations

from decimal import Decimal

from bot.domain.counter import Counter, counter
from bot.domain.money import Money
from bot.domain.plans import Wish, instalment_option
from bot.services.accounts import AccountService
from bot.services.granting import circumstances
from bot.services.kit import Kit
from bot.storage.queries import conversation_of


class CounterService:
    """Reads only; raises IdentityNeeded before identity is verified."""

    def __init__(self, kit: Kit, accounts: AccountService) -> None:
        self.kit = kit
        self.accounts = accounts

    def answer(self, conversation_id: str, wish: Wish) -> Counter:
        """Return what the bot may answer: accept, the nearest, and the level that could grant the wish."""
        with self.kit.db.read() as session:
            conversation = conversation_of(session, conversation_id)
            standing = self.accounts.standing_in(session, conversation)
            at = circumstances(session, standing, conversation.borrower_id or 0, self.kit.clock.now())
            return counter(standing.loan, standing.policy, wish, at)

    def even(self, conversation_id: str, count: int) -> Money:
        """Return what each of `count` payments would be at most if nothing more were paid with the first."""
        with self.kit.db.read() as session:
            conversation = conversation_of(session, conversation_id)
            standing = self.accounts.standing_in(session, conversation)
            rules = standing.policy.instalment.model_copy(update={"down_payment_percent": Decimal(0)})
            policy = standing.policy.model_copy(update={"instalment": rules})
            plan = instalment_option(standing.claimed, policy, count, today=standing.today, hardship=False)
            return plan.monthly
