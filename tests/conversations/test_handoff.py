"""A person is one word away; then the assistant is silent until it is handed back."""

from __future__ import annotations

import pytest

from tests.conversations.looks import (
    both,
    each,
    expected,
    hand_back,
    handoffs,
    holds,
    inside,
    is_human,
    promises,
    say_all,
    slots,
    take_over,
)
from tests.stack import Talks

pytestmark = pytest.mark.stack

LANGUAGES = pytest.mark.parametrize("locale", ["zh_CN", "en"])
PERSON = {"zh_CN": "转人工", "en": "let me talk to a person"}
BALANCE = {"zh_CN": "我还欠多少", "en": "how much do I owe"}
YES = {"zh_CN": "好的", "en": "yes"}


@pytest.mark.parametrize(
    ("locale", "said", "key", "reason"),
    each(
        ("zh_CN", "转人工", "handoff_asked", "asked"),
        ("zh_CN", "下午三点给我打电话", "handoff_callback", "callback"),
        ("zh_CN", "能不能减免罚息", "waiver_passed", "beyond_policy"),
        ("en", "let me talk to a person", "handoff_asked", "asked"),
        ("en", "please ring me tomorrow", "handoff_callback", "callback"),
        ("en", "can you drop the late fee", "waiver_passed", "beyond_policy"),
    ),
)
async def test_what_only_people_can_do_goes_to_them_with_its_reason(
    talks: Talks, locale: str, said: str, key: str, reason: str
) -> None:
    talk = await talks.new(locale)
    heard = await talk.say(said)
    assert heard.keys == (f"utter_{key}",)
    assert handoffs(talk) == [(reason, "waiting")]
    assert "handoff" in holds(talk)


@LANGUAGES
async def test_one_acknowledgement_while_nobody_has_taken_it_and_then_silence(
    talks: Talks, locale: str
) -> None:
    talk = await talks.new(locale)
    _, first, second = await say_all(talk, PERSON[locale], BALANCE[locale], BALANCE[locale])
    assert first.keys == ("utter_handoff_waiting",)
    assert second.text == ""


@LANGUAGES
async def test_asking_for_a_person_needs_no_identity(talks: Talks, locale: str) -> None:
    talk = await inside(talks, locale, "identity")
    assert (await talk.say(PERSON[locale])).keys == ("utter_handoff_asked",)
    assert is_human(talk)


@LANGUAGES
async def test_handed_back_the_assistant_says_so_and_starts_from_a_safe_place(
    talks: Talks, locale: str
) -> None:
    talk = await inside(talks, locale, "promise")
    await talk.say(PERSON[locale])
    hand_back(talk)
    heard = await talk.say(YES[locale])
    assert heard.keys == ("utter_handoff_returned", "utter_ack")
    assert promises(talk) == []
    assert (await talk.say(BALANCE[locale])).keys == ("utter_account_overdue",)


@LANGUAGES
async def test_twice_handed_over_is_twice_handed_back(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale)
    for _ in range(2):
        await talk.say(PERSON[locale])
        assert is_human(talk)
        hand_back(talk)
    assert [state for _, state in handoffs(talk)] == ["returned", "returned"]
    assert (await talk.say(BALANCE[locale])).keys[-1] == "utter_account_overdue"


@pytest.mark.parametrize("form", ["promise", "terms"])
@pytest.mark.parametrize(("locale", "anger"), both("你们烦不烦", "you people are leeches"))
async def test_a_yes_to_a_person_is_not_a_yes_to_the_terms(
    talks: Talks, locale: str, anger: str, form: str
) -> None:
    talk = await inside(talks, locale, form)
    angry, asked = await say_all(talk, anger, YES[locale])
    assert angry.keys == ("utter_anger",)
    assert asked.keys == ("utter_handoff_asked",)
    assert promises(talk) == []
    assert "plan" not in holds(talk)


@pytest.mark.parametrize("form", ["promise", "terms"])
@pytest.mark.parametrize(
    ("locale", "anger", "no"), both(("你们烦不烦", "不用"), ("you people are leeches", "no"))
)
async def test_a_no_to_a_person_presses_nothing(
    talks: Talks, locale: str, anger: str, no: str, form: str
) -> None:
    talk = await inside(talks, locale, form)
    await say_all(talk, anger, no)
    assert not is_human(talk)
    assert expected(talk) is None
    assert promises(talk) == []


@pytest.mark.parametrize(
    ("locale", "said"), both("你是机器人吗，转人工", "are you a bot? let me talk to a person")
)
async def test_are_you_a_bot_is_answered_on_the_way_to_a_person(talks: Talks, locale: str, said: str) -> None:
    talk = await talks.new(locale)
    assert (await talk.say(said)).keys == ("utter_bot_yes", "utter_handoff_asked")


@pytest.mark.parametrize("button", [0, 1])
@LANGUAGES
async def test_buttons_lead_to_hardship_and_to_a_person(talks: Talks, locale: str, button: int) -> None:
    talk = await talks.new(locale)
    refused = await talk.say({"zh_CN": "我不还", "en": "I'm not paying"}[locale])
    heard = await talk.tap(refused, button)
    assert heard.keys[-1] == ("utter_hardship_consent", "utter_handoff_asked")[button]


@LANGUAGES
async def test_taken_over_in_the_midst_of_a_question_nothing_is_agreed_after_the_return_and_no_slot_is_lost(
    talks: Talks, locale: str
) -> None:
    talk = await inside(talks, locale, "promise")
    before = slots(talk)
    assert before["promise_amount"] is not None
    for number in range(2):
        take_over(talk)
        hand_back(talk)
        heard = await talk.say(YES[locale])
        assert heard.keys == ("utter_handoff_returned", "utter_ack")
        assert promises(talk) == [], number
        assert expected(talk) is None
        assert {name: slots(talk).get(name) for name in before} == before
    assert (await talk.say(BALANCE[locale])).keys == ("utter_account_overdue",)
