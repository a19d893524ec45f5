"""How far limits reach: wider with authority and in hardship, other by stage of arrears and customer tier."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import Field

from bot.domain.policy.base import Authority, Frozen, Range
from bot.domain.policy.sections import MOST_INSTALMENTS, Kind

if TYPE_CHECKING:
    from bot.domain.policy.product import ProductPolicy


class Reach(Frozen):
    """Limits that differ from those beside them; what is left out stays as it is there."""

    instalments: int | None = Field(default=None, ge=1, le=MOST_INSTALMENTS)
    minimum: Decimal | None = Field(default=None, gt=0)
    first_payment_days: int | None = Field(default=None, ge=1, le=90)
    down_payment_percent: Decimal | None = Field(default=None, ge=0, le=50)
    annual_rate_percent: Decimal | None = Field(default=None, ge=0, le=24)
    extension_days: int | None = Field(default=None, ge=1, le=180)
    extensions_per_12_months: int | None = Field(default=None, ge=0, le=12)
    extensions_per_5_years: int | None = Field(default=None, ge=0, le=60)
    holiday_months: int | None = Field(default=None, ge=0, le=6)
    holidays_per_12_months: int | None = Field(default=None, ge=0, le=12)
    partial_percent: Decimal | None = Field(default=None, gt=0, lt=100)
    partial_days: int | None = Field(default=None, ge=0, le=90)
    waiver_days: int | None = Field(default=None, ge=1, le=90)
    waive_fees_percent: Decimal | None = Field(default=None, ge=0, le=100)
    waive_interest_percent: Decimal | None = Field(default=None, ge=0, le=100)
    broken_promises: int | None = Field(default=None, ge=0)
    plans_per_12_months: int | None = Field(default=None, ge=0)
    stages: tuple[str, ...] | None = Field(default=None, description="names of stages")


class Adjustment(Frozen):
    """Other limits for some stages of arrears, some customer tiers, or both; later ones win.

    A level above the bot keeps what it may grant elsewhere, unless `authority` here states the same limit.
    """

    stages: tuple[str, ...] | None = Field(default=None, min_length=1, description="names of stages")
    tiers: tuple[str, ...] | None = Field(default=None, min_length=1, description="names of tiers")
    kinds: tuple[Kind, ...] | None = None
    """The only kinds of arrangement that are offered then."""
    limits: Reach = Reach()
    authority: dict[Authority, Reach] = Field(default_factory=dict)

    def reach(self, level: Authority, elsewhere: Reach) -> Reach:
        """Return what `level` may grant where this holds, given its reach elsewhere."""
        own = {name for reach in self.authority.values() for name, _ in given(reach)}
        kept = elsewhere.model_copy(update=dict.fromkeys(own))
        return overlaid(kept, self.authority.get(level, Reach()))

    def fits(self, stage: str, tier: str | None) -> bool:
        """Tell whether it holds for a loan in `stage` of a borrower in `tier`."""
        return (self.stages is None or stage in self.stages) and (self.tiers is None or tier in self.tiers)


class Place(NamedTuple):
    """Where a limit of a reach stands in a policy, and whether more (1) or less (-1) of it is wider."""

    section: str
    field: str
    wider: int


PLACES = {
    "instalments": Place("instalment", "count", 1),
    "minimum": Place("instalment", "minimum", -1),
    "first_payment_days": Place("instalment", "first_payment_days", 1),
    "down_payment_percent": Place("instalment", "down_payment_percent", -1),
    "annual_rate_percent": Place("instalment", "annual_rate_percent", -1),
    "extension_days": Place("extension", "days", 1),
    "extensions_per_12_months": Place("extension", "per_12_months", 1),
    "extensions_per_5_years": Place("extension", "per_5_years", 1),
    "holiday_months": Place("holiday", "months", 1),
    "holidays_per_12_months": Place("holiday", "per_12_months", 1),
    "partial_percent": Place("partial", "minimum_percent", -1),
    "partial_days": Place("partial", "days", 1),
    "waiver_days": Place("waiver", "days", 1),
    "waive_fees_percent": Place("waiver", "fees_percent", 1),
    "waive_interest_percent": Place("waiver", "interest_percent", 1),
    "broken_promises": Place("eligibility", "broken_promises_12_months", 1),
    "plans_per_12_months": Place("eligibility", "plans_per_12_months", 1),
    "stages": Place("eligibility", "stages", 1),
}


def value_at(policy: ProductPolicy, name: str) -> Any:
    """Return the value of a policy that a reach calls `name`: of a range its upper end."""
    place = PLACES[name]
    found = getattr(getattr(policy, place.section), place.field)
    return found.max if isinstance(found, Range) else found


def given(reach: Reach) -> Iterator[tuple[str, Any]]:
    """Yield the name and value of every limit that a reach states."""
    for name in PLACES:
        value = getattr(reach, name)
        if value is not None:
            yield name, value


def falls_short(name: str, value: Any, below: Any) -> bool:
    """Tell whether `value` of a limit is narrower than `below`; None is no limit at all."""
    if below is None:
        return value is not None
    if name == "stages":
        return not set(below) <= set(value)
    return bool((value - below) * PLACES[name].wider < 0)


def widened(policy: ProductPolicy, reach: Reach) -> ProductPolicy:
    """Return `policy` with every limit of `reach` that is wider than its own."""
    return _with(policy, {n: v for n, v in given(reach) if falls_short(n, value_at(policy, n), v)})


def adjusted(policy: ProductPolicy, reach: Reach) -> ProductPolicy:
    """Return `policy` with every limit of `reach`, wider or narrower."""
    return _with(policy, dict(given(reach)))


def wider_of(one: Reach, other: Reach) -> Reach:
    """Return, of the limits that `one` states, the wider of both; those that only `other` states stay out."""
    changes = {
        name: getattr(other, name)
        for name, value in given(one)
        if getattr(other, name) is not None and falls_short(name, value, getattr(other, name))
    }
    return one.model_copy(update=changes)


def overlaid(one: Reach, other: Reach) -> Reach:
    """Return both together; where both state a limit, the wider holds."""
    return wider_of(one, other).model_copy(
        update={name: value for name, value in given(other) if getattr(one, name) is None}
    )


def _with(policy: ProductPolicy, limits: dict[str, Any]) -> ProductPolicy:
    """Return `policy` with these limits. A longer wait for the first payment holds in hardship as well."""
    sections: dict[str, dict[str, Any]] = {}
    for name, value in limits.items():
        place = PLACES[name]
        now = getattr(getattr(policy, place.section), place.field)
        if isinstance(now, Range):
            value = now.model_copy(update={"max": value, "min": min(now.min, value)})
        sections.setdefault(place.section, {})[place.field] = value
    if "first_payment_days" in limits:
        days = max(limits["first_payment_days"], policy.instalment.first_payment_days_hardship)
        sections["instalment"]["first_payment_days_hardship"] = days
    changes = {name: getattr(policy, name).model_copy(update=one) for name, one in sections.items()}
    return policy.model_copy(update=changes)
