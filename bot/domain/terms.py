"""Terms of each kind: the plan that is what was wished, or the nearest one, within given limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from bot.domain import relief
from bot.domain.calendars import nearest_open
from bot.domain.limits import Beginning, Case, Limits
from bot.domain.money import Money
from bot.domain.policy import Kind
from bot.domain.schedules import Check, Instalment, Option, Reason, Wish, along
from bot.domain.sizes import beginning, chosen, sizes, usual_sizes


def find(case: Case, limits: Limits, wish: Wish, reason: Reason = "as_wished") -> Option | None:
    """Return the option that is what was wished; None when the limits have none."""
    kind = wish.sort
    return None if is_barred(case, limits, kind) else _SHAPES[kind](case, limits, wish, False, reason)


def nearest(case: Case, limits: Limits, wish: Wish, reason: Reason = "nearest_to_wish") -> Option | None:
    """Return the option of the wished kind that comes nearest to the wish; never above the ability."""
    kind = wish.sort
    return None if is_barred(case, limits, kind) else _SHAPES[kind](case, limits, wish, True, reason)


def is_barred(case: Case, limits: Limits, kind: Kind) -> bool:
    """Tell whether no option of `kind` may be had, whatever its terms."""
    history = case.history
    if (
        kind not in limits.kinds
        or (limits.stages is not None and case.stage not in limits.stages)
        or (limits.broken_promises is not None and history.broken_promises_12_months > limits.broken_promises)
        or (limits.plans is not None and history.plans_12_months >= limits.plans)
        or (history.open_dispute and not limits.during_dispute)
    ):
        return True
    if kind == "extension":
        return (
            case.extensions_used >= limits.extensions_12
            or max(history.extensions_5_years, case.extensions_used) >= limits.extensions_60
        )
    return kind == "holiday" and (
        history.holidays_12_months >= limits.holidays_12 or (limits.hardship_only and not case.hardship)
    )


def plan(
    case: Case, limits: Limits, start: Beginning, amounts: list[int], reason: Reason = "policy_order"
) -> Option:
    """Build the instalment plan that asks `amounts`."""
    amount, count, words = case.amount, len(amounts), limits.words
    down = limits.down_percents[-1]
    rest = amount.minor - amount.times(down / 100).minor if down else amount.minor
    cost, least = sum(amounts) - amount.minor, rest // count
    return Option(
        "instalment",
        along(start.line, amounts, amount.currency),
        amount,
        Money(cost, amount.currency),
        frequency=start.frequency,
        reason=reason,
        checked=(
            Check("instalment.count", words["instalment.count"], count),
            Check("instalment.minimum", words["instalment.minimum"], Money(least, amount.currency)),
            *start.checks,
        ),
    )


def _instalment(case: Case, limits: Limits, wish: Wish, near: bool, reason: Reason) -> Option | None:
    start = beginning(case, limits, wish)
    if start is None or not (start.as_wished or near):
        return None
    for sized in sizes(case, limits, start, limits.count_low):
        found = chosen(sized, wish, limits.offered_counts, near)
        if found is not None:
            return plan(case, limits, start, found[1], reason)
    return None


def offered_plans(
    case: Case, limits: Limits, wish: Wish, taken: tuple[Option, ...], reason: Reason
) -> Iterator[Option]:
    """Yield the plans of the counts that policy offers, beside those that are taken; within the ability."""
    start = beginning(case, limits, wish)
    if start is None:
        return
    sized = usual_sizes(case, limits, start, limits.count_low)
    had = [len(one.schedule) for one in taken if one.kind == "instalment"]
    for count in limits.offered_counts:
        if sized.low <= count <= sized.high and count not in had:
            amounts = sized.within(count, wish.ability)
            if amounts is not None:
                yield plan(case, limits, start, amounts, reason)


def _extension(case: Case, limits: Limits, wish: Wish, near: bool, reason: Reason) -> Option | None:
    """A closed day moves an extension on, never to an earlier day than was asked for."""
    if wish.count not in (None, 1) and not near:
        return None
    if wish.ability is not None and wish.ability < case.amount:
        return None
    low, high = case.today + timedelta(days=limits.extension_low), limits.extension_high
    asked = limits.offered_days[0] if wish.days is None else wish.days
    if not near and not limits.extension_low <= asked <= high:
        return None
    day = nearest_open(
        # A wish far outside the calendar must not leave it on the way to the limits.
        case.today + timedelta(days=min(max(asked, limits.extension_low), high)),
        low,
        case.today + timedelta(days=high),
        limits.closed,
    )
    days = 0 if day is None else (day - case.today).days
    early = wish.days is not None and days < wish.days and not near
    if day is None or early:
        return None
    checks = (
        Check("extension.days", limits.words["extension.days"], days),
        Check("extension.per_12_months", limits.words["extension.per_12_months"], case.extensions_used + 1),
        Check(
            "extension.per_5_years",
            limits.words["extension.per_5_years"],
            max(case.history.extensions_5_years, case.extensions_used) + 1,
        ),
    )
    return extension(case.amount, days, day, checks, reason)


def extension(
    amount: Money, days: int, day: date, checks: tuple[Check, ...] = (), reason: Reason = "policy_order"
) -> Option:
    """Build the plan that moves `amount` as a whole to `day`, at no cost."""
    schedule = (Instalment(1, day, amount),)
    return Option(
        "extension", schedule, amount, Money(0, amount.currency), days=days, reason=reason, checked=checks
    )


_SHAPES: dict[Kind, Callable[[Case, Limits, Wish, bool, Reason], Option | None]] = {
    "instalment": _instalment,
    "extension": _extension,
    "holiday": relief.holiday,
    "partial": relief.partial,
    "waiver": relief.waiver,
}
