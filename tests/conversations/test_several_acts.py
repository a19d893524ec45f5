"""Several things in one message: the most protective first, all in one answer, nothing said twice."""

from __future__ import annotations

import pytest

from tests.conversations.looks import (
    both,
    each,
    expected,
    handoffs,
    holds,
    inside,
    plans,
    promises,
)
from tests.stack import Talks

pytestmark = pytest.mark.stack

ALONE = "protect_stop_third_party"
HARDSHIP = ("hardship_job_loss", "hardship_paused")


@pytest.mark.parametrize(
    ("locale", "said", "keys"),
    each(
        ("zh_CN", "我失业了，能分三期吗", (*HARDSHIP, "plan_options")),
        ("zh_CN", "我失业了能分三期吗", (*HARDSHIP, "plan_options")),
        ("zh_CN", "我失业了，能分三期吗，别再打给我妈了", (ALONE, *HARDSHIP, "plan_options")),
        ("zh_CN", "你好，我还欠多少，怎么还款", ("account_overdue", "account_how_to_pay")),
        ("zh_CN", "你是谁，我还欠多少", ("account_overdue", "who")),
        ("zh_CN", "烦死了，我还欠多少", ("account_overdue",)),
        ("zh_CN", "谢谢，我还欠多少", ("account_overdue",)),
        ("en", "I lost my job, can I split it into three?", (*HARDSHIP, "plan_options")),
        (
            "en",
            "I lost my job, can I split it into three, and stop calling my mum",
            (ALONE, *HARDSHIP, "plan_options"),
        ),
        ("en", "hi, how much do I owe and how do I pay?", ("account_overdue", "account_how_to_pay")),
        ("en", "who are you? how much do I owe?", ("account_overdue", "who")),
        ("en", "ffs, how much do I owe", ("account_overdue",)),
        ("en", "thanks. how much do I owe?", ("account_overdue",)),
    ),
)
async def test_all_that_was_said_is_served_in_its_order_in_one_answer(
    talks: Talks, locale: str, said: str, keys: tuple[str, ...]
) -> None:
    talk = await talks.new(locale)
    heard = await talk.say(said)
    assert heard.keys == tuple(f"utter_{key}" for key in keys)
    paragraphs = heard.text.split("\n\n")
    assert len(paragraphs) == len(set(paragraphs))


@pytest.mark.parametrize(
    ("locale", "said"),
    both("利息怎么这么高，能不能减免，转人工", "why so much interest? can you waive it? get me a person"),
)
async def test_one_hand_off_for_two_reasons_is_said_once(talks: Talks, locale: str, said: str) -> None:
    talk = await talks.new(locale)
    heard = await talk.say(said)
    assert heard.keys == ("utter_handoff_asked",)
    assert len(handoffs(talk)) == 1


@pytest.mark.parametrize(("locale", "said"), both("可以，怎么还款", "yes. how do I pay?"))
async def test_a_yes_and_a_question_agree_and_answer(talks: Talks, locale: str, said: str) -> None:
    plan = await inside(talks, locale, "terms")
    assert (await plan.say(said)).keys == ("utter_plan_agreed", "utter_account_how_to_pay")
    promise = await inside(talks, locale, "promise")
    assert (await promise.say(said)).keys == ("utter_promise_recorded", "utter_account_how_to_pay")
    assert len(plans(plan)) == len(promises(promise)) == 1


@pytest.mark.parametrize(
    ("locale", "said"),
    each(
        ("zh_CN", "好的，不过能晚几天开始吗"),
        ("zh_CN", "可以，但是每月最多五百"),
        ("zh_CN", "好，我再想想"),
        ("zh_CN", "行，不过我失业了"),
        ("en", "ok, but can I have a few more days"),
        ("en", "yes, but I can only do 500 a month"),
        ("en", "ok, let me think about it"),
        ("en", "yes, but I lost my job"),
    ),
)
async def test_a_yes_with_a_but_agrees_to_nothing(talks: Talks, locale: str, said: str) -> None:
    talk = await inside(talks, locale, "terms")
    heard = await talk.say(said)
    assert heard.text
    assert plans(talk) == []


@pytest.mark.parametrize(
    ("locale", "said"),
    each(
        ("zh_CN", "好，我再想想"),
        ("zh_CN", "行，不过我失业了"),
        ("en", "ok, let me think about it"),
        ("en", "yes, but I lost my job"),
    ),
)
async def test_a_yes_with_a_but_promises_nothing(talks: Talks, locale: str, said: str) -> None:
    talk = await inside(talks, locale, "promise")
    assert (await talk.say(said)).text
    assert promises(talk) == []


@pytest.mark.parametrize(
    ("locale", "said"), both("别打给我妈了，周五还", "stop calling my mum. I'll pay on Friday")
)
async def test_the_answer_beside_what_protects_is_not_lost(talks: Talks, locale: str, said: str) -> None:
    talk = await talks.new(locale)
    await talk.say({"zh_CN": "我会还的", "en": "I will pay"}[locale])
    heard = await talk.say(said)
    assert heard.keys == ("utter_protect_stop_third_party", "utter_promise_confirm")
    assert expected(talk) == "promise_confirmed"


@pytest.mark.parametrize(
    ("locale", "said"),
    both("我不是他本人，我是他老婆，他失业了", "I'm not him, I'm his wife, he lost his job"),
)
async def test_a_strangers_other_words_change_nothing_in_the_account(
    talks: Talks, locale: str, said: str
) -> None:
    talk = await talks.new(locale)
    heard = await talk.say(said)
    assert heard.keys in (("utter_protect_third_party",), ("utter_protect_wrong_person",))
    assert "hardship" not in holds(talk)
