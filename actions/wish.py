"""What a borrower asks of a plan, out of the entities of a message."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from actions.turn import Turn, day_of, days_of
from bot.domain.money import Money, MoneyError
from bot.domain.plans import Wish, max_count

_ASKING = ("request_instalment", "request_extension", "counter_offer", "choose_option", "promise_to_pay")
_FAR = timedelta(days=400)


def read_wish(turn: Turn, *, answers_ability: bool = False) -> dict[str, Any]:
    """Return the terms that a message names, JSON-able, empty when it names none.

    With `answers_ability` any amount is what can be paid a month, whatever else the message is.
    """
    wish: dict[str, Any] = {}
    extends = turn.has("request_extension")
    count, duration, money = turn.value("count"), turn.value("duration"), turn.entity("money")
    if count is not None:
        wish["count"] = int(count)
    # How long somebody has had no work is no wish.
    if isinstance(duration, dict) and turn.has(*_ASKING):
        wish |= _from_duration(duration, extends)
    paying = ("counter_offer", "request_instalment", "report_hardship", "promise_to_pay", "choose_option")
    if money is not None and (answers_ability or turn.has(*paying)):
        wish |= _from_money(money)
    day = day_of(turn.value("time"))
    # A day years ahead is no wish: it is a birth date read as a date to come.
    if day is not None and turn.today < day < turn.today + _FAR:
        wish |= {"days": (day - turn.today).days} if extends else {"first_on": day.isoformat()}
    if extends and "count" not in wish:
        wish["kind"] = "extension"
    elif wish:
        wish["kind"] = "instalment"
    return wish


def wish_of(turn: Turn, stored: dict[str, Any], *, most: bool = False) -> Wish:
    """Turn stored terms into the domain's wish, in the loan's currency.

    With `most`, of a stated range the upper end is what can be paid a month.
    """
    currency = turn.grace.accounts.standing(turn.conversation).loan.currency
    money = _ability(stored.get("most" if most else "ability"), currency)
    return Wish(
        kind=stored.get("kind"),
        count=stored.get("count"),
        days=stored.get("days"),
        ability=money if money is not None and money.minor > 0 else None,
        first_on=date.fromisoformat(stored["first_on"]) if stored.get("first_on") else None,
    )


def gentlest(turn: Turn) -> dict[str, Any]:
    """Return the wish of whoever cannot or need not say: the smallest payments that policy allows first."""
    standing = turn.grace.accounts.standing(turn.conversation)
    count = max_count(standing.claimed, standing.policy, hardship=True)
    return {"kind": "instalment", "count": count} if count >= standing.policy.instalment.count.min else {}


def _ability(amount: str | None, currency: str) -> Money | None:
    """Read the stated amount; decimals that the currency lacks are dropped, never rounded up."""
    if amount is None:
        return None
    try:
        return Money.of(amount, currency)
    except MoneyError:
        return Money.of(int(Decimal(amount)), currency)


def _from_duration(duration: dict[str, Any], extends: bool) -> dict[str, Any]:
    """Three months of instalments are three payments; three weeks of extension are 21 days."""
    if extends:
        days = days_of(duration)
        return {} if days is None else {"days": days}
    if duration.get("unit") == "month" and duration.get("value"):
        return {"count": int(Decimal(str(duration["value"])))}
    return {}


def _from_money(money: dict[str, Any]) -> dict[str, Any]:
    """What can be paid a month; of a range its lower end, so that nobody is asked for more than they said.

    The upper end is kept for when nothing fits the lower.
    """
    value = money["value"]
    amount = value.get("from") or value.get("value") or value.get("to")
    if amount is None:
        return {}
    most = value.get("to") if value.get("from") else None
    return {"ability": str(amount), "most": None if most is None else str(most)}
