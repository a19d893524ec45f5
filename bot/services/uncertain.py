"""Messages of which nobody knows whether they went out: listed with the evidence, settled by people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.kit import Kit
from bot.services.nudges import carried, release
from bot.services.reach import undisclose
from bot.services.records import record
from bot.storage.tables import Borrower, Conversation, LedgerEntry, LoanRow, Message, Nudge


class NotUncertain(Exception):
    """There is no message of that number whose fate is open; the message says so."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A ledger record about a message: its number in the chain, the outcome it tells, its hash."""

    number: int
    outcome: str
    hash: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """A message that may have gone out, and all that is known of it."""

    message: int
    borrower: str | None
    channel: str
    template: str | None
    handed_over_at: datetime | None
    answer: str | None
    """What the channel answered, None when it did not get to answer."""
    nudge: int | None
    ledger: tuple[Recorded, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A planned reminder as it stands."""

    nudge: int
    borrower: str
    loan: str
    step: str
    state: str
    send_at: datetime
    expires_at: datetime
    reason: str | None


class UncertainService:
    """What an operator looks at after a crash, and how they settle it."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def doubts(self) -> list[Doubt]:
        """Return every uncertain message, oldest first, with its evidence."""
        with self.kit.db.begin() as session:
            rows = session.execute(
                select(Message, Conversation.channel, Borrower.ref)
                .join(Conversation, Conversation.id == Message.conversation_id)
                .outerjoin(Borrower, Borrower.id == Conversation.borrower_id)
                .where(Message.direction == "out", Message.state == "uncertain")
                .order_by(Message.id)
            ).all()
            told = _told(session, [message.id for message, _, _ in rows])
            return [
                Doubt(
                    message.id,
                    ref,
                    channel,
                    message.template,
                    message.done_at,
                    message.failure,
                    message.nudge_id,
                    tuple(told.get(message.id, ())),
                )
                for message, channel, ref in rows
            ]

    def resolve(self, message_id: int, *, sent: bool, evidence: str, actor: str) -> str:
        """Settle an uncertain message on stated evidence; return what becomes of its reminder.

        One that is known not to have gone out is planned anew for as long as it is good; the contact rules
        are asked again then. Raises NotUncertain.
        """
        now = self.kit.clock.now()
        if not evidence.strip():
            raise NotUncertain("say what shows it: the evidence is kept on record")
        with self.kit.db.begin() as session:
            message = session.get(Message, message_id, with_for_update={"key_share": True})
            if message is None or message.state != "uncertain":
                raise NotUncertain(f"message {message_id} is not uncertain")
            conversation = session.get_one(Conversation, message.conversation_id)
            message.state = "sent" if sent else "failed"
            message.failure = None if sent else "not sent: settled by people"
            fate = self._settle_nudge(session, message, now)
            if not sent:
                undisclose(session, conversation)
            record(
                session,
                now,
                "uncertain_resolved",
                cause=f"message {message_id}",
                actor=actor,
                borrower_id=conversation.borrower_id,
                outcome=message.state,
                evidence=evidence,
            )
            return fate

    def nudges(self, states: Sequence[str], limit: int = 200) -> list[Listed]:
        """Return planned reminders in these states, newest first: held, expired, cancelled, and why."""
        with self.kit.db.begin() as session:
            rows = session.execute(
                select(Nudge, Borrower.ref, LoanRow.ref)
                .join(Borrower, Borrower.id == Nudge.borrower_id)
                .join(LoanRow, LoanRow.id == Nudge.loan_id)
                .where(Nudge.state.in_(states))
                .order_by(Nudge.send_at.desc(), Nudge.id.desc())
                .limit(limit)
            )
            return [
                Listed(one.id, borrower, loan, one.step, one.state, one.send_at, one.expires_at, one.reason)
                for one, borrower, loan in rows
            ]

    def _settle_nudge(self, session: Session, message: Message, now: datetime) -> str:
        if message.nudge_id is None:
            return "no reminder"
        nudges = carried(session, message.nudge_id)
        good = [nudge for nudge in nudges if message.state == "failed" and nudge.expires_at > now]
        for nudge in nudges:
            nudge.state, nudge.done_at = message.state, now
        release(good, "known not to have gone out")
        if good:
            # It is written anew, under the id that this message had.
            message.external_id = f"{message.external_id}:{message.id}"
        return nudges[0].state


def _told(session: Session, message_ids: Sequence[int]) -> dict[int, list[Recorded]]:
    found: dict[int, list[Recorded]] = {}
    entries = session.scalars(
        select(LedgerEntry)
        .where(LedgerEntry.chain == "contacts", LedgerEntry.source_id.in_(message_ids))
        .order_by(LedgerEntry.number)
    )
    for entry in entries:
        outcome = json.loads(entry.record)["outcome"]
        found.setdefault(entry.source_id, []).append(Recorded(entry.number, outcome, entry.hash))
    return found
