"""Where borrowers can be reached: an address dies of failed delivery, and lives again when they are back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from bot.services.kit import Kit
from bot.services.nudges import carried, release
from bot.services.records import record
from bot.storage.prepared import prepared
from bot.storage.queries import address_of, address_snapshot, best_address, closed_channels, conversation_for
from bot.storage.tables import AddressRow, Borrower, Conversation, Message, Nudge

# What begins so dies of failed delivery; an address that was given up for another reason stays dead.
_UNDELIVERED = "undelivered"


class ReachService:
    """What a channel calls when it hears of a chat that was closed to us, or opened again."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def lost(self, channel: str, address: str, why: str) -> None:
        """Give up an address for now: what is queued fails, and a reminder goes another way where it can."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            bury(session, address_of(session, channel, address), now, why)
            conversation = conversation_for(session, channel, address)
            if conversation is not None:
                _retire(session, conversation, now, why)

    def back(self, channel: str, address: str) -> None:
        """Use an address again that had only failed to deliver."""
        with self.kit.db.begin() as session:
            revive(session, channel, address, self.kit.clock.now())


def bury(session: Session, row: AddressRow | None, now: datetime, why: str) -> None:
    """Mark an address dead of failed delivery, and record it; one that is dead already stays as it is."""
    if row is None or row.dead_at is not None:
        return
    row.dead_at, row.dead_reason = now, f"{_UNDELIVERED}: {why}"[:120]
    _note(session, row, "address_dead", now)


def revive(session: Session, channel: str, address: str, now: datetime) -> None:
    """Bring an address back that died of failed delivery."""
    row = address_of(session, channel, address)
    if row is not None and (row.dead_reason or "").startswith(_UNDELIVERED):
        row.dead_at = row.dead_reason = None
        _note(session, row, "address_back", now)


def take_another_way(session: Session, nudge: Nudge, now: datetime) -> None:
    """Queue a nudge anew whose address has died, where another of its channels is alive."""
    session.flush()
    borrower = session.get_one(Borrower, nudge.borrower_id)
    addresses = [address_snapshot(row) for row in borrower.addresses]
    found = best_address(addresses, nudge.channels, closed_channels(session, borrower.id, now))
    if found is not None and not found.dead and found.consent:
        release([nudge])


def undisclose(session: Session, conversation: Conversation) -> None:
    """Have the next message say who is writing, where none that did so has left."""
    session.flush()
    if session.scalars(*_left_in(conversation.id)).first() is None:
        conversation.disclosed = conversation.collector_told = False


@prepared
def _left_in(conversation_id: str) -> Select[tuple[int]]:
    return select(Message.id).where(
        Message.conversation_id == conversation_id,
        # An equality would tempt SQLite into reading all that ever went out.
        Message.direction != "in",
        Message.initiator == "bot",
        Message.state.in_(("sending", "sent", "delivered", "read", "uncertain")),
    )


def _retire(session: Session, conversation: Conversation, now: datetime, why: str) -> None:
    """Fail what waits to go out; a message that is claimed at the same instant is left to its claimer."""
    retired = session.execute(
        update(Message)
        .where(
            Message.conversation_id == conversation.id,
            Message.direction == "out",
            Message.state == "queued",
        )
        .values(state="failed", failure=why[:200], done_at=now)
        .returning(Message.id, Message.nudge_id)
    ).all()
    for message_id, nudge_id in retired:
        if nudge_id is None:
            continue
        # Its nudge may be written anew under the id that this message had.
        message = session.get_one(Message, message_id)
        message.external_id = f"{message.external_id}:{message_id}"
        for nudge in carried(session, nudge_id):
            nudge.state, nudge.done_at, nudge.reason = "failed", now, why
            take_another_way(session, nudge, now)
    undisclose(session, conversation)


def _note(session: Session, row: AddressRow, kind: str, now: datetime) -> None:
    record(
        session,
        now,
        kind,
        cause=f"address {row.id}",
        actor="system",
        borrower_id=row.borrower_id,
        channel=row.channel,
        reason=row.dead_reason,
    )
