"""Which rung of the reminder ladder a loan stands on."""

from __future__ import annotations

from datetime import date, timedelta

from bot.domain.model import Loan
from bot.domain.policy import Ladder, Step


def due_step(ladder: Ladder, days_past_due: int, done: frozenset[str]) -> Step | None:
    """Return the rung that is due on a day, or None.

    It is the last rung at or before the day, as long as it is not older than its `valid_days`, and only if
    neither it nor a later one was used in this cycle (`done` holds step ids): a rung may be skipped, never
    repeated.
    """
    reached = [step for step in ladder.steps if step.day <= days_past_due]
    if not reached:
        return None
    step = reached[-1]
    if any(used.id in done and used.day >= step.day for used in ladder.steps):
        return None
    if days_past_due - step.day > step.valid_days:
        return None
    return step


def next_step_day(ladder: Ladder, loan: Loan, after: date) -> date | None:
    """Return the first local day after `after` on which a rung falls due, or None when the ladder ends."""
    due = loan.next_due()
    if due is None:
        return None
    days = (due.due_on + timedelta(days=step.day) for step in ladder.steps)
    return next((day for day in days if day > after), None)
