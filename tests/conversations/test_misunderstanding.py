"""What was not understood is asked once in other words; twice in a row brings a person."""

from __future__ import annotations

import pytest

from tests.conversations.looks import debt_facts, expected, handoffs, inside, is_human, say_all
from tests.stack import Talks

pytestmark = pytest.mark.stack

LANGUAGES = pytest.mark.parametrize("locale", ["zh_CN", "en"])
BALANCE = {"zh_CN": "我还欠多少", "en": "how much do I owe"}
# One of these is read as nothing at all, whatever the sentences that the model has learnt.
_GIBBERISH = {
    "zh_CN": ["上次说的", "又怎样", "你懂的", "然后呢", "还行", "啦啦啦啦"],
    "en": ["same as last time", "bruh", "you know what", "that thing", "like i said before"],
}


async def not_understood(talks: Talks, locale: str) -> str:
    """Return a message that the assistant does not understand."""
    context = {"at": "2026-03-02T01:00:00+00:00", "known": True, "verified": True}
    for text in _GIBBERISH[locale]:
        parsed = await talks.assistant.parse(text, context)
        if parsed["intent"]["name"] == "nlu_fallback":
            return text
    raise AssertionError("every piece of nonsense was taken for an act: add others")


@LANGUAGES
async def test_once_asks_for_other_words_twice_brings_a_person(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale)
    nonsense = await not_understood(talks, locale)
    once, twice = await say_all(talk, nonsense, nonsense)
    assert once.keys == ("utter_clarify",)
    assert twice.keys == ("utter_handoff_misunderstood",)
    assert handoffs(talk) == [("misunderstood", "waiting")]


@LANGUAGES
async def test_what_is_understood_in_between_starts_the_count_anew(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale)
    nonsense = await not_understood(talks, locale)
    heard = await say_all(talk, nonsense, BALANCE[locale], nonsense)
    assert heard[-1].keys == ("utter_clarify",)
    assert not is_human(talk)


@pytest.mark.parametrize("form", ["promise", "options", "terms", "ability", "consent"])
@LANGUAGES
async def test_inside_a_form_the_question_is_asked_again_and_then_a_person_comes(
    talks: Talks, locale: str, form: str
) -> None:
    talk = await inside(talks, locale, form)
    before = expected(talk)
    nonsense = await not_understood(talks, locale)
    once = await talk.say(nonsense)
    assert once.keys[0] == "utter_clarify"
    assert len(once.keys) == 2
    assert expected(talk) == before
    twice = await talk.say(nonsense)
    assert twice.keys == ("utter_handoff_misunderstood",)
    assert expected(talk) is None


@LANGUAGES
async def test_before_identity_no_example_speaks_of_a_debt(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale, verified=False)
    nonsense = await not_understood(talks, locale)
    heard = await talk.say(nonsense)
    assert heard.keys == ("utter_clarify_open",)
    assert len(heard.buttons) == 1
    assert not any(word in heard.text.partition("\n\n")[2] for word in ("还", "pay", "欠"))
    assert debt_facts(talk) == []


@LANGUAGES
async def test_during_the_identity_check_twice_brings_a_person_as_well(talks: Talks, locale: str) -> None:
    talk = await inside(talks, locale, "identity")
    nonsense = await not_understood(talks, locale)
    once, twice = await say_all(talk, nonsense, nonsense)
    assert once.keys == ("utter_identity_again",)
    assert twice.keys == ("utter_handoff_misunderstood",)
