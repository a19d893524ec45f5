"""Tells borrowers what became of a request: in their chat, in their language, once, never past a person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.approvals import ApprovalState
from bot.domain.handoff import HandoffReason
from bot.services.accounts import AccountService
from bot.services.granting import offer_reply, view_of_offer
from bot.services.handoffs import HandoffService
from bot.services.identity import IdentityService
from bot.services.kit import Kit
from bot.services.relay import Relay
from bot.services.replies import queue_reply, rendered
from bot.storage.tables import Approval, Conversation, OfferRow


class Teller:
    """Writes an outcome for the outbox in the transaction that decides it, or later where it has to wait."""

    def __init__(
        self,
        kit: Kit,
        identity: IdentityService,
        accounts: AccountService,
        handoffs: HandoffService,
        relay: Relay,
    ) -> None:
        self.kit = kit
        self.identity = identity
        self.accounts = accounts
        self.handoffs = handoffs
        self.relay = relay

    def tell(self, session: Session, row: Approval, now: datetime) -> None:
        """Tell the outcome where that may be done now, and note that it was told.

        While people have the conversation they see the outcome beside it, and the bot is silent. Before
        identity is confirmed again, the borrower hears only that there is an answer.
        """
        conversation = session.get_one(Conversation, row.conversation_id)
        if row.state == ApprovalState.EXPIRED:
            self._give_to_people(session, conversation, row, now)
        elif conversation.mode == "human":
            return
        elif not self.identity.is_verified(conversation):
            reply = rendered(self.kit, "utter_approval_answered", conversation.locale)
            queue_reply(session, self.kit, conversation, reply, turn=f"approval:{row.id}:knock", now=now)
            return
        elif ApprovalState(row.state).is_granted:
            self._offer(session, conversation, row, now)
        else:
            key = (
                "utter_approval_refused" if row.state == ApprovalState.REFUSED else "utter_approval_overtaken"
            )
            reply = rendered(self.kit, key, conversation.locale)
            queue_reply(session, self.kit, conversation, reply, turn=f"approval:{row.id}", now=now)
        row.told_at = now

    def _offer(self, session: Session, conversation: Conversation, row: Approval, now: datetime) -> None:
        offer = session.scalars(
            select(OfferRow).where(
                OfferRow.approval_id == row.id, OfferRow.state == "offered", OfferRow.expires_at > now
            )
        ).first()
        if offer is None:
            # Run out or replaced while it could not be told: what is no longer so is not told.
            return
        standing = self.accounts.standing_in(session, conversation)
        key = "utter_approval_granted" if row.state == ApprovalState.APPROVED else "utter_approval_changed"
        view = view_of_offer(offer, standing)
        reply = offer_reply(self.kit, conversation, key, view, standing.timezone)
        queue_reply(session, self.kit, conversation, reply, turn=f"approval:{row.id}", now=now)

    def _give_to_people(
        self, session: Session, conversation: Conversation, row: Approval, now: datetime
    ) -> None:
        """What nobody decided in time is for a person to take up; the borrower is told so."""
        with_bot = conversation.mode == "bot"
        cause = f"approval {row.id}"
        self.handoffs.open_in(session, conversation, HandoffReason.BEYOND_POLICY, cause=cause, actor="clock")
        if with_bot:
            self.relay.say_waiting(
                session, conversation, "utter_approval_expired", turn=f"approval:{row.id}", now=now
            )
