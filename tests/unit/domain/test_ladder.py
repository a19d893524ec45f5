"""The reminder ladder: a rung may be skipped, never repeated, and none is climbed down to."""

from __future__ import annotations

from datetime import date, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.ladder import due_step, next_step_day
from bot.domain.model import Due, Loan
from bot.domain.money import Money
from bot.domain.policy import Ladder, Step

fixed = settings(derandomize=True, deadline=None, max_examples=200)


def ladder_of(*rungs: tuple[int, int]) -> Ladder:
    """A ladder of (day, valid days)."""
    steps = tuple(
        Step(
            id=f"D{day:+d}" if day else "D0",
            day=day,
            tone="neutral",
            template="utter_reminder_due_today",
            channels=("webchat",),
            valid_days=valid,
        )
        for day, valid in rungs
    )
    return Ladder(ladder="test", version=1, send_at=time(9), steps=steps)


LADDER = ladder_of((-3, 2), (-1, 0), (0, 0), (1, 1), (3, 2), (7, 3), (15, 5))
ladders = st.dictionaries(st.integers(-30, 90), st.integers(0, 10), min_size=1, max_size=8).map(
    lambda rungs: ladder_of(*sorted(rungs.items()))
)


def loan_of(due_on: date, paid: str = "0") -> Loan:
    zero = Money(0, "CNY")
    due = Due(1, due_on, Money.of("100", "CNY"), zero, zero, Money.of(paid, "CNY"))
    return Loan(1, "L1", "test", "CNY", (due,))


@fixed
@given(ladders, st.lists(st.integers(-40, 120), max_size=60))
def test_rungs_ascend_and_none_is_used_twice_however_the_days_come(ladder: Ladder, days: list[int]) -> None:
    # Days may leap forward after an outage, and back when the lender moves the due date.
    used: list[Step] = []
    for day in days:
        step = due_step(ladder, day, frozenset(one.id for one in used))
        if step is not None:
            assert 0 <= day - step.day <= step.valid_days
            used.append(step)
    climbed = [step.day for step in used]
    assert climbed == sorted(set(climbed))


@fixed
@given(ladders)
def test_a_clock_that_never_stops_uses_every_rung_on_its_own_day(ladder: Ladder) -> None:
    used: list[tuple[int, str]] = []
    for day in range(-40, 120):
        step = due_step(ladder, day, frozenset(name for _, name in used))
        if step is not None:
            used.append((day, step.id))
    assert used == [(step.day, step.id) for step in ladder.steps]


def test_a_rung_that_was_missed_is_skipped_for_the_one_that_is_due() -> None:
    step = due_step(LADDER, 7, frozenset({"D-3"}))
    assert step is not None
    assert step.id == "D+7"


def test_a_stale_rung_is_not_sent_late() -> None:
    assert due_step(LADDER, 10, frozenset()) is not None
    assert due_step(LADDER, 11, frozenset()) is None
    assert due_step(LADDER, -4, frozenset()) is None


def test_after_a_later_rung_an_earlier_one_is_not_climbed_down_to() -> None:
    assert due_step(LADDER, 1, frozenset({"D+3"})) is None
    assert due_step(LADDER, -3, frozenset({"D+3"})) is None


def test_a_step_of_another_kind_uses_up_no_rung() -> None:
    step = due_step(LADDER, 3, frozenset({"promise:7", "plan:1:2", "D+1"}))
    assert step is not None
    assert step.id == "D+3"


def test_the_next_rung_day_counts_from_the_oldest_open_due_date() -> None:
    due_on = date(2026, 3, 2)
    assert next_step_day(LADDER, loan_of(due_on), due_on) == due_on + timedelta(days=1)
    assert next_step_day(LADDER, loan_of(due_on), due_on + timedelta(days=3)) == due_on + timedelta(days=7)
    assert next_step_day(LADDER, loan_of(due_on), due_on + timedelta(days=15)) is None
    assert next_step_day(LADDER, loan_of(due_on, paid="100"), due_on) is None
