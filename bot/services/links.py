"""One-time links: each binds an address on one channel to one borrower, once."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.identity import forget
from bot.services.kit import Kit
from bot.services.records import record
from bot.storage.queries import address_of, conversation_for
from bot.storage.tables import AddressRow, Borrower, LinkToken


class LinkService:
    """Issues links and takes them back."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def issue(self, ref: str, channel: str) -> str:
        """Make a one-time token that binds an address on `channel` to a borrower.

        Raises LookupError for an unknown reference.
        """
        token = secrets.token_urlsafe(24)
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            borrower = session.scalars(select(Borrower).where(Borrower.ref == ref)).first()
            if borrower is None:
                raise LookupError(f"there is no borrower {ref!r}")
            session.add(
                LinkToken(
                    token_hash=_hash(token),
                    borrower_id=borrower.id,
                    channel=channel,
                    expires_at=now + timedelta(hours=self.kit.settings.link_hours),
                    created_at=now,
                )
            )
            record(
                session,
                now,
                "link_issued",
                cause="operator",
                actor="staff",
                borrower_id=borrower.id,
                channel=channel,
            )
        return token

    def is_open(self, token: str, channel: str) -> bool:
        """Tell whether a token still opens a chat; asking does not use it."""
        with self.kit.db.begin() as session:
            link = session.get(LinkToken, _hash(token))
            return link is not None and link.is_open(channel, self.kit.clock.now())

    def bind(self, token: str, channel: str, address: str | None = None) -> str | None:
        """Use a token once: bind `address` to its borrower and return their reference, else None.

        Without an address the borrower's own reference is used: on the web chat a person has one thread.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            link = session.get(LinkToken, _hash(token), with_for_update=True)
            if link is None or not link.is_open(channel, now):
                return None
            link.used_at = now
            borrower = session.get_one(Borrower, link.borrower_id)
            self._bind_address(session, borrower, channel, address or borrower.ref)
            record(
                session,
                now,
                "address_bound",
                cause="link",
                actor="borrower",
                borrower_id=borrower.id,
                channel=channel,
            )
            return borrower.ref

    def _bind_address(self, session: Session, borrower: Borrower, channel: str, address: str) -> None:
        row = address_of(session, channel, address)
        if row is None:
            session.add(AddressRow(borrower_id=borrower.id, channel=channel, address=address, consent=True))
        elif row.borrower_id != borrower.id:
            # What was refused there was refused by someone else, and this borrower has just said yes.
            row.borrower_id, row.verified, row.consent = borrower.id, False, True
            row.dead_at = row.dead_reason = None
        conversation = conversation_for(session, channel, address)
        if conversation is not None and conversation.borrower_id != borrower.id:
            conversation.borrower_id = borrower.id
            conversation.locale = borrower.locale
            forget(conversation)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
