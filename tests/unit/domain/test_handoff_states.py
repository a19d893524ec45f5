"""Hand-offs: which steps are legal, and who comes first."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.handoff import TRANSITIONS, HandoffState, may_move

W, C, S = HandoffState.WAITING, HandoffState.CLAIMED, HandoffState.SNOOZED
X, R = HandoffState.CLOSED, HandoffState.RETURNED
LEGAL = {(W, C), (W, R), (W, X), (C, W), (C, S), (C, R), (C, X), (S, W), (S, C), (S, R), (S, X)}


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
