"""Folding of width, case and script, and the way back to the original."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language.normalise import Edit, normalise


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ＡＢＣ１２３", "abc123"),
        ("兩千三百塊錢", "两千三百块钱"),
        ("下個禮拜五還", "下个礼拜五还"),
        ("８：３０", "8:30"),
        ("１，２００", "1,200"),
        ("1，200元", "1,200元"),
        ("￥1，200", "¥1,200"),
        ("还500，300后天给", "还500，300后天给"),
        ("300–400", "300-400"),
        ("300～400", "300~400"),
        ("I’LL PAY", "i'll pay"),
        ("İstanbul", "İstanbul"),
        ("", ""),
    ],
)
def test_forms_are_folded(text: str, folded: str) -> None:
    assert normalise(text).text == folded


def test_invisible_characters_go_and_offsets_lead_back() -> None:
    folded = normalise("1️⃣5\u200b號")
    assert folded.text == "15号"
    assert folded.origin(0, 3) == (0, 6)
    assert folded.origin(2, 3) == (5, 6)


@given(st.text())
def test_every_character_leads_back_to_where_it_stood(text: str) -> None:
    folded = normalise(text)
    for place in range(len(folded.text)):
        start, end = folded.origin(place, place + 1)
        assert end == start + 1 <= len(text)
        assert normalise(text[start]).text in (folded.text[place], "，")


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    once = normalise(text).text
    assert normalise(once).text == once


def test_edits_lead_back_to_what_was_typed() -> None:
    folded = normalise("hou\u200btian 还").edited([Edit(0, 3, "后"), Edit(3, 7, "天"), Edit(7, 8, "")])
    assert folded.text == "后天还"
    assert folded.origin(0, 1) == (0, 3)
    assert folded.origin(0, 2) == (0, 8)
    assert folded.origin(2, 3) == (9, 10)
