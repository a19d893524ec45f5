"""The sections of a product policy: limits of each kind of arrangement, who may have one, what to ask."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal, get_args

from pydantic import Field, model_validator

from bot.domain.interest import DayCount, Method
from bot.domain.money import OddCents
from bot.domain.policy.base import Frozen, Range, misplaced

Kind = Literal["instalment", "extension", "holiday", "partial", "waiver"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Frequency = Literal["weekly", "biweekly", "monthly", "payday"]
Part = Literal["fees", "interest", "principal"]
MOST_INSTALMENTS = 60
"""No policy may allow more; five years is what a bank may agree on a card at the most."""

_PERCENT = "a share in percent, 0 to 100"


class InstalmentPolicy(Frozen):
    """Limits of instalment plans."""

    count: Range
    offered_counts: tuple[int, ...] = Field(min_length=1)
    frequencies: tuple[Frequency, ...] = Field(default=("monthly",), min_length=1)
    """How often payments may fall due; the first is used where the borrower has no wish."""
    minimum: Decimal = Field(gt=0)
    first_payment_days: int = Field(ge=1, le=90)
    first_payment_days_hardship: int = Field(ge=1, le=90)
    down_payment_percent: Decimal = Field(ge=0, le=50)
    annual_rate_percent: Decimal = Field(ge=0, le=24)
    interest: Method = "simple"
    day_count: DayCount = "actual/365"
    odd_cents: OddCents = "last"
    grace_days: int = Field(ge=0, le=30)

    @model_validator(mode="after")
    def _offered_within_count(self) -> InstalmentPolicy:
        low, high = self.count.min, self.count.max
        if low < 1:
            raise misplaced(("count", "min"), f"{low} is below 1; a plan has at least one payment")
        if high > MOST_INSTALMENTS:
            raise misplaced(("count", "max"), f"{high} is above {MOST_INSTALMENTS}")
        outside = [n for n in self.offered_counts if not low <= n <= high]
        if outside:
            raise misplaced(("offered_counts",), f"{outside} lie outside count {low}-{high}")
        return self


class ExtensionPolicy(Frozen):
    """Limits of a later due date for the whole sum."""

    days: Range
    offered_days: tuple[int, ...] = Field(min_length=1)
    per_12_months: int = Field(ge=0)
    per_5_years: int = Field(default=2, ge=0)

    @model_validator(mode="after")
    def _offered_within_days(self) -> ExtensionPolicy:
        low, high = self.days.min, self.days.max
        if high > 180:
            raise misplaced(("days", "max"), f"{high} is above 180")
        outside = [n for n in self.offered_days if not low <= n <= high]
        if outside:
            raise misplaced(("offered_days",), f"{outside} lie outside days {low}-{high}")
        return self


class HolidayPolicy(Frozen):
    """Limits of a payment holiday: months without any payment, then the sum at once or in instalments."""

    months: int = Field(default=0, ge=0, le=6, description="months, 0 to 6; 0 offers none")
    hardship_only: bool = True
    per_12_months: int = Field(default=1, ge=0, le=12)
    review_days: int = Field(default=7, ge=1, le=30, description="days before its end, 1 to 30")


class PartialPolicy(Frozen):
    """Limits of a part paid now with a promise for the rest."""

    minimum_percent: Decimal = Field(default=Decimal(30), gt=0, lt=100, description="above 0, below 100")
    days: int = Field(default=0, ge=0, le=90, description="days until the rest, 0 to 90; 0 offers none")


class Campaign(Frozen):
    """A waiver that was approved beforehand: the bot may grant it from `begins` to `ends`, both included."""

    name: str = Field(min_length=1)
    begins: date = Field(description="a day such as 2026-11-01")
    ends: date = Field(description="a day such as 2026-12-31")
    fees_percent: Decimal = Field(ge=0, le=100, description=_PERCENT)
    interest_percent: Decimal = Field(default=Decimal(0), ge=0, le=100, description=_PERCENT)

    @model_validator(mode="after")
    def _days_are_ordered(self) -> Campaign:
        if self.ends < self.begins:
            raise misplaced(("ends",), f"{self.ends} is before the beginning, {self.begins}")
        if not (self.fees_percent or self.interest_percent):
            raise misplaced(("fees_percent",), "a campaign waives something, of fees or of interest")
        return self


class WaiverPolicy(Frozen):
    """How much of fees (penalties and late fees), then of interest may be waived; principal never.

    The two shares beside a campaign are what people may grant: `authority` raises them, a file has 0.
    """

    campaign: Campaign | None = None
    days: int = Field(default=15, ge=1, le=90, description="days until the rest has to be paid, 1 to 90")
    fees_percent: Decimal = Field(default=Decimal(0), ge=0, le=100, description=_PERCENT)
    interest_percent: Decimal = Field(default=Decimal(0), ge=0, le=100, description=_PERCENT)


class PromisePolicy(Frozen):
    """Limits of a promise to pay."""

    days_ahead: int = Field(ge=1, le=90)
    kept_percent: Decimal = Field(gt=0, le=100)
    grace_days: int = Field(ge=0, le=14)
    minimum: Decimal = Field(gt=0)


class Stage(Frozen):
    """A stage of arrears: all days past due up to `to` that no stage before it has."""

    name: str = Field(min_length=1)
    to: int | None = Field(default=None, ge=0, description="days past due; left out in the last stage")


STAGES = (Stage(name="early", to=30), Stage(name="middle", to=90), Stage(name="late"))


class EligibilityPolicy(Frozen):
    """Who may have an arrangement at all; what is left out limits nobody."""

    stages: tuple[str, ...] | None = Field(default=None, description="names of stages")
    broken_promises_12_months: int | None = Field(default=None, ge=0)
    plans_per_12_months: int | None = Field(default=None, ge=0)
    during_dispute: bool = False


class AffordabilityPolicy(Frozen):
    """What a plan may ask of the surplus that a budget leaves: savings stay, then at most a share."""

    savings_percent: Decimal = Field(default=Decimal(10), ge=0, le=50, description="percent, 0 to 50")
    savings_most: Decimal | None = Field(default=None, ge=0, description="an amount a month")
    share_percent: Decimal = Field(default=Decimal(75), gt=0, le=100, description="percent, up to 100")
