"""Contact packs: the rules of one jurisdiction as validated data."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal

from pydantic import Field, model_validator

from bot.domain.policy.base import Certainty, Frozen, Scope


class _Rule(Frozen):
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


class ContactPack(Frozen):
    """The contact rules of one jurisdiction, and its help lines."""

    pack: str
    version: int = Field(ge=1)
    notice: str
    crisis_lines: tuple[str, ...] = Field(min_length=1)
    complaint_days: int = Field(ge=1)
    agent_hours: tuple[time, time]
    text_channels: tuple[str, ...] = Field(min_length=1)
    strangers: bool = Field(
        default=False, description="true in the one pack that holds for a chat of nobody known"
    )
    rules: tuple[Rule, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> ContactPack:
        ids = [rule.id for rule in self.rules]
        twice = sorted({one for one in ids if ids.count(one) > 1})
        if twice:
            raise ValueError(f"rule ids stand more than once: {', '.join(twice)}")
        return self
