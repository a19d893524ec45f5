"""Reminders of what was agreed: which are due on a day, what each is called, and what ends its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain.plan_life import PlanState
from bot.domain.promises import PromiseState

CYCLE = 0
"""The cycle of every such reminder: payments move a loan's cycle on, and none may come twice for that."""

AHEAD: Mapping[str, tuple[int, str]] = {
    "plan3": (3, "utter_reminder_instalment"),
    "plan": (1, "utter_reminder_instalment"),
    "plan0": (0, "utter_reminder_instalment_today"),
}
"""Reminders before a payment of a plan: the step's kind, how many days ahead, and the words."""
PROMISE_AHEAD = (1, "utter_reminder_promise")
"""The one reminder of a promise: how many days ahead, and the words."""
AFTER: Mapping[str, str] = {
    "late": "utter_reminder_instalment_missed",
    "ended": "utter_reminder_plan_ended",
    "settled": "utter_plan_settled",
    "missed": "utter_reminder_promise_missed",
    "part": "utter_reminder_promise_part",
    "second": "broken_agreement",
}
"""What follows when something was missed or is settled; the last is a task for a person."""


@dataclass(frozen=True, slots=True)
class Step:
    """The name of a reminder, as a nudge stores it: its kind, the plan or promise, the payment's number."""

    kind: str
    of: int
    number: int | None = None

    @classmethod
    def read(cls, text: str) -> Step | None:
        """Return what a stored name says; None for a rung of the ladder."""
        kind, *numbers = text.split(":")
        if kind not in (*AHEAD, *AFTER, "promise") or not numbers:
            return None
        return cls(kind, int(numbers[0]), int(numbers[1]) if len(numbers) > 1 else None)

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.kind, self.of, self.number) if part is not None)

    @property
    def is_of_plan(self) -> bool:
        """True when it is about a plan; a second break of a plan names the payment that was missed."""
        return self.kind in AHEAD or self.kind in ("late", "ended", "settled") or self._second_of_plan

    @property
    def _second_of_plan(self) -> bool:
        return self.kind == "second" and self.number is not None


@dataclass(frozen=True, slots=True)
class Ahead:
    """A reminder that falls on a day: its step and its words."""

    step: Step
    template: str


def plan_ahead(
    plan: int, items: Sequence[tuple[int, date, int]], agreed_on: date, day: date
) -> Iterator[Ahead]:
    """Yield what reminds of a running plan on `day`; items are number, day and open minor units.

    Nothing is said on the day on which it was agreed.
    """
    if day <= agreed_on:
        return
    for number, due_on, open_minor in items:
        for kind, (ahead, template) in AHEAD.items():
            if open_minor > 0 and due_on - timedelta(days=ahead) == day:
                yield Ahead(Step(kind, plan, number), template)


def promise_ahead(promise: int, due_on: date, made_on: date, day: date) -> Iterator[Ahead]:
    """Yield the one reminder of an open promise, the day before it, unless it was made only then."""
    ahead, template = PROMISE_AHEAD
    if made_on < day == due_on - timedelta(days=ahead):
        yield Ahead(Step("promise", promise), template)


def plan_overtaken(step: Step, state: PlanState, open_minor: int, is_followed: bool) -> str | None:
    """Say what has taken away the reason of a plan's reminder; `open_minor` is of the payment it names."""
    wanted = {
        "late": (PlanState.LATE,),
        "ended": (PlanState.BROKEN,),
        "settled": (PlanState.COMPLETED,),
        "second": (PlanState.LATE, PlanState.BROKEN),
    }.get(step.kind, (PlanState.ACTIVE, PlanState.LATE))
    if state not in wanted:
        return f"plan {state}"
    if step.kind in AHEAD and open_minor <= 0:
        return "paid"
    return "another agreement" if is_followed and not state.is_running else None


def promise_overtaken(step: Step, state: PromiseState, is_followed: bool) -> str | None:
    """Say what has taken away the reason of a promise's reminder."""
    fits = state is PromiseState.OPEN if step.kind == "promise" else state.is_missed
    if not fits:
        return f"promise {state}"
    return "another agreement" if is_followed else None
