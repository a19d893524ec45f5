"""Hand-offs: which steps are legal, and who comes first."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.handoff import PRIORITY, TRANSITIONS, HandoffReason, HandoffState, may_move

W, C, X, R = HandoffState.WAITING, HandoffState.CLAIMED, HandoffState.CLOSED, HandoffState.RETURNED
LEGAL = {(W, C), (W, R), (W, X), (C, W), (C, R), (C, X)}


@pytest.mark.parametrize(("state", "to"), list(itertools.product(HandoffState, repeat=2)))
def test_only_the_legal_steps_are_allowed(state: HandoffState, to: HandoffState) -> None:
    assert may_move(state, to) is ((state, to) in LEGAL)


def test_every_state_says_where_it_leads() -> None:
    assert set(TRANSITIONS) == set(HandoffState)


@settings(derandomize=True, deadline=None)
@given(st.lists(st.sampled_from(HandoffState), max_size=30))
def test_a_closed_hand_off_stays_closed_whatever_is_tried(tries: list[HandoffState]) -> None:
    state = HandoffState.WAITING
    for to in tries:
        was_open = state.is_open
        state = to if may_move(state, to) else state
        assert was_open or not state.is_open


def test_every_reason_has_its_urgency() -> None:
    assert set(PRIORITY) == set(HandoffReason)


def test_danger_to_life_comes_before_everything_and_a_ladder_task_after() -> None:
    by_urgency = sorted(HandoffReason, key=lambda reason: PRIORITY[reason])
    assert by_urgency[:2] == [HandoffReason.SELF_HARM, HandoffReason.THREAT]
    assert by_urgency[-1] is HandoffReason.LADDER
    assert list(PRIORITY.values()).count(0) == 1
