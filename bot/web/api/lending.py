"""The book in, records out, approvals decided, contact asked about."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from bot.domain.approvals import Verdict
from bot.services.approvals import ApprovalView
from bot.services.loanbook import ImportReport
from bot.services.tokens import Program
from bot.web.api.desk import Api, Desk, OnceRoute, Short, need
from bot.web.api.problems import Problem
from bot.web.api.wishes import Terms

routes = APIRouter(route_class=OnceRoute)
_SUFFIXES = {"text/csv": ".csv", "application/json": ".json", "application/x-ndjson": ".jsonl"}
_BOOK = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": {"type": "string"}} for kind in _SUFFIXES},
    }
}

Books = Annotated[Program, need("book:write", "book")]
ReadsApprovals = Annotated[Program, need("approvals:read", "read")]
Decides = Annotated[Program, need("approvals:write", "approve")]


class Fault(BaseModel):
    """What is wrong in one row."""

    line: int
    field: str
    reason: str


class Report(BaseModel):
    """How an import ended; `rejected` rows did not land, the others did."""

    added: int
    unchanged: int
    updated: int
    rejected: int
    errors: list[Fault]


class Approval(BaseModel):
    """A request that waits for a decision, or was decided."""

    ref: str
    borrower: str
    loan: str
    state: str
    level: str
    kind: str
    limits: list[str]
    needs_two: bool
    created_at: datetime
    expires_at: datetime


class Approvals(BaseModel):
    """The requests that wait."""

    items: list[Approval]


class Decision(BaseModel):
    """A vote with its reason; `change` grants `terms` instead of those that were asked for."""

    verdict: Literal["approve", "change", "refuse"]
    reason: Short
    terms: Terms | None = None


class Allowed(BaseModel):
    """Whether staff may start a contact on a channel now; `until` is from when on, where it is held."""

    channel: str
    status: str
    until: datetime | None
    reasons: list[str]


class Contact(BaseModel):
    """What the contact rules allow now, by channel."""

    items: list[Allowed]


@routes.post("/book/{part}", openapi_extra=_BOOK, tags=["loan book"])
async def take_book(
    api: Desk, _: Books, part: Literal["loans", "payments"], request: Request, strict: bool = False
) -> Report:
    """Import loans or payments as CSV or JSON; with `strict` nothing lands when any row is bad."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _SUFFIXES:
        raise Problem(415, "unsupported", f"a book is sent as {', '.join(_SUFFIXES)}")
    content = await request.body()
    return await asyncio.to_thread(_imported, api, part, content, _SUFFIXES[kind], strict)


@routes.get("/approvals", tags=["approvals"])
async def list_approvals(api: Desk, program: ReadsApprovals) -> Approvals:
    """List the requests that wait."""
    found = await asyncio.to_thread(api.grace.approvals.waiting, program.staff.id)
    return Approvals(items=[approval_out(api, one) for one in found])


@routes.post("/approvals/{ref}/decision", tags=["approvals"])
async def decide(api: Desk, program: Decides, ref: str, body: Decision) -> Approval:
    """Approve, change or refuse, as far as the level of this token's owner goes; the borrower is told."""
    number = api.id("ap", ref)
    chosen: Verdict = body.verdict
    if (chosen == "change") is (body.terms is None):
        raise Problem(422, "invalid", "a change, and nothing else, says its terms")
    wish = None if body.terms is None else body.terms.wish(await _currency(api, number))
    view = await asyncio.to_thread(
        lambda: api.grace.approvals.decide(
            number, agent_id=program.staff.id, verdict=chosen, reason=body.reason, terms=wish
        )
    )
    await api.wake()
    return approval_out(api, view)


@routes.get("/borrowers/{borrower}/contact", tags=["contact"])
async def contact(
    api: Desk, program: Annotated[Program, need("contact:read", "read")], borrower: str
) -> Contact:
    """Ask whether a contact may be started now, on each channel, and why not."""
    found = await asyncio.to_thread(api.grace.outside.allowance, borrower, program.staff.id)
    return Contact(
        items=[
            Allowed(
                channel=one.channel, status=one.status, until=one.until, reasons=[w.code for w in one.why]
            )
            for one in found
        ]
    )


@routes.get("/exports/{chain}", tags=["export"], response_class=StreamingResponse)
async def export(
    api: Desk,
    program: Annotated[Program, need("export:read", "export")],
    chain: Literal["contacts", "events"],
    since: Annotated[date | None, Query(alias="from", description="first day, in UTC")] = None,
    until: Annotated[date | None, Query(alias="to", description="last day, in UTC")] = None,
) -> StreamingResponse:
    """Export records with their hashes, one JSON object a line; that you did is recorded."""
    await asyncio.to_thread(api.grace.outside.exported, chain, program.staff.id)
    ledger = api.grace.ledger
    await asyncio.to_thread(ledger.append)
    end = None if until is None or until == date.max else until + timedelta(days=1)
    period = await asyncio.to_thread(ledger.period, chain, _midnight(since), _midnight(end))

    def lines() -> Iterator[str]:
        for one in ledger.read(chain, period):
            yield json.dumps(one, ensure_ascii=False) + "\n"

    return StreamingResponse(lines(), media_type="application/x-ndjson")


async def _currency(api: Api, number: int) -> str:
    view = await asyncio.to_thread(api.grace.approvals.get, number)
    if view is None:
        raise Problem(404, "not_found", "there is nothing here")
    return view.option.principal.currency


def _imported(api: Api, part: str, content: bytes, suffix: str, strict: bool) -> Report:
    with tempfile.NamedTemporaryFile(prefix="api-", suffix=suffix) as file:
        file.write(content)
        file.flush()
        book = api.grace.loanbook
        take = book.import_loans if part == "loans" else book.import_payments
        done: ImportReport = take(Path(file.name), strict=strict)
    return Report(
        added=done.added,
        unchanged=done.unchanged,
        updated=done.updated,
        rejected=done.rejected,
        errors=[Fault(line=one.line, field=one.field, reason=one.reason) for one in done.errors[:1000]],
    )


def approval_out(api: Api, view: ApprovalView) -> Approval:
    """Return a request as programs see it."""
    return Approval(
        ref=api.refs.of("ap", view.id),
        borrower=view.borrower_ref,
        loan=view.loan_ref,
        state=view.state.value,
        level=view.level,
        kind=view.option.kind,
        limits=[one.limit for one in view.limits],
        needs_two=view.needs_two,
        created_at=view.created_at,
        expires_at=view.expires_at,
    )


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)
