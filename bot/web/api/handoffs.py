"""Hand-offs and their messages: listed, read, claimed, answered, passed on, closed."""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from pydantic import BaseModel, Field

from bot.domain.handoff import Outcome
from bot.services.cases import CaseView
from bot.services.conversation import Incoming
from bot.services.desk.queue import QueueEntry
from bot.services.threads import Line
from bot.services.tokens import Program
from bot.web.api.desk import Api, Desk, OnceRoute, Short, Written, need
from bot.web.api.problems import Problem

routes = APIRouter(route_class=OnceRoute, tags=["hand-offs"])
CHANNEL = "app"
"""The channel of borrowers who write in the lender's own app or desk."""

Reads = Annotated[Program, need("handoffs:read", "read")]
Works = Annotated[Program, need("handoffs:write", "speak")]
ReadsWords = Annotated[Program, need("messages:read", "read")]
Key = Annotated[str | None, Header(alias="Idempotency-Key")]
Limit = Annotated[int, Query(ge=1, le=200)]
After = Annotated[int, Query(ge=0, le=2**31 - 1, description="the `seq` of the last message you have")]


class Handoff(BaseModel):
    """One hand-off in the queue."""

    ref: str
    conversation: uuid.UUID
    reason: str
    priority: int
    state: str
    team: str
    channel: str
    language: str
    waiting_since: datetime
    agent: str | None


class Handoffs(BaseModel):
    """A page of the queue, most urgent first; `next` is the cursor of the page after it."""

    items: list[Handoff]
    next: str | None


class Case(BaseModel):
    """A hand-off with what is needed to decide; reading it is recorded."""

    ref: str
    conversation: str
    reason: str
    priority: int
    state: str
    agent: str | None
    channel: str
    locale: str
    verified: bool
    borrower: str | None
    name: str | None
    timezone: str
    loan: str | None
    outstanding: str | None
    overdue: str | None
    days_past_due: int | None
    holds: list[str]
    outcome: str | None


class Message(BaseModel):
    """One message; `seq` orders a conversation and never changes."""

    seq: int
    sender: str
    name: str | None
    text: str
    at: datetime
    state: str
    kind: str


class Messages(BaseModel):
    """Messages after a `seq`, oldest first."""

    items: list[Message]


class Claimed(BaseModel):
    """Who has the hand-off now, and whether that is you."""

    won: bool
    holder: str | None


class Said(BaseModel):
    """What was written, by its id."""

    id: int


class Text(BaseModel):
    """Words."""

    text: Written


class Because(BaseModel):
    """A reason."""

    reason: Short


class Passed(BaseModel):
    """Whom a case is passed on to: one agent by login, or one team."""

    reason: Short
    agent: Short | None = None
    team: Short | None = None


class Closing(BaseModel):
    """How a case ended; `to_bot` returns the conversation to the assistant."""

    outcome: Outcome
    note: Written = ""
    to_bot: bool = True


class Incomer(BaseModel):
    """A borrower's message from the lender's own channel; `id` is that channel's and makes it unique."""

    borrower: Annotated[Short, Field(description="the lender's own reference")]
    id: Annotated[Short, Field(max_length=100)]
    text: Written


class Taken(BaseModel):
    """Where a message went."""

    conversation: str
    seq: int
    duplicate: bool


@routes.get("/handoffs")
async def list_handoffs(api: Desk, _: Reads, limit: Limit = 50, cursor: str | None = None) -> Handoffs:
    """List open hand-offs, most urgent first, longest waiting first.

    Where the last one of a page has left the queue, nobody can say what comes after it: begin anew.
    """
    entries = await asyncio.to_thread(api.grace.queue.entries)
    start = 0
    if cursor is not None:
        number = api.id("ho", cursor)
        start = next((at for at, one in enumerate(entries, 1) if one.id == number), 0)
        if not start:
            raise Problem(409, "cursor", "the last one of this page has left the queue; begin anew")
    page = entries[start : start + limit]
    more = start + limit < len(entries)
    return Handoffs(
        items=[_entry(api, one) for one in page], next=api.refs.of("ho", page[-1].id) if more else None
    )


@routes.get("/handoffs/{ref}")
async def read_handoff(api: Desk, program: Reads, ref: str) -> Case:
    """Read one hand-off."""
    view = await asyncio.to_thread(api.grace.cases.view, api.id("ho", ref), program.staff.id)
    if view is None:
        raise Problem(404, "not_found", "there is nothing here")
    return _case(ref, view)


@routes.get("/handoffs/{ref}/messages")
async def read_messages(
    api: Desk, program: ReadsWords, ref: str, after: After = 0, limit: Limit = 100
) -> Messages:
    """Read the conversation of a hand-off."""
    view = await asyncio.to_thread(api.grace.cases.view, api.id("ho", ref), program.staff.id)
    if view is None:
        raise Problem(404, "not_found", "there is nothing here")
    lines = await asyncio.to_thread(api.grace.threads.lines, view.conversation_id, after, limit)
    return Messages(items=[_message(one) for one in lines])


@routes.post("/handoffs/{ref}/claim")
async def claim_handoff(api: Desk, program: Works, ref: str) -> Claimed:
    """Take a hand-off: of two who ask at once one wins."""
    claim = await asyncio.to_thread(api.grace.handoffs.claim, api.id("ho", ref), program.staff.id)
    return Claimed(won=claim.won, holder=claim.holder)


@routes.post("/handoffs/{ref}/replies", status_code=201)
async def reply(api: Desk, program: Works, ref: str, body: Text, key: Key = None) -> Said:
    """Answer the borrower; an unclaimed hand-off is claimed by it."""
    number, repeat = api.id("ho", ref), once(program, key)
    said = await asyncio.to_thread(
        lambda: api.grace.handoffs.reply(number, program.staff.id, body.text, key=repeat)
    )
    await api.wake()
    return Said(id=said)


@routes.post("/handoffs/{ref}/notes", status_code=201)
async def note(api: Desk, program: Works, ref: str, body: Text, key: Key = None) -> Said:
    """Write a note that the borrower never sees."""
    number, repeat = api.id("ho", ref), once(program, key)
    written = await asyncio.to_thread(
        lambda: api.grace.notes.add(number, program.staff.id, body.text, key=repeat)
    )
    return Said(id=written)


@routes.post("/handoffs/{ref}/transfer", status_code=204)
async def transfer(api: Desk, program: Works, ref: str, body: Passed) -> None:
    """Pass your case on to a colleague or a team."""
    number, taker = api.id("ho", ref), None
    if body.agent is not None:
        staff = await asyncio.to_thread(api.grace.staff.by_login, body.agent)
        if staff is None:
            raise Problem(422, "nobody", "nobody active has this login")
        taker = staff.id
    await asyncio.to_thread(
        lambda: api.grace.assignments.transfer(
            number, program.staff.id, body.reason, to_agent=taker, to_team=body.team
        )
    )


@routes.post("/handoffs/{ref}/release", status_code=204)
async def release(api: Desk, program: Works, ref: str, body: Because) -> None:
    """Put your case back into the queue."""
    number = api.id("ho", ref)
    await asyncio.to_thread(api.grace.assignments.release, number, program.staff.id, body.reason)


@routes.post("/handoffs/{ref}/close", status_code=204)
async def close(api: Desk, program: Works, ref: str, body: Closing) -> None:
    """Close a case with its outcome; the assistant takes up the conversation unless you say otherwise."""
    number = api.id("ho", ref)
    await asyncio.to_thread(
        lambda: api.grace.handoffs.close(
            number, program.staff.id, body.outcome, body.note, to_bot=body.to_bot
        )
    )
    await api.wake()


@routes.post("/messages", status_code=201, tags=["messages"])
async def take_message(
    api: Desk, program: Annotated[Program, need("messages:write", "speak")], body: Incomer
) -> Taken:
    """Hand in what a borrower wrote in the lender's own app; a second copy of it does nothing."""
    await asyncio.to_thread(api.grace.outside.open_address, body.borrower, CHANNEL, program.staff.id)
    got = await api.door.receive(Incoming(CHANNEL, body.borrower, f"api:{body.id}", body.text))
    return Taken(conversation=got.conversation_id, seq=got.message_id, duplicate=got.duplicate)


@routes.get("/conversations/{conversation}/messages", tags=["messages"])
async def read_conversation(
    api: Desk, program: ReadsWords, conversation: uuid.UUID, after: After = 0, limit: Limit = 100
) -> Messages:
    """Read any conversation, such as one that a webhook named; that you did is recorded."""
    lines = await asyncio.to_thread(
        api.grace.outside.thread, str(conversation), program.staff.id, after, limit
    )
    return Messages(items=[_message(one) for one in lines])


def once(program: Program, key: str | None) -> str:
    """Name a message by who sends it and their key: nobody's key can be another's."""
    return f"api:{program.token_id}:{uuid.uuid4() if key is None else uuid.uuid5(uuid.NAMESPACE_OID, key)}"


def _entry(api: Api, one: QueueEntry) -> Handoff:
    return Handoff(
        ref=api.refs.of("ho", one.id),
        conversation=uuid.UUID(one.conversation_id),
        reason=one.reason,
        priority=one.priority,
        state=one.state,
        team=one.team,
        channel=one.channel,
        language=one.language,
        waiting_since=one.waiting_since,
        agent=one.agent_name,
    )


def _case(ref: str, view: CaseView) -> Case:
    loan: Any = view.loan
    return Case(
        ref=ref,
        conversation=view.conversation_id,
        reason=view.reason,
        priority=view.priority,
        state=view.state,
        agent=view.agent_name,
        channel=view.channel,
        locale=view.locale,
        verified=view.verified,
        borrower=view.borrower_ref,
        name=view.borrower_name,
        timezone=view.timezone,
        loan=loan.ref if loan else None,
        outstanding=str(loan.outstanding) if loan else None,
        overdue=str(loan.overdue) if loan else None,
        days_past_due=loan.days_past_due if loan else None,
        holds=[one.kind for one in view.holds],
        outcome=view.outcome,
    )


def _message(line: Line) -> Message:
    return Message(
        seq=line.seq,
        sender=line.sender,
        name=line.name,
        text=line.text,
        at=line.at,
        state=line.state,
        kind=line.kind,
    )
