"""Product policies: what may be agreed on one product, by whom and from when."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any, Literal

from pydantic import Field, model_validator

from bot.domain.calendars import CalendarPolicy
from bot.domain.interest import DayCount, Method
from bot.domain.money import OddCents
from bot.domain.policy.base import AUTHORITIES, Authority, Frozen, Range

Frequency = Literal["weekly", "biweekly", "monthly", "payday"]
MOST_INSTALMENTS = 60
"""No policy may allow more; five years is what a bank may agree on a card at the most."""


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
        if self.count.max > MOST_INSTALMENTS:
            raise ValueError(f"count max {self.count.max} is above {MOST_INSTALMENTS}")
        outside = [n for n in self.offered_counts if not self.count.min <= n <= self.count.max]
        if outside:
            raise ValueError(f"offered_counts {outside} lie outside count {self.count.min}-{self.count.max}")
        return self


class ExtensionPolicy(Frozen):
    """Limits of a later due date for the whole sum."""

    days: Range
    offered_days: tuple[int, ...] = Field(min_length=1)
    per_12_months: int = Field(ge=0)

    @model_validator(mode="after")
    def _offered_within_days(self) -> ExtensionPolicy:
        outside = [n for n in self.offered_days if not self.days.min <= n <= self.days.max]
        if outside:
            raise ValueError(f"offered_days {outside} lie outside days {self.days.min}-{self.days.max}")
        return self


class PromisePolicy(Frozen):
    """Limits of a promise to pay."""

    days_ahead: int = Field(ge=1, le=90)
    kept_percent: Decimal = Field(gt=0, le=100)
    grace_days: int = Field(ge=0, le=14)
    minimum: Decimal = Field(gt=0)


class Reach(Frozen):
    """What one level above the bot may grant; what is left out stays as the level below has it."""

    instalments: int | None = Field(default=None, ge=1, le=MOST_INSTALMENTS)
    first_payment_days: int | None = Field(default=None, ge=1, le=90)
    down_payment_percent: Decimal | None = Field(default=None, ge=0, le=50)
    extension_days: int | None = Field(default=None, ge=1, le=180)
    extensions_per_12_months: int | None = Field(default=None, ge=0, le=12)


class ProductPolicy(Frozen):
    """What may be agreed on one product, in force from `effective_from` to `effective_to`, both included.

    Without `effective_to` it is in force until the product's next policy begins.
    """

    product: str = Field(min_length=1, description="the product's name in the loan book")
    name: str
    version: int = Field(ge=1)
    effective_from: date = Field(description="a day such as 2026-01-01")
    effective_to: date | None = Field(default=None, description="a day such as 2026-12-31")
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="an ISO 4217 code such as CNY")
    contact_pack: str = Field(description="the name of a file's pack in policies/contact")
    ladder: str = Field(description="the name of a file's ladder in policies/ladder")
    tiers: str = Field(default="default", description="the name of a file's card in policies/tiers")
    calendar: CalendarPolicy | None = None
    instalment: InstalmentPolicy
    extension: ExtensionPolicy
    promise: PromisePolicy
    authority: dict[Authority, Reach] = Field(default_factory=dict)
    hardship_pause_days: int = Field(ge=1, le=90)
    offer_valid_days: int = Field(ge=1, le=30)
    how_to_pay: dict[str, str] = Field(min_length=1)

    @model_validator(mode="after")
    def _days_are_ordered(self) -> ProductPolicy:
        if self.effective_to is not None and self.effective_to < self.effective_from:
            raise ValueError(
                f"effective_to {self.effective_to} is before effective_from {self.effective_from}"
            )
        return self

    @model_validator(mode="after")
    def _ladder_of_authority_rises(self) -> ProductPolicy:
        if "bot" in self.authority:
            raise ValueError("authority: what the bot may grant stands in the limits themselves")
        for below, level in pairwise(AUTHORITIES):
            less, more = self.at(below), self.at(level)
            for name, low, high in (
                ("instalments", less.instalment.count.max, more.instalment.count.max),
                (
                    "first_payment_days",
                    less.instalment.first_payment_days,
                    more.instalment.first_payment_days,
                ),
                ("extension_days", less.extension.days.max, more.extension.days.max),
                ("extensions_per_12_months", less.extension.per_12_months, more.extension.per_12_months),
                (
                    "down_payment_percent",
                    -less.instalment.down_payment_percent,
                    -more.instalment.down_payment_percent,
                ),
            ):
                if high < low:
                    raise ValueError(f"authority: {level} may grant less than {below} in {name}")
        return self

    def at(self, level: Authority) -> ProductPolicy:
        """Return the policy with the limits that `level` may grant; the bot's are the file's own."""
        wide = self
        for step in AUTHORITIES[1 : AUTHORITIES.index(level) + 1]:
            reach = self.authority.get(step)
            if reach is not None:
                wide = _widened(wide, reach)
        return wide


def _widened(policy: ProductPolicy, reach: Reach) -> ProductPolicy:
    def given(**limits: Any) -> dict[str, Any]:
        return {name: value for name, value in limits.items() if value is not None}

    instalment, extension = policy.instalment, policy.extension
    count = instalment.count.model_copy(update=given(max=reach.instalments))
    hardship_days = max(instalment.first_payment_days_hardship, reach.first_payment_days or 0)
    return policy.model_copy(
        update={
            "instalment": instalment.model_copy(
                update={
                    "count": count,
                    "first_payment_days_hardship": hardship_days,
                    **given(
                        first_payment_days=reach.first_payment_days,
                        down_payment_percent=reach.down_payment_percent,
                    ),
                }
            ),
            "extension": extension.model_copy(
                update={
                    "days": extension.days.model_copy(update=given(max=reach.extension_days)),
                    **given(per_12_months=reach.extensions_per_12_months),
                }
            ),
        }
    )
