"""Ranked offers of every kind: deterministic, exact, inside the product policy, never above the ability."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

from bot.domain.allocation import open_parts
from bot.domain.binding import refusals
from bot.domain.limits import NO_HISTORY, Case, History, Limits, limits_of
from bot.domain.lines import add_months
from bot.domain.model import Loan, Refusal
from bot.domain.money import Money
from bot.domain.policy import Kind, ProductPolicy
from bot.domain.schedules import Check, Instalment, Option, Reason, Wish
from bot.domain.sizes import beginning, least_monthly, usual_sizes
from bot.domain.terms import extension, find, is_barred, nearest, offered_plans, plan
from bot.domain.values import quickly_made

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


@quickly_made
@dataclass(frozen=True, slots=True)
class Offers:
    """Feasible options, best first (at most three), and every limit that keeps a wish from being granted."""

    options: tuple[Option, ...]
    refusals: tuple[Refusal, ...] = ()


def plan_amount(loan: Loan, today: date) -> Money:
    """Return what a plan would settle: all that is due by `today`, else the next due item."""
    due = 0
    for item in loan.dues:
        if item.due_on <= today:
            due += item.open_minor
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
    history: History = NO_HISTORY,
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
    met = find(case, limits, wish, _reason(wish))
    first = met or nearest(case, limits, wish)
    found = () if first is None else (first,)
    # A wish that cannot be met is told the limits; nothing else is ever refused.
    limited = () if met is not None else refusals(case, limits, wish, first)
    return Offers((*found, *islice(_others(case, limits, wish, found), MAX_OPTIONS - len(found))), limited)


def case_of(
    loan: Loan,
    policy: ProductPolicy,
    today: date,
    hardship: bool,
    extensions_used: int = 0,
    history: History = NO_HISTORY,
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
    if case.amount.minor <= 0 or is_barred(case, limits, "instalment"):
        return None
    found = least_monthly(case, limits)
    return None if found is None else plan(case, limits, *found)


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
    case = Case(amount, 0, 0, today, policy.stages[0].name, hardship, 0, NO_HISTORY)
    limits = limits_for(case, policy)
    start = beginning(case, limits, wish or Wish(first_on=first_on))
    if start is None:
        raise ValueError(f"{policy.product}: no open day to begin a plan after {today}")
    return plan(case, limits, start, usual_sizes(case, limits, start, 1).amounts(count))


def extension_option(amount: Money, days: int, today: date) -> Option:
    """Build the plan that moves `amount` as a whole to `days` from today, at no cost."""
    return extension(amount, days, today + timedelta(days=days))


def _reason(wish: Wish) -> Reason:
    """Return why an option that meets the wish stands first."""
    if (
        wish.count is not None
        or wish.kind not in (None, "instalment")
        or any(one is not None for one in (wish.first_on, wish.frequency, wish.days, wish.months))
        or wish.pay_now is not None
        or wish.waive is not None
    ):
        return "as_wished"
    return "policy_order" if wish.ability is None else "fits_ability"


def _others(case: Case, limits: Limits, wish: Wish, found: tuple[Option, ...]) -> Iterator[Option]:
    """Yield what else may be had, the wished kind first, then by the policy's weights.

    Without a wish the first kind leaves room for another.
    """
    reason: Reason = "policy_order" if wish.ability is None else "fits_ability"
    aside = Wish(ability=wish.ability, first_on=wish.first_on, frequency=wish.frequency, payday=wish.payday)
    sort = wish.sort
    kinds = limits.kinds
    if sort in kinds and sort != kinds[0]:
        kinds = (sort, *(kind for kind in kinds if kind != sort))
    asked = wish.kind is not None or wish.count is not None or wish.ability is not None
    room = MAX_OPTIONS if asked else MAX_OPTIONS - 1 - len(found)
    put_off: list[Option] = []
    for kind in kinds:
        if is_barred(case, limits, kind):
            continue
        for number, option in enumerate(_of(kind, case, limits, aside, found, reason)):
            if kind != kinds[0] or number < room:
                yield option
            else:
                put_off.append(option)
                break
    yield from put_off


def _of(
    kind: Kind, case: Case, limits: Limits, wish: Wish, taken: tuple[Option, ...], reason: Reason
) -> Iterator[Option]:
    if kind == "instalment":
        yield from offered_plans(case, limits, wish, taken, reason)
        return
    if kind == "extension":
        wishes = [Wish("extension", days=days, ability=wish.ability) for days in limits.offered_days]
    else:
        wishes = [Wish(kind, ability=wish.ability, first_on=wish.first_on, payday=wish.payday)]
    seen = list(taken)
    for one in wishes:
        option = nearest(case, limits, one, reason)
        if option is not None and option not in seen:
            seen.append(option)
            yield option
