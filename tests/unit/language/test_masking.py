"""A masked message names nobody and still says what it said."""

from __future__ import annotations

import pytest

from bot.language.masking import MASK, mask


@pytest.mark.parametrize(
    ("text", "names", "masked"),
    [
        ("我叫王小芳，手机13800138000", ["王小芳"], f"我叫{MASK}，手机{MASK}"),
        ("小芳没钱还", ["王小芳"], f"{MASK}没钱还"),
        ("card 6222 0212 3456 7890 please", [], f"card {MASK} please"),
        ("write to li.lei@example.com", [], f"write to {MASK}"),
        ("born 1990-05-12, ok?", [], f"born {MASK}, ok?"),
        ("生日1990年5月12日", [], f"生日{MASK}"),
        ("this is JANE speaking", ["Jane Doe"], f"this is {MASK} speaking"),
        ("身份证11010119900512123X", [], f"身份证{MASK}"),
        ("see https://pay.example/x?id=3 now", [], f"see {MASK} now"),
    ],
)
def test_what_names_a_person_is_masked(text: str, names: list[str], masked: str) -> None:
    assert mask(text, names) == masked


@pytest.mark.parametrize(
    "text", ["下周五还2300", "I'll pay 1,200.50 on 2026-03-13", "分12期", "janet called"]
)
def test_amounts_days_to_come_and_other_words_stay(text: str) -> None:
    assert mask(text, ["Jane Doe"]) == text
