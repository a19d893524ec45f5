"""What the outbox asks of the database and tells it, many messages at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Update, case, select, update

from bot.services.nudges import in_message_of
from bot.storage.prepared import prepared
from bot.storage.queries import INITIATED
from bot.storage.tables import Borrower, Conversation, Message, Nudge

ON_THE_WAY = ("sending", "uncertain")
"""The states of what was handed over, or may have been, and whose end is not known.

A process that was taken for dead, as when the clock has jumped, still tells what became of its message.
"""


@prepared
def to_claim(message_ids: Collection[int]) -> Select[tuple[Message, Conversation]]:
    """Select queued messages with their conversations, answers first, locked; none that another claims."""
    return (
        select(Message, Conversation)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Message.id.in_(message_ids), Message.state == "queued")
        .order_by(Message.purpose.in_(INITIATED), Message.id)
        .with_for_update(of=Message, key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    )


@prepared
def borrowers_of(borrower_ids: Collection[int]) -> Select[tuple[Borrower]]:
    """Select borrowers by their ids."""
    return select(Borrower).where(Borrower.id.in_(borrower_ids))


@prepared
def marking_sending(message_ids: Collection[int], now: datetime, claim: str | None) -> Update:
    """Mark messages as about to be handed over by a claim."""
    marked = update(Message).where(Message.id.in_(message_ids))
    marked = marked.values(state="sending", done_at=now, claim=claim)
    return marked.execution_options(synchronize_session=False)


@prepared
def spoken_of(leader_ids: Collection[int]) -> Select[tuple[Nudge]]:
    """Select the nudges of which the messages of these leaders speak, their own too."""
    return select(Nudge).where(in_message_of(leader_ids)).order_by(Nudge.id)


@prepared
def marking_sent(message_ids: Collection[int]) -> Any:
    """Mark as sent what is on its way; return nudge, id and conversation of each."""
    # A page may have shown it before that is on record.
    state = case((Message.read_at.is_(None), "sent"), else_="read")
    return (
        update(Message)
        .where(Message.id.in_(message_ids), Message.state.in_(ON_THE_WAY))
        .values(state=state, failure=None)
        .returning(Message.nudge_id, Message.id, Message.conversation_id)
        .execution_options(synchronize_session=False)
    )


@prepared
def to_try_again(nudge_ids: Collection[int], at: datetime) -> Update:
    """Say from when on nudges that went are tried on their next channel."""
    theirs = update(Nudge).where(Nudge.id.in_(nudge_ids)).values(again_at=at)
    return theirs.execution_options(synchronize_session=False)


@prepared
def nudges_gone(leader_ids: Collection[int], now: datetime) -> Any:
    """Mark the nudges of these leaders' messages as sent; return id and hours unread of each."""
    return (
        update(Nudge)
        .where(in_message_of(leader_ids))
        .values(state="sent", done_at=now)
        .returning(Nudge.id, Nudge.again_hours)
        .execution_options(synchronize_session=False)
    )


@prepared
def conversations_locked(conversation_ids: Collection[str]) -> Select[tuple[Conversation]]:
    """Select conversations anew, locked in one order for all."""
    return (
        select(Conversation)
        .where(Conversation.id.in_(conversation_ids))
        .order_by(Conversation.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


def _queued(*which: ColumnElement[bool]) -> prepared[..., Select[tuple[int, str]]]:
    @prepared
    def found(channels: Collection[str], limit: int) -> Select[tuple[int, str]]:
        waiting = select(Message.id, Message.conversation_id).join(
            Conversation, Conversation.id == Message.conversation_id
        )
        waiting = waiting.where(
            Message.direction == "out", Message.state == "queued", Conversation.channel.in_(channels), *which
        )
        return waiting.order_by(Message.purpose.in_(INITIATED), Message.id).limit(limit)

    return found


QUEUED: Mapping[bool | None, prepared[..., Select[tuple[int, str]]]] = {
    None: _queued(),
    True: _queued(Message.purpose.in_(INITIATED)),
    False: _queued(Message.purpose.not_in(INITIATED)),
}
"""By `in_bulk`: what waits on some channels, all of it, what the lender starts, or all but that."""
