"""Terms of a plan that are no amounts and no days; and "don't stop", which is no stop."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.language import plan_terms
from bot.language.going_on import wants_it_to_go_on

fixed = settings(derandomize=True, deadline=None, max_examples=300)


def named(text: str) -> set[tuple[str, str | int]]:
    return {(one.term, one.value) for one in plan_terms.find(text)}


@pytest.mark.parametrize(
    ("text", "term", "value"),
    [
        ("能不能按周还", "frequency", "weekly"),
        ("每两周还一次可以吗", "frequency", "biweekly"),
        ("发了工资再还", "frequency", "payday"),
        ("不要按周，按月还", "frequency", "monthly"),
        ("can I pay weekly", "frequency", "weekly"),
        ("every other week would be better", "frequency", "biweekly"),
        ("when I get paid", "frequency", "payday"),
        ("我15号发工资", "payday", 15),
        ("工资15号到", "payday", 15),
        ("月底发工资", "payday", 31),
        ("I get paid on the 25th", "payday", 25),
        ("首付少一点", "concession", "down_payment"),
        ("能不能不付首付", "concession", "down_payment"),
        ("could you lower the first payment", "concession", "down_payment"),
        ("利息能不能不算", "concession", "interest"),
        ("can you drop the interest", "concession", "interest"),
        ("手续费减免一下", "concession", "fee"),
        ("15号以后开始还行吗", "start", "start"),
        ("can we start after the 10th", "start", "start"),
        ("after the 15th, I get paid on the 10th", "start", "start"),
        ("我10号发工资，15号以后吧", "start", "start"),
    ],
)
def test_a_term_is_found(text: str, term: str, value: str | int) -> None:
    assert (term, value) in named(text)


@pytest.mark.parametrize(
    "text",
    [
        "每月最多八百",
        "利息怎么这么高",
        "what are these fees",
        "我下周五还两千",
        "I'll pay on Friday",
        "分六期",
        "",
    ],
)
def test_what_names_no_term_has_none(text: str) -> None:
    assert named(text) == set()


@fixed
@given(st.text(max_size=80))
def test_any_text_is_read_and_every_term_stands_within_it(text: str) -> None:
    for one in plan_terms.find(text):
        assert 0 <= one.start <= one.end <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "don't stop",
        "please don’t stop",
        "Do not stop",
        "别停",
        "不要停",
        "请不要停止",
        "提醒短信别停，我老忘",
        "继续给我发",
        "keep sending the reminders please",
    ],
)
def test_who_wants_it_to_go_on_has_not_said_stop(text: str) -> None:
    assert wants_it_to_go_on(text)


@pytest.mark.parametrize(
    "text",
    [
        "stop",
        "Don't! Stop",
        "if you don't stop I'll complain",
        "you don't stop calling",
        "停",
        "别再发了",
        "不停地打",
        "you keep sending me these, stop",
    ],
)
def test_a_stop_stays_a_stop(text: str) -> None:
    assert not wants_it_to_go_on(text)


@pytest.mark.parametrize(
    ("text", "term", "value"),
    [
        ("能停还两个月吗", "arrangement", "holiday"),
        ("下个月先不还可以吗", "arrangement", "skip"),
        ("我先还500，剩下的月底还", "arrangement", "partial"),
        ("先付一半，其余下个月", "arrangement", "partial"),
        ("can I have a payment holiday for two months", "arrangement", "holiday"),
        ("can I skip a payment", "arrangement", "skip"),
        ("I can pay 500 now and the rest in three weeks", "arrangement", "partial"),
        ("我想取消这个方案", "agreement", "cancel"),
        ("这个分期不要了", "agreement", "cancel"),
        ("cancel the plan please", "agreement", "cancel"),
        ("方案能调整一下吗", "agreement", "change"),
        ("I want to change my plan", "agreement", "change"),
        ("把方案再发我一次", "agreement", "papers"),
        ("please send me the plan again", "agreement", "papers"),
        ("another copy of the agreement", "agreement", "papers"),
    ],
)
def test_breaks_parts_and_what_is_wanted_of_a_plan_are_read(text: str, term: str, value: str) -> None:
    assert (term, value) in named(text)


@pytest.mark.parametrize(
    "text",
    [
        "能宽限三个月吗",
        "我这周五还500，剩下的下周五还",
        "I'll pay 500 this Friday and the rest next Friday",
        "不要取消方案",
        "don't cancel my plan",
        "取消首付",
        "stop the plan reminders",
        "stop sending me messages",
        "我改天再说",
        "不还了",
        "can you send the original agreement",
        "email me my loan agreement",
        "发一份借款协议给我",
    ],
)
def test_neither_is_read_into_other_words(text: str) -> None:
    assert not {term for term, _ in named(text)} & {"arrangement", "agreement"}
