"""Terms over the API: offered to the borrower within one's level, or asked for above it."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from decimal import Decimal

from fastapi import APIRouter
from pydantic import BaseModel

from bot.domain.model import Refusal
from bot.services.cases import CaseView
from bot.services.offers import OfferView
from bot.services.rights import Beyond
from bot.web.api.desk import Api, Desk, OnceRoute, Written
from bot.web.api.handoffs import Key, Works, once
from bot.web.api.lending import Approval, approval_out
from bot.web.api.problems import Problem
from bot.web.api.wishes import Terms

routes = APIRouter(route_class=OnceRoute, tags=["terms"])


class Asked(BaseModel):
    """Terms that somebody else has to grant, and what speaks for them."""

    terms: Terms
    note: Written = ""


class Payment(BaseModel):
    """One payment of an offer."""

    due_on: date
    amount: Decimal


class Offer(BaseModel):
    """What was offered in the chat, with a button; it is agreed by the borrower's own yes."""

    loan: str
    kind: str
    currency: str
    payments: list[Payment]
    cost: Decimal
    total: Decimal
    expires_at: datetime


@routes.post("/handoffs/{ref}/offers", status_code=201)
async def offer(api: Desk, program: Works, ref: str, body: Terms, key: Key = None) -> Offer:
    """Offer terms within your level to the borrower; an unclaimed hand-off is claimed by it."""
    number, repeat = api.id("ho", ref), once(program, key)
    _, currency = await _case(api, number)
    wish = body.wish(currency)
    made = await asyncio.to_thread(
        lambda: api.grace.proposals.offer(number, program.staff.id, wish, key=repeat)
    )
    await api.wake()
    return _offer(made)


@routes.post("/handoffs/{ref}/approvals", status_code=201, tags=["approvals"])
async def ask(api: Desk, program: Works, ref: str, body: Asked, key: Key = None) -> Approval:
    """Ask whoever may grant them for terms above your level; they may grant others instead."""
    number, repeat = api.id("ho", ref), once(program, key)
    view, currency = await _case(api, number)
    wish, agent, where = body.terms.wish(currency), program.staff.id, view.conversation_id
    trial = await asyncio.to_thread(api.grace.proposals.try_out, where, wish, agent)
    if trial.is_own:
        raise Problem(409, "not_needed", "your own level may grant these terms: offer them")
    level = trial.level
    if level is None:
        raise Beyond(trial.limits)
    made = await asyncio.to_thread(
        lambda: api.grace.approvals.request(where, wish, level=level, turn=repeat, by=agent, note=body.note)
    )
    if isinstance(made, tuple):
        raise Problem(409, "terms", "something stands against asking", errors=_limits(made))
    return approval_out(api, made)


async def _case(api: Api, number: int) -> tuple[CaseView, str]:
    """Return a case and the currency of its loan. Raises Problem where there is neither."""
    view = await asyncio.to_thread(api.grace.cases.peek, number)
    if view is None:
        raise Problem(404, "not_found", "there is nothing here")
    if view.loan is None:
        raise Problem(409, "loan", "this case is about no loan")
    return view, view.loan.outstanding.currency


def _offer(made: OfferView) -> Offer:
    return Offer(
        loan=made.loan_ref,
        kind=made.kind,
        currency=made.principal.currency,
        payments=[Payment(due_on=one.due_on, amount=one.amount.amount) for one in made.schedule],
        cost=made.cost.amount,
        total=made.total.amount,
        expires_at=made.expires_at,
    )


def _limits(found: tuple[Refusal, ...]) -> list[dict[str, str]]:
    return [{"limit": one.limit, "asked": one.asked, "allowed": one.allowed} for one in found]
