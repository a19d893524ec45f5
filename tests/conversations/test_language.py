"""Chinese, in either script, and English: switched by asking or by simply writing, and nothing is lost."""

from __future__ import annotations

import pytest

from tests.conversations.looks import FORMS, both, each, expected, handoffs, inside, plans, promises, say_all
from tests.stack import Talks

pytestmark = pytest.mark.stack

OTHER = {"zh_CN": "请说英文", "en": "can we speak Chinese please"}
AGAIN = {
    "identity": "utter_identity_again",
    "promise": "utter_promise_confirm",
    "options": "utter_plan_which_again",
    "terms": "utter_plan_confirm_again",
    "ability": "utter_ask_plan_ability",
    "consent": "utter_hardship_consent_again",
    "possible": "utter_ask_hardship_ability",
}


def _is_chinese(text: str) -> bool:
    return sum("一" <= char <= "鿿" for char in text) > len(text) / 4


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("locale", ["zh_CN", "en"])
async def test_a_switch_keeps_the_form_and_asks_in_the_new_language(
    talks: Talks, locale: str, form: str
) -> None:
    talk = await inside(talks, locale, form)
    before = expected(talk)
    heard = await talk.say(OTHER[locale])
    assert heard.keys == ("utter_language_changed", AGAIN[form])
    assert expected(talk) == before
    assert _is_chinese(heard.text) is (locale == "en")


@pytest.mark.parametrize(("locale", "yes"), both("Yes, please note it like that", "好的，请记下来"))
async def test_writing_the_other_language_is_enough_and_keeps_the_promise(
    talks: Talks, locale: str, yes: str
) -> None:
    talk = await inside(talks, locale, "promise")
    done = await talk.say(yes)
    assert done.keys == ("utter_promise_recorded",)
    assert _is_chinese(done.text) is (locale == "en")
    assert promises(talk) == [(200_000, "2026-03-13", "open")]


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
async def test_buttons_are_made_in_the_new_language(talks: Talks, locale: str) -> None:
    talk = await inside(talks, locale, "options")
    heard = await talk.say(OTHER[locale])
    assert len(heard.buttons) == 3
    assert _is_chinese("".join(heard.buttons)) is (locale == "en")
    assert (await talk.tap(heard, 0)).keys == ("utter_plan_confirm",)


@pytest.mark.parametrize(
    "said",
    [
        ["我還欠多少錢", "能分期嗎", "第一個", "好的，確認"],
        ["我失業了，還不起", "每個月五百", "選第一個", "可以"],
    ],
)
async def test_traditional_characters_are_read_like_simplified_ones(talks: Talks, said: list[str]) -> None:
    talk = await talks.new("zh_CN")
    heard = await say_all(talk, *said)
    assert heard[-1].keys == ("utter_plan_agreed",)
    assert len(plans(talk)) == 1


async def test_traditional_characters_protect_as_well(talks: Talks) -> None:
    talk = await talks.new("zh_CN")
    assert (await talk.say("我要投訴你們")).keys == ("utter_protect_complaint",)
    assert handoffs(talk) == [("complaint", "waiting")]


@pytest.mark.parametrize(
    ("locale", "said", "key"),
    each(
        ("zh_CN", "我的balance还有多少", "utter_account_overdue"),
        ("zh_CN", "可以instalment吗，分3期", "utter_plan_options"),
        ("en", "hi，how much do I owe呀", "utter_account_overdue"),
    ),
)
async def test_both_languages_in_one_message_are_understood(
    talks: Talks, locale: str, said: str, key: str
) -> None:
    talk = await talks.new(locale)
    assert (await talk.say(said)).keys == (key,)


@pytest.mark.parametrize(("locale", "said"), both("可以说法语吗", "do you speak French"))
async def test_a_language_that_is_not_spoken_is_answered_with_those_that_are(
    talks: Talks, locale: str, said: str
) -> None:
    talk = await talks.new(locale)
    heard = await talk.say(said)
    assert heard.keys == ("utter_language_ask",)
    assert len(heard.buttons) == 2
    assert _is_chinese((await talk.tap(heard, 0)).text)
