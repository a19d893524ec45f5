"""Policy as validated data: contact packs, ladders, product policies."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.domain.money import OddCents


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Certainty = Literal["official", "secondary", "project"]
Scope = Literal["all", "text", "call", "letter"]


class _Rule(_Frozen):
    id: str = Field(pattern=r"^[A-Z]{1,3}\d+$")
    text: str = Field(min_length=8)
    source: str = Field(min_length=3)
    certainty: Certainty


class QuietHours(_Rule):
    """No contact between `start` and `end`, borrower's local time; may span midnight."""

    kind: Literal["quiet_hours"]
    scope: Scope = "all"
    start: time
    end: time
    waived_by_consent: bool = False


class Cap(_Rule):
    """At most `count` contacts in the last `days` local calendar days, today included."""

    kind: Literal["cap"]
    scope: Scope
    count: int = Field(ge=1)
    days: int = Field(ge=1, le=31)


class Duty(_Rule):
    """A duty that other parts fulfil and each send cites: disclosure, record keeping, texts."""

    kind: Literal["duty"]
    scope: Scope = "all"


Rule = Annotated[QuietHours | Cap | Duty, Field(discriminator="kind")]


class ContactPack(_Frozen):
    """The contact rules of one jurisdiction, and its help lines."""

    pack: str
    version: int = Field(ge=1)
    notice: str
    crisis_lines: tuple[str, ...] = Field(min_length=1)
    complaint_days: int = Field(ge=1)
    agent_hours: tuple[time, time]
    text_channels: tuple[str, ...] = Field(min_length=1)
    rules: tuple[Rule, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> ContactPack:
        ids = [rule.id for rule in self.rules]
        twice = sorted({one for one in ids if ids.count(one) > 1})
        if twice:
            raise ValueError(f"rule ids stand more than once: {', '.join(twice)}")
        return self


class Step(_Frozen):
    """One rung: `day` counts from the due date (negative before it)."""

    id: str = Field(pattern=r"^[dD][+-]?\d+$")
    day: int = Field(ge=-30, le=365)
    tone: Literal["service", "neutral", "oversight", "supportive", "factual", "formal", "human"]
    template: str | None = Field(default=None, pattern=r"^utter_[a-z_]+$")
    channels: tuple[str, ...] = ()
    task: Literal["negotiator_call", "agency_review"] | None = None
    valid_days: int = Field(default=2, ge=0, le=30)

    @model_validator(mode="after")
    def _message_or_task(self) -> Step:
        if (self.template is None) == (self.task is None):
            raise ValueError(f"step {self.id} needs either a template or a task, and not both")
        if self.template is not None and not self.channels:
            raise ValueError(f"step {self.id} has a template but no channels")
        return self


class Ladder(_Frozen):
    """The reminder ladder of a product: steps in order of their day."""

    ladder: str
    version: int = Field(ge=1)
    send_at: time
    steps: tuple[Step, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _steps_ascend(self) -> Ladder:
        days = [step.day for step in self.steps]
        if days != sorted(set(days)):
            raise ValueError("steps must stand in ascending order of day, no day twice")
        if len({step.id for step in self.steps}) < len(self.steps):
            raise ValueError("a step id stands more than once")
        return self


class Range(_Frozen):
    """An inclusive range of whole numbers."""

    min: int = Field(ge=0)
    max: int = Field(ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self


class InstalmentPolicy(_Frozen):
    """Limits of instalment plans."""

    count: Range
    offered_counts: tuple[int, ...] = Field(min_length=1)
    interval_months: int = Field(default=1, ge=1, le=1)
    minimum: Decimal = Field(gt=0)
    first_payment_days: int = Field(ge=1, le=90)
    first_payment_days_hardship: int = Field(ge=1, le=90)
    down_payment_percent: Decimal = Field(ge=0, le=50)
    annual_rate_percent: Decimal = Field(ge=0, le=24)
    odd_cents: OddCents = "last"
    grace_days: int = Field(ge=0, le=30)

    @model_validator(mode="after")
    def _offered_within_count(self) -> InstalmentPolicy:
        outside = [n for n in self.offered_counts if not self.count.min <= n <= self.count.max]
        if outside:
            raise ValueError(f"offered_counts {outside} lie outside count {self.count.min}-{self.count.max}")
        return self


class ExtensionPolicy(_Frozen):
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


class PromisePolicy(_Frozen):
    """Limits of a promise to pay."""

    days_ahead: int = Field(ge=1, le=90)
    kept_percent: Decimal = Field(gt=0, le=100)
    grace_days: int = Field(ge=0, le=14)
    minimum: Decimal = Field(gt=0)


class ProductPolicy(_Frozen):
    """What may be agreed on one product, in force from `effective_from`."""

    product: str
    name: str
    version: int = Field(ge=1)
    effective_from: date
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    contact_pack: str
    ladder: str
    instalment: InstalmentPolicy
    extension: ExtensionPolicy
    promise: PromisePolicy
    hardship_pause_days: int = Field(ge=1, le=90)
    offer_valid_days: int = Field(ge=1, le=30)
    how_to_pay: dict[str, str] = Field(min_length=1)
