"""Which limits keep a wish from being granted: feasible with all of them gone, infeasible with one left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

from bot.domain.limits import MOST_COUNT, MOST_DAYS, MOST_MONTHS, Case, Limits, relaxed
from bot.domain.model import Refusal
from bot.domain.money import Money
from bot.domain.policy import Kind
from bot.domain.relief import least_now, percent_of, shares_waived, waived_parts, waiver_days
from bot.domain.schedules import IN_A_MONTH, Option, Wish, fullest
from bot.domain.sizes import least_monthly
from bot.domain.terms import find, is_barred

# In the order in which they are put back: what is named most readily stands last, and is said first.
_WHO = (
    "eligibility.kind",
    "eligibility.stage",
    "eligibility.broken_promises",
    "eligibility.plans",
    "eligibility.dispute",
)
NAMES: dict[Kind, tuple[str, ...]] = {
    "instalment": (
        "instalment.annual_rate",
        "instalment.frequency",
        "instalment.down_payment",
        "instalment.minimum",
        "instalment.first_payment",
        "instalment.count",
        *_WHO,
    ),
    "extension": ("extension.per_12_months", "extension.per_5_years", "extension.days", *_WHO),
    "holiday": (
        "instalment.annual_rate",
        "instalment.frequency",
        "instalment.minimum",
        "instalment.count",
        "holiday.hardship",
        "holiday.per_12_months",
        "holiday.months",
        *_WHO,
    ),
    "partial": ("partial.minimum", "partial.days", *_WHO),
    "waiver": ("waiver.days", "waiver.fees", "waiver.interest", "waiver.principal", *_WHO),
}


def binding(case: Case, limits: Limits, wish: Wish) -> tuple[tuple[str, ...], Option | None]:
    """Return a smallest set of limits that bind, with the plan that is feasible without them.

    The borrower's own `ability` is named where no plan fits it however far the limits are relaxed. Nothing
    is returned for a wish that no plan can be.
    """
    names = NAMES[wish.sort]
    left, own = frozenset(names), tuple[str, ...]()
    found = find(case, relaxed(limits, left), wish)
    if found is None and wish.ability is not None:
        wish, own = replace(wish, ability=None), ("ability",)
        found = find(case, relaxed(limits, left), wish)
    if found is None:
        return (), None
    # One limit after the other is put back; what cannot be put back binds.
    for name in names:
        again = find(case, relaxed(limits, left - {name}), wish)
        if again is not None:
            left, found = left - {name}, again
    return (*(name for name in reversed(names) if name in left), *own), found


def refusals(case: Case, limits: Limits, wish: Wish, nearest: Option | None) -> tuple[Refusal, ...]:
    """Return a refusal for each limit that binds; empty when the wish is feasible.

    `asked` is what the limit would have to be. The detail `nearest` is the value of `nearest`, the terms that
    may be agreed instead; without any, the least a month that a plan within the limits asks.
    """
    if find(case, limits, wish) is not None:
        return ()
    names, found = binding(case, limits, wish)
    if found is None:
        return tuple(_beyond(limits, wish)) or (Refusal("wish", "", _said(wish)),)
    return tuple(_refusal(name, case, limits, wish, found, nearest) for name in names)


def _refusal(
    name: str, case: Case, limits: Limits, wish: Wish, found: Option, nearest: Option | None
) -> Refusal:
    if name == "waiver.days":
        fees, interest, _ = waived_parts(case, found.waived_minor)
        allowed = str(waiver_days(case, limits, fees, interest))
    else:
        allowed = _ALLOWED[name](case, limits, wish) if name in _ALLOWED else limits.words[name]
    detail = {}
    if nearest is not None and name in _VALUE and nearest.kind == found.kind:
        detail["nearest"] = _VALUE[name](nearest)
    elif name in ("ability", "instalment.count", "instalment.minimum") and wish.ability is not None:
        least = None if is_barred(case, limits, "instalment") else least_monthly(case, limits)
        if least is not None:
            asked = fullest(least[1], IN_A_MONTH[least[0].frequency])
            detail["least_monthly"] = str(Money(asked, case.amount.currency))
    return Refusal(name, allowed, _ASKED[name](case, wish, found), detail)


def _part(option: Option) -> str:
    """Return the smallest share of the principal that a payment settles, beside a down payment."""
    smallest = min(item.amount.minor for item in option.schedule)
    return str(Money(min(smallest, option.principal.minor // option.count), option.principal.currency))


def _latest(case: Case, limits: Limits, wish: Wish) -> str:
    return (case.today + timedelta(days=limits.first_days)).isoformat()


def _percents(case: Case, found: Option) -> tuple[str, str, str]:
    fees, interest, rest = waived_parts(case, found.waived_minor)
    shares = (
        (fees, case.fees),
        (interest, case.interest),
        (rest, case.amount.minor - case.fees - case.interest),
    )
    return tuple(f"{percent_of(part, whole)} %" for part, whole in shares)  # type: ignore[return-value]


def _beyond(limits: Limits, wish: Wish) -> Iterator[Refusal]:
    """Yield the limits on numbers that no plan can have, however far they are relaxed."""
    kind, most = wish.sort, limits.words
    for name, value, highest in (
        ("instalment.count", wish.count if kind in ("instalment", "holiday") else None, MOST_COUNT),
        ("holiday.months", wish.months, MOST_MONTHS),
        (f"{kind}.days", wish.days if kind in ("extension", "partial", "waiver") else None, MOST_DAYS),
    ):
        if value is not None and not 1 <= value <= highest:
            yield Refusal(name, most.get(name, str(limits.waiver_days)), str(value))


def _said(wish: Wish) -> str:
    given = {name: getattr(wish, name) for name in Wish.__slots__}
    return ", ".join(f"{name} {value}" for name, value in given.items() if value is not None)


_ALLOWED: dict[str, Callable[[Case, Limits, Wish], str]] = {
    "instalment.first_payment": _latest,
    "partial.minimum": lambda case, limits, wish: str(Money(least_now(case, limits), case.amount.currency)),
    "waiver.fees": lambda case, limits, wish: f"{shares_waived(case, limits)[0]} %",
    "waiver.interest": lambda case, limits, wish: f"{shares_waived(case, limits)[1]} %",
    "ability": lambda case, limits, wish: str(wish.ability),
}
_ASKED: dict[str, Callable[[Case, Wish, Option], str]] = {
    "instalment.count": lambda case, wish, found: str(found.count),
    "instalment.minimum": lambda case, wish, found: _part(found),
    "instalment.down_payment": lambda case, wish, found: "0 %",
    "instalment.annual_rate": lambda case, wish, found: "0 %",
    "instalment.frequency": lambda case, wish, found: str(wish.frequency),
    "instalment.first_payment": lambda case, wish, found: found.schedule[0].due_on.isoformat(),
    "extension.days": lambda case, wish, found: str(found.days if wish.days is None else wish.days),
    "extension.per_12_months": lambda case, wish, found: str(case.extensions_used + 1),
    "extension.per_5_years": lambda case, wish, found: str(
        max(case.history.extensions_5_years, case.extensions_used) + 1
    ),
    "holiday.hardship": lambda case, wish, found: "none",
    "holiday.months": lambda case, wish, found: str(found.months),
    "holiday.per_12_months": lambda case, wish, found: str(case.history.holidays_12_months + 1),
    "partial.minimum": lambda case, wish, found: str(found.schedule[0].amount),
    "partial.days": lambda case, wish, found: str(found.days if wish.days is None else wish.days),
    "waiver.days": lambda case, wish, found: str(found.days if wish.days is None else wish.days),
    "waiver.fees": lambda case, wish, found: _percents(case, found)[0],
    "waiver.interest": lambda case, wish, found: _percents(case, found)[1],
    "waiver.principal": lambda case, wish, found: _percents(case, found)[2],
    "eligibility.kind": lambda case, wish, found: wish.sort,
    "eligibility.stage": lambda case, wish, found: case.stage,
    "eligibility.broken_promises": lambda case, wish, found: str(case.history.broken_promises_12_months),
    "eligibility.plans": lambda case, wish, found: str(case.history.plans_12_months + 1),
    "eligibility.dispute": lambda case, wish, found: "open",
    "ability": lambda case, wish, found: str(found.monthly),
}
_VALUE: dict[str, Callable[[Option], str]] = {
    "instalment.count": lambda one: str(one.count),
    "instalment.minimum": lambda one: str(one.count),
    "instalment.first_payment": lambda one: one.schedule[0].due_on.isoformat(),
    "instalment.frequency": lambda one: one.frequency,
    "extension.days": lambda one: str(one.days),
    "holiday.months": lambda one: str(one.months),
    "partial.minimum": lambda one: str(one.schedule[0].amount),
    "partial.days": lambda one: str(one.days),
    "waiver.days": lambda one: str(one.days),
    "waiver.fees": lambda one: str(one.waived),
    "waiver.interest": lambda one: str(one.waived),
    "waiver.principal": lambda one: str(one.waived),
}
