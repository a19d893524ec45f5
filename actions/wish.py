"""What a borrower asks of a plan, out of the entities of a message."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from actions.turn import Turn, day_of, days_of
from bot.domain.lines import next_payday
from bot.domain.money import Money, MoneyError
from bot.domain.plans import Wish, max_count
from bot.services.accounts import Standing

_ASKING = ("request_instalment", "request_extension", "counter_offer", "choose_option", "promise_to_pay")
_PAYING = ("counter_offer", "request_instalment", "promise_to_pay", "choose_option")
_FAR = timedelta(days=400)
# How often an amount falls in a month at the most, and the frequency that it names. Where that frequency is
# not offered, a month stands for the fewest weeks that it has: nobody is asked for more than they said.
_PER = {"week": ("weekly", 5, 4), "fortnight": ("biweekly", 3, 2)}


def read_wish(turn: Turn, *, answers_ability: bool = False) -> dict[str, Any]:
    """Return the terms that a message names, JSON-able, empty when it names none.

    With `answers_ability` any amount is what can be paid a month, whatever else the message is.
    """
    if turn.entity("arrangement") is not None:
        return _arranged(turn)
    wish: dict[str, Any] = {}
    extends = turn.has("request_extension")
    count, duration, money = turn.value("count"), turn.value("duration"), _money(turn)
    if count is not None:
        wish["count"] = int(count)
    # How long somebody has had no work is no wish.
    if isinstance(duration, dict) and turn.within("duration", *_ASKING) and turn.value("frequency") is None:
        wish |= _from_duration(duration, extends)
    # Beside a hardship alone an amount may be anything; so much a month is what can be paid.
    pays = turn.has(*_PAYING) or (turn.has("report_hardship") and bool((money or {}).get("per")))
    if money is not None and (answers_ability or pays):
        wish |= _from_money(money)
    if turn.value("payday") is not None:
        wish["payday"] = int(turn.value("payday"))
        start = _start_beside_payday(turn)
        if start is not None and not extends:
            wish["first_on"] = start.isoformat()
    elif (day := _day(turn)) is not None:
        wish |= {"days": (day - turn.today).days} if extends else {"first_on": day.isoformat()}
    if turn.value("frequency") is not None and turn.has(*_ASKING):
        wish["frequency"] = turn.value("frequency")
    if any(one.get("value") == "down_payment" for one in turn.entities if one["entity"] == "concession"):
        # Nothing more at the start, of as many payments as are spoken of.
        wish |= {"even": True, "count": wish.get("count") or _count_shown(turn)}
    if extends and "count" not in wish:
        wish["kind"] = "extension"
    elif wish:
        wish["kind"] = "instalment"
    return wish


def wish_of(turn: Turn, stored: dict[str, Any], *, most: bool = False) -> Wish:
    """Turn stored terms into the domain's wish, in the loan's currency.

    With `most`, of a stated range the upper end is what can be paid a month.
    """
    standing = turn.grace.accounts.standing(turn.conversation)
    allowed = standing.policy.instalment.frequencies
    money = _ability(stored.get("most" if most else "ability"), standing.loan.currency)
    frequency = stored.get("frequency")
    if stored.get("per") in _PER and money is not None:
        named, often, seldom = _PER[stored["per"]]
        offered = named in allowed
        money = Money(money.minor * (often if offered else seldom), money.currency)
        frequency = frequency or (named if offered else None)
    count = stored.get("count")
    if stored.get("even"):
        even = turn.grace.counters.even(turn.conversation, int(count or _count_shown(turn)))
        money = even if money is None or money.minor <= 0 else min(even, money, key=lambda one: one.minor)
    on_payday = stored.get("payday") if "payday" in allowed and frequency in (None, "payday") else None
    return Wish(
        kind=stored.get("kind"),
        count=count,
        days=stored.get("days"),
        ability=money if money is not None and money.minor > 0 else None,
        first_on=_first_on(stored, standing) if on_payday is None else None,
        frequency="payday" if on_payday is not None else frequency,
        payday=on_payday,
        months=stored.get("months"),
        pay_now=_part(stored, standing),
        waive=_ability(stored.get("waive"), standing.loan.currency),
    )


def is_concrete(wish: dict[str, Any]) -> bool:
    """Tell whether a wish names terms, or a kind of plan that is a term by itself."""
    named = ("count", "days", "ability", "first_on", "frequency", "even")
    return wish.get("kind") in ("holiday", "partial", "waiver") or any(name in wish for name in named)


def gentlest(turn: Turn) -> dict[str, Any]:
    """Return the wish of whoever cannot or need not say: the smallest payments that policy allows first."""
    standing = turn.grace.accounts.standing(turn.conversation)
    count = max_count(standing.claimed, standing.policy, hardship=True)
    return {"kind": "instalment", "count": count} if count >= standing.policy.instalment.count.min else {}


def _arranged(turn: Turn) -> dict[str, Any]:
    """A break of some months, or a part now and the rest by a day; after a break so many payments, too."""
    what, duration = turn.value("arrangement"), turn.value("duration")
    days = days_of(duration) if isinstance(duration, dict) else None
    wish: dict[str, Any]
    if what == "partial":
        money = next((one for one in turn.entities if one.get("entity") == "money"), {})
        value = money.get("value") or {}
        now = value.get("value") or value.get("from")
        day = _day(turn)
        wish = {
            "pay_now": None if now is None else str(now),
            "share": value.get("fraction"),
            "days": (day - turn.today).days if day is not None else days,
        }
        return {"kind": "partial", **{name: value for name, value in wish.items() if value is not None}}
    wish = {"kind": "holiday"}
    if what == "skip" or days:
        wish["months"] = 1 if what == "skip" or not days else max(1, -(-days // 30))
    if turn.value("count") is not None:
        wish["count"] = int(turn.value("count"))
    money_said = _money(turn)
    if money_said is not None and money_said.get("per"):
        wish |= _from_money(money_said)
    return wish


def _part(stored: dict[str, Any], standing: Standing) -> Money | None:
    """Return what is to be paid at once; a share is of all that a plan would settle."""
    if stored.get("share"):
        part = standing.claimed.times(Decimal(str(stored["share"])))
        return part if part.minor > 0 else None
    part_named = _ability(stored.get("pay_now"), standing.loan.currency)
    return part_named if part_named is not None and part_named.minor > 0 else None


def _money(turn: Turn) -> dict[str, Any] | None:
    """Return the amount that a message is about: one a month or a week before any other."""
    amounts = [one for one in turn.entities if one.get("entity") == "money"]
    return next((one for one in amounts if one.get("per")), next(iter(amounts), None))


def _day(turn: Turn) -> date | None:
    """Return the day that a wish names; one years ahead is none: it is a birth date read as to come."""
    day = day_of(turn.value("time"))
    return day if day is not None and turn.today < day < turn.today + _FAR else None


def _start_beside_payday(turn: Turn) -> date | None:
    """Return the day to begin on that is named beside a payday: "after the 15th, I get paid on the 10th"."""
    payday = turn.entity("payday") or {}
    if turn.entity("start") is None or "at" not in payday:
        return None
    begins, ends = payday["at"]
    for one in turn.entities:
        if one.get("entity") == "time" and not begins <= one.get("start", begins) < ends:
            day = day_of(one.get("value"))
            if day is not None and turn.today < day < turn.today + _FAR:
                return day
    return None


def _first_on(stored: dict[str, Any], standing: Standing) -> date | None:
    """Return the wished first day; of a payday alone, the next one where policy can wait that long."""
    if stored.get("first_on"):
        return date.fromisoformat(stored["first_on"])
    if not stored.get("payday"):
        return None
    day = next_payday(int(stored["payday"]), standing.today)
    rules = standing.policy.instalment
    days = rules.first_payment_days_hardship if stored.get("hardship") else rules.first_payment_days
    return day if day <= standing.today + timedelta(days=days) else None


def _count_shown(turn: Turn) -> int:
    """Return how many payments are spoken of: those of the plan shown first, else the fewest offered."""
    shown = turn.grace.negotiation.shown(turn.conversation)
    counts = [len(offer.schedule) for offer in shown if offer.kind == "instalment"]
    policy = turn.grace.accounts.standing(turn.conversation).policy
    return next(iter(counts), policy.instalment.offered_counts[0])


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
    """What can be paid each time; of a range its lower end, so that nobody is asked for more than they said.

    The upper end is kept for when nothing fits the lower.
    """
    value = money["value"]
    amount = value.get("from") or value.get("value") or value.get("to")
    if amount is None:
        return {}
    most = value.get("to") if value.get("from") else None
    return {
        "ability": str(amount),
        "most": None if most is None else str(most),
        "per": money.get("per"),
    }
