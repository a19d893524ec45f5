"""Instalment and extension offers: deterministic, exact, inside the product policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import islice
from math import ceil

from bot.domain.calendars import closed_days, nearest_open
from bot.domain.model import Loan, Refusal
from bot.domain.money import Money
from bot.domain.policy import ProductPolicy
from bot.domain.schedules import (
    Instalment,
    Kind,
    Option,
    Wish,
    add_months,
    down_payment,
    extension_option,
    first_day,
    instalment_option,
    latest_first,
    wished_first,
)

__all__ = [
    "MAX_OPTIONS",
    "Instalment",
    "Kind",
    "Offers",
    "Option",
    "Wish",
    "add_months",
    "extension_option",
    "instalment_option",
    "lowest_plan",
    "max_count",
    "offers",
    "plan_amount",
]

MAX_OPTIONS = 3


@dataclass(frozen=True, slots=True)
class Offers:
    """Feasible options, best first (at most three), and every limit that a wish met."""

    options: tuple[Option, ...]
    refusals: tuple[Refusal, ...] = ()


def plan_amount(loan: Loan, today: date) -> Money:
    """Return what a plan would settle: all that is due by `today`, else the next due item."""
    due = Money(sum(d.open.minor for d in loan.dues if d.due_on <= today), loan.currency)
    if due.minor > 0:
        return due
    following = loan.next_due()
    return Money(0, loan.currency) if following is None else following.open


def offers(
    loan: Loan, policy: ProductPolicy, wish: Wish, *, today: date, hardship: bool, extensions_used: int = 0
) -> Offers:
    """Return the options that `policy` allows for `wish`, best first, and the limits it met.

    `extensions_used` counts extensions agreed in the last 12 months. No option asks more a month than the
    stated ability; what was asked for stands first where it is feasible.
    """
    amount = plan_amount(loan, today)
    if amount.minor <= 0:
        return Offers((), (Refusal("nothing_due", "0", "a plan"),))
    refusals = [
        *_count_refusals(amount, policy, wish, hardship),
        *_extension_refusals(policy, wish, extensions_used),
        *_first_refusals(policy, wish, today, hardship),
    ]
    found: list[Option] = []
    for option in _candidates(
        amount, policy, wish, today=today, hardship=hardship, extensions_used=extensions_used
    ):
        if option not in found and _within_ability(option, wish):
            found.append(option)
    return Offers(tuple(found[:MAX_OPTIONS]), tuple(refusals))


def max_count(amount: Money, policy: ProductPolicy, *, hardship: bool) -> int:
    """Return the most instalments that both the count limit and the minimum instalment allow (may be 0)."""
    minimum = Money.of(policy.instalment.minimum, amount.currency)
    rest = amount - down_payment(amount, policy, hardship)
    return min(policy.instalment.count.max, rest.minor // minimum.minor)


def lowest_plan(loan: Loan, policy: ProductPolicy, *, today: date, hardship: bool) -> Option | None:
    """Return the instalment plan that asks least a month, the cheapest of them; None when there is none."""
    amount, wish = plan_amount(loan, today), Wish()
    if amount.minor <= 0 or first_day(policy, wish, today, hardship) is None:
        return None
    low, high = policy.instalment.count.min, max_count(amount, policy, hardship=hardship)
    plans = (
        instalment_option(amount, policy, n, today=today, hardship=hardship) for n in range(low, high + 1)
    )
    return min(plans, key=lambda plan: (plan.monthly.minor, plan.cost.minor), default=None)


def _candidates(
    amount: Money, policy: ProductPolicy, wish: Wish, *, today: date, hardship: bool, extensions_used: int
) -> Iterable[Option]:
    def made(count: int) -> Option:
        return instalment_option(amount, policy, count, today=today, hardship=hardship, wish=wish)

    high = max_count(amount, policy, hardship=hardship)
    if first_day(policy, wish, today, hardship) is None:
        high = 0
    instalments = [made(count) for count in _counts(amount, policy, wish, high, made)]
    extensions = [
        extension_option(amount, days, today) for days in _days(policy, wish, today, extensions_used)
    ]
    if wish.kind == "extension":
        return [*extensions, *instalments]
    if wish.count is not None or wish.ability is not None:
        return [*instalments, *extensions]
    return [*instalments[: MAX_OPTIONS - 1], *extensions, *instalments[MAX_OPTIONS - 1 :]]


def _counts(
    amount: Money, policy: ProductPolicy, wish: Wish, high: int, made: Callable[[int], Option]
) -> list[int]:
    low = policy.instalment.count.min
    if high < low:
        return []
    counts: list[int] = []
    if wish.count is not None:
        counts.append(min(max(wish.count, low), high))
    if wish.ability is not None and wish.ability.minor > 0:
        # The bare quotient knows nothing of a down payment or of interest.
        fewest = (n for n in range(low, high + 1) if _within_ability(made(n), wish))
        needed = ceil(Fraction(amount.minor, wish.ability.minor))
        counts += [*islice(fewest, 1), *(min(max(n, low), high) for n in (needed, needed + 1))]
    counts += [n for n in policy.instalment.offered_counts if n <= high]
    return list(dict.fromkeys(counts))


def _days(policy: ProductPolicy, wish: Wish, today: date, extensions_used: int) -> list[int]:
    """Return the days of extension to offer, the wished one first, each moved to an open day within range."""
    rules = policy.extension
    if extensions_used >= rules.per_12_months:
        return []
    low, high = (today + timedelta(days=days) for days in (rules.days.min, rules.days.max))
    wished = [*rules.offered_days] if wish.days is None else [wish.days, *rules.offered_days]
    # A wish far outside the calendar must not leave it on the way to the limits.
    plain = (today + timedelta(days=min(max(days, rules.days.min), rules.days.max)) for days in wished)
    moved = (nearest_open(day, low, high, closed_days(policy.calendar)) for day in plain)
    return list(dict.fromkeys((day - today).days for day in moved if day is not None))


def _within_ability(option: Option, wish: Wish) -> bool:
    return wish.ability is None or option.monthly <= wish.ability


def _count_refusals(amount: Money, policy: ProductPolicy, wish: Wish, hardship: bool) -> Iterable[Refusal]:
    low, high = policy.instalment.count.min, policy.instalment.count.max
    affordable = max_count(amount, policy, hardship=hardship)
    minimum = Money.of(policy.instalment.minimum, amount.currency)
    asked = wish.count
    if asked is None and wish.ability is not None and wish.ability.minor > 0:
        asked = ceil(Fraction(amount.minor, wish.ability.minor))
    if asked is None:
        return
    nearest = min(max(asked, low), affordable)
    detail = {"nearest": str(nearest)} if nearest >= low else {}
    if asked > high or (wish.count is not None and asked < low):
        yield Refusal("instalment.count", f"{low}-{high}", str(asked), detail)
    if asked > affordable and affordable < high:
        rest = amount - down_payment(amount, policy, hardship)
        part = Money(rest.minor // asked, amount.currency)
        yield Refusal("instalment.minimum", str(minimum), str(part), detail)


def _extension_refusals(policy: ProductPolicy, wish: Wish, used: int) -> Iterable[Refusal]:
    rules = policy.extension
    if wish.kind != "extension":
        return
    if used >= rules.per_12_months:
        yield Refusal("extension.per_12_months", str(rules.per_12_months), str(used + 1))
    low, high = rules.days.min, rules.days.max
    if wish.days is not None and not low <= wish.days <= high:
        nearest = {"nearest": str(min(max(wish.days, low), high))}
        yield Refusal("extension.days", f"{low}-{high}", str(wish.days), nearest)


def _first_refusals(policy: ProductPolicy, wish: Wish, today: date, hardship: bool) -> Iterable[Refusal]:
    latest = latest_first(policy, today, hardship)
    first = first_day(policy, wish, today, hardship)
    nearest = {"nearest": first.isoformat()} if first else {}
    wanted = wished_first(policy, wish, today)
    if first is None and (wanted is None or wanted <= latest):
        wanted = nearest_open(latest, latest, date.max, closed_days(policy.calendar))
    if wanted is not None and wanted > latest:
        yield Refusal("instalment.first_payment", latest.isoformat(), wanted.isoformat(), nearest)
    allowed = policy.instalment.frequencies
    if wish.frequency is not None and wish.frequency not in allowed:
        yield Refusal("instalment.frequency", ", ".join(allowed), wish.frequency, {"nearest": allowed[0]})
