"""Rebuilds a plan or a promise from its events alone, and refuses a history that is not legal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from bot.domain import plan_life, promises
from bot.domain.model import Refusal
from bot.domain.plan_life import PlanState
from bot.domain.promises import PromiseState

PLAN_EVENTS: Mapping[str, frozenset[PlanState]] = {
    "plan_accepted": frozenset({PlanState.ACTIVE}),
    "plan_paid": frozenset(PlanState) - {PlanState.OFFERED},
    "plan_late": frozenset({PlanState.LATE}),
    "plan_caught_up": frozenset({PlanState.ACTIVE}),
    "plan_reopened": frozenset({PlanState.ACTIVE, PlanState.LATE}),
    "plan_completed": frozenset({PlanState.COMPLETED}),
    "plan_broken": frozenset({PlanState.BROKEN}),
    "plan_cancelled": frozenset({PlanState.CANCELLED}),
    "plan_superseded": frozenset({PlanState.SUPERSEDED}),
}
"""The kinds of events of a plan, and the states that each may tell."""
PROMISE_EVENTS: Mapping[str, PromiseState] = {
    "promise": PromiseState.OPEN,
    "promise_kept": PromiseState.KEPT,
    "promise_part_kept": PromiseState.PART_KEPT,
    "promise_broken": PromiseState.BROKEN,
    "promise_cancelled": PromiseState.CANCELLED,
    "promise_reopened": PromiseState.OPEN,
}
"""The kinds of events of a promise, and the state that each brings about."""


class HistoryError(ValueError):
    """Events that tell no legal life; the message names the event."""


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """A plan as its events tell it; items are number, day, amount and paid, in minor units."""

    plan: int
    state: PlanState
    items: tuple[tuple[int, date, int, int], ...]
    missed: tuple[int, ...]
    since: date | None
    policy_version: str


@dataclass(frozen=True, slots=True)
class PromiseRecord:
    """A promise as its events tell it; the amount is written as in "500.00 CNY"."""

    promise: int
    state: PromiseState
    amount: str
    due_on: date
    policy_version: str


def plan_from(events: Iterable[tuple[str, Mapping[str, Any]]]) -> PlanRecord:
    """Return the plan that events (kind and detail, oldest first) tell of. Raises HistoryError."""
    record: PlanRecord | None = None
    for kind, detail in events:
        if kind not in PLAN_EVENTS:
            raise HistoryError(f"{kind} is no event of a plan")
        if record is None:
            if kind != "plan_accepted":
                raise HistoryError(f"{kind} before the plan was accepted")
            items = tuple(
                (number, date.fromisoformat(day), minor, 0) for number, day, minor in detail["items"]
            )
            record = PlanRecord(detail["plan"], PlanState.ACTIVE, items, (), None, detail["policy_version"])
        else:
            record = _next_plan(record, kind, detail)
    if record is None:
        raise HistoryError("no event at all")
    return record


def _next_plan(record: PlanRecord, kind: str, detail: Mapping[str, Any]) -> PlanRecord:
    to = PlanState(detail["state"])
    stays = to is record.state and kind in ("plan_paid", "plan_late", "plan_caught_up")
    refusal = None if stays else plan_life.move(record.state, to)
    _check(kind, to in PLAN_EVENTS[kind] and (stays or kind != "plan_paid"), refusal)
    paid = detail["paid"]
    since = detail["since"]
    return replace(
        record,
        state=to,
        items=tuple(
            (number, due_on, minor, now)
            for (number, due_on, minor, _), now in zip(record.items, paid, strict=True)
        ),
        missed=tuple(detail["missed"]),
        since=None if since is None else date.fromisoformat(since),
    )


def promise_from(events: Iterable[tuple[str, Mapping[str, Any]]]) -> PromiseRecord:
    """Return the promise that events (kind and detail, oldest first) tell of. Raises HistoryError."""
    record: PromiseRecord | None = None
    for kind, detail in events:
        to = PROMISE_EVENTS.get(kind)
        if to is None:
            raise HistoryError(f"{kind} is no event of a promise")
        if record is None:
            _check(kind, kind == "promise", None)
            day = date.fromisoformat(detail["due_on"])
            record = PromiseRecord(detail["promise"], to, detail["amount"], day, detail["policy_version"])
        else:
            _check(kind, kind != "promise", promises.move(record.state, to))
            record = replace(record, state=to)
    if record is None:
        raise HistoryError("no event at all")
    return record


def _check(kind: str, fits: bool, refusal: Refusal | None) -> None:
    if not fits:
        raise HistoryError(f"{kind} does not fit what was before")
    if refusal is not None:
        raise HistoryError(f"{kind}: {refusal.asked} is not one of {refusal.allowed}")
