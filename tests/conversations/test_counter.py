"""Other terms in free words: agreed at once, met as nearly as may be, then put before people."""

from __future__ import annotations

import pytest

from tests.conversations.looks import (
    asked_of_people,
    both,
    each,
    expected,
    handoffs,
    inside,
    is_human,
    plans,
    say_all,
)
from tests.stack import Talk, Talks

pytestmark = pytest.mark.stack

LANGUAGES = pytest.mark.parametrize("locale", ["zh_CN", "en"])
ASK = {"zh_CN": "能分期吗", "en": "can I pay in instalments"}
YES = {"zh_CN": "可以", "en": "yes"}


@pytest.mark.parametrize(
    ("locale", "wish", "count", "first"),
    each(
        ("zh_CN", "每月最多八百", 6, "2026-03-17"),
        ("zh_CN", "15号以后开始还行吗", 3, "2026-03-15"),
        ("zh_CN", "分5期吧", 5, "2026-03-17"),
        ("zh_CN", "我10号发工资", 3, "2026-03-10"),
        ("en", "I can only do 800 a month", 6, "2026-03-17"),
        ("en", "can we start after the 10th", 3, "2026-03-10"),
        ("en", "five payments please", 5, "2026-03-17"),
        ("en", "I get paid on the 10th", 3, "2026-03-10"),
    ),
)
async def test_what_policy_allows_is_agreed_to_at_once_and_read_back(
    talks: Talks, locale: str, wish: str, count: int, first: str
) -> None:
    talk = await inside(talks, locale, "options")
    heard = await talk.say(wish)
    assert heard.keys == ("utter_plan_as_wished", "utter_plan_confirm")
    assert (await talk.say(YES[locale])).keys == ("utter_plan_agreed",)
    [(_, amounts)] = plans(talk)
    assert len(amounts) == count
    assert _first_day(talk) == first


@pytest.mark.parametrize(
    ("locale", "wish", "limit"),
    each(
        ("zh_CN", "首付少一点", "instalment_down_payment"),
        ("zh_CN", "能不能按周还", "instalment_frequency"),
        ("zh_CN", "24期行吗", "instalment_count"),
        ("en", "could you lower the first payment", "instalment_down_payment"),
        ("en", "can I pay weekly", "instalment_frequency"),
        ("en", "could we do 24 payments", "instalment_count"),
    ),
)
async def test_what_policy_does_not_allow_is_named_and_the_nearest_offered(
    talks: Talks, locale: str, wish: str, limit: str
) -> None:
    talk = await inside(talks, locale, "options")
    heard = await talk.say(wish)
    assert heard.keys == (f"utter_limit_{limit}", "utter_plan_options")
    assert plans(talk) == []


@pytest.mark.parametrize(
    ("locale", "said"),
    both(
        ["首付少一点", "首付能不能不要", "不要首付"],
        ["could you lower the first payment", "no down payment please", "without a down payment"],
    ),
)
async def test_after_two_rounds_on_one_point_whoever_may_decide_is_asked_with_all_that_it_takes(
    talks: Talks, locale: str, said: list[str]
) -> None:
    talk = await inside(talks, locale, "options")
    heard = await say_all(talk, *said)
    assert [answer.keys[0] for answer in heard] == [
        "utter_limit_instalment_down_payment",
        "utter_limit_instalment_down_payment",
        "utter_approval_asked",
    ]
    assert asked_of_people(talk) == [("supervisor", "waiting", ["instalment.down_payment"])]
    assert not is_human(talk)
    assert expected(talk) is None


@LANGUAGES
async def test_a_tap_asks_a_colleague_for_what_was_wished(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale)
    heard = await talk.say({"zh_CN": "能分24期吗", "en": "can I get 24 instalments"}[locale])
    assert heard.buttons[-1] in ("请同事看看", "Ask a colleague")
    assert (await talk.tap(heard, 3)).keys == ("utter_approval_asked",)
    assert asked_of_people(talk) == [("agent", "waiting", ["instalment.count"])]
    assert handoffs(talk) == []


@LANGUAGES
async def test_what_was_refused_does_not_stand_in_the_way_of_the_next_wish(talks: Talks, locale: str) -> None:
    talk = await inside(talks, locale, "options")
    said = {
        "zh_CN": ["首付少一点", "能不能按周还", "15号以后开始还行吗"],
        "en": ["could you lower the first payment", "can I pay weekly", "can we start after the 10th"],
    }
    heard = await say_all(talk, *said[locale])
    assert heard[-1].keys == ("utter_plan_as_wished", "utter_plan_confirm")


@LANGUAGES
async def test_a_payday_that_is_not_known_is_asked_for(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale, product="loan-gb", currency="GBP")
    said = {"zh_CN": ["能分期吗", "发工资那天还行吗", "25号"], "en": [ASK["en"], "on my payday", "the 25th"]}
    _, asked, terms = await say_all(talk, *said[locale])
    assert asked.keys == ("utter_plan_ask_payday",)
    assert terms.keys == ("utter_plan_as_wished", "utter_plan_confirm")
    assert "25" in terms.text


@LANGUAGES
async def test_payments_as_often_as_policy_allows_are_said_as_often(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale, product="loan-gb", currency="GBP")
    said = {"zh_CN": "每周还200行吗", "en": "I can pay 200 a week"}
    heard = await talk.say(said[locale])
    assert heard.keys == ("utter_plan_options",)
    assert ("每周" if locale == "zh_CN" else "weekly") in heard.text
    shown = talk.grace.negotiation.shown(talk.conversation)
    assert all(item.amount.minor <= 20_000 for item in shown[0].schedule)


@pytest.mark.parametrize(("locale", "question"), both("会上征信吗", "will this hurt my credit"))
async def test_a_question_amid_a_counter_offer_is_answered_and_the_offer_stands(
    talks: Talks, locale: str, question: str
) -> None:
    talk = await inside(talks, locale, "options")
    await talk.say({"zh_CN": "每月最多八百", "en": "I can only do 800 a month"}[locale])
    heard = await talk.say(question)
    assert heard.keys == ("utter_account_consequences", "utter_plan_confirm_again")
    assert (await talk.say(YES[locale])).keys == ("utter_plan_agreed",)


def _first_day(talk: Talk) -> str:
    plan = talk.grace.accounts.standing(talk.conversation).plan
    assert plan is not None
    return plan.next_on.isoformat()
