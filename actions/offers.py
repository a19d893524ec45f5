"""Writes offers, terms and limits of a plan for the borrower."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

from actions.turn import Turn
from bot.domain.model import Refusal
from bot.domain.money import Money
from bot.language.formats import either
from bot.services.accounts import PlanStanding
from bot.services.offers import OfferView

_AMOUNTS = frozenset({"instalment.minimum", "partial.minimum", "ability"})
Way = Literal["person", "colleague"]
"""How it goes on beyond the offers: a talk with a person, or a colleague asked for what was wished."""
_WAYS: dict[Way, tuple[str, str]] = {
    "person": ("utter_button_person", "/ask_human"),
    "colleague": ("utter_button_colleague", '/counter_offer{"beyond": "yes"}'),
}


def show(turn: Turn, offers: Sequence[OfferView], *, way: Way | None = None) -> None:
    """List the offers with a button each; `way` adds one for how it goes on beyond them."""
    amount = offers[0].principal
    lines = "\n".join(_line(turn, offer) for offer in offers)
    turn.ask("utter_plan_options", buttons(turn, offers, way=way), amount=turn.money(amount), lines=lines)


def show_again(turn: Turn, offers: Sequence[OfferView], key: str) -> None:
    """Ask for a choice among offers that were listed just before."""
    turn.ask(key, buttons(turn, offers))


def buttons(turn: Turn, offers: Sequence[OfferView], *, way: Way | None = None) -> list[dict[str, str]]:
    """Return a button for each offer, and one for the way beyond them."""
    made = [_button(turn, offer) for offer in offers]
    if way is not None:
        title, payload = _WAYS[way]
        made.append({"title": turn.words(title), "payload": payload})
    return made


def terms(turn: Turn, offer: OfferView) -> dict[str, str]:
    """Return every payment, the total and the cost, written out."""
    lines = [
        turn.words(
            "utter_plan_line", n=item.number, date=turn.day(item.due_on), amount=turn.money(item.amount)
        )
        for item in offer.schedule
    ]
    if offer.waived.minor:
        lines.append(turn.words("utter_plan_line_waived", waived=turn.money(offer.waived)))
    return {"schedule": "\n".join(lines), "total": turn.money(offer.total), "cost": turn.money(offer.cost)}


def say_existing(turn: Turn, plan: PlanStanding) -> None:
    """Say that a plan is agreed already, and what comes next."""
    turn.say("utter_plan_exists", **standing_plan(turn, plan))


def standing_plan(turn: Turn, plan: PlanStanding) -> dict[str, object]:
    """Return what is said of an agreed plan: payments in all, ahead, and the next one."""
    return {
        "count": plan.count,
        "left": plan.left,
        "amount": turn.money(plan.next_amount),
        "date": turn.day(plan.next_on),
    }


def explain(turn: Turn, refusal: Refusal) -> None:
    """Say which limit a wish met."""
    allowed, asked = (_limit(turn, refusal.limit, value) for value in (refusal.allowed, refusal.asked))
    key = f"utter_limit_{refusal.limit.replace('.', '_')}"
    if refusal.limit == "ability" and _fits_otherwise(refusal):
        key = "utter_limit_ability_kind"
    turn.say(key, allowed=allowed, asked=asked)


def _fits_otherwise(refusal: Refusal) -> bool:
    """Tell whether a plan of another kind asks no more a month than the borrower can pay."""
    least = refusal.detail.get("least_monthly")
    return least is not None and Decimal(least.split()[0]) <= Decimal(refusal.allowed.split()[0])


def _limit(turn: Turn, limit: str, value: str) -> str:
    """Write a limit, or what was asked instead, for the borrower."""
    if limit == "instalment.first_payment":
        return turn.day(date.fromisoformat(value))
    if limit in _AMOUNTS:
        amount, currency = value.split()
        return turn.money(Money.of(amount, currency))
    if value.endswith(" %"):
        return value.replace(" %", "%")
    names = [name for name in value.split(", ") if name != "none"]
    if limit == "instalment.frequency":
        return either([turn.words(f"utter_frequency_{name}") for name in names], turn.locale)
    if limit == "eligibility.kind":
        return either([turn.words(f"utter_kind_{name}") for name in names], turn.locale)
    return value


def _line(turn: Turn, offer: OfferView) -> str:
    first, *others = offer.schedule
    # Odd cents may stand on either end; more than that is a larger first payment, which has to be said.
    cents = len(offer.schedule)
    larger = (
        offer.kind == "instalment"
        and bool(others)
        and first.amount.minor > max(item.amount.minor for item in others) + cents
    )
    regular = others if larger else offer.schedule
    key = "utter_plan_option_larger_first" if larger else f"utter_plan_option_{offer.kind}"
    if offer.kind == "holiday" and not others:
        key = "utter_plan_option_holiday_once"
    return turn.words(
        key,
        n=offer.position,
        count=len(offer.schedule),
        rhythm=turn.words(f"utter_rhythm_{_rhythm(offer)}"),
        days=offer.days or 0,
        down=turn.money(first.amount),
        each=_each(turn, [item.amount for item in regular]),
        first=turn.day(first.due_on),
        last=turn.day(offer.schedule[-1].due_on),
        total=turn.money(offer.total),
        cost=turn.money(offer.cost),
        waived=turn.money(offer.waived),
    )


def _each(turn: Turn, amounts: Sequence[Money]) -> str:
    """Write what is paid each time: one amount, or the smallest and the largest where they differ."""
    low, high = min(amounts, key=_minor), max(amounts, key=_minor)
    if low == high:
        return turn.money(low)
    return turn.words("utter_plan_each_between", low=turn.money(low), high=turn.money(high))


def _rhythm(offer: OfferView) -> str:
    """Tell how often payments fall due; a closed day may move one by a few days."""
    days = [item.due_on for item in offer.schedule]
    span = (days[-1] - days[0]).days / max(len(days) - 1, 1)
    return "monthly" if span == 0 or span > 20 else "biweekly" if span > 10 else "weekly"


def _minor(amount: Money) -> int:
    return amount.minor


def _button(turn: Turn, offer: OfferView) -> dict[str, str]:
    title = turn.words(
        f"utter_plan_button_{offer.kind}",
        count=len(offer.schedule),
        days=offer.days or 0,
        down=turn.money(offer.schedule[0].amount),
    )
    return {"title": title, "payload": f'/choose_option{{"offer": {offer.id}}}'}
