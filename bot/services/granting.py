"""Terms that people grant: stored as an offer under their authority, and told in the borrower's language."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.domain.counter import Circumstances
from bot.domain.plans import Option
from bot.domain.policy import Authority
from bot.language import formats
from bot.services.accounts import Standing
from bot.services.kit import Kit, local_day, written
from bot.services.offers import OfferView, offer_row, offer_view, supersede
from bot.services.records import policy_version, record
from bot.services.replies import Reply, rendered
from bot.storage.queries import circumstances as circumstances_of
from bot.storage.tables import Conversation, OfferRow

# A schedule that is longer shows its beginning and its end; all of it is read back before anybody agrees.
_LINES = 12
_HEAD = 3


@dataclass(frozen=True, slots=True)
class Grant:
    """Who grants an option and on which ground: a request by its id, or what their level may grant."""

    option: Option
    authority: Authority
    agent_id: int
    batch: str
    approval_id: int | None = None


def circumstances(session: Session, standing: Standing, borrower_id: int, now: datetime) -> Circumstances:
    """Return what an offer to this borrower depends on besides loan, policy and wish."""
    return circumstances_of(session, standing.loan.id, borrower_id, standing.today, now)


def grant_offer(
    session: Session, conversation: Conversation, standing: Standing, grant: Grant, now: datetime
) -> OfferRow:
    """Store what is granted as an open offer, in place of all others of the loan, and record it."""
    supersede(session, standing.loan.id)
    version = policy_version(session, standing.policy, now)
    row = offer_row(
        grant.option,
        loan_id=standing.loan.id,
        conversation_id=conversation.id,
        batch=grant.batch,
        policy_version=version,
        authority=grant.authority,
        approval_id=grant.approval_id,
        agent_id=grant.agent_id,
        created_at=now,
        expires_at=now + timedelta(days=standing.policy.offer_valid_days),
    )
    session.add(row)
    session.flush()
    ground = "authority" if grant.approval_id is None else f"approval {grant.approval_id}"
    record(
        session,
        now,
        "plan_offered",
        cause=ground,
        actor=f"agent {grant.agent_id}",
        borrower_id=conversation.borrower_id,
        loan_id=standing.loan.id,
        offers=[row.id],
        policy_version=version,
        authority=grant.authority,
        refusals=[],
    )
    return row


def offer_reply(kit: Kit, conversation: Conversation, key: str, offer: OfferView, timezone: str) -> Reply:
    """Return an offer as it is told: its payments, total, cost and last day, with a button to take it."""
    locale = conversation.locale
    until = formats.day(local_day(offer.expires_at, timezone), locale, local_day(kit.clock.now(), timezone))
    values = {**terms_of(kit, offer, locale, timezone), "until": until}
    reply = rendered(kit, key, locale, values)
    take = kit.texts.render("utter_approval_button_take", locale).text
    reply.buttons.insert(0, {"title": take, "payload": f"/choose_option{json.dumps({'offer': offer.id})}"})
    return reply


def terms_of(
    kit: Kit, offer: OfferView, locale: str, timezone: str, *, whole: bool = False
) -> dict[str, str]:
    """Return schedule, total and cost, written; a long schedule in short, unless it has to be `whole`."""
    today = local_day(kit.clock.now(), timezone)
    lines = [
        kit.texts.render(
            "utter_plan_line",
            locale,
            {
                "n": item.number,
                "date": formats.day(item.due_on, locale, today),
                "amount": written(item.amount, locale),
            },
        ).text
        for item in offer.schedule
    ]
    if offer.waived.minor:
        off = written(offer.waived, locale)
        lines.append(kit.texts.render("utter_plan_line_waived", locale, {"waived": off}).text)
    shown = lines if whole or len(lines) <= _LINES else [*lines[:_HEAD], "…", lines[-1]]
    return {
        "schedule": "\n".join(shown),
        "total": written(offer.total, locale),
        "cost": written(offer.cost, locale),
    }


def view_of_offer(row: OfferRow, standing: Standing) -> OfferView:
    """Return a stored offer as it is shown."""
    return offer_view(row, standing.loan.currency, standing.loan.ref)
