"""Who is writing: two facts with limited tries, a shared phone number, the word of staff."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from bot.domain.model import HoldKind
from bot.services.facts import compare, on_file, same_phone
from bot.services.kit import Kit
from bot.services.records import caused_by, record, recorded
from bot.services.rights import NotAllowed, reason_of, require
from bot.services.waiting import open_handoff
from bot.storage.queries import holds_of, own_address, own_addresses
from bot.storage.tables import AddressRow, Conversation

FACTS_NEEDED = 2


@dataclass(frozen=True, slots=True)
class Identity:
    """How a try ended: what was recognised, which facts are still asked, how many tries are left."""

    status: Literal["verified", "more", "wrong", "locked", "nothing", "short", "unknown"]
    facts: tuple[str, ...] = ()
    left: int = 0


class IdentityService:
    """Verifies who writes."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def is_verified(self, conversation: Conversation) -> bool:
        """Tell whether debt facts may be spoken of in a conversation now."""
        return conversation.is_verified(self.kit.clock.now(), self.kit.settings.identity_for)

    def missing_facts(self, conversation_id: str) -> tuple[str, ...]:
        """Return the facts to ask for: as many as are still needed, of those on file."""
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, conversation_id)
            self._expire(conversation)
            return _missing(conversation)

    def barred(self, conversation_id: str) -> Literal["short", "locked"] | None:
        """Return why no fact could verify whoever writes: too few on file, or no try left; else None."""
        with self.kit.db.read() as session:
            conversation = session.get_one(Conversation, conversation_id)
            if conversation.borrower is None:
                return None
            if conversation.identity_failures >= self.kit.settings.identity_tries:
                return "locked"
            return "short" if len(on_file(conversation.borrower)) < FACTS_NEEDED else None

    def present(self, conversation_id: str, text: str, *, turn: str) -> Identity:
        """Check the facts in a message. A fact that matches counts for good; a message with none of them
        right counts as one failed try, however often its turn is asked. The answer never says which fact was
        wrong beyond what is still asked.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
            borrower = conversation.borrower
            if borrower is None:
                return Identity("unknown")
            self._expire(conversation)
            stated, right = compare(borrower, text)
            known_end = self._repeated(session, conversation, turn) if stated else None
            if known_end is not None:
                return known_end
            if conversation.identity_failures >= self.kit.settings.identity_tries:
                return Identity("locked")
            if len(on_file(borrower)) < FACTS_NEEDED:
                # Nothing that could be asked would be enough.
                return Identity("short")
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
                    cause=caused_by(turn),
                    actor="borrower",
                    borrower_id=borrower.id,
                    left=left,
                )
                return Identity("locked" if left <= 0 else "wrong", _missing(conversation), left)
            conversation.identity_facts = sorted(known | right)
            if len(conversation.identity_facts) < FACTS_NEEDED:
                record(
                    session,
                    now,
                    "identity_fact",
                    cause=caused_by(turn),
                    actor="borrower",
                    borrower_id=borrower.id,
                )
                return Identity("more", _missing(conversation), self._left(conversation))
            self._verify(session, conversation, cause=caused_by(turn), how="two facts")
            return Identity("verified")

    def _repeated(self, session: Session, conversation: Conversation, turn: str) -> Identity | None:
        """How this very message ended before, when its turn is asked once more."""
        earlier = recorded(session, turn, "identity_failed", "identity_fact", "identity_verified")
        if earlier is None:
            return None
        if earlier.kind == "identity_verified":
            return Identity("verified") if self.is_verified(conversation) else None
        if earlier.kind == "identity_fact":
            return Identity("more", _missing(conversation), self._left(conversation))
        left = self._left(conversation)
        return Identity("locked" if left <= 0 else "wrong", _missing(conversation), left)

    def share_phone(self, conversation_id: str, phone: str) -> bool:
        """Verify by the phone number that the messaging app vouches for."""
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
            borrower = conversation.borrower
            if borrower is None or borrower.phone is None or not same_phone(borrower.phone, phone):
                return False
            if conversation.identity_failures >= self.kit.settings.identity_tries:
                return False
            self._verify(session, conversation, cause="chat", how="shared phone number")
            return True

    def vouch_as(self, conversation_id: str, agent_id: int, how: str) -> None:
        """Verify on the word of the agent who has the conversation and says how it was checked.

        Raises NotAllowed when another or nobody has it, when nobody's borrower writes there, or when whoever
        writes has been taken for somebody else.
        """
        checked = reason_of(how)
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
            require(session, agent_id, "vouch")
            case, borrower = open_handoff(session, conversation_id), conversation.borrower
            if case is None or case.agent_id != agent_id:
                raise NotAllowed("taken", "take the conversation first")
            if borrower is None:
                raise NotAllowed("nobody", "this chat belongs to no borrower")
            if self._is_strangers(session, conversation):
                raise NotAllowed("stranger", "somebody else was found to write here")
            actor = f"agent {agent_id}"
            self._verify(session, conversation, cause=f"handoff {case.id}", how=checked, actor=actor)

    def _is_strangers(self, session: Session, conversation: Conversation) -> bool:
        held = holds_of(session, conversation.borrower_id or 0, self.kit.clock.now())
        return any(
            hold.kind in (HoldKind.WRONG_PERSON, HoldKind.THIRD_PARTY)
            and hold.channel in (None, conversation.channel)
            for hold in held
        )

    def vouch(self, conversation_id: str, actor: str) -> None:
        """Verify on the word of an operator at this machine: for work on dialogues, and for tests."""
        self.vouch_all([conversation_id], actor)

    def vouch_all(self, conversation_ids: Collection[str], actor: str) -> None:
        """Verify many conversations on one's word; those of nobody's borrower stay as they are."""
        with self.kit.db.begin() as session:
            addresses = own_addresses(session, conversation_ids)
            for conversation in session.scalars(
                select(Conversation)
                .where(Conversation.id.in_(conversation_ids))
                .options(joinedload(Conversation.borrower))
                .order_by(Conversation.id)
            ):
                if conversation.borrower is not None:
                    address = addresses.get(conversation.id)
                    self._approve(session, conversation, address, cause="vouched", how=actor, actor=actor)

    def _verify(
        self,
        session: Session,
        conversation: Conversation,
        *,
        cause: str,
        how: str,
        actor: str = "borrower",
    ) -> None:
        address = own_address(session, conversation)
        self._approve(session, conversation, address, cause=cause, how=how, actor=actor)

    def _approve(
        self,
        session: Session,
        conversation: Conversation,
        address: AddressRow | None,
        *,
        cause: str,
        how: str,
        actor: str,
    ) -> None:
        now, whose = self.kit.clock.now(), conversation.borrower_id
        conversation.verified_at = now
        conversation.identity_failures = 0
        if address is not None and address.borrower_id == whose:
            address.verified = True
        record(session, now, "identity_verified", cause=cause, actor=actor, borrower_id=whose, how=how)

    def _expire(self, conversation: Conversation) -> None:
        """A verification that has run out is forgotten whole: both facts are asked again."""
        if conversation.verified_at is not None and not self.is_verified(conversation):
            forget(conversation)

    def _left(self, conversation: Conversation) -> int:
        return self.kit.settings.identity_tries - conversation.identity_failures


def withdraw(session: Session, conversation: Conversation, tries: int) -> None:
    """Take back a verification for good: the person who writes is not the borrower."""
    forget(conversation)
    conversation.identity_failures = tries
    row = own_address(session, conversation)
    if row is not None:
        row.verified = False


def forget(conversation: Conversation) -> None:
    """Drop what was proven and tried in a conversation: who writes there may prove it anew."""
    conversation.verified_at = None
    conversation.identity_facts = []
    conversation.identity_failures = 0


def _missing(conversation: Conversation) -> tuple[str, ...]:
    if conversation.borrower is None:
        return ()
    known = set(conversation.identity_facts)
    open_facts = [name for name in on_file(conversation.borrower) if name not in known]
    return tuple(open_facts[: FACTS_NEEDED - len(known)])
