"""The reminder ladder as validated data."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import combinations
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from bot.domain.policy.base import Consent, Frozen, WallTime

Record = Literal["good", "ordinary"]
Task = Literal["negotiator_call", "agency_review", "call"]
_TEMPLATE = r"^utter_[a-z_]+$"


def _consent(value: Any) -> Any:
    """`approval: true` stands for the usual yes, false for none."""
    if value in (True, "true"):
        return Consent()
    return None if value in (False, "false") else value


class Audience(Frozen):
    """For whom a rung is: every list that is not empty must hold the loan's own value."""

    tiers: tuple[str, ...] = ()
    records: tuple[Record, ...] = ()
    products: tuple[str, ...] = ()
    least: Decimal | None = Field(default=None, ge=0, description="the smallest open amount, major units")
    below: Decimal | None = Field(default=None, gt=0, description="open amounts below this, major units")

    @model_validator(mode="after")
    def _amounts_are_ordered(self) -> Self:
        if self.least is not None and self.below is not None and self.least >= self.below:
            raise ValueError(f"least {self.least} is not less than below {self.below}: it is for nobody")
        return self

    def may_meet(self, other: Audience) -> bool:
        """Tell whether some loan could belong to both."""
        lists = (
            (self.tiers, other.tiers),
            (self.records, other.records),
            (self.products, other.products),
        )
        if any(mine and theirs and not set(mine) & set(theirs) for mine, theirs in lists):
            return False
        low = max(self.least or Decimal(0), other.least or Decimal(0))
        highs = [one for one in (self.below, other.below) if one is not None]
        return not highs or low < min(highs)


class Step(Frozen):
    """One rung: `day` counts from the due date (negative before it)."""

    id: str = Field(pattern=r"^[dD][+-]?\d+(-[a-z]+)?$", description="such as D+7 or D+7-gentle")
    day: int = Field(ge=-30, le=365)
    tone: Literal["service", "neutral", "oversight", "supportive", "factual", "formal", "human"]
    template: str | None = Field(default=None, pattern=_TEMPLATE)
    channels: tuple[str, ...] = ()
    task: Task | None = None
    valid_days: int = Field(default=2, ge=0, le=30)
    audience: Audience = Audience()
    purpose: Literal["reminder", "notice"] = "reminder"
    several: str | None = Field(
        default=None, pattern=_TEMPLATE, description="the template for several debts; without it each alone"
    )
    unread_hours: int | None = Field(
        default=None, ge=1, le=240, description="hours unread after which the next channel is tried"
    )
    approval: Annotated[
        Consent | None, BeforeValidator(_consent, json_schema_input_type=bool | Consent | None)
    ] = Field(default=None, description="true, or whose yes each message of this step needs")
    call_window: tuple[WallTime, WallTime] | None = Field(
        default=None, description="borrower-local hours of a call task; the pack's hours bind all the same"
    )

    @model_validator(mode="after")
    def _message_or_task(self) -> Self:
        if (self.template is None) == (self.task is None):
            raise ValueError(f"step {self.id} needs either a template or a task, and not both")
        if self.template is not None and not self.channels:
            raise ValueError(f"step {self.id} has a template but no channels")
        if len(set(self.channels)) < len(self.channels):
            raise ValueError(f"step {self.id} names a channel twice")
        return self

    @model_validator(mode="after")
    def _fields_fit(self) -> Self:
        if self.task is not None:
            wrong = [
                name
                for name, value in (
                    ("channels", self.channels),
                    ("several", self.several),
                    ("unread_hours", self.unread_hours),
                    ("approval", self.approval),
                )
                if value
            ]
            if wrong:
                raise ValueError(f"step {self.id} is a task and sends nothing: {', '.join(wrong)} has no use")
        elif self.call_window is not None:
            raise ValueError(f"step {self.id} is a message: call_window has no use")
        if self.unread_hours is not None and len(self.channels) < 2:
            raise ValueError(f"step {self.id}: unread_hours needs a second channel to go to")
        if self.call_window is not None and self.call_window[0] >= self.call_window[1]:
            raise ValueError(f"step {self.id}: call_window must begin before it ends")
        return self


class Ladder(Frozen):
    """The reminder ladder of a product: steps in order of their day."""

    ladder: str
    version: int = Field(ge=1)
    send_at: WallTime
    steps: tuple[Step, ...] = Field(min_length=1)
    receipts: tuple[str, ...] = Field(default=(), description="channels that tell when a message was read")
    without_receipt: Literal["stay", "next"] = Field(
        default="stay",
        description="what follows where nobody knows whether it was read: stay, or try the next channel",
    )

    @model_validator(mode="after")
    def _steps_ascend(self) -> Self:
        days = [step.day for step in self.steps]
        if days != sorted(days):
            raise ValueError("steps must stand in ascending order of day")
        if len({step.id for step in self.steps}) < len(self.steps):
            raise ValueError("a step id stands more than once")
        for one, other in combinations(self.steps, 2):
            if one.day == other.day and one.audience.may_meet(other.audience):
                raise ValueError(
                    f"steps {one.id} and {other.id} fall on one day and share an audience: no day twice"
                )
        return self

    def tiers(self) -> Iterator[tuple[int, str]]:
        """Yield the tiers that steps name, each with the place of its step."""
        for place, step in enumerate(self.steps):
            yield from ((place, tier) for tier in step.audience.tiers)
