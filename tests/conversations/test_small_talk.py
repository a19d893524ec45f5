"""Greetings, thanks, doubts and a bare yes: a kind answer, never a dead end, never a word of the debt."""

from __future__ import annotations

import pytest

from tests.conversations.looks import both, debt_facts, each, expected, is_human, say_all
from tests.stack import Talks

pytestmark = pytest.mark.stack

LANGUAGES = pytest.mark.parametrize("locale", ["zh_CN", "en"])
YES = {"zh_CN": "好的", "en": "yes"}


@pytest.mark.parametrize("verified", [True, False])
@pytest.mark.parametrize(
    ("locale", "said", "key"),
    each(
        ("zh_CN", "你好", "greet"),
        ("zh_CN", "谢谢", "thank"),
        ("zh_CN", "再见", "goodbye"),
        ("zh_CN", "你们是谁，骗子吧", "who"),
        ("zh_CN", "你是机器人吗", "bot"),
        ("zh_CN", "今天天气怎么样", "scope"),
        ("zh_CN", "你们烦不烦", "anger"),
        ("zh_CN", "好的", "ack"),
        ("zh_CN", "不用了", "deny_open"),
        ("zh_CN", "我再想想", "unsure_open"),
        ("en", "hello", "greet"),
        ("en", "thanks", "thank"),
        ("en", "bye", "goodbye"),
        ("en", "is this legit", "who"),
        ("en", "am I talking to a bot", "bot"),
        ("en", "who won the match", "scope"),
        ("en", "you people are leeches", "anger"),
        ("en", "ok", "ack"),
        ("en", "no thanks", "deny_open"),
        ("en", "let me think about it", "unsure_open"),
    ),
)
async def test_small_talk_has_its_answer_and_needs_no_identity(
    talks: Talks, locale: str, said: str, key: str, verified: bool
) -> None:
    talk = await talks.new(locale, verified=verified)
    assert (await talk.say(said)).keys == (f"utter_{key}",)
    assert expected(talk) is None
    assert not is_human(talk)
    assert debt_facts(talk) == []


@LANGUAGES
async def test_the_first_message_says_that_a_machine_writes_and_how_to_check(
    talks: Talks, locale: str
) -> None:
    talk = await talks.new(locale, verified=False)
    first, second = await say_all(talk, *{"zh_CN": ["你好", "谢谢"], "en": ["hello", "thanks"]}[locale])
    lender = talk.grace.kit.settings.lender(locale)
    assert lender in first.text
    assert talk.grace.kit.settings.lender_phone in first.text
    assert lender not in second.text


@pytest.mark.parametrize(("locale", "said"), both("你是真人吗", "are you a real person"))
async def test_asked_plainly_it_says_plainly_that_it_is_a_machine(
    talks: Talks, locale: str, said: str
) -> None:
    talk = await talks.new(locale)
    heard = await talk.say(said)
    assert heard.keys == ("utter_bot",)
    assert len(heard.buttons) == 1


@pytest.mark.parametrize(
    ("locale", "said"),
    each(
        ("zh_CN", "好的"),
        ("zh_CN", "是我本人"),
        ("zh_CN", "你好"),
        ("zh_CN", "什么消息"),
        ("en", "yes"),
        ("en", "it's me"),
        ("en", "hi"),
        ("en", "what message?"),
    ),
)
async def test_an_answer_to_the_notice_that_there_is_a_message_begins_the_check(
    talks: Talks, locale: str, said: str
) -> None:
    talk = await talks.new(locale, verified=False)
    talk.grace.conversations.say(talk.conversation, "utter_reminder_unverified", turn="reminder")
    heard = await talk.say(said)
    assert heard.keys[-1] == "utter_identity_ask"
    assert (await talk.verify()).keys == ("utter_identity_done", "utter_account_overdue")


_VALUES = {"name": "-", "loan": "-", "amount": "-", "date": "-"}


@pytest.mark.parametrize(
    ("reminder", "key"),
    [("utter_reminder_options", "utter_plan_options"), ("utter_reminder_check_in", "utter_ack_which")],
)
@LANGUAGES
async def test_a_yes_to_a_reminder_leads_on(talks: Talks, locale: str, reminder: str, key: str) -> None:
    talk = await talks.new(locale)
    talk.grace.conversations.say(talk.conversation, reminder, _VALUES, turn="reminder")
    heard = await talk.say(YES[locale])
    assert heard.keys[-1] == key
    assert heard.buttons


@LANGUAGES
async def test_a_yes_to_a_reminder_begins_the_check_where_nobody_was_verified(
    talks: Talks, locale: str
) -> None:
    talk = await talks.new(locale, verified=False)
    talk.grace.conversations.say(talk.conversation, "utter_reminder_unverified", _VALUES, turn="reminder")
    assert (await talk.say(YES[locale])).keys[-1] == "utter_identity_ask"
    assert (await talk.verify()).keys[0] == "utter_identity_done"


@LANGUAGES
async def test_say_it_again_says_what_grace_can_do(talks: Talks, locale: str) -> None:
    said = {"zh_CN": "没看懂", "en": "what do you mean"}[locale]
    talk = await talks.new(locale)
    assert (await talk.say(said)).keys == ("utter_repeat",)
    stranger = await talks.new(locale, verified=False)
    assert (await stranger.say(said)).keys == ("utter_repeat_open",)
