"""Terms in an agent's hands: tried out, offered within their own authority, agreed on the borrower's yes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.counter import counter
from bot.domain.handoff import HandoffState
from bot.domain.model import Refusal
from bot.domain.money import Money
from bot.domain.plans import Option, Wish
from bot.domain.policy import Authority
from bot.services.accounts import AccountService, IdentityNeeded, Standing
from bot.services.approval_rows import level_of
from bot.services.granting import (
    Grant,
    circumstances,
    grant_offer,
    offer_reply,
    terms_of,
    view_of_offer,
)
from bot.services.handoffs import HandoffService
from bot.services.holding import said_as
from bot.services.kit import Kit
from bot.services.negotiation import NegotiationService
from bot.services.offers import OfferView
from bot.services.records import caused_by, record
from bot.services.replies import Reply, rendered
from bot.services.rights import Beyond, NotAllowed, require
from bot.storage.db import retried
from bot.storage.queries import conversation_of
from bot.storage.tables import Approval, Conversation, HandoffRow, Message, OfferRow


@dataclass(frozen=True, slots=True)
class Trial:
    """Terms as they were tried: what comes of them, and who may grant it.

    `level` is who may grant `option`, the wish itself; None when nobody may, and then `option` is the nearest
    that `own` may grant, or None. `limits` are those that `own` meets; `annual_rate` is effective, percent.
    """

    own: Authority
    level: Authority | None
    option: Option | None
    limits: tuple[Refusal, ...]
    annual_rate: Decimal | None
    amount: Money

    @property
    def is_own(self) -> bool:
        """True when who tried may grant it without asking anybody."""
        return self.level == self.own


class ProposalService:
    """What the console calls to negotiate for a borrower."""

    def __init__(
        self, kit: Kit, accounts: AccountService, handoffs: HandoffService, negotiation: NegotiationService
    ) -> None:
        self.kit = kit
        self.accounts = accounts
        self.handoffs = handoffs
        self.negotiation = negotiation

    def try_out(self, conversation_id: str, wish: Wish, agent_id: int) -> Trial:
        """Return what comes of a wish at an agent's level and above it; nothing is stored or told.

        Raises NotAllowed for an account that may not, or for a chat of nobody.
        """
        with self.kit.db.begin() as session:
            own = level_of(require(session, agent_id, "speak").role)
            conversation = conversation_of(session, conversation_id)
            standing = self._standing(session, conversation)
            return self._tried(session, standing, conversation, wish, own)

    @retried
    def offer(self, handoff_id: int, agent_id: int, wish: Wish, *, key: str) -> OfferView:
        """Offer terms within one's own authority in the chat, with a button; a repeated `key` offers once.

        Raises NotAllowed when another has the case, identity is not confirmed or a plan is active; Beyond
        for terms above one's level.
        """
        self._hold(handoff_id, agent_id)
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            conversation = self._mine(session, handoff_id, agent_id)
            own = level_of(require(session, agent_id, "speak").role)
            standing = self._known(session, conversation)
            batch = f"agent:{key}"
            stored = session.scalars(
                select(OfferRow).where(OfferRow.conversation_id == conversation.id, OfferRow.batch == batch)
            ).first()
            if stored is not None:
                return view_of_offer(stored, standing)
            if standing.plan is not None:
                raise NotAllowed("plan_active", "a plan is active on this loan")
            trial = self._tried(session, standing, conversation, wish, own)
            if not trial.is_own or trial.option is None:
                raise Beyond(trial.limits)
            grant = Grant(trial.option, own, agent_id, batch)
            row = grant_offer(session, conversation, standing, grant, now)
            view = view_of_offer(row, standing)
            reply = offer_reply(self.kit, conversation, "utter_approval_offered", view, standing.timezone)
            self._say(session, conversation, reply, agent_id, batch)
            return view

    @retried
    def pass_on(self, handoff_id: int, agent_id: int, offer_id: int, *, key: str) -> None:
        """Tell an offer that people granted in the agent's own chat; a repeated `key` tells it once.

        Raises NotAllowed when another has the case, identity is not confirmed or the offer is not open.
        """
        self._hold(handoff_id, agent_id)
        with self.kit.db.begin() as session:
            conversation = self._mine(session, handoff_id, agent_id)
            standing = self._known(session, conversation)
            row = session.get(OfferRow, offer_id)
            if row is None or row.conversation_id != conversation.id or row.state != "offered":
                raise NotAllowed("changed", "this offer is not open")
            view = view_of_offer(row, standing)
            reply = offer_reply(self.kit, conversation, "utter_approval_offered", view, standing.timezone)
            self._say(session, conversation, reply, agent_id, f"agent:{key}")
            if row.approval_id is not None:
                session.get_one(Approval, row.approval_id).told_at = self.kit.clock.now()

    def agree(self, handoff_id: int, agent_id: int, offer_id: int) -> int:
        """Set up a plan on the yes that the borrower wrote after the offer; return the plan's id.

        Their message is the evidence, and the written terms go out in the agent's name. Raises NotAllowed
        where there is no such message, or the offer no longer stands.
        """
        self._hold(handoff_id, agent_id)
        with self.kit.db.begin() as session:
            conversation = self._mine(session, handoff_id, agent_id)
            conversation_id, evidence = conversation.id, _answer(session, conversation.id, offer_id)
        try:
            done = self.negotiation.agree(conversation_id, offer_id, turn=str(evidence))
        except IdentityNeeded:
            raise NotAllowed("unverified", "identity is not confirmed") from None
        if done.plan_id is None or done.offer is None:
            raise NotAllowed("plan_active" if done.problem == "exists" else "changed", done.problem or "")
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            conversation = self._mine(session, handoff_id, agent_id)
            standing = self._known(session, conversation)
            record(
                session,
                now,
                "yes_recorded",
                cause=caused_by(str(evidence)),
                actor=f"agent {agent_id}",
                borrower_id=conversation.borrower_id,
                loan_id=standing.loan.id,
                plan=done.plan_id,
                offer=offer_id,
            )
            values = terms_of(self.kit, done.offer, conversation.locale, standing.timezone, whole=True)
            named = {"plan": str(done.plan_id), "loan": done.offer.loan_ref}
            reply = rendered(self.kit, "utter_plan_agreed", conversation.locale, {**values, **named})
            self._say(session, conversation, reply, agent_id, f"agent:plan {done.plan_id}")
        return done.plan_id

    def _tried(
        self, session: Session, standing: Standing, conversation: Conversation, wish: Wish, own: Authority
    ) -> Trial:
        assert conversation.borrower_id is not None
        now = self.kit.clock.now()
        at = circumstances(session, standing, conversation.borrower_id, now)
        found = counter(standing.loan, standing.policy, wish, at, authority=own)
        option = found.proposal or found.option
        level = own if found.verdict == "accept" else found.authority
        rate = None if option is None else option.annual_rate(standing.today)
        return Trial(own, level, option, found.limits, rate, standing.claimed)

    def _standing(self, session: Session, conversation: Conversation) -> Standing:
        if conversation.borrower is None:
            raise NotAllowed("nobody", "this chat belongs to no borrower")
        return self.accounts.standing_of(session, conversation.borrower)

    def _known(self, session: Session, conversation: Conversation) -> Standing:
        try:
            return self.accounts.standing_in(session, conversation)
        except IdentityNeeded:
            raise NotAllowed("unverified", "identity is not confirmed") from None

    def _hold(self, handoff_id: int, agent_id: int) -> None:
        claim = self.handoffs.claim(handoff_id, agent_id)
        if not claim.won:
            raise NotAllowed("taken" if claim.holder else "closed", f"this case is with {claim.holder}")

    def _mine(self, session: Session, handoff_id: int, agent_id: int) -> Conversation:
        row = session.get_one(HandoffRow, handoff_id)
        # The conversation is locked first, as everywhere.
        conversation = session.get_one(Conversation, row.conversation_id, with_for_update=True)
        session.refresh(row, with_for_update=True)
        if row.state != HandoffState.CLAIMED or row.agent_id != agent_id:
            raise NotAllowed("closed", "this conversation is no longer yours")
        return conversation

    def _say(
        self, session: Session, conversation: Conversation, reply: Reply, agent_id: int, external: str
    ) -> None:
        """Queue a text of the catalogue as the agent's own message, once."""
        if said_as(session, conversation, external) is not None:
            return
        session.add(
            Message(
                conversation_id=conversation.id,
                direction="out",
                initiator="agent",
                purpose=reply.purpose,
                state="queued",
                external_id=external,
                text=reply.text,
                buttons=reply.buttons,
                template=" ".join(reply.keys)[:200],
                template_version=self.kit.texts.version(reply.keys, conversation.locale),
                locale=conversation.locale,
                agent_id=agent_id,
                created_at=self.kit.clock.now(),
            )
        )


def _answer(session: Session, conversation_id: str, offer_id: int) -> int:
    """Return the borrower's newest message after the one that held the offer."""
    offer = f'/choose_option{{"offer": {offer_id}}}'
    told = [
        message.id
        for message in session.scalars(
            select(Message).where(
                Message.conversation_id == conversation_id,
                Message.direction == "out",
                Message.state.in_(("sent", "delivered", "read", "uncertain")),
            )
        )
        if any(button.get("payload") == offer for button in message.buttons)
    ]
    newest = session.scalars(
        select(Message.id)
        .where(
            Message.conversation_id == conversation_id,
            Message.direction == "in",
            Message.id > (min(told) if told else 0),
        )
        .order_by(Message.id.desc())
    ).first()
    if not told or newest is None:
        raise NotAllowed("no_answer", "the borrower has not answered this offer")
    return newest
