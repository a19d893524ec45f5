"""A conversation as its readers see it: every line in order, and counters that move when there is news."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from bot.services.enclosures import Enclosure, paper_of
from bot.services.files import KeptFile, file_of
from bot.services.kit import Kit
from bot.storage.tables import Agent, AuditEvent, Conversation, Message

_SHOWN_OUT = ("queued", "sending", "sent", "uncertain", "failed")
_SHOWN_TO_STAFF = (*_SHOWN_OUT, "held")


@dataclass(frozen=True, slots=True)
class Line:
    """One message as a reader sees it; `seq` orders them and never changes."""

    seq: int
    sender: str
    name: str | None
    text: str
    buttons: tuple[dict[str, str], ...]
    used: int | None
    at: datetime
    client_id: str | None
    state: str
    kind: str
    file: KeptFile | None = None
    acts: tuple[str, ...] = ()
    corrected: str | None = None
    was_read: bool = False
    """How the assistant read it, what staff say it meant, and whether it was read at all."""
    paper: Enclosure | None = None


class ThreadService:
    """Read models of the chat page and of the console alike."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def lines(self, conversation_id: str, after: int = 0, limit: int = 500) -> list[Line]:
        """Return the thread after a sequence number, oldest first: what was said, by whom, when."""
        with self.kit.db.begin() as session:
            rows = session.execute(
                _thread(conversation_id).where(Message.id > after).order_by(Message.id).limit(limit)
            ).all()
            used = _taps(session, conversation_id)
            return [_line(message, name, used) for message, name in rows]

    def tail(self, conversation_id: str, limit: int = 200) -> list[Line]:
        """Return the newest lines of a thread, oldest first, as staff see it: with what was held back."""
        with self.kit.db.begin() as session:
            thread = _thread(conversation_id, _SHOWN_TO_STAFF)
            rows = session.execute(thread.order_by(Message.id.desc()).limit(limit)).all()
            used = _taps(session, conversation_id)
            return [_line(message, name, used) for message, name in reversed(rows)]

    def newest(self) -> tuple[int, int]:
        """Return counters that move whenever a message or an audit event is written, or a message has left.

        Cheap to watch. What is on its way is subtracted from the second: it can only grow by a message that
        moves the first, so no two changes cancel out.
        """
        with self.kit.db.begin() as session:
            on_its_way = session.scalar(
                select(func.count())
                .select_from(Message)
                .where(Message.direction == "out", Message.state.in_(("queued", "sending")))
            )
            return (
                session.scalar(select(func.max(Message.id))) or 0,
                (session.scalar(select(func.max(AuditEvent.id))) or 0) - (on_its_way or 0),
            )

    def changed(self, after: int) -> set[str]:
        """Return the conversations that have messages after a sequence number."""
        with self.kit.db.begin() as session:
            return set(session.scalars(select(Message.conversation_id).where(Message.id > after).distinct()))

    def mode(self, conversation_id: str) -> tuple[str, str]:
        """Return who speaks in a conversation (bot or human) and its locale."""
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, conversation_id)
            return conversation.mode, conversation.locale


def _thread(conversation_id: str, shown: tuple[str, ...] = _SHOWN_OUT) -> Select[tuple[Message, str]]:
    return (
        select(Message, Agent.name)
        .outerjoin(Agent, Agent.id == Message.agent_id)
        .where(
            Message.conversation_id == conversation_id,
            (Message.direction == "in") | Message.state.in_(shown),
        )
    )


def _taps(session: Session, conversation_id: str) -> dict[int, int]:
    """Which button of which message was tapped."""
    rows: list[dict[str, Any] | None] = list(
        session.scalars(
            select(Message.payload).where(
                Message.conversation_id == conversation_id,
                Message.direction == "in",
                Message.external_id.like("tap:%"),
            )
        )
    )
    taps = [row["attachment"] for row in rows if row and row.get("attachment")]
    return {tap["message"]: tap["button"] for tap in taps}


def _line(message: Message, name: str | None, used: dict[int, int]) -> Line:
    payload = message.payload or {}
    reading = payload.get("reading") or {}
    external = message.external_id or ""
    return Line(
        message.id,
        "borrower" if message.direction == "in" else message.initiator,
        name,
        message.text,
        tuple(message.buttons),
        used.get(message.id),
        message.created_at,
        external.removeprefix("web:") if external.startswith("web:") else None,
        message.state,
        payload.get("kind", "text"),
        file_of(payload),
        tuple(act["intent"] for act in reading.get("acts") or ()),
        reading.get("corrected"),
        bool(reading),
        paper_of(payload),
    )
