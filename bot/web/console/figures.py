"""Terms, limits and schedules of a plan, written for staff."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime

from nicegui.element import Element

from bot.domain.model import Refusal
from bot.domain.money import Money, MoneyError
from bot.domain.plans import Instalment, Option, Wish
from bot.services.kit import local_day
from bot.services.offers import OfferView
from bot.web.console.layout import box, text
from bot.web.console.terms import FREQUENCIES, LIMITS, PLANS
from bot.web.console.words import Words


def summary(words: Words, option: Option, today: date) -> str:
    """Return an option in one line: kind, how many payments, the largest, and the last day."""
    return _line(words, option.kind, option.schedule, option.total, today)


def offer_summary(words: Words, offer: OfferView, today: date) -> str:
    """Return a stored offer in one line, like `summary`."""
    return _line(words, offer.kind, offer.schedule, offer.total, today)


def wished(words: Words, wish: Wish, today: date) -> list[tuple[str, str]]:
    """Return what a wish says, as pairs of words; what was not said is left out."""
    found: list[tuple[str, str]] = []
    if wish.kind is not None:
        found.append((words("Kind"), words.of(PLANS, wish.kind)))
    if wish.count is not None:
        found.append((words("Payments"), str(wish.count)))
    if wish.days is not None:
        found.append((words("Days"), str(wish.days)))
    if wish.frequency is not None:
        found.append((words("How often"), words.of(FREQUENCIES, wish.frequency)))
    if wish.first_on is not None:
        found.append((words("First day"), words.day(wish.first_on, today)))
    if wish.payday is not None:
        found.append((words("Payday"), str(wish.payday)))
    if wish.ability is not None:
        found.append((words("Can pay a month"), words.money(wish.ability)))
    return found


def limit_table(words: Words, limits: tuple[Refusal, ...], today: date) -> None:
    """Show each limit that is broken: its name, what is allowed, what was asked."""
    with box("table", "limits"):
        with box("thead"), box("tr"):
            for head in ("Limit", "Allowed", "Asked for"):
                text("th", words(head)).props("scope=col")
        with box("tbody"):
            for one in limits:
                with box("tr"):
                    text("th", words.of(LIMITS, one.limit)).props("scope=row")
                    text("td", _value(words, one.allowed, today))
                    text("td", _value(words, one.asked, today), "broken")


def schedule(words: Words, option: Option, today: date) -> Element:
    """Show every payment of an option."""
    with box("ol", "items") as element:
        for item in option.schedule:
            with box("li"):
                text("span", str(item.number), "quiet")
                text("span", words.day(item.due_on, today))
                text("span", words.money(item.amount), "amount")
    return element


def today_in(now: datetime, timezone: str) -> date:
    """Return the day on the borrower's wall."""
    return local_day(now, timezone)


def _line(words: Words, kind: str, payments: Sequence[Instalment], total: Money, today: date) -> str:
    name, last = words.of(PLANS, kind), words.day(payments[-1].due_on, today)
    if len(payments) == 1:
        return words("{kind}: {amount} by {day}", kind=name, amount=words.money(total), day=last)
    most = max((item.amount for item in payments), key=lambda money: money.minor)
    return words(
        "{kind}: {count} payments of up to {amount}, until {day}",
        kind=name,
        count=len(payments),
        amount=words.money(most),
        day=last,
    )


def _value(words: Words, value: str, today: date) -> str:
    """Write a limit's value: a day, an amount, frequencies, or the bare number."""
    with suppress(ValueError):
        return words.day(date.fromisoformat(value), today)
    amount, _, currency = value.partition(" ")
    with suppress(MoneyError):
        return words.money(Money.of(amount, currency))
    parts = [part.strip() for part in value.split(",")]
    if all(part in FREQUENCIES for part in parts):
        return ", ".join(words.of(FREQUENCIES, part) for part in parts)
    return value.replace("-", "–")
