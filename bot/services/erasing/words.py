"""Taking words out of messages, events and their records, so that the chains can still be checked.

A record keeps its hash and its place; its words become `ERASED`. Its hash cannot be worked out again then,
so an event names every such record and the digest of what is left of them: see `Ledger.verify`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.chain import ERASED, canonical, digest
from bot.services.ledger.fields import Chain
from bot.services.records import record
from bot.storage.tables import AuditEvent, LedgerEntry, Message

ERASING = "words_erased"
"""The kind of the event that names erased records."""
_KEPT_KINDS = ("nudge_", ERASING, "borrower_erased")
_CODE = re.compile(r"[A-Za-z0-9_.:@+/-]{0,80}", re.ASCII)
_NUMBER = re.compile(r"\d{7,}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PAGE = 200
# Of what a message carried, this much is no word of anybody's.
_KEPT_PAYLOAD = ("loans", "payload")


def blank(
    session: Session,
    messages: Sequence[Message],
    now: datetime,
    *,
    cause: str,
    actor: str,
    borrower: int | None,
) -> int:
    """Take the words out of messages and their records; return how many records were changed."""
    for message in messages:
        if message.text:
            message.text = ERASED
        kept = {name: value for name, value in (message.payload or {}).items() if name in _KEPT_PAYLOAD}
        message.payload = kept or None
        message.buttons = []
        message.failure = None
        message.erased_at = now
        if message.direction == "out" and message.state == "queued":
            message.state = "cancelled"
    session.flush()
    return _entomb(session, "contacts", [one.id for one in messages], now, cause, actor, borrower)


def blank_events(
    session: Session, events: Sequence[AuditEvent], now: datetime, *, cause: str, actor: str, borrower: int
) -> int:
    """Take people's words out of audit events and their records; return how many records were changed."""
    changed = []
    for event in events:
        left = spoken_out(event.kind, event.detail)
        if left != event.detail:
            event.detail = left
            changed.append(event.id)
    session.flush()
    return _entomb(session, "events", changed, now, cause, actor, borrower)


def spoken_out(kind: str, detail: dict[str, Any]) -> dict[str, Any]:
    """Return an event's detail without what somebody wrote: codes, numbers and days stay."""
    if kind.startswith(_KEPT_KINDS):
        return detail
    return {name: _without_words(value) for name, value in detail.items()}


def _without_words(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_words(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_without_words(one) for one in value]
    if not isinstance(value, str) or _UUID.fullmatch(value):
        return value
    return value if _CODE.fullmatch(value) and not _NUMBER.search(value) else ERASED


def _entomb(
    session: Session,
    chain: Chain,
    sources: Sequence[int],
    now: datetime,
    cause: str,
    actor: str,
    borrower: int | None,
) -> int:
    total = 0
    for start in range(0, len(sources), _PAGE):
        page = sources[start : start + _PAGE]
        entries = session.scalars(
            select(LedgerEntry)
            .where(LedgerEntry.chain == chain, LedgerEntry.source_id.in_(page))
            .order_by(LedgerEntry.number)
        )
        told: list[tuple[int, dict[str, Any]]] = []
        for entry in entries:
            before = json.loads(entry.record)
            after = _left(chain, before)
            if after != before:
                entry.record = canonical(after)
                told.append((entry.number, after))
        if told:
            record(
                session,
                now,
                ERASING,
                cause=cause,
                actor=actor,
                borrower_id=borrower,
                chain=chain,
                records=[number for number, _ in told],
                digest=digest(told),
            )
        total += len(told)
    return total


def _left(chain: Chain, found: dict[str, Any]) -> dict[str, Any]:
    if chain == "contacts":
        return {**found, "text": ERASED} if found["text"] else found
    return {**found, "detail": spoken_out(found["kind"], found["detail"])}
