"""Who is writing: one-time links, two facts with limited tries, a shared phone number."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.facts import compare, on_file, same_phone
from bot.services.kit import Kit
from bot.services.records import record
from bot.storage.queries import conversation_for
from bot.storage.tables import AddressRow, Borrower, Conversation, LinkToken

FACTS_NEEDED = 2


@dataclass(frozen=True, slots=True)
class Identity:
    """How a try ended: what was recognised, which facts are still asked, how many tries are left."""

    status: Literal["verified", "more", "wrong", "locked", "nothing", "unknown"]
    facts: tuple[str, ...] = ()
    left: int = 0


class IdentityService:
    """Binds addresses to borrowers and verifies who writes."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def issue_link(self, ref: str, channel: str) -> str:
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

    def bind(self, token: str, channel: str, address: str | None = None) -> str | None:
        """Use a token once: bind `address` to its borrower and return their reference, else None.

        Without an address the borrower's own reference is used: on the web chat a person has one thread.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            link = session.get(LinkToken, _hash(token), with_for_update=True)
            if link is None or link.channel != channel or link.used_at is not None or link.expires_at <= now:
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
        row = session.scalars(
            select(AddressRow).where(AddressRow.channel == channel, AddressRow.address == address)
        ).first()
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
            _forget(conversation)

    def is_verified(self, conversation: Conversation) -> bool:
        """Tell whether debt facts may be spoken of in a conversation now."""
        return (
            conversation.borrower_id is not None
            and conversation.verified_at is not None
            and conversation.verified_at + self.kit.settings.identity_for > self.kit.clock.now()
        )

    def missing_facts(self, conversation_id: str) -> tuple[str, ...]:
        """Return the facts to ask for: as many as are still needed, of those on file."""
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, conversation_id)
            self._expire(conversation)
            return _missing(conversation)

    def present(self, conversation_id: str, text: str) -> Identity:
        """Check the facts in a message. A fact that matches counts for good; a message with none of them
        right counts as one failed try. The answer never says which fact was wrong beyond what is still asked.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
            borrower = conversation.borrower
            if borrower is None:
                return Identity("unknown")
            self._expire(conversation)
            if conversation.identity_failures >= self.kit.settings.identity_tries:
                return Identity("locked")
            stated, right = compare(borrower, text)
            if not stated:
                return Identity("nothing", _missing(conversation), self._left(conversation))
            known = set(conversation.identity_facts)
            if not right - known:
                conversation.identity_failures += 1
                left = self._left(conversation)
                record(
                    session,
                    now,
                    "identity_failed",
                    cause="chat",
                    actor="borrower",
                    borrower_id=borrower.id,
                    left=left,
                )
                return Identity("locked" if left <= 0 else "wrong", _missing(conversation), left)
            conversation.identity_facts = sorted(known | right)
            if len(conversation.identity_facts) < FACTS_NEEDED:
                return Identity("more", _missing(conversation), self._left(conversation))
            self._verify(session, conversation, borrower, "two facts")
            return Identity("verified")

    def share_phone(self, conversation_id: str, phone: str) -> bool:
        """Verify by the phone number that the messaging app vouches for."""
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
            borrower = conversation.borrower
            if borrower is None or borrower.phone is None or not same_phone(borrower.phone, phone):
                return False
            if conversation.identity_failures >= self.kit.settings.identity_tries:
                return False
            self._verify(session, conversation, borrower, "shared phone number")
            return True

    def vouch(self, conversation_id: str, actor: str) -> None:
        """Verify on the word of a member of staff who has checked by other means."""
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, conversation_id)
            if conversation.borrower is not None:
                self._verify(session, conversation, conversation.borrower, actor)

    def _verify(self, session: Session, conversation: Conversation, borrower: Borrower, how: str) -> None:
        now = self.kit.clock.now()
        conversation.verified_at = now
        conversation.identity_failures = 0
        address = session.scalars(
            select(AddressRow).where(
                AddressRow.channel == conversation.channel, AddressRow.address == conversation.address
            )
        ).first()
        if address is not None and address.borrower_id == borrower.id:
            address.verified = True
        record(session, now, "identity_verified", cause=how, actor="borrower", borrower_id=borrower.id)

    def _expire(self, conversation: Conversation) -> None:
        """A verification that has run out is forgotten whole: both facts are asked again."""
        if conversation.verified_at is not None and not self.is_verified(conversation):
            _forget(conversation)

    def _left(self, conversation: Conversation) -> int:
        return self.kit.settings.identity_tries - conversation.identity_failures


def withdraw(session: Session, conversation: Conversation, tries: int) -> None:
    """Take back a verification for good: the person who writes is not the borrower."""
    _forget(conversation)
    conversation.identity_failures = tries
    row = session.scalars(
        select(AddressRow).where(
            AddressRow.channel == conversation.channel, AddressRow.address == conversation.address
        )
    ).first()
    if row is not None:
        row.verified = False


def _forget(conversation: Conversation) -> None:
    conversation.verified_at = None
    conversation.identity_facts = []
    conversation.identity_failures = 0


def _missing(conversation: Conversation) -> tuple[str, ...]:
    if conversation.borrower is None:
        return ()
    known = set(conversation.identity_facts)
    open_facts = [name for name in on_file(conversation.borrower) if name not in known]
    return tuple(open_facts[: FACTS_NEEDED - len(known)])


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
