"""Outgoing messages: claimed once, handed to a channel, outcome recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.domain.contact import may_contact
from bot.domain.model import Case, Purpose
from bot.services.kit import Kit, local_day
from bot.services.nudges import contact_case, end, overtaken, put_off
from bot.services.packs import pack_for
from bot.services.reach import bury, take_another_way, undisclose
from bot.services.withholding import Withholding
from bot.storage.queries import INITIATED, address_snapshot, own_address, zone_of
from bot.storage.tables import Conversation, LoanRow, Message, Nudge

Outcome = Literal["sent", "failed", "uncertain", "dead", "later"]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that this caller, and nobody else, hands to its channel."""

    id: int
    conversation_id: str
    channel: str
    address: str
    text: str
    buttons: tuple[dict[str, Any], ...]
    locale: str
    initiator: str
    template: str | None
    asks_identity: bool
    in_bulk: bool = False
    """True for what the lender starts, many at a time: it may wait while people are answered."""


class Outbox:
    """The one way out for bot and agent messages."""

    def __init__(self, kit: Kit, withholding: Withholding) -> None:
        self.kit = kit
        self.withholding = withholding

    def queued(self, channels: tuple[str, ...], limit: int = 200) -> list[tuple[int, str]]:
        """Return the messages that wait to be handed over: id and conversation.

        Answers and words of a hand-off come first, what the lender starts after them; each oldest first.
        """
        with self.kit.db.begin() as session:
            rows = session.execute(
                select(Message.id, Message.conversation_id)
                .join(Conversation, Conversation.id == Message.conversation_id)
                .where(
                    Message.direction == "out",
                    Message.state == "queued",
                    Conversation.channel.in_(channels),
                )
                .order_by(Message.purpose.in_(INITIATED), Message.id)
                .limit(limit)
            )
            return [(message_id, conversation_id) for message_id, conversation_id in rows]

    def claim(self, message_id: int) -> Outgoing | None:
        """Take one queued message, or None when it is gone, or may no longer go out.

        A bot message is cancelled here when people have the conversation: whatever was computed before the
        hand-off stays unsent. A reminder is asked about once more on the facts of now. What breaks a rule on
        wording is held, and a person told.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            won = session.execute(
                update(Message)
                .where(Message.id == message_id, Message.state == "queued")
                .values(state="sending", done_at=now)
            )
            if not won.rowcount:  # type: ignore[attr-defined]
                return None
            message = session.get_one(Message, message_id)
            conversation = session.get_one(Conversation, message.conversation_id)
            nudge = None if message.nudge_id is None else session.get_one(Nudge, message.nudge_id)
            if nudge is not None:
                refusal = self._stopped(session, nudge, message, conversation)
            else:
                refusal = self._refusal(message, conversation) or self._unreachable(
                    session, message, conversation
                )
            if refusal is not None:
                message.state, message.failure = "cancelled", refusal[:200]
                if nudge is not None and nudge.state == "queued":
                    # It will be written anew, under the id that this one had.
                    message.external_id = f"{message.external_id}:{message.id}"
                undisclose(session, conversation)
                return None
            if self.withholding.hold(session, message, conversation, nudge):
                return None
            return Outgoing(
                message.id,
                conversation.id,
                conversation.channel,
                conversation.address,
                message.text,
                tuple(message.buttons),
                message.locale,
                message.initiator,
                message.template,
                conversation.expected == "identity_confirmed" and conversation.borrower_id is not None,
                message.purpose in INITIATED,
            )

    def _refusal(self, message: Message, conversation: Conversation) -> str | None:
        if message.initiator == "bot" and conversation.mode == "human" and message.purpose != "handoff":
            return "people have the conversation"
        return None

    def _stopped(
        self, session: Session, nudge: Nudge, message: Message, conversation: Conversation
    ) -> str | None:
        """Say what keeps a reminder from going out now, and end its nudge, or let it wait, accordingly."""
        now = self.kit.clock.now()
        gone = self._refusal(message, conversation) or overtaken(session, nudge)
        if gone is not None:
            end(session, nudge, "cancelled", gone, now)
            return gone
        if nudge.expires_at <= now:
            end(session, nudge, "expired", "its time has passed", now)
            return nudge.reason
        loan = session.get_one(LoanRow, nudge.loan_id)
        row = own_address(session, conversation)
        address = None if row is None else address_snapshot(row)
        case = contact_case(session, self.kit, loan.borrower, address, loan.id, now, besides=message.id)
        policy = self.kit.policies.product(loan.product, local_day(now, loan.borrower.timezone))
        verdict = may_contact(
            case, Purpose(message.purpose), now, self.kit.policies.pack(policy, loan.borrower.country)
        )
        return None if verdict.allowed else put_off(session, nudge, verdict, now)

    def _unreachable(self, session: Session, message: Message, conversation: Conversation) -> str | None:
        row = own_address(session, conversation)
        if row is None or row.dead_reason in ("wrong_person", "third_party"):
            # A chat that is no one's address, or that left the list, is still answered when it writes.
            return None
        case = Case(
            timezone=zone_of(conversation.borrower),
            address=address_snapshot(row),
        )
        pack = pack_for(session, self.kit, conversation.borrower)
        verdict = may_contact(case, Purpose(message.purpose), self.kit.clock.now(), pack)
        return "; ".join(reason.detail for reason in verdict.reasons) if verdict.status == "blocked" else None

    def settle(self, message_id: int, outcome: Outcome, detail: str = "") -> None:
        """Record what became of a message that was handed over, and of its nudge and address."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            message = session.get_one(Message, message_id)
            if message.state != "sending":
                return
            message.state = {"dead": "failed", "later": "queued"}.get(outcome, outcome)
            message.failure = detail[:200] or None
            message.done_at = now
            conversation = session.get_one(Conversation, message.conversation_id)
            if outcome == "dead":
                bury(session, own_address(session, conversation), now, detail)
            if message.state == "failed":
                undisclose(session, conversation)
            if message.nudge_id is not None and outcome != "later":
                nudge = session.get_one(Nudge, message.nudge_id)
                nudge.state, nudge.done_at = message.state, now
                nudge.reason = detail or nudge.reason
                if outcome == "dead":
                    take_another_way(session, nudge, now)

    def recover(self, replayable: tuple[str, ...]) -> int:
        """Settle what a crash left between hand-over and record; return how many rows.

        On `replayable` channels a second hand-over shows nothing twice, so the message is queued again;
        elsewhere the truth cannot be known: it becomes uncertain, is listed, and is never blindly resent.
        """
        stale = self.kit.clock.now() - timedelta(seconds=self.kit.settings.lease)
        with self.kit.db.begin() as session:
            rows = session.execute(
                select(Message, Conversation.channel)
                .join(Conversation, Conversation.id == Message.conversation_id)
                .where(Message.direction == "out", Message.state == "sending", Message.done_at <= stale)
            ).all()
            for message, channel in rows:
                message.state = "queued" if channel in replayable else "uncertain"
                if message.nudge_id is not None and message.state == "uncertain":
                    session.get_one(Nudge, message.nudge_id).state = "uncertain"
            return len(rows)
