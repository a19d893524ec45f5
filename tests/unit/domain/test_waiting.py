"""Waiting hand-offs: what is due for them, and how long one is said to wait."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.handoff import ENOUGH_TO_ESTIMATE, HandoffReason, Patience, expected_wait, next_step

PATIENCE = Patience(alert_every=5, escalate_every=20, return_after=60)


@pytest.mark.parametrize(
    ("waited", "alerts", "level", "due"),
    [
        (4.9, 0, 0, None),
        (5, 0, 0, "alert"),
        (9, 1, 0, None),
        (10, 1, 0, "alert"),
        (20, 3, 0, "escalate"),
        (24, 4, 1, None),
        (40, 8, 1, "escalate"),
        (60, 12, 2, "return"),
    ],
)
def test_it_is_told_of_then_escalated_then_given_back(
    waited: float, alerts: int, level: int, due: str | None
) -> None:
    assert next_step(PATIENCE, waited, alerts=alerts, level=level, can_rise=True, protects=False) == due


def test_where_nobody_is_above_it_is_told_of_on_and_on() -> None:
    assert next_step(PATIENCE, 45, alerts=8, level=0, can_rise=False, protects=False) == "alert"


@settings(derandomize=True, deadline=None)
@given(st.floats(0, 10_000), st.integers(0, 50), st.integers(0, 5), st.booleans())
def test_what_protects_a_borrower_is_never_given_back(
    waited: float, alerts: int, level: int, can_rise: bool
) -> None:
    step = next_step(PATIENCE, waited, alerts=alerts, level=level, can_rise=can_rise, protects=True)
    assert step != "return"


def test_danger_death_and_the_law_protect_and_a_complaint_does_not() -> None:
    assert {reason.value for reason in HandoffReason if reason.protects} == {
        "self_harm",
        "threat",
        "death",
        "underage",
        "represented",
        "bankrupt",
    }


MINUTES = st.integers(0, 600).map(lambda count: timedelta(minutes=count))


@settings(derandomize=True, deadline=None)
@given(st.lists(MINUTES, max_size=20), st.integers(0, 30))
def test_nothing_is_promised_on_too_little_and_never_less_than_most_took(
    services: list[timedelta], ahead: int
) -> None:
    said = expected_wait(services, ahead)
    if len(services) < ENOUGH_TO_ESTIMATE:
        assert said is None
        return
    assert said is not None
    within = sum(one * (ahead + 1) <= said for one in services)
    assert within >= len(services) * 0.75
    assert said >= timedelta(minutes=5)
    assert said % timedelta(minutes=5) == timedelta()
    more = expected_wait(services, ahead + 1)
    assert more is not None
    assert more >= said
