"""A question in the middle of a form is answered, and the form goes on where it stood."""

from __future__ import annotations

import pytest

from tests.conversations.looks import (
    both,
    each,
    expected,
    holds,
    inside,
    plans,
    promises,
    say_all,
)
from tests.stack import Talks

pytestmark = pytest.mark.stack

LANGUAGES = pytest.mark.parametrize("locale", ["zh_CN", "en"])
AGAIN = {
    "promise": "utter_promise_confirm",
    "options": "utter_plan_which_again",
    "terms": "utter_plan_confirm_again",
    "ability": "utter_ask_plan_ability",
    "consent": "utter_hardship_consent_again",
    "possible": "utter_ask_hardship_ability",
}
QUESTIONS = [
    ("ask_balance", "我还欠多少", "how much do I owe", "account_overdue_since"),
    ("ask_how_to_pay", "怎么还款", "how do I pay", "account_how_to_pay"),
    ("ask_consequences", "不还会上征信吗", "will this hurt my credit", "account_consequences"),
    ("ask_who", "你们是谁啊", "who are you", "who"),
    ("ask_if_bot", "你是机器人吗", "am I talking to a bot", "bot"),
    ("thank", "谢谢", "thanks", "thank"),
    ("out_of_scope", "今天天气怎么样", "who won the match", "scope"),
    ("greet", "你好", "hello", "greet"),
]
_PLACES = tuple(AGAIN)


def _questions() -> list[object]:
    """Every question in both languages, each in another form."""
    return [
        pytest.param(locale, form, said, key, id=f"{name}-{locale[:2]}-{form}")
        for n, (name, zh, en, key) in enumerate(QUESTIONS)
        for m, (locale, said) in enumerate((("zh_CN", zh), ("en", en)))
        for form in (_PLACES[(n + 2 * m) % len(_PLACES)], _PLACES[(n + 2 * m + 1) % len(_PLACES)])
    ]


@pytest.mark.parametrize(("locale", "form", "said", "key"), _questions())
async def test_a_question_is_answered_and_the_form_asks_again(
    talks: Talks, locale: str, form: str, said: str, key: str
) -> None:
    talk = await inside(talks, locale, form)
    before = expected(talk)
    heard = await talk.say(said)
    assert heard.keys == (f"utter_{key}", AGAIN[form])
    assert expected(talk) == before


@pytest.mark.parametrize(
    ("locale", "said", "key"),
    each(
        ("zh_CN", "你们是谁啊", "who"),
        ("zh_CN", "你是机器人吗", "bot"),
        ("zh_CN", "今天天气怎么样", "scope"),
        ("zh_CN", "你好", "greet"),
        ("en", "who are you", "who"),
        ("en", "am I talking to a bot", "bot"),
        ("en", "who won the match", "scope"),
        ("en", "hello", "greet"),
    ),
)
async def test_what_needs_no_identity_is_answered_during_the_check(
    talks: Talks, locale: str, said: str, key: str
) -> None:
    talk = await inside(talks, locale, "identity")
    assert (await talk.say(said)).keys == (f"utter_{key}", "utter_identity_again")


@pytest.mark.parametrize(
    ("locale", "said"), both(["怎么还款", "你们是谁啊", "可以"], ["how do I pay", "who are you", "yes"])
)
async def test_after_two_interruptions_a_yes_still_means_what_was_read_back(
    talks: Talks, locale: str, said: list[str]
) -> None:
    promise = await inside(talks, locale, "promise")
    assert (await say_all(promise, *said))[-1].keys == ("utter_promise_recorded",)
    assert promises(promise) == [(200_000, "2026-03-13", "open")]
    plan = await inside(talks, locale, "terms")
    assert (await say_all(plan, *said))[-1].keys == ("utter_plan_agreed",)
    assert len(plans(plan)) == 1


@pytest.mark.parametrize(
    ("locale", "said"), both("第二个，对了会上征信吗", "the second one. will this hurt my credit?")
)
async def test_terms_that_were_not_read_yet_are_read_in_full_after_the_question(
    talks: Talks, locale: str, said: str
) -> None:
    talk = await inside(talks, locale, "options")
    heard = await talk.say(said)
    assert heard.keys == ("utter_account_consequences", "utter_plan_confirm")


@pytest.mark.parametrize(("locale", "said"), both("没看懂", "what do you mean"))
@pytest.mark.parametrize(
    ("form", "keys"),
    [
        ("identity", ("utter_identity_ask",)),
        ("promise", ("utter_repeat_question", "utter_promise_confirm")),
        ("options", ("utter_repeat_question", "utter_plan_options")),
        ("terms", ("utter_repeat_question", "utter_plan_confirm")),
    ],
)
async def test_say_it_again_says_the_question_again_in_full(
    talks: Talks, locale: str, said: str, form: str, keys: tuple[str, ...]
) -> None:
    talk = await inside(talks, locale, form)
    assert (await talk.say(said)).keys == keys


@pytest.mark.parametrize("form", ["promise", "options", "terms", "ability", "consent", "possible"])
@pytest.mark.parametrize(
    ("locale", "said", "key"),
    each(
        ("zh_CN", "你们烦不烦", "anger"),
        ("zh_CN", "再见", "goodbye"),
        ("en", "you people are leeches", "anger"),
        ("en", "bye", "goodbye"),
    ),
)
async def test_nobody_is_asked_anything_after_anger_or_a_goodbye(
    talks: Talks, locale: str, said: str, key: str, form: str
) -> None:
    talk = await inside(talks, locale, form)
    assert (await talk.say(said)).keys == (f"utter_{key}",)


@pytest.mark.parametrize(("locale", "hardship"), both("我失业了，还不上了", "I lost my job and can't pay"))
async def test_hardship_told_amid_a_promise_turns_to_what_can_be_managed(
    talks: Talks, locale: str, hardship: str
) -> None:
    talk = await inside(talks, locale, "promise")
    heard = await talk.say(hardship)
    assert heard.keys == ("utter_hardship_job_loss", "utter_hardship_paused", "utter_hardship_consent")
    assert promises(talk) == []
    assert "hardship" in holds(talk)


@pytest.mark.parametrize(("locale", "wish"), both("每月最多还八百", "I can only do 800 a month"))
async def test_so_much_a_month_amid_a_promise_asks_for_a_plan(talks: Talks, locale: str, wish: str) -> None:
    talk = await inside(talks, locale, "promise")
    assert (await talk.say(wish)).keys == ("utter_plan_options",)
    shown = talk.grace.negotiation.shown(talk.conversation)
    assert all(item.amount.minor <= 80_000 for offer in shown for item in offer.schedule)


@pytest.mark.parametrize(("locale", "said"), both("我已经还了", "I have already paid it"))
@pytest.mark.parametrize("form", ["promise", "terms"])
async def test_already_paid_ends_whatever_was_being_arranged(
    talks: Talks, locale: str, said: str, form: str
) -> None:
    talk = await inside(talks, locale, form)
    assert (await talk.say(said)).keys == ("utter_paid_claim",)
    assert expected(talk) is None


@LANGUAGES
async def test_an_extension_wished_amid_a_promise_shows_the_options(talks: Talks, locale: str) -> None:
    talk = await inside(talks, locale, "promise")
    heard = await talk.say({"zh_CN": "能再宽限几天吗", "en": "can I have a few more days"}[locale])
    assert heard.keys[-1] == "utter_plan_options"
    assert promises(talk) == []
