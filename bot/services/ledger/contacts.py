"""Messages as contact records: what was said to whom, when, why, under which rules, with what outcome."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, Update, or_, select, text, update
from sqlalchemy.orm import Session

from bot.services.ledger.fields import instant
from bot.storage.prepared import prepared
from bot.storage.queries import CALL_OUTCOMES, HOME_ZONE, moves_of, zone_before
from bot.storage.tables import Borrower, Conversation, LedgerEntry, LoanRow, Message, Nudge

# States of which the outcome is known; what waits, is on its way or was called back is no contact.
_OUTCOMES = ("sent", "delivered", "read", "failed", "uncertain", *CALL_OUTCOMES)
_RECEIVED = "delivered"
# Of those of borrower, nudge and loan a stranger's message, or an answer, has none.
_COLUMNS = (
    Message.id,
    Message.direction,
    Message.initiator,
    Message.purpose,
    Message.state,
    Message.text,
    Message.payload,
    Message.template,
    Message.template_version,
    Message.variation,
    Message.locale,
    Message.rule_ids,
    Message.pack_version,
    Message.policy_version,
    Message.nudge_id,
    Message.recorded,
    Message.created_at,
    Message.done_at,
    Conversation.channel,
    Conversation.address,
    Conversation.borrower_id,
    Borrower.ref.label("borrower"),
    Borrower.timezone,
    Nudge.step,
    Nudge.cycle,
    LoanRow.ref.label("loan"),
)


def unrecorded(session: Session, limit: int) -> Sequence[Row[Any]]:
    """Return messages, oldest first, that the ledger does not have as they now stand; their rows are locked.

    What another transaction is changing is left for the next time.
    """
    chosen: Select[Any] = (
        select(*_COLUMNS)
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
    session: Session, rows: Sequence[Row[Any]], secret: str
) -> Iterator[tuple[int, datetime, dict[str, Any]]]:
    """Mark messages as recorded; yield id, instant and record of each."""
    if not rows:
        return
    moves = moves_of(session, {row.borrower_id for row in rows if row.borrower_id is not None})
    first = _first_recorded(session, [row.id for row in rows if row.recorded is not None])
    session.execute(*_marked([row.id for row in rows]))
    for row in rows:
        outgoing = row.direction == "out"
        at = row.done_at if outgoing and row.done_at is not None else row.created_at
        # A later outcome is told of the same contact, which stays when it was.
        at = first.get(row.id, at)
        zone = zone_before(moves.get(row.borrower_id, ()), at) or row.timezone or HOME_ZONE
        yield (
            row.id,
            at,
            {
                "at_utc": instant(at),
                "at_local": at.astimezone(ZoneInfo(zone)).isoformat(timespec="microseconds"),
                "timezone": zone,
                "borrower": row.borrower,
                "loans": _loans(row),
                "channel": row.channel,
                "address_hash": address_hash(secret, row.channel, row.address),
                "direction": row.direction,
                "initiator": row.initiator,
                "purpose": row.purpose,
                "step": None if row.step is None else (row.payload or {}).get("steps", row.step),
                "cycle": row.cycle,
                "template": row.template or None,
                "template_version": row.template_version,
                "variation": row.variation,
                "locale": row.locale,
                "text": row.text,
                "rule_ids": row.rule_ids,
                "pack": row.pack_version.partition("@")[0] if row.pack_version else None,
                "pack_version": row.pack_version,
                "policy_version": row.policy_version,
                "outcome": row.state if outgoing else _RECEIVED,
                "nudge": row.nudge_id,
            },
        )


@prepared
def _marked(message_ids: Collection[int]) -> Update:
    told = update(Message).where(Message.id.in_(message_ids)).values(recorded=Message.state)
    return told.execution_options(synchronize_session=False)


def _loans(row: Row[Any]) -> list[str]:
    """What a message is about: its nudge's loan, or those that it names: of several debts, of a call."""
    if row.loan is not None or row.state in CALL_OUTCOMES:
        named = (row.payload or {}).get("loans")
        if named is not None or row.loan is None:
            return list(named or ())
        return [row.loan]
    return []


@lru_cache(maxsize=1 << 15)
def address_hash(secret: str, channel: str, address: str) -> str:
    """Name an address so that two contacts can be told to be at one, and nobody without the secret which."""
    return hmac.new(secret.encode(), f"address\n{channel}\n{address}".encode(), hashlib.sha256).hexdigest()


def _first_recorded(session: Session, message_ids: Sequence[int]) -> dict[int, datetime]:
    if not message_ids:
        # SQLite would read the whole chain to find none of none.
        return {}
    rows = session.execute(
        select(LedgerEntry.source_id, LedgerEntry.at)
        .where(LedgerEntry.chain == "contacts", LedgerEntry.source_id.in_(message_ids))
        .order_by(LedgerEntry.number.desc())
    )
    return dict(rows.tuples().all())
