"""What all policy data have in common."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Frozen(BaseModel):
    """Data that never changes, with no key that the model does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Certainty = Literal["official", "secondary", "project"]
Scope = Literal["all", "text", "call", "letter"]
Authority = Literal["bot", "agent", "senior", "supervisor"]
AUTHORITIES: tuple[Authority, ...] = get_args(Authority)
"""Who may grant something, each one more than the one before."""


class Range(Frozen):
    """An inclusive range of whole numbers."""

    min: int = Field(ge=0)
    max: int = Field(ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self
