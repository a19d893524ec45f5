"""The score card: every point has its reason, and whoever has a good record is treated gently."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.ladder import Who, due_step
from bot.domain.tiers import Signals, assess
from bot.storage.policies import Policies

POLICIES = Policies.load(Path(__file__).parents[3] / "policies")
PRODUCT = POLICIES.product("consumer-cn", date(2026, 3, 2))
CARD = POLICIES.score_card(PRODUCT)
LADDER = POLICIES.ladder(PRODUCT)
fixed = settings(derandomize=True, deadline=None, max_examples=200)
few = st.integers(0, 12)
anybody = st.builds(
    Signals,
    grade=st.sampled_from([None, "A", "C", "E"]),
    days_past_due=st.integers(0, 200),
    kept_promises=few,
    broken_promises=few,
    replies=few,
    unanswered_reminders=few,
    hardship=st.booleans(),
    kept_plans=few,
    broken_plans=few,
    cycles_before=few,
    cycles_paid_on_time=few,
)
GOOD = Signals(cycles_before=6, cycles_paid_on_time=6, days_past_due=7)


@fixed
@given(anybody)
def test_the_scores_are_the_start_and_the_points_that_are_shown(signals: Signals) -> None:
    found = assess(signals, CARD)
    for axis, score in (("ability", found.ability), ("willingness", found.willingness)):
        assert score == CARD.start + sum(one.points for one in found.points if one.axis == axis)
    assert found.tier in CARD.names()
    assert found.why


@pytest.mark.parametrize(
    ("signals", "tier"),
    [
        (Signals(), "standard"),
        (GOOD, "gentle"),
        (Signals(cycles_before=6, cycles_paid_on_time=6, days_past_due=31), "standard"),
        (Signals(cycles_before=6, cycles_paid_on_time=6, broken_promises=1), "standard"),
        (Signals(hardship=True, days_past_due=20), "support"),
        (Signals(broken_promises=2, unanswered_reminders=5), "close"),
        (Signals(broken_promises=2, unanswered_reminders=5, hardship=True), "support"),
        (Signals(grade="E", days_past_due=90), "support"),
    ],
)
def test_the_shipped_card_sorts_as_its_document_says(signals: Signals, tier: str) -> None:
    assert assess(signals, CARD).tier == tier


@fixed
@given(anybody)
def test_stated_hardship_never_leads_to_an_earlier_call(signals: Signals) -> None:
    assert not (signals.hardship and assess(signals, CARD).tier == "close")


@fixed
@given(anybody, st.integers(1, 29))
def test_a_good_record_is_never_reminded_of_more_by_a_day_than_the_usual_ladder(
    signals: Signals, days: int
) -> None:
    def rungs(tier: str) -> list[str]:
        done: list[str] = []
        for day in range(-3, days + 1):
            step = due_step(LADDER, day, done, Who(tier, product="consumer-cn"))
            if step is not None:
                done.append(step.id)
        return done

    assert len(rungs("gentle")) <= len(rungs("standard"))
    assert len(rungs("gentle")) == len(set(rungs("gentle")))
