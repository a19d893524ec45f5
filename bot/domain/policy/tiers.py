"""The score card that sorts loans into tiers, as validated data."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from bot.domain.policy.base import Frozen, misplaced

Axis = Literal["ability", "willingness"]
SignalName = Literal[
    "grade",
    "days_past_due",
    "kept_promises",
    "broken_promises",
    "replies",
    "unanswered_reminders",
    "hardship",
    "kept_plans",
    "broken_plans",
    "cycles_paid_on_time",
]


class Signal(Frozen):
    """Points for one fact: once while it lies in a range or a list, or for `each` of it up to `at_most`."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    signal: SignalName
    axis: Axis
    points: int = Field(ge=-100, le=100, description="from -100 to 100")
    is_one_of: tuple[str, ...] = Field(default=(), description="grades")
    at_least: int | None = None
    at_most: int | None = None
    each: bool = Field(default=False, description="true: the points count once for each")
    limit: int | None = Field(default=None, ge=1, description="with each: count no more than so many")
    text: str = Field(min_length=8)

    @model_validator(mode="after")
    def _conditions_fit(self) -> Self:
        if (self.signal == "grade") != bool(self.is_one_of):
            raise ValueError(f"signal {self.id}: is_one_of belongs to a grade, and a grade needs it")
        if self.signal == "grade" and (self.each or self.at_least is not None or self.at_most is not None):
            raise ValueError(f"signal {self.id}: a grade is no number")
        if self.limit is not None and not self.each:
            raise ValueError(f"signal {self.id}: limit without each")
        low, high = self.at_least, self.at_most
        if low is not None and high is not None and low > high:
            raise ValueError(f"signal {self.id}: at_least {low} is above at_most {high}")
        return self


class TierRule(Frozen):
    """A tier and what leads to it: all that is given must hold; the first tier that fits is taken."""

    tier: str = Field(pattern=r"^[a-z][a-z_]{0,15}$")
    text: str = Field(min_length=8)
    good_record: bool | None = None
    most_days: int | None = Field(default=None, description="at most so many days past due")
    least_days: int | None = Field(default=None, description="at least so many days past due")
    ability_below: int | None = None
    ability_from: int | None = None
    willingness_below: int | None = None
    willingness_from: int | None = None

    @model_validator(mode="after")
    def _somebody_fits(self) -> Self:
        for low, high in (
            ("least_days", "most_days"),
            ("ability_from", "ability_below"),
            ("willingness_from", "willingness_below"),
        ):
            least, most = getattr(self, low), getattr(self, high)
            if least is None or most is None:
                continue
            if least > most or (least == most and high.endswith("below")):
                raise misplaced((high,), f"nobody fits {low} {least} and {high} {most}")
        return self

    @property
    def is_open(self) -> bool:
        """True when it takes every loan that comes to it."""
        return not any(
            value is not None for name, value in self.__dict__.items() if name not in ("tier", "text")
        )


class GoodRecord(Frozen):
    """What makes a record good: enough due items paid in time, none of late very late, no broken word."""

    cycles: int = Field(ge=1, description="due items paid on time")
    on_time_percent: Decimal = Field(gt=0, le=100, description="of all that fell due before the current one")
    broken_promises: int = Field(ge=0, description="no more broken promises than this in 12 months")


class ScoreCard(Frozen):
    """How a tier is found: two scores from `start`, points a signal, the first tier that fits."""

    score_card: str = Field(min_length=1)
    version: int = Field(ge=1)
    start: int = Field(ge=0, le=100)
    good_record: GoodRecord
    signals: tuple[Signal, ...] = Field(min_length=1)
    tiers: tuple[TierRule, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        ids = [one.id for one in self.signals]
        if len(set(ids)) < len(ids):
            raise ValueError("a signal id stands more than once")
        if not self.tiers[-1].is_open:
            raise ValueError(f"the last tier, {self.tiers[-1].tier}, must take every loan that is left")
        dead = [one.tier for one in self.tiers[:-1] if one.is_open]
        if dead:
            raise ValueError(f"no loan comes past tier {dead[0]}: it takes every one")
        return self

    def names(self) -> frozenset[str]:
        """Return every tier."""
        return frozenset(one.tier for one in self.tiers)
