"""Messages as contact records: what was said to whom, when, why, under which rules, with what outcome."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, or_, select, text
from sqlalchemy.orm import Session

from bot.services.ledger.fields import instant
from bot.storage.queries import CALL_OUTCOMES, zone_of
from bot.storage.tables import AuditEvent, Borrower, Conversation, LedgerEntry, LoanRow, Message, Nudge

# States of which the outcome is known; what waits, is on its way or was called back is no contact.
_OUTCOMES = ("sent", "delivered", "read", "failed", "uncertain", *CALL_OUTCOMES)
_RECEIVED = "delivered"
# The last three are None where a message has none: a stranger's, an answer.
Found = tuple[Message, Conversation, Borrower | None, Nudge | None, LoanRow | None]


def unrecorded(session: Session, limit: int) -> Sequence[Row[Found]]:
    """Return messages, oldest first, that the ledger does not have as they now stand; their rows are locked.

    What another transaction is changing is left for the next time.
    """
    chosen: Select[Any] = (
        select(Message, Conversation, Borrower, Nudge, LoanRow)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .outerjoin(Borrower, Borrower.id == Conversation.borrower_id)
        .outerjoin(Nudge, Nudge.id == Message.nudge_id)
        .outerjoin(LoanRow, LoanRow.id == Nudge.loan_id)
        .where(
            # Word for word as in the partial index, so that SQLite uses it too.
            text(
                "(messages.recorded IS NULL"
                " OR (messages.direction = 'out' AND messages.recorded <> messages.state))"
            ),
            or_(Message.direction == "in", Message.state.in_(_OUTCOMES)),
        )
        .order_by(Message.id)
        .limit(limit)
        .with_for_update(of=Message, key_share=True, skip_locked=True)
    )
    return session.execute(chosen).all()


def contacts(
    session: Session, rows: Sequence[Row[Found]], secret: str
) -> Iterator[tuple[int, datetime, dict[str, Any]]]:
    """Yield message id, instant and record of each, and mark the message as recorded."""
    zones = Zones(session, [borrower.id for _, _, borrower, _, _ in rows if borrower is not None])
    first = _first_recorded(session, [message.id for message, *_ in rows if message.recorded is not None])
    for message, conversation, borrower, nudge, loan in rows:
        outgoing = message.direction == "out"
        at = message.done_at if outgoing and message.done_at is not None else message.created_at
        # A later outcome is told of the same contact, which stays when it was.
        at = first.get(message.id, at)
        zone = zones.of(borrower, at)
        yield (
            message.id,
            at,
            {
                "at_utc": instant(at),
                "at_local": at.astimezone(ZoneInfo(zone)).isoformat(timespec="microseconds"),
                "timezone": zone,
                "borrower": None if borrower is None else borrower.ref,
                "loans": _loans(message, loan),
                "channel": conversation.channel,
                "address_hash": address_hash(secret, conversation.channel, conversation.address),
                "direction": message.direction,
                "initiator": message.initiator,
                "purpose": message.purpose,
                "step": None if nudge is None else nudge.step,
                "cycle": None if nudge is None else nudge.cycle,
                "template": message.template or None,
                "template_version": message.template_version,
                "variation": message.variation,
                "locale": message.locale,
                "text": message.text,
                "rule_ids": message.rule_ids,
                "pack": message.pack_version.partition("@")[0] if message.pack_version else None,
                "pack_version": message.pack_version,
                "policy_version": message.policy_version,
                "outcome": message.state if outgoing else _RECEIVED,
                "nudge": message.nudge_id,
            },
        )
        message.recorded = message.state


def _loans(message: Message, loan: LoanRow | None) -> list[str]:
    """What a message is about: its nudge's loan, or those that the record of a call names."""
    if loan is not None:
        return [loan.ref]
    return list((message.payload or {}).get("loans", ())) if message.state in CALL_OUTCOMES else []


def address_hash(secret: str, channel: str, address: str) -> str:
    """Name an address so that two contacts can be told to be at one, and nobody without the secret which."""
    return hmac.new(secret.encode(), f"address\n{channel}\n{address}".encode(), hashlib.sha256).hexdigest()


class Zones:
    """The time zone in which borrowers lived at an instant: they move, and the record of then stays."""

    def __init__(self, session: Session, borrower_ids: Sequence[int]) -> None:
        moves = select(AuditEvent.borrower_id, AuditEvent.at, AuditEvent.detail).where(
            AuditEvent.kind == "timezone_changed", AuditEvent.borrower_id.in_(set(borrower_ids))
        )
        self._moves: dict[int, list[tuple[datetime, str]]] = {}
        for borrower_id, at, detail in session.execute(moves.order_by(AuditEvent.at, AuditEvent.id)):
            self._moves.setdefault(borrower_id, []).append((at, detail["was"]))

    def of(self, borrower: Borrower | None, at: datetime) -> str:
        """Return the zone of a borrower at an instant; the stand-in of a stranger's chat."""
        moves = [] if borrower is None else self._moves.get(borrower.id, [])
        return next((was for moved, was in moves if moved > at), zone_of(borrower))


def _first_recorded(session: Session, message_ids: Sequence[int]) -> dict[int, datetime]:
    rows = session.execute(
        select(LedgerEntry.source_id, LedgerEntry.at)
        .where(LedgerEntry.chain == "contacts", LedgerEntry.source_id.in_(message_ids))
        .order_by(LedgerEntry.number.desc())
    )
    return dict(rows.tuples().all())
