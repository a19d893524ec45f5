"""The limits that hold for one loan on one day, out of its policy, ready to be reckoned with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, get_args

from bot.domain.calendars import CalendarPolicy, Closed, closed_days
from bot.domain.interest import DayCount, Method
from bot.domain.lines import Line
from bot.domain.money import Money, OddCents
from bot.domain.policy import KINDS, Campaign, Frequency, Kind, Part, ProductPolicy, Remembered, widened
from bot.domain.schedules import Check
from bot.domain.values import quickly_made

# Beyond these no relaxed limit is tried: ten years of payments, a year of waiting.
MOST_COUNT = 120
MOST_DAYS = 366
MOST_MONTHS = 12


@dataclass(frozen=True, slots=True)
class History:
    """What went before on a loan, and what is known of its borrower.

    `open_dispute` is whether a dispute is open now; `tier` the customer tier, None where the lender has none.
    """

    extensions_5_years: int = 0
    holidays_12_months: int = 0
    plans_12_months: int = 0
    broken_promises_12_months: int = 0
    open_dispute: bool = False
    tier: str | None = None


NO_HISTORY = History()


class Beginning(NamedTuple):
    """Where and how often a plan is paid, whether that is what was wished, and what it was held against."""

    first: date
    frequency: Frequency
    line: Line
    as_wished: bool
    checks: tuple[Check, ...] = ()


Start = tuple[date, date | int | None, Frequency | None, int | None]
"""Today, and what a wish says of the beginning: its day or the months until then, how often, the payday."""


@dataclass(frozen=True, slots=True)
class Limits:
    """A policy's limits as plain numbers: amounts in minor units, days from agreement."""

    currency: str
    calendar: CalendarPolicy | None
    closed: Closed
    kinds: tuple[Kind, ...]
    """What is offered, the most readily offered first."""
    all_kinds: tuple[Kind, ...]
    count_low: int
    count_high: int
    offered_counts: tuple[int, ...]
    frequencies: tuple[Frequency, ...]
    usual_frequencies: tuple[Frequency, ...]
    minimum: int
    first_days: int
    usual_first_days: int
    """Where the borrower names no day; relaxing the limit moves no plan."""
    down_percents: tuple[Decimal, ...]
    rates: tuple[Decimal, ...]
    method: Method
    basis: DayCount
    odd: OddCents
    extension_low: int
    extension_high: int
    offered_days: tuple[int, ...]
    extensions_12: int
    extensions_60: int
    holiday_months: int
    usual_holiday_months: int
    holidays_12: int
    hardship_only: bool
    review_days: int
    partial_percent: Decimal
    usual_partial_percent: Decimal
    partial_days: int
    usual_partial_days: int
    waiver_days: int
    usual_waiver_days: int
    fees_percent: Decimal
    interest_percent: Decimal
    usual_percents: tuple[Decimal, Decimal]
    principal_percent: Decimal
    campaign: Campaign | None
    allocation: tuple[Part, ...]
    stages: tuple[str, ...] | None
    broken_promises: int | None
    plans: int | None
    during_dispute: bool
    words: dict[str, str]
    """What the limits allow that depend on nothing else, as it is said."""
    beginnings: dict[Start, Beginning | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """Where plans begin under these limits, as far as it was reckoned already."""
    loosened: dict[frozenset[str], Limits] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """These limits without some of them, as far as they were asked for already."""


Situation = tuple[str, str | None, bool]
"""Stage of arrears, customer tier, hardship."""


def _compile(policy: ProductPolicy, situation: Situation) -> Limits:
    stage, tier, hardship = situation
    found, only = policy.in_case(stage, tier)
    if hardship:
        found = widened(found, policy.hardship)
    rules, extension, holiday = found.instalment, found.extension, found.holiday
    partial, waiver, who = found.partial, found.waiver, found.eligibility
    days = rules.first_payment_days_hardship if hardship else rules.first_payment_days
    kinds = sorted(KINDS, key=lambda kind: -policy.weight(kind))
    return Limits(
        currency=found.currency,
        calendar=found.calendar,
        closed=closed_days(found.calendar),
        kinds=tuple(kind for kind in kinds if only is None or kind in only),
        all_kinds=tuple(kinds),
        count_low=rules.count.min,
        count_high=rules.count.max,
        offered_counts=rules.offered_counts,
        frequencies=rules.frequencies,
        usual_frequencies=rules.frequencies,
        minimum=Money.of(rules.minimum, found.currency).minor,
        first_days=days,
        usual_first_days=days,
        down_percents=(Decimal(0) if hardship else rules.down_payment_percent,),
        rates=(rules.annual_rate_percent,),
        method=rules.interest,
        basis=rules.day_count,
        odd=rules.odd_cents,
        extension_low=extension.days.min,
        extension_high=extension.days.max,
        offered_days=extension.offered_days,
        extensions_12=extension.per_12_months,
        extensions_60=extension.per_5_years,
        holiday_months=holiday.months,
        usual_holiday_months=holiday.months or 1,
        holidays_12=holiday.per_12_months,
        hardship_only=holiday.hardship_only,
        review_days=holiday.review_days,
        partial_percent=partial.minimum_percent,
        usual_partial_percent=partial.minimum_percent,
        partial_days=partial.days,
        usual_partial_days=partial.days or 30,
        waiver_days=waiver.days,
        usual_waiver_days=waiver.days,
        fees_percent=waiver.fees_percent,
        interest_percent=waiver.interest_percent,
        usual_percents=(waiver.fees_percent, waiver.interest_percent),
        principal_percent=Decimal(0),
        campaign=waiver.campaign,
        allocation=policy.allocation,
        stages=who.stages,
        broken_promises=who.broken_promises_12_months,
        plans=who.plans_per_12_months,
        during_dispute=who.during_dispute,
        words=_words(found, kinds if only is None else [kind for kind in kinds if kind in only]),
    )


def _words(policy: ProductPolicy, kinds: Sequence[Kind]) -> dict[str, str]:
    rules, extension, holiday, who = policy.instalment, policy.extension, policy.holiday, policy.eligibility
    return {
        "instalment.count": f"{rules.count.min}-{rules.count.max}",
        "instalment.minimum": str(Money.of(rules.minimum, policy.currency)),
        "instalment.down_payment": f"{rules.down_payment_percent} %",
        "instalment.annual_rate": f"{rules.annual_rate_percent} %",
        "instalment.frequency": ", ".join(rules.frequencies),
        "extension.days": f"{extension.days.min}-{extension.days.max}",
        "extension.per_12_months": str(extension.per_12_months),
        "extension.per_5_years": str(extension.per_5_years),
        "holiday.hardship": "hardship",
        "holiday.months": str(holiday.months),
        "holiday.per_12_months": str(holiday.per_12_months),
        "partial.days": str(policy.partial.days),
        "waiver.principal": "0 %",
        "eligibility.kind": ", ".join(kinds) or "none",
        "eligibility.stage": ", ".join(who.stages or ()) or "none",
        "eligibility.broken_promises": str(who.broken_promises_12_months),
        "eligibility.plans": str(who.plans_per_12_months),
        "eligibility.dispute": "none",
    }


limits_of: Remembered[ProductPolicy, Situation, Limits] = Remembered(_compile)


@quickly_made
@dataclass(frozen=True, slots=True)
class Case:
    """The facts that an offer rests on: what it would settle, today, and what went before.

    `parts` are what is open of it, in minor units; `extensions_used` counts the last 12 months.
    """

    amount: Money
    fees: int
    interest: int
    today: date
    stage: str
    hardship: bool
    extensions_used: int
    history: History


RELAXED: dict[str, Callable[[Limits], dict[str, Any]]] = {
    "instalment.annual_rate": lambda now: {"rates": (*now.rates, Decimal(0))},
    "instalment.frequency": lambda now: {"frequencies": (*now.frequencies, *get_args(Frequency))},
    "instalment.down_payment": lambda now: {"down_percents": (*now.down_percents, Decimal(0))},
    "instalment.minimum": lambda now: {"minimum": 1},
    "instalment.first_payment": lambda now: {"first_days": MOST_DAYS},
    "instalment.count": lambda now: {"count_low": 1, "count_high": MOST_COUNT},
    "extension.per_12_months": lambda now: {"extensions_12": 10**6},
    "extension.per_5_years": lambda now: {"extensions_60": 10**6},
    "extension.days": lambda now: {"extension_low": min(1, now.extension_low), "extension_high": MOST_DAYS},
    "holiday.hardship": lambda now: {"hardship_only": False},
    "holiday.per_12_months": lambda now: {"holidays_12": 10**6},
    "holiday.months": lambda now: {"holiday_months": MOST_MONTHS},
    "partial.minimum": lambda now: {"partial_percent": Decimal(0)},
    "partial.days": lambda now: {"partial_days": MOST_DAYS},
    "waiver.days": lambda now: {"waiver_days": MOST_DAYS},
    "waiver.fees": lambda now: {"fees_percent": Decimal(100)},
    "waiver.interest": lambda now: {"interest_percent": Decimal(100)},
    "waiver.principal": lambda now: {"principal_percent": Decimal(100)},
    "eligibility.kind": lambda now: {"kinds": now.all_kinds},
    "eligibility.stage": lambda now: {"stages": None},
    "eligibility.broken_promises": lambda now: {"broken_promises": None},
    "eligibility.plans": lambda now: {"plans": None},
    "eligibility.dispute": lambda now: {"during_dispute": True},
}
"""For each limit, what it is to be without it: a plan may still be as the limit has it."""


def relaxed(limits: Limits, names: frozenset[str]) -> Limits:
    """Return the limits without those in `names`, the same ones each time."""
    found = limits.loosened.get(names)
    if found is None:
        changes: dict[str, Any] = {}
        for name in names:
            changes |= RELAXED[name](limits)
        # At most one for each set of limits of a kind, of which few are ever asked for.
        found = limits.loosened[names] = replace(limits, **changes)
    return found
