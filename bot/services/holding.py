"""A hand-off in somebody's hands: locked in one order, spoken in by who holds it, and who that is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Delete, Select, delete, or_, select, update
from sqlalchemy.orm import Session

from bot.domain.contact import Verdict
from bot.domain.handoff import HandoffState
from bot.domain.model import Purpose
from bot.services.files import KeptFile
from bot.services.records import record
from bot.services.rights import NotAllowed, require
from bot.storage.prepared import prepared
from bot.storage.queries import COUNTED
from bot.storage.tables import Agent, Conversation, Draft, HandoffRow, Message, ScheduledMessage


def locked(session: Session, handoff_id: int) -> tuple[Conversation, HandoffRow]:
    """Return a hand-off and its conversation, both locked: the conversation first, as everywhere.

    Raises NotAllowed when there is no such hand-off.
    """
    where = session.scalar(*_conversation_of(handoff_id))
    if where is None:
        raise NotAllowed("closed", "there is no such hand-off")
    conversation = session.get_one(Conversation, where, with_for_update=True, populate_existing=True)
    return conversation, session.get_one(HandoffRow, handoff_id, with_for_update=True, populate_existing=True)


@prepared
def _conversation_of(handoff_id: int) -> Select[tuple[str]]:
    return select(HandoffRow.conversation_id).where(HandoffRow.id == handoff_id)


def mine(session: Session, handoff_id: int, agent_id: int) -> tuple[Conversation, HandoffRow, Agent]:
    """Return a hand-off that an agent holds, locked, with its conversation and the agent.

    Raises NotAllowed for an account that may not, or when somebody else holds it, or nobody.
    """
    agent = require(session, agent_id, "speak")
    conversation, row = locked(session, handoff_id)
    if not HandoffState(row.state).is_held or row.agent_id != agent_id:
        raise lost(holder_of(row))
    return conversation, row, agent


def holder_of(row: HandoffRow) -> str | None:
    """Return the name of who has a hand-off."""
    return row.agent.name if row.agent and HandoffState(row.state).is_held else None


def lost(holder: str | None) -> NotAllowed:
    """Say who has a conversation that the agent does not have: a colleague, or nobody since it is closed."""
    if holder is None:
        return NotAllowed("closed", "this conversation is closed")
    return NotAllowed("taken", f"this conversation is with {holder}")


def touch(session: Session, agent_id: int, now: datetime) -> None:
    """Take an agent's act as a sign of life, where their console gives such signs at all."""
    seen = session.get_one(Agent, agent_id).seen_at
    if seen is None or seen >= now:
        return
    session.execute(
        update(Agent)
        .where(Agent.id == agent_id, Agent.seen_at.is_not(None), Agent.seen_at < now)
        .values(seen_at=now)
    )


def opens(session: Session, conversation: Conversation) -> bool:
    """Tell whether nothing was said in a conversation yet, so that whoever speaks now starts it."""
    return session.scalars(*_said_in(conversation.id)).first() is None


@prepared
def _said_in(conversation_id: str) -> Select[tuple[int]]:
    said = or_(Message.direction == "in", Message.state.in_(COUNTED))
    return select(Message.id).where(Message.conversation_id == conversation_id, said).limit(1)


def said_as(session: Session, conversation: Conversation, external: str) -> int | None:
    """Return the id of the message that was said in a conversation under an external id, if any was."""
    return session.scalars(*_out_as(conversation.id, external)).first()


@prepared
def _out_as(conversation_id: str, external: str) -> Select[tuple[int]]:
    said = select(Message.id).where(Message.conversation_id == conversation_id, Message.direction == "out")
    return said.where(Message.external_id == external)


def queued(
    session: Session,
    conversation: Conversation,
    agent_id: int,
    text: str,
    key: str | None,
    now: datetime,
    *,
    allowed_by: tuple[Verdict, str] | None = None,
    purpose: Purpose = Purpose.REPLY,
    file: KeptFile | None = None,
) -> tuple[int, bool]:
    """Queue an agent's words in a conversation that is locked, once for each `key`.

    A `file` goes with them and is put on record. Where the lender starts it, `allowed_by` says which rules
    let it through, of which version of the pack. Return the message's id, and whether it is a new one.
    """
    external = None if key is None else f"agent:{key}"
    said = None if external is None else said_as(session, conversation, external)
    if said is not None:
        return said, False
    message = Message(
        conversation_id=conversation.id,
        direction="out",
        initiator="agent",
        purpose=purpose.value,
        state="queued",
        external_id=external,
        text=text,
        payload=None if file is None else _carrying(file),
        locale=conversation.locale,
        agent_id=agent_id,
        rule_ids=[] if allowed_by is None else list(allowed_by[0].rule_ids),
        pack_version=None if allowed_by is None else allowed_by[1],
        created_at=now,
    )
    session.add(message)
    session.flush()
    if file is not None:
        record(
            session,
            now,
            "file_sent",
            cause=f"message {message.id}",
            actor=f"agent {agent_id}",
            borrower_id=conversation.borrower_id,
            type=file.type,
            size=file.size,
        )
    return message.id, True


def say(
    session: Session,
    conversation: Conversation,
    row: HandoffRow,
    agent_id: int,
    text: str,
    key: str | None,
    now: datetime,
    *,
    allowed_by: tuple[Verdict, str] | None = None,
    purpose: Purpose = Purpose.REPLY,
    file: KeptFile | None = None,
) -> int:
    """Queue the words of who holds a hand-off, as `queued` does, and note that they spoke; return the id."""
    message_id, is_new = queued(
        session, conversation, agent_id, text, key, now, allowed_by=allowed_by, purpose=purpose, file=file
    )
    if is_new:
        session.execute(*_replied(row.id, agent_id))
        if row.first_reply_at is None:
            row.first_reply_at = now
        touch(session, agent_id, now)
        session.flush()
    return message_id


@prepared
def _replied(handoff_id: int, agent_id: int) -> Delete:
    written = delete(Draft).where(
        Draft.handoff_id == handoff_id, Draft.agent_id == agent_id, Draft.kind == "reply"
    )
    return written.execution_options(synchronize_session=False)


def _carrying(file: KeptFile) -> dict[str, Any]:
    attachment = file.attachment()
    return {"kind": attachment["kind"], "attachment": attachment}


def drop_scheduled(session: Session, handoff_id: int, now: datetime, why: str = "the case was closed") -> int:
    """Cancel what waits to be sent later in a hand-off; return how many."""
    rows = session.scalars(*_scheduled(handoff_id)).all()
    for row in rows:
        row.state, row.reason, row.done_at = "cancelled", why, now
        record(
            session,
            now,
            "message_unscheduled",
            cause=f"handoff {handoff_id}",
            actor="system",
            scheduled=row.id,
        )
    return len(rows)


@prepared
def _scheduled(handoff_id: int) -> Select[tuple[ScheduledMessage]]:
    waiting = select(ScheduledMessage).where(ScheduledMessage.handoff_id == handoff_id)
    return waiting.where(ScheduledMessage.state == "waiting").with_for_update()
