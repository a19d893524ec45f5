"""Instalment and extension offers: deterministic, exact, inside the product policy."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from math import ceil
from typing import Literal

from bot.domain.model import Loan, Refusal
from bot.domain.money import Money
from bot.domain.policy import ProductPolicy

MAX_OPTIONS = 3
_YEAR_DAYS = 365

Kind = Literal["instalment", "extension"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the borrower asked for; whatever they did not say is None.

    `ability` is the most they can pay a month; `count` instalments; `days` of extension; `first_on` the
    earliest day on which they can pay.
    """

    kind: Kind | None = None
    count: int | None = None
    days: int | None = None
    ability: Money | None = None
    first_on: date | None = None


@dataclass(frozen=True, slots=True)
class Instalment:
    """One payment of a plan: `number` from 1."""

    number: int
    due_on: date
    amount: Money


@dataclass(frozen=True, slots=True)
class Option:
    """A plan that policy allows, whole: schedule, what it settles, and what it costs on top."""

    kind: Kind
    schedule: tuple[Instalment, ...]
    principal: Money
    cost: Money
    days: int | None = None

    @property
    def count(self) -> int:
        """How many payments it has."""
        return len(self.schedule)

    @property
    def total(self) -> Money:
        """All payments together."""
        return self.principal + self.cost

    @property
    def largest(self) -> Money:
        """The largest single payment."""
        return max((item.amount for item in self.schedule), key=lambda money: money.minor)


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


def add_months(start: date, months: int) -> date:
    """Return the same day of a later month; a 31st clamps to the month's end and comes back after it."""
    index = start.month - 1 + months
    year, month = start.year + index // 12, index % 12 + 1
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))


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


def instalment_option(
    amount: Money,
    policy: ProductPolicy,
    count: int,
    *,
    today: date,
    hardship: bool,
    first_on: date | None = None,
) -> Option:
    """Build the plan of `count` monthly payments that settles `amount`; the caller checks the limits."""
    rules = policy.instalment
    first = min(max(first_on or date.min, today + timedelta(days=1)), _latest_first(policy, today, hardship))
    if first_on is None:
        first = _latest_first(policy, today, hardship)
    down = _down_payment(amount, policy, hardship)
    rest = (amount - down).split(count, rules.odd_cents)
    items = [(add_months(first, n), part) for n, part in enumerate(rest)]
    if down.minor:
        # The down payment comes with the first instalment: one date to remember, not two.
        items[0] = (items[0][0], items[0][1] + down)
    priced = [
        (day, part, _interest(part, rules.annual_rate_percent, (day - today).days)) for day, part in items
    ]
    cost = Money(sum(interest.minor for *_, interest in priced), amount.currency)
    schedule = tuple(Instalment(n, day, part + interest) for n, (day, part, interest) in enumerate(priced, 1))
    return Option("instalment", schedule, amount, cost)


def extension_option(amount: Money, days: int, today: date) -> Option:
    """Build the plan that moves `amount` as a whole to `days` from today, at no cost."""
    return Option(
        "extension",
        (Instalment(1, today + timedelta(days=days), amount),),
        amount,
        Money(0, amount.currency),
        days=days,
    )


def max_count(amount: Money, policy: ProductPolicy, *, hardship: bool) -> int:
    """Return the most instalments that both the count limit and the minimum instalment allow (may be 0)."""
    minimum = Money.of(policy.instalment.minimum, amount.currency)
    rest = amount - _down_payment(amount, policy, hardship)
    return min(policy.instalment.count.max, rest.minor // minimum.minor)


def _candidates(
    amount: Money, policy: ProductPolicy, wish: Wish, *, today: date, hardship: bool, extensions_used: int
) -> Iterable[Option]:
    def made(count: int) -> Option:
        return instalment_option(
            amount, policy, count, today=today, hardship=hardship, first_on=wish.first_on
        )

    high = max_count(amount, policy, hardship=hardship)
    instalments = [made(count) for count in _counts(amount, policy, wish, high, made)]
    extensions = [extension_option(amount, days, today) for days in _days(policy, wish, extensions_used)]
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


def _days(policy: ProductPolicy, wish: Wish, extensions_used: int) -> list[int]:
    rules = policy.extension
    if extensions_used >= rules.per_12_months:
        return []
    days = [] if wish.days is None else [min(max(wish.days, rules.days.min), rules.days.max)]
    return list(dict.fromkeys([*days, *rules.offered_days]))


def _within_ability(option: Option, wish: Wish) -> bool:
    return wish.ability is None or option.largest <= wish.ability


def _latest_first(policy: ProductPolicy, today: date, hardship: bool) -> date:
    rules = policy.instalment
    return today + timedelta(days=rules.first_payment_days_hardship if hardship else rules.first_payment_days)


def _down_payment(amount: Money, policy: ProductPolicy, hardship: bool) -> Money:
    if hardship:
        return Money(0, amount.currency)
    return amount.times(policy.instalment.down_payment_percent / 100)


def _interest(part: Money, annual_percent: Decimal, days: int) -> Money:
    """Simple interest, actual/365, rounded half-even to a minor unit."""
    # A share of a year has no end as a decimal, and half a cent must be seen as just that.
    return Money(round(part.minor * Fraction(annual_percent) * days / (100 * _YEAR_DAYS)), part.currency)


def _count_refusals(amount: Money, policy: ProductPolicy, wish: Wish, hardship: bool) -> Iterable[Refusal]:
    low, high = policy.instalment.count.min, policy.instalment.count.max
    affordable = max_count(amount, policy, hardship=hardship)
    minimum = Money.of(policy.instalment.minimum, amount.currency)
    asked = wish.count
    if asked is None and wish.ability is not None and wish.ability.minor > 0:
        asked = ceil(Fraction(amount.minor, wish.ability.minor))
    if asked is None:
        return
    if asked > high or (wish.count is not None and asked < low):
        yield Refusal("instalment.count", f"{low}-{high}", str(asked))
    if asked > affordable and affordable < high:
        rest = amount - _down_payment(amount, policy, hardship)
        yield Refusal("instalment.minimum", str(minimum), str(Money(rest.minor // asked, amount.currency)))


def _extension_refusals(policy: ProductPolicy, wish: Wish, used: int) -> Iterable[Refusal]:
    rules = policy.extension
    if wish.kind != "extension":
        return
    if used >= rules.per_12_months:
        yield Refusal("extension.per_12_months", str(rules.per_12_months), str(used + 1))
    if wish.days is not None and not rules.days.min <= wish.days <= rules.days.max:
        yield Refusal("extension.days", f"{rules.days.min}-{rules.days.max}", str(wish.days))


def _first_refusals(policy: ProductPolicy, wish: Wish, today: date, hardship: bool) -> Iterable[Refusal]:
    latest = _latest_first(policy, today, hardship)
    if wish.first_on is not None and wish.first_on > latest:
        yield Refusal("instalment.first_payment", latest.isoformat(), wish.first_on.isoformat())
