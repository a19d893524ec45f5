"""A conversation as its readers see it: every line in order, and counters that move when there is news."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, exists, func, select, update
from sqlalchemy.orm import Session

from bot.services.enclosures import Enclosure, paper_of
from bot.services.files import KeptFile, file_of
from bot.services.kit import Kit
from bot.storage.prepared import prepared
from bot.storage.queries import CALL_OUTCOMES
from bot.storage.tables import Agent, AuditEvent, Conversation, Message

_SHOWN_OUT = ("queued", "sending", "sent", "delivered", "read", "uncertain", "failed")
_TAP = "tap:"
"""How the id of a tapped button begins."""
_SHOWN_TO_STAFF = (*_SHOWN_OUT, "held", *CALL_OUTCOMES)


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
    channel: str = ""


@dataclass(frozen=True, slots=True)
class News:
    """What a page has not shown yet, who speaks (bot or human), and in which locale."""

    lines: list[Line]
    mode: str
    locale: str


@dataclass(frozen=True, slots=True)
class Change:
    """What may be new to who shows a conversation: a message in a state, or (`state` None) an audit event."""

    conversation: str
    number: int
    state: str | None


class ThreadService:
    """Read models of the chat page and of the console alike."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def lines(self, conversation_id: str, after: int = 0, limit: int = 500) -> list[Line]:
        """Return the thread after a sequence number, oldest first: what was said, by whom, when."""
        with self.kit.db.read() as session:
            return _lines(session, conversation_id, after, limit)

    def news(self, conversation_id: str, after: int, limit: int) -> News:
        """Return the thread after a sequence number, oldest first, and the conversation's state with it."""
        with self.kit.db.read() as session:
            mode, locale = session.execute(*_state(conversation_id)).tuples().one()
            return News(_lines(session, conversation_id, after, limit), mode, locale)

    def tail(self, conversation_id: str, limit: int = 200) -> list[Line]:
        """Return the newest lines of a thread, oldest first, as staff see it: with what was held back.

        What was said to the borrower on other channels stands in it too, calls included.
        """
        with self.kit.db.read() as session:
            places = _beside(session, conversation_id)
            thread = _thread(tuple(places), _SHOWN_TO_STAFF, to_staff=True)
            rows = session.execute(thread.order_by(Message.id.desc()).limit(limit)).all()
            used = _taps(session, tuple(places))
            return [
                replace(_line(message, name, used), channel=places[message.conversation_id])
                for message, name in reversed(rows)
            ]

    def newest(self) -> tuple[int, int]:
        """Return counters that move whenever a message or an audit event is written, or a message has left.

        Cheap to watch. What is on its way is subtracted from the second: it can only grow by a message that
        moves the first, so no two changes cancel out.
        """
        with self.kit.db.read() as session:
            message, event, going = session.execute(*_counters()).tuples().one()
            return message or 0, (event or 0) - going

    def changed(self, after: int, after_event: int) -> list[Change]:
        """Return what is new after a message's number and after an audit event's, by conversation."""
        with self.kit.db.read() as session:
            messages = session.execute(*_messages_after(after)).tuples()
            events = session.execute(*_events_after(after_event)).tuples()
            return [
                *(Change(conversation, number, state) for number, conversation, state in messages),
                *(Change(conversation, number, None) for number, conversation in events),
            ]

    def read(self, conversation_id: str, seq: int) -> None:
        """Note that the borrower has seen the thread up to a sequence number.

        What is still on its way by the books is noted too, and becomes read when it is on record as sent.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            session.execute(
                update(Message)
                .where(
                    Message.conversation_id == conversation_id,
                    Message.direction == "out",
                    Message.id <= seq,
                    Message.read_at.is_(None),
                    Message.state.in_(("queued", "sending", "sent", "delivered")),
                )
                .values(
                    read_at=now,
                    state=case((Message.state.in_(("sent", "delivered")), "read"), else_=Message.state),
                )
                .execution_options(synchronize_session=False)
            )

    def mode(self, conversation_id: str) -> tuple[str, str]:
        """Return who speaks in a conversation (bot or human) and its locale."""
        with self.kit.db.read() as session:
            mode, locale = session.execute(*_state(conversation_id)).tuples().one()
            return mode, locale


def _lines(session: Session, conversation_id: str, after: int, limit: int) -> list[Line]:
    rows = session.execute(*_page(conversation_id, after, limit)).tuples().all()
    if len(rows) < limit:
        # A tap comes after what it is on: all that could be on these lines stand among them.
        used = _used(message.payload for message, _ in rows if _is_tap(message))
    else:
        used = _taps(session, (conversation_id,))
    return [_line(message, name, used) for message, name in rows]


def _is_tap(message: Message) -> bool:
    return message.direction == "in" and (message.external_id or "").startswith(_TAP)


@prepared
def _page(conversation_id: str, after: int, limit: int) -> Select[tuple[Message, str]]:
    thread = _thread((conversation_id,)).where(Message.id > after)
    return thread.order_by(Message.id).limit(limit)


@prepared
def _state(conversation_id: str) -> Select[tuple[str, str]]:
    return select(Conversation.mode, Conversation.locale).where(Conversation.id == conversation_id)


@prepared
def _messages_after(number: int) -> Select[tuple[int, str, str]]:
    return select(Message.id, Message.conversation_id, Message.state).where(Message.id > number)


@prepared
def _events_after(number: int) -> Select[tuple[int, str]]:
    return (
        select(AuditEvent.id, Conversation.id)
        .join(Conversation, Conversation.borrower_id == AuditEvent.borrower_id)
        .where(AuditEvent.id > number)
    )


@prepared
def _counters() -> Select[tuple[int | None, int | None, int]]:
    on_its_way = select(func.count()).where(
        Message.direction == "out", Message.state.in_(("queued", "sending"))
    )
    message, event = select(func.max(Message.id)), select(func.max(AuditEvent.id))
    return select(message.scalar_subquery(), event.scalar_subquery(), on_its_way.scalar_subquery())


def _beside(session: Session, conversation_id: str) -> dict[str, str]:
    """Return a conversation and the others of the same borrower, each with its channel."""
    here = session.get_one(Conversation, conversation_id)
    found = {here.id: here.channel}
    if here.borrower_id is not None:
        rows = select(Conversation.id, Conversation.channel).where(
            Conversation.borrower_id == here.borrower_id
        )
        found |= dict(session.execute(rows).tuples().all())
    return found


def _silenced() -> ColumnElement[bool]:
    """What the bot had ready when people took over: it will be cancelled, and nobody reads it meanwhile."""
    waits = (Message.state == "queued") & (Message.initiator == "bot") & (Message.purpose != "handoff")
    theirs = exists().where(Conversation.id == Message.conversation_id, Conversation.mode == "human")
    return waits & theirs


def _thread(
    conversations: tuple[str, ...], shown: tuple[str, ...] = _SHOWN_OUT, *, to_staff: bool = False
) -> Select[tuple[Message, str]]:
    return (
        select(Message, Agent.name)
        .outerjoin(Agent, Agent.id == Message.agent_id)
        .where(
            Message.conversation_id.in_(conversations),
            ~_silenced(),
            (Message.direction == "in")
            | Message.state.in_(shown)
            # What an agent wrote does not vanish before their eyes when it was not allowed out.
            | (Message.agent_id.is_not(None) & (Message.state == "cancelled") & to_staff),
        )
    )


def _taps(session: Session, conversations: tuple[str, ...]) -> dict[int, int]:
    """Which button of which message was tapped."""
    return _used(session.scalars(*_tapped(conversations)))


def _used(payloads: Iterable[dict[str, Any] | None]) -> dict[int, int]:
    taps = [one["attachment"] for one in payloads if one and one.get("attachment")]
    return {tap["message"]: tap["button"] for tap in taps}


@prepared
def _tapped(conversations: tuple[str, ...]) -> Select[tuple[dict[str, Any] | None]]:
    return select(Message.payload).where(
        Message.conversation_id.in_(conversations),
        ~_silenced(),
        Message.direction == "in",
        Message.external_id.like(f"{_TAP}%"),
    )


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
