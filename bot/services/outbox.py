"""Outgoing messages: claimed once, handed to a channel, outcome recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.domain.contact import may_contact, stopping
from bot.domain.model import Case, Purpose
from bot.services.kit import Kit
from bot.storage.queries import address_snapshot, holds_of, loan_snapshot
from bot.storage.tables import AddressRow, Conversation, LoanRow, Message, Nudge

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


class Outbox:
    """The one way out for bot and agent messages."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def queued(self, channels: tuple[str, ...], limit: int = 200) -> list[tuple[int, str]]:
        """Return the messages that wait to be handed over, oldest first: id and conversation."""
        with self.kit.db.begin() as session:
            rows = session.execute(
                select(Message.id, Message.conversation_id)
                .join(Conversation, Conversation.id == Message.conversation_id)
                .where(
                    Message.direction == "out",
                    Message.state == "queued",
                    Conversation.channel.in_(channels),
                )
                .order_by(Message.id)
                .limit(limit)
            )
            return [(message_id, conversation_id) for message_id, conversation_id in rows]

    def claim(self, message_id: int) -> Outgoing | None:
        """Take one queued message, or None when it is gone, or may no longer go out.

        A bot message is cancelled here when people have the conversation: whatever was computed before the
        hand-off stays unsent.
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
            refusal = self._refusal(message, conversation) or self._overtaken(session, message)
            if refusal is None:
                row = session.scalars(
                    select(AddressRow).where(
                        AddressRow.channel == conversation.channel, AddressRow.address == conversation.address
                    )
                ).first()
                refusal = self._unreachable(row, message, conversation)
            if refusal is not None:
                message.state, message.failure = "cancelled", refusal
                if message.nudge_id is not None:
                    nudge = session.get_one(Nudge, message.nudge_id)
                    nudge.state, nudge.reason, nudge.done_at = "cancelled", refusal, now
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
            )

    def _refusal(self, message: Message, conversation: Conversation) -> str | None:
        if message.initiator == "bot" and conversation.mode == "human" and message.purpose != "handoff":
            return "people have the conversation"
        return None

    def _overtaken(self, session: Session, message: Message) -> str | None:
        """Say what has stopped a reminder since it was written: a payment, or a hold."""
        if message.nudge_id is None:
            return None
        nudge = session.get_one(Nudge, message.nudge_id)
        due = loan_snapshot(session.get_one(LoanRow, nudge.loan_id)).next_due()
        if due is None or due.number != nudge.cycle:
            return "paid"
        holds = holds_of(session, nudge.borrower_id, self.kit.clock.now())
        case = Case("UTC", None, holds, loan_id=nudge.loan_id)
        stopped = stopping(case, Purpose(message.purpose))
        return f"{stopped[0].kind.value} on file" if stopped else None

    def _unreachable(
        self, row: AddressRow | None, message: Message, conversation: Conversation
    ) -> str | None:
        if row is None or row.dead_reason in ("wrong_person", "third_party"):
            # A chat that is no one's address, or that left the list, is still answered when it writes.
            return None
        case = Case(
            timezone=conversation.borrower.timezone if conversation.borrower else "Asia/Shanghai",
            address=address_snapshot(row),
        )
        verdict = may_contact(
            case, Purpose(message.purpose), self.kit.clock.now(), self.kit.policies.any_pack()
        )
        if verdict.status == "blocked" and not Purpose(message.purpose).is_initiated:
            return "; ".join(reason.detail for reason in verdict.reasons)
        return None

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
            if message.nudge_id is not None and outcome != "later":
                nudge = session.get_one(Nudge, message.nudge_id)
                nudge.state, nudge.done_at = message.state, now
                nudge.reason = detail or nudge.reason
            if outcome == "dead":
                conversation = session.get_one(Conversation, message.conversation_id)
                session.execute(
                    update(AddressRow)
                    .where(
                        AddressRow.channel == conversation.channel,
                        AddressRow.address == conversation.address,
                        AddressRow.dead_at.is_(None),
                    )
                    .values(dead_at=now, dead_reason=f"undelivered: {detail}"[:120])
                )

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
