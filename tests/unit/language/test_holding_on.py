"""Rules: "hold on" is a moment to think; whoever says how long, or for what, asks for time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.language.holding_on import only_holds_on


@pytest.mark.parametrize(
    "text",
    [
        "等等",
        "等一下！",
        "哎，等下",
        "稍等片刻",
        "慢着",
        "你先等一下哈",
        "wait",
        "Hold on a sec…",
        "no, wait",
        "one moment",
    ],
)
def test_a_moment_to_think_is_nothing_else(text: str) -> None:
    assert only_holds_on(text)


@pytest.mark.parametrize(
    "text",
    [
        "等两天",
        "等等我",
        "再等等",
        "能不能等等",
        "等发工资",
        "等下个月",
        "wait until Friday",
        "can you wait",
        "hold on to my money",
        "",
    ],
)
def test_a_wish_for_time_is_one(text: str) -> None:
    assert not only_holds_on(text)


@given(st.text(alphabet="等一下会 waithold,，。1a", max_size=4000))
@settings(derandomize=True, max_examples=200)
def test_no_text_takes_long(text: str) -> None:
    assert only_holds_on(text) in (True, False)
