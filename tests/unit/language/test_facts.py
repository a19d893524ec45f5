"""Facts of identity are found wherever they stand, and an amount is none."""

from __future__ import annotations

import time

import pytest

from bot.language import facts
from bot.language.clauses import clauses


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1990年5月12日，5678，我能分三期吗", ["1990-05-12", "5678"]),
        ("5678\n1990.5.12", ["5678", "1990-05-12"]),
        ("１９９０年５月１２日 ５６７８", ["1990-05-12", "5678"]),
        ("我是1990年5月12日5678", ["1990-05-12", "5678"]),
        ("90年5月12的，手机19900005678", ["1990-05-12", "19900005678"]),
        ("05年11月3号", ["2005-11-03"]),
        ("一九九〇年五月二十二日，尾号五六七八", ["1990-05-22", "5678"]),
        ("身份证后四位是301X", ["301x"]),
        ("5678结尾", ["5678"]),
        ("19900512 5678", ["1990-05-12", "5678"]),
        ("born 12 May 1990, ends 5678", ["1990-05-12", "5678"]),
        ("May 12th, 1990 and my number ends in 5678", ["1990-05-12", "5678"]),
        ("dob 12/05/90 last four digits 5678", ["12/05/1990", "5678"]),
        ("My DOB is 1990-05-12 and mobile 199 0000 5678", ["1990-05-12", "19900005678"]),
    ],
)
def test_facts_are_found_in_any_order_and_way_of_writing(text: str, said: list[str]) -> None:
    assert [fact.said for fact in facts.find(text)] == said


@pytest.mark.parametrize(
    "text",
    [
        "下周五还2000",
        "每月1500",
        "最多2000块",
        "2026年3月6日还",
        "我用尾号1234的建行卡还了",
        "I'll pay 2000 on Friday",
        "1500 a month",
        "$1500",
        "1,500",
        "I paid with my card ending 1234",
        "since 2019",
    ],
)
def test_amounts_days_of_payment_and_bank_cards_are_no_facts(text: str) -> None:
    assert facts.find(text) == ()


def test_a_bare_number_is_never_sure() -> None:
    assert [fact.sure for fact in facts.find("1990-05-12 5678")] == [True, False]


@pytest.mark.parametrize(
    ("text", "telling"),
    [
        ("我叫王芳，1990年5月12日，手机尾号5678", False),
        ("我是王芳本人，5678", False),
        ("I'm Sam Reed, born 12 May 1990, my phone ends in 5678", False),
        ("1990-05-12 5678 还欠多少", True),
        ("我是他老婆 1990年5月12日", True),
        ("12 May 1990, 5678, how much", True),
    ],
)
def test_a_name_and_the_words_around_facts_tell_nothing_more(text: str, telling: bool) -> None:
    assert facts.tells(text) is telling


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("1990年5月12日，5678，我能分三期吗", ["1990年5月12日, 5678", "我能分三期吗"]),
        ("我是1990年5月12日的手机尾号5678还欠多少", ["1990年5月12日, 手机尾号5678", "还欠多少"]),
        ("能分期吗\n1990/5/12\n5678", ["1990/5/12, 5678", "能分期吗"]),
        ("how much do I owe 1990-05-12 5678", ["1990-05-12, 5678", "how much do I owe"]),
        ("我失业了能分期吗", ["我失业了", "能分期吗"]),
        ("周五还，2000", ["周五还, 2000"]),
    ],
)
def test_what_stands_beside_facts_is_a_clause_of_its_own(text: str, parts: list[str]) -> None:
    assert clauses(text) == parts


def test_a_long_message_of_figures_is_read_at_once() -> None:
    begun = time.perf_counter()
    facts.find("1 9 0 5" * 5000)
    facts.tells("年5月12 " * 4000)
    assert time.perf_counter() - begun < 20
