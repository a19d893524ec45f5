"""Questions about the account are answered from the account, each with its own answer."""

from __future__ import annotations

import pytest

from tests.conversations.looks import (
    both,
    debt_facts,
    each,
    expected,
    handoffs,
    inside,
    is_human,
    pay_off,
    say_all,
)
from tests.stack import Talk, Talks

pytestmark = pytest.mark.stack

LANGUAGES = pytest.mark.parametrize("locale", ["zh_CN", "en"])
BALANCE = {"zh_CN": "我还欠多少", "en": "how much do I owe"}
STATUS = {"zh_CN": "我的分期还剩几期", "en": "how many instalments are left"}


@pytest.mark.parametrize(
    ("locale", "said", "key"),
    each(
        ("zh_CN", "我还欠多少", "account_overdue"),
        ("zh_CN", "哪天到期", "account_overdue"),
        ("zh_CN", "利息怎么这么高", "account_breakdown"),
        ("zh_CN", "怎么还款", "account_how_to_pay"),
        ("zh_CN", "不还会上征信吗", "account_consequences"),
        ("zh_CN", "我的分期还剩几期", "account_no_plan"),
        ("en", "what's my balance", "account_overdue"),
        ("en", "when do I have to pay", "account_overdue"),
        ("en", "what are these charges", "account_breakdown"),
        ("en", "how do I pay", "account_how_to_pay"),
        ("en", "will this hurt my credit", "account_consequences"),
        ("en", "how many instalments are left", "account_no_plan"),
    ),
)
async def test_each_question_has_its_answer_and_opens_nothing(
    talks: Talks, locale: str, said: str, key: str
) -> None:
    talk = await talks.new(locale)
    assert (await talk.say(said)).keys == (f"utter_{key}",)
    assert expected(talk) is None
    assert not is_human(talk)


@LANGUAGES
async def test_the_balance_names_amount_and_day_and_the_ways_on(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale, amount="1234.50")
    heard = await talk.say(BALANCE[locale])
    assert "1,234.50" in heard.text
    assert {"zh_CN": "2月23日", "en": "23 February"}[locale] in heard.text
    assert len(heard.buttons) == 3


@LANGUAGES
async def test_what_is_not_due_yet_is_not_called_overdue(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale, days_past_due=-5)
    assert (await talk.say(BALANCE[locale])).keys == ("utter_account_current",)


@LANGUAGES
async def test_a_paid_loan_is_clear_whatever_is_asked(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale)
    pay_off(talk)
    said = {
        "zh_CN": ["我还欠多少", "利息怎么算的", "我现在就还"],
        "en": ["what do I owe", "what are these charges", "I'll pay now"],
    }
    heard = await say_all(talk, *said[locale])
    assert {answer.keys for answer in heard} == {("utter_account_clear",)}


@LANGUAGES
async def test_an_agreed_plan_answers_status_and_balance(talks: Talks, locale: str) -> None:
    talk = await inside(talks, locale, "terms")
    await talk.say({"zh_CN": "可以", "en": "yes"}[locale])
    status, balance = await say_all(talk, STATUS[locale], BALANCE[locale])
    assert status.keys == balance.keys == ("utter_account_plan_status",)
    assert "1,200" in status.text


@LANGUAGES
async def test_a_yes_to_seeing_what_is_possible_shows_it(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale)
    _, options = await say_all(talk, STATUS[locale], {"zh_CN": "好的", "en": "yes"}[locale])
    assert options.keys == ("utter_plan_options",)


@pytest.mark.parametrize(("locale", "said"), both("开一份结清证明", "send me the paid-off letter"))
async def test_a_document_is_a_task_for_a_person(talks: Talks, locale: str, said: str) -> None:
    talk = await talks.new(locale)
    assert (await talk.say(said)).keys == ("utter_account_document",)
    assert handoffs(talk) == [("document", "waiting")]
    assert not is_human(talk)


@pytest.mark.parametrize(("locale", "said"), both("把合同发我一份", "send me a copy of the contract"))
async def test_a_document_amid_a_plan_lets_the_plan_go_on(talks: Talks, locale: str, said: str) -> None:
    talk = await inside(talks, locale, "terms")
    assert (await talk.say(said)).keys == ("utter_account_document", "utter_plan_confirm_again")
    assert (await talk.say({"zh_CN": "可以", "en": "yes"}[locale])).keys == ("utter_plan_agreed",)


@LANGUAGES
async def test_a_chat_of_nobody_learns_how_to_reach_us_whatever_it_asks(talks: Talks, locale: str) -> None:
    talk = Talk(talks.stack, talks.gateway, f"nobody-{locale}-account")
    said = {
        "zh_CN": ["我还欠多少", "我失业了，能分期吗", "下周五还两千", "昨天已经还了", "1990-05-12 5678"],
        "en": [
            "what do I owe",
            "I lost my job, can I split it",
            "I'll pay 2000 on Friday",
            "I paid",
            "1990-05-12 5678",
        ],
    }
    for heard in await say_all(talk, *said[locale]):
        assert heard.keys.count("utter_welcome_unknown") == 1
        assert heard.keys[-1] == "utter_welcome_unknown"
    assert expected(talk) is None
    assert not is_human(talk)
    assert debt_facts(talk) == []


@pytest.mark.parametrize(
    ("locale", "said"),
    both(["怎么还款", "还有别的办法还吗"], ["how do I pay", "is there another way to pay"]),
)
async def test_the_same_answer_is_not_given_twice_but_a_person_offered(
    talks: Talks, locale: str, said: list[str]
) -> None:
    talk = await talks.new(locale)
    first, second = await say_all(talk, *said)
    assert first.keys == ("utter_account_how_to_pay",)
    assert second.keys == ("utter_account_more_help",)
    yes = await talk.say({"zh_CN": "好", "en": "yes"}[locale])
    assert yes.keys == ("utter_handoff_asked",)
