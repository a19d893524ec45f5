"""The checklist that closed cases are scored against, and how many of them are looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from pydantic import Field, model_validator

from bot.domain.policy.base import Frozen, Said, misplaced


class Item(Frozen):
    """One question, answered yes, no or not applicable; no to a `critical` one fails the case."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    text: dict[str, Said] = Field(min_length=1, description="the question for each locale")
    weight: int = Field(default=1, ge=1, le=100, description="1 to 100")
    critical: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """What marks come to: percent of the weights that apply, None when none does; whether the case failed."""

    percent: int | None
    failed: bool


class Checklist(Frozen):
    """The checklist file."""

    checklist: str = Field(min_length=1)
    version: int = Field(ge=1)
    sample_percent: int = Field(ge=1, le=100, description="of an agent's closed cases")
    at_least: int = Field(default=1, ge=0, description="of each agent, however few there are")
    pass_percent: int = Field(default=80, ge=1, le=100)
    items: tuple[Item, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        for place, item in enumerate(self.items):
            if item.id in [other.id for other in self.items[:place]]:
                raise misplaced(("items", place, "id"), f"{item.id!r} stands twice")
        return self

    def score(self, marks: Mapping[str, bool | None]) -> Score:
        """Return what marks come to; None means not applicable.

        Raises ValueError naming the items that lack a mark, or those that the checklist does not have.
        """
        ids = {item.id for item in self.items}
        if set(marks) != ids:
            odd = sorted(set(marks) - ids)
            raise ValueError(
                f"no item {', '.join(odd)}" if odd else f"no mark for {', '.join(sorted(ids - set(marks)))}"
            )
        counted = [item for item in self.items if marks[item.id] is not None]
        whole = sum(item.weight for item in counted)
        got = sum(item.weight for item in counted if marks[item.id])
        percent = None if whole == 0 else got * 100 // whole
        critical = any(item.critical and marks[item.id] is False for item in counted)
        return Score(percent, critical or (percent is not None and percent < self.pass_percent))
