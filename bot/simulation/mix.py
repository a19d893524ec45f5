"""Who lives in a simulation: personas and their shares, as validated data."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.storage.policy_files import PolicyError, read

Act = Literal[
    "pay",
    "tell_and_pay",
    "claim_paid",
    "ask",
    "promise",
    "plan",
    "hardship",
    "later",
    "stop",
    "dispute",
    "complain",
    "crisis",
    "person",
    "wrong_person",
]
ACTS: tuple[Act, ...] = get_args(Act)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Persona(_Frozen):
    """How one kind of borrower behaves; probabilities from 0 to 1, shares and `does` as weights."""

    name: str
    share: float = Field(gt=0)
    unasked: float = Field(ge=0, le=1)
    answers: float = Field(ge=0, le=1)
    keeps: float = Field(ge=0, le=1)
    does: dict[Act, float] = Field(min_length=1)
    once: tuple[Act, ...] = ()
    moves: float = Field(default=0, ge=0, le=1)
    changes_number: float = Field(default=0, ge=0, le=1)

    @model_validator(mode="after")
    def _weights_count(self) -> Self:
        if min(self.does.values()) < 0 or not sum(self.does.values()):
            raise ValueError(f"persona {self.name}: what it does needs weights of 0 and more, one above 0")
        return self


class Mix(_Frozen):
    """All personas of a simulation, how many borrowers are verified before, and how many have two loans."""

    mix: str
    version: int = Field(ge=1)
    verified: float = Field(ge=0, le=1)
    second_loan: float = Field(ge=0, le=1)
    personas: tuple[Persona, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [one.name for one in self.personas]
        if len(set(names)) < len(names):
            raise ValueError("two personas have one name")
        return self


class MixError(Exception):
    """A file of personas is wrong; the message names file, line and field."""


def load_mix(path: Path) -> Mix:
    """Read a file of personas. Raises MixError with the first thing that is wrong in it."""
    try:
        return read(path, Mix)
    except PolicyError as error:
        raise MixError(str(error)) from error
