"""What all policy data have in common."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from datetime import time
from typing import Annotated, Any, Generic, Literal, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

P = TypeVar("P", bound=BaseModel)
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Frozen(BaseModel):
    """Data that never changes, with no key that the model does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _of_the_wall(at: time) -> time:
    if at.tzinfo is not None:
        raise ValueError("is read on a wall, so it has no zone: such as 09:00")
    return at


WallTime = Annotated[time, AfterValidator(_of_the_wall)]
"""A time of day on the wall of whoever it concerns."""
Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""Words that people read: there are some."""
Certainty = Literal["official", "secondary", "project"]
Scope = Literal["all", "text", "call", "letter"]
Authority = Literal["bot", "agent", "senior", "supervisor"]
AUTHORITIES: tuple[Authority, ...] = get_args(Authority)
"""Who may grant something, each one more than the one before."""


class Consent(Frozen):
    """Whose yes a notice needs before it goes out: this level's, and with `two_person` another person's."""

    level: Literal["agent", "senior", "supervisor"] = "senior"
    two_person: bool = False


class Range(Frozen):
    """An inclusive range of whole numbers."""

    min: int = Field(ge=0)
    max: int = Field(ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self


def misplaced(path: tuple[str | int, ...], message: str) -> PydanticCustomError:
    """Return the error of a rule across fields that names the field, from the model that checks it."""
    return PydanticCustomError("misplaced", "{message}", {"message": message, "path": path})


class Remembered(Generic[P, K, V]):
    """A function of a frozen policy and a key, computed once a policy for as long as the policy lives.

    Policies hold mappings and so have no hash; they are told apart by identity.
    """

    def __init__(self, compute: Callable[[P, K], V]) -> None:
        self._compute = compute
        self._known: dict[int, tuple[weakref.ref[P], dict[K, V]]] = {}

    def __call__(self, policy: P, key: K) -> V:
        """Return the value, computed at the first call."""
        entry = self._known.get(id(policy))
        if entry is None or entry[0]() is not policy:
            entry = (weakref.ref(policy, self._forget(id(policy))), {})
            self._known[id(policy)] = entry
        values = entry[1]
        if key not in values:
            values[key] = self._compute(policy, key)
        return values[key]

    def _forget(self, number: int) -> Callable[[Any], None]:
        def forget(dead: Any) -> None:
            entry = self._known.get(number)
            # Another policy may stand at the same address by now.
            if entry is not None and entry[0] is dead:
                del self._known[number]

        return forget
