"""Ranked offers of every kind: deterministic, exact, inside the product policy, never above the ability."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.domain.allocation import open_parts
from bot.domain.binding import refusals
from bot.domain.limits import Case, History, Limits, limits_of
from bot.domain.lines import add_months
from bot.domain.model import Loan, Refusal
from bot.domain.money import Money
from bot.domain.policy import Kind, ProductPolicy
from bot.domain.schedules import IN_A_MONTH, Check, Instalment, Option, Reason, Wish, fullest
from bot.domain.terms import beginning, extension, find, is_barred, nearest, plan, sizes

__all__ = [
    "MAX_OPTIONS",
    "Check",
    "History",
    "Instalment",
    "Kind",
    "Offers",
    "Option",
    "Wish",
    "add_months",
    "case_of",
    "extension_option",
    "instalment_option",
    "limits_for",
    "lowest_plan",
    "max_count",
    "offers",
    "offers_within",
    "plan_amount",
]

MAX_OPTIONS = 3
_NO_HISTORY = History()


@dataclass(frozen=True, slots=True)
class Offers:
    """Feasible options, best first (at most three), and every limit that keeps the wish from being granted."""

    options: tuple[Option, ...]
    refusals: tuple[Refusal, ...] = ()


def plan_amount(loan: Loan, today: date) -> Money:
    """Return what a plan would settle: all that is due by `today`, else the next due item."""
    due = 0
    for item in loan.dues:
        if item.due_on <= today:
            due += item.principal.minor + item.interest.minor + item.fee.minor - item.paid.minor
    if due > 0:
        return Money(due, loan.currency)
    following = loan.next_due()
    return Money(0, loan.currency) if following is None else following.open


def offers(
    loan: Loan,
    policy: ProductPolicy,
    wish: Wish,
    *,
    today: date,
    hardship: bool,
    extensions_used: int = 0,
    history: History = _NO_HISTORY,
) -> Offers:
    """Return the options that `policy` allows for `wish`, best first, and the limits that bind.

    `extensions_used` counts extensions agreed in the last 12 months, `history` what else went before. No
    option asks more a month than the stated ability. What was wished stands first where it is feasible, else
    what comes nearest to it; then what the policy offers most readily.
    """
    case = case_of(loan, policy, today, hardship, extensions_used, history)
    if case.amount.minor <= 0:
        return Offers((), (Refusal("nothing_due", "0", "a plan"),))
    return offers_within(case, limits_for(case, policy), wish)


def offers_within(case: Case, limits: Limits, wish: Wish) -> Offers:
    """Return the offers for a case that has something due, within limits."""
    met = find(case, limits, wish)
    first = met or nearest(case, limits, wish)
    found: list[Option] = []
    if first is not None:
        found.append(replace(first, reason=_reason(wish, met is not None)))
    for option in _others(case, limits, wish):
        if len(found) == MAX_OPTIONS:
            break
        if option not in found:
            found.append(option)
    # A wish that is no wish is not refused: nobody has asked for anything.
    limited = () if met is not None else refusals(case, limits, wish, first)
    return Offers(tuple(found), limited)


def case_of(
    loan: Loan,
    policy: ProductPolicy,
    today: date,
    hardship: bool,
    extensions_used: int = 0,
    history: History = _NO_HISTORY,
) -> Case:
    """Gather what an offer rests on."""
    fees = interest = 0
    for due in loan.dues:
        if due.fee.minor or due.interest.minor:
            dues = [one for one in loan.dues if one.due_on <= today] or [
                one for one in (loan.next_due(),) if one is not None
            ]
            parts = open_parts(dues, policy.allocation)
            fees, interest = parts["fees"], parts["interest"]
            break
    stage = policy.stage(loan.days_past_due(today) or 0)
    return Case(plan_amount(loan, today), fees, interest, today, stage, hardship, extensions_used, history)


def limits_for(case: Case, policy: ProductPolicy) -> Limits:
    """Return the limits that `policy` has for a case: its stage of arrears, its tier, hardship."""
    return limits_of(policy, (case.stage, case.history.tier, case.hardship))


def max_count(amount: Money, policy: ProductPolicy, *, hardship: bool) -> int:
    """Return the most instalments that both the count limit and the minimum instalment allow (may be 0)."""
    minimum = Money.of(policy.instalment.minimum, amount.currency)
    down = Money(0, amount.currency)
    if not hardship:
        down = amount.times(policy.instalment.down_payment_percent / 100)
    return min(policy.instalment.count.max, (amount - down).minor // minimum.minor)


def lowest_plan(loan: Loan, policy: ProductPolicy, *, today: date, hardship: bool) -> Option | None:
    """Return the instalment plan that asks least a month, the cheapest of them; None when there is none."""
    case = case_of(loan, policy, today, hardship)
    limits = limits_for(case, policy)
    start = beginning(case, limits, Wish())
    if case.amount.minor <= 0 or start is None or is_barred(case, limits, "instalment"):
        return None
    sized = next(sizes(case, limits, start, limits.count_low))
    every = (sized.amounts(count) for count in range(sized.low, sized.high + 1))
    span = IN_A_MONTH[start.frequency]
    best = min(every, key=lambda amounts: (fullest(amounts, span), sum(amounts)), default=None)
    return None if best is None else plan(case, limits, start, best)


def instalment_option(
    amount: Money,
    policy: ProductPolicy,
    count: int,
    *,
    today: date,
    hardship: bool,
    first_on: date | None = None,
    wish: Wish | None = None,
) -> Option:
    """Build the plan of `count` payments that settles `amount`; the caller checks the limits.

    `first_on` stands for a wish that says nothing else. Raises ValueError when there is no open day to begin.
    """
    case = Case(amount, 0, 0, today, policy.stages[0].name, hardship, 0, _NO_HISTORY)
    limits = limits_for(case, policy)
    start = beginning(case, limits, wish or Wish(first_on=first_on))
    if start is None:
        raise ValueError(f"{policy.product}: no open day to begin a plan after {today}")
    return plan(case, limits, start, next(sizes(case, limits, start, 1)).amounts(count))


def extension_option(amount: Money, days: int, today: date) -> Option:
    """Build the plan that moves `amount` as a whole to `days` from today, at no cost."""
    return extension(amount, days, today + timedelta(days=days))


def _reason(wish: Wish, is_met: bool) -> Reason:
    if not is_met:
        return "nearest_to_wish"
    said = (wish.count, wish.days, wish.first_on, wish.frequency, wish.months, wish.pay_now, wish.waive)
    if wish.kind not in (None, "instalment") or any(one is not None for one in said):
        return "as_wished"
    return "policy_order" if wish.ability is None else "fits_ability"


def _others(case: Case, limits: Limits, wish: Wish) -> Iterator[Option]:
    """Yield what else may be had, the wished kind first, then by the policy's weights.

    Without a wish the first kind leaves room for another.
    """
    reason: Reason = "policy_order" if wish.ability is None else "fits_ability"
    aside = Wish(ability=wish.ability, first_on=wish.first_on, frequency=wish.frequency, payday=wish.payday)
    asked = wish.kind is not None or wish.count is not None or wish.ability is not None
    kinds = sorted(limits.kinds, key=lambda kind: kind != wish.sort)
    put_off: list[Option] = []
    for kind in kinds:
        if is_barred(case, limits, kind):
            continue
        room = MAX_OPTIONS if asked or kind != kinds[0] else MAX_OPTIONS - 1
        for number, option in enumerate(_of(kind, case, limits, aside)):
            made = replace(option, reason=reason)
            if number < room:
                yield made
            else:
                put_off.append(made)
    yield from put_off


def _of(kind: Kind, case: Case, limits: Limits, wish: Wish) -> Iterator[Option]:
    if kind == "instalment":
        start = beginning(case, limits, wish)
        if start is None:
            return
        sized = next(sizes(case, limits, start, limits.count_low))
        for count in limits.offered_counts:
            amounts = sized.within(count, wish.ability) if sized.low <= count <= sized.high else None
            if amounts is not None:
                yield plan(case, limits, start, amounts)
    elif kind == "extension":
        for days in limits.offered_days:
            option = nearest(case, limits, Wish("extension", days=days, ability=wish.ability))
            if option is not None:
                yield option
    elif kind != "holiday" or limits.holiday_months:
        option = nearest(case, limits, Wish(kind, ability=wish.ability))
        if option is not None:
            yield option
