"""What a lender's own desk asks for: its borrowers by reference, any thread, what contact is allowed."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.allowance import Allowance, allowances
from bot.services.kit import Kit
from bot.services.records import record
from bot.services.rights import require
from bot.services.threads import Line, ThreadService
from bot.storage.db import retried
from bot.storage.queries import address_of
from bot.storage.tables import AddressRow, Borrower, Conversation


class OutsideService:
    """Reads that are recorded, each by the member of staff as whom the program acts."""

    def __init__(self, kit: Kit, threads: ThreadService) -> None:
        self.kit = kit
        self.threads = threads

    @retried
    def open_address(self, ref: str, channel: str, agent_id: int) -> None:
        """Put a borrower's address in the lender's own app on file: the app has signed its user in.

        Raises LookupError for an unknown reference, NotAllowed for an account that may not.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            require(session, agent_id, "speak")
            borrower = _named(session, ref)
            if address_of(session, channel, ref) is not None:
                return
            session.add(
                AddressRow(borrower_id=borrower.id, channel=channel, address=ref, verified=True, consent=True)
            )
            record(
                session,
                now,
                "address_bound",
                cause="api",
                actor=f"agent {agent_id}",
                borrower_id=borrower.id,
                channel=channel,
            )

    def thread(self, conversation_id: str, agent_id: int, after: int, limit: int) -> list[Line]:
        """Return the messages of a conversation after a sequence number.

        Raises LookupError where there is none, NotAllowed for an account that may not.
        """
        with self.kit.db.begin() as session:
            require(session, agent_id, "read")
            conversation = session.get(Conversation, conversation_id)
            if conversation is None:
                raise LookupError("there is no such conversation")
            record(
                session,
                self.kit.clock.now(),
                "case_read",
                cause=f"conversation {conversation_id}",
                actor=f"agent {agent_id}",
                borrower_id=conversation.borrower_id,
            )
        return self.threads.lines(conversation_id, after, limit)

    def exported(self, chain: str, agent_id: int) -> None:
        """Record that records are exported. Raises NotAllowed for an account that may not."""
        with self.kit.db.begin() as session:
            require(session, agent_id, "export")
            now, actor = self.kit.clock.now(), f"agent {agent_id}"
            record(session, now, "exported", cause="api", actor=actor, chain=chain)

    def allowance(self, ref: str, agent_id: int) -> tuple[Allowance, ...]:
        """Return what the contact rules allow of a borrower now. Raises like `thread`."""
        with self.kit.db.begin() as session:
            require(session, agent_id, "read")
            return allowances(session, self.kit, _named(session, ref), self.kit.clock.now())


def _named(session: Session, ref: str) -> Borrower:
    borrower = session.scalars(select(Borrower).where(Borrower.ref == ref.replace("\x00", ""))).first()
    if borrower is None:
        raise LookupError("there is no such borrower")
    return borrower
