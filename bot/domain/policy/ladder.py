"""The reminder ladder as validated data."""

from __future__ import annotations

from datetime import time
from typing import Literal

from pydantic import Field, model_validator

from bot.domain.policy.base import Frozen


class Step(Frozen):
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


class Ladder(Frozen):
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
