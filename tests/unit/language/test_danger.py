"""Plain words for dying by one's own hand are found whatever else is said; idioms and denials are none."""

from __future__ import annotations

import pytest

from bot.language.danger import LONGEST, words


@pytest.mark.parametrize(
    "text",
    [
        "how much is left before i kill myself",
        "i'm going to end my life",
        "i don't want to live",
        "they'd be better off without me",
        "i can't stop thinking of killing myself",
        "我想自杀",
        "我真的想死",
        "活不下去了，先查下余额",
        "再催我就跳楼",
        "只想结束我的生命",
    ],
)
def test_the_writers_own_death_is_told_from_words_alone(text: str) -> None:
    assert words(text) == "own"


@pytest.mark.parametrize(
    "text", ["隔壁有人自杀了", "he left a note about suicide", "his self-harm is back", "写了遗书"]
)
def test_whose_death_other_words_are_of_is_left_open(text: str) -> None:
    assert words(text) == "any"


@pytest.mark.parametrize(
    "text",
    [
        "i'm not suicidal",
        "i'm not going to kill myself over fifty quid",
        "nearly killed myself laughing",
        "that's commercial suicide",
        "they take my life savings",
        "不会自杀的，放心",
        "笑不活了",
        "想死你了",
        "跳楼价大甩卖",
        "累死我了",
        "我死也会还的",
        "",
    ],
)
def test_idioms_and_denials_are_no_danger(text: str) -> None:
    assert words(text) is None


def test_a_page_of_words_is_not_searched_to_its_end() -> None:
    assert words("x" * LONGEST + " i want to kill myself") is None
