"""Appends to the two chains, reads them back, checks them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from bot.domain.chain import GENESIS, Break, Verdict, canonical, digest, sealed, verify
from bot.services.kit import Kit
from bot.services.ledger import contacts, events
from bot.services.ledger.fields import CHAINS, Chain
from bot.storage.keyed import own_row
from bot.storage.tables import AuditEvent, LedgerEntry, LedgerHead, Message

_BATCH = 500
_PAGE = 2000


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of a chain: the numbers of its first and its last record; empty when last < first."""

    first: int
    last: int

    @property
    def count(self) -> int:
        """How many records it has."""
        return max(self.last - self.first + 1, 0)


class LedgerService:
    """What happened, so that whoever changes a word of it afterwards is found out."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def append(self) -> int:
        """Append whatever the ledger does not have yet, in short transactions; return how many records.

        Any number may append at once: each batch locks the end of its chain, and the next one waits.
        """
        return sum(self._append_all(chain) for chain in CHAINS)

    def _append_all(self, chain: Chain) -> int:
        total = 0
        while added := self._append(chain):
            total += added
        return total

    def _append(self, chain: Chain) -> int:
        with self.kit.db.begin() as session:
            head = self._head(session, chain)
            if chain == "contacts":
                secret = self.kit.settings.signing_secret()
                found = contacts.contacts(session, contacts.unrecorded(session, _BATCH), secret)
            else:
                found = events.events(session, events.unrecorded(session, _BATCH))
            last, entries = head.hash, []
            for number, (source_id, at, fields) in enumerate(found, head.number + 1):
                # All of it was read from the database: it is what will be read back.
                record, hashed = sealed(fields, last)
                entries.append(
                    {
                        "chain": chain,
                        "number": number,
                        "source_id": source_id,
                        "at": at,
                        "record": record,
                        "prev_hash": last,
                        "hash": hashed,
                    }
                )
                last = hashed
            if entries:
                head.number, head.hash = head.number + len(entries), last
                session.execute(insert(LedgerEntry), entries)
            return len(entries)

    def _head(self, session: Session, chain: Chain) -> LedgerHead:
        return own_row(session, LedgerHead, chain, chain=chain, number=0, hash=GENESIS)

    def period(self, chain: Chain, since: datetime | None = None, until: datetime | None = None) -> Period:
        """Return the stretch that holds every record from `since` up to, but not including, `until`.

        It has no gap, so that it can be checked by itself: a record that was appended late stands in it too.
        """
        of_chain = LedgerEntry.chain == chain
        first, last = select(func.min(LedgerEntry.number)), select(func.max(LedgerEntry.number))
        within = [of_chain]
        if since is not None:
            within.append(LedgerEntry.at >= since)
        if until is not None:
            within.append(LedgerEntry.at < until)
        with self.kit.db.begin() as session:
            start, end = session.scalar(first.where(*within)), session.scalar(last.where(*within))
        return Period(1, 0) if start is None or end is None else Period(start, end)

    def read(self, chain: Chain, period: Period) -> Iterator[dict[str, Any]]:
        """Yield the records of a stretch in order; no transaction stays open between pages."""
        for page in self._pages(chain, period):
            for entry in page:
                yield _record(entry)

    def verify(self, chain: Chain) -> Verdict:
        """Check a whole chain, and that messages and audit events still say what it says of them."""
        found = verify(self.read(chain, self._whole(chain)))
        if found.broken is not None:
            return found
        broken = self._cut_off(chain, found) or self._contradicted(chain) or self._unaccounted(chain, found)
        return Verdict(found.count, found.head, broken, found.erased)

    def _unaccounted(self, chain: Chain, found: Verdict) -> Break | None:
        """Find an erased record that no erasure names, or one of which more was changed than its words."""
        left = set(found.erased)
        if not left:
            return None
        with self.kit.db.begin() as session:
            told = session.scalars(select(AuditEvent.detail).where(AuditEvent.kind == "words_erased")).all()
        for detail in told:
            if detail["chain"] != chain:
                continue
            numbers = detail["records"]
            stretch = Period(min(numbers), max(numbers))
            named, records = set(numbers), enumerate(self.read(chain, stretch), stretch.first)
            if digest((number, one) for number, one in records if number in named) != detail["digest"]:
                return Break(
                    min(numbers), "was changed after its words were erased, or one of its erasure was"
                )
            left -= named
        return Break(min(left), "has no words, and no erasure names it") if left else None

    def _whole(self, chain: Chain) -> Period:
        with self.kit.db.begin() as session:
            last = session.scalar(select(func.max(LedgerEntry.number)).where(LedgerEntry.chain == chain))
        return Period(1, last or 0)

    def _cut_off(self, chain: Chain, found: Verdict) -> Break | None:
        with self.kit.db.begin() as session:
            head = session.get(LedgerHead, chain)
            number, last = (0, GENESIS) if head is None else (head.number, head.hash)
        # More than the head knew when it was read is what others have appended meanwhile.
        if number > found.count or (number == found.count and last != found.head):
            return Break(found.count + 1, f"is missing: the chain had {number} records")
        return None

    def _contradicted(self, chain: Chain) -> Break | None:
        for page in self._pages(chain, self._whole(chain)):
            with self.kit.db.begin() as session:
                ids = [entry.source_id for entry in page]
                if chain == "events":
                    sources = events.stored(session, ids)
                else:
                    texts = select(Message.id, Message.text).where(Message.id.in_(ids))
                    sources = {number: {"text": text} for number, text in session.execute(texts)}
            for entry in page:
                source, record = sources.get(entry.source_id), json.loads(entry.record)
                if source is None:
                    return Break(entry.number, f"{_SOURCE[chain]} {entry.source_id} is gone")
                if any(record[name] != json.loads(canonical(value)) for name, value in source.items()):
                    return Break(entry.number, f"{_SOURCE[chain]} {entry.source_id} was changed afterwards")
        return None

    def _pages(self, chain: Chain, period: Period) -> Iterator[list[LedgerEntry]]:
        after = period.first - 1
        while after < period.last:
            with self.kit.db.begin() as session:
                page = list(
                    session.scalars(
                        select(LedgerEntry)
                        .where(
                            LedgerEntry.chain == chain,
                            LedgerEntry.number > after,
                            LedgerEntry.number <= period.last,
                        )
                        .order_by(LedgerEntry.number)
                        .limit(_PAGE)
                    )
                )
            if not page:
                return
            after = page[-1].number
            yield page


_SOURCE: dict[Chain, str] = {"contacts": "message", "events": "audit event"}


def _record(entry: LedgerEntry) -> dict[str, Any]:
    return {**json.loads(entry.record), "prev_hash": entry.prev_hash, "hash": entry.hash}
