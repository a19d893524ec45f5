"""Breaks, parts now, and what is wanted of an agreed plan: its papers again, other terms, its end."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.storage.tables import Message
from tests.conversations.looks import asked_of_people, both, handoffs, holds, is_human, plans, say_all
from tests.stack import Talk, Talks

pytestmark = pytest.mark.stack

LANGUAGES = pytest.mark.parametrize("locale", ["zh_CN", "en"])
YES = {"zh_CN": "可以", "en": "yes"}
SIX = {"zh_CN": "能分6期吗", "en": "can I pay in six instalments"}
CANCEL = {"zh_CN": "我想取消这个方案", "en": "cancel the plan please"}
AGREED = ("utter_plan_agreed",)


async def agreed(talks: Talks, locale: str) -> Talk:
    """Start a chat and agree a plan of six payments."""
    talk = await talks.new(locale)
    heard = await say_all(talk, SIX[locale], YES[locale], YES[locale])
    assert heard[-1].keys == AGREED
    return talk


@pytest.mark.parametrize(
    ("locale", "wish"),
    both("先还一半，剩下的月底还", "can I pay half now and the rest on the 31st"),
)
async def test_a_part_now_and_the_rest_later_is_agreed_as_wished(
    talks: Talks, locale: str, wish: str
) -> None:
    talk = await talks.new(locale)
    heard = await say_all(talk, wish, YES[locale], YES[locale])
    assert [one.keys[-1] for one in heard] == [
        "utter_plan_options",
        "utter_plan_confirm",
        "utter_plan_agreed",
    ]
    assert plans(talk) == [("partial", [150_000, 150_000])]


@pytest.mark.parametrize(
    ("locale", "wish", "choice"),
    both(
        ("我失业了，能停还一个月吗", "暂停吧"),
        ("I lost my job, can I skip a payment this month", "the break"),
    ),
)
async def test_in_hardship_a_break_is_agreed(talks: Talks, locale: str, wish: str, choice: str) -> None:
    talk = await talks.new(locale)
    heard = await say_all(talk, wish, choice, YES[locale])
    assert heard[0].keys[-1] == "utter_plan_options"
    assert heard[-1].keys == AGREED
    assert plans(talk) == [("holiday", [100_000, 100_000, 100_000])]


@pytest.mark.parametrize(("locale", "wish"), both("能先停还两个月吗", "can I have a payment holiday"))
async def test_without_a_hardship_a_break_is_explained(talks: Talks, locale: str, wish: str) -> None:
    talk = await talks.new(locale)
    assert (await talk.say(wish)).keys == ("utter_limit_holiday_hardship", "utter_plan_options")


@pytest.mark.parametrize(("locale", "again"), both("把方案再发我一次", "please send me the plan again"))
async def test_the_papers_of_an_agreed_plan_are_sent_again(talks: Talks, locale: str, again: str) -> None:
    talk = await agreed(talks, locale)
    assert _papers(talk) == 3
    assert (await talk.say(again)).keys == ("utter_plan_papers_again",)
    assert _papers(talk) == 6
    assert handoffs(talk) == []


@LANGUAGES
async def test_a_plan_is_ended_on_wish_after_a_second_word(talks: Talks, locale: str) -> None:
    talk = await agreed(talks, locale)
    asked = await talk.say(CANCEL[locale])
    assert asked.keys == ("utter_plan_cancel_ask",)
    assert "plan" in holds(talk)
    assert (await talk.say(YES[locale])).keys == ("utter_plan_cancelled",)
    assert "plan" not in holds(talk)
    assert talk.grace.accounts.standing(talk.conversation).plan is None


@LANGUAGES
async def test_a_plan_that_is_kept_after_all_stays(talks: Talks, locale: str) -> None:
    talk = await agreed(talks, locale)
    await talk.tap(await talk.say(CANCEL[locale]), 2)
    assert talk.grace.accounts.standing(talk.conversation).plan is not None


@pytest.mark.parametrize(
    ("locale", "other"), both("我想把方案改成12期", "can we change the plan to 12 payments")
)
async def test_other_terms_take_the_place_of_the_agreed_ones_with_the_yes_alone(
    talks: Talks, locale: str, other: str
) -> None:
    talk = await agreed(talks, locale)
    options, terms = await say_all(talk, other, YES[locale])
    assert options.keys == ("utter_plan_options",)
    assert terms.keys == ("utter_plan_confirm",)
    assert len(plans(talk)) == 1
    assert (await talk.say(YES[locale])).keys == AGREED
    plan = talk.grace.accounts.standing(talk.conversation).plan
    assert plan is not None
    assert plan.count == 12


@LANGUAGES
async def test_a_wish_beside_an_agreed_plan_is_not_asked_for_twice(talks: Talks, locale: str) -> None:
    talk = await agreed(talks, locale)
    heard = await say_all(talk, {"zh_CN": "能分3期吗", "en": "can I have 3 instalments"}[locale], YES[locale])
    assert [one.keys for one in heard] == [("utter_plan_exists",), ("utter_plan_options",)]
    assert "3" in heard[-1].buttons[0]


@LANGUAGES
async def test_who_asks_for_a_person_after_a_refused_wish_finds_it_asked_for(
    talks: Talks, locale: str
) -> None:
    talk = await talks.new(locale)
    await talk.say({"zh_CN": "能分24期吗", "en": "can I get 24 instalments"}[locale])
    await talk.say({"zh_CN": "转人工", "en": "I want to talk to a person"}[locale])
    assert is_human(talk)
    assert asked_of_people(talk) == [("agent", "waiting", ["instalment.count"])]


def _papers(talk: Talk) -> int:
    with talk.grace.kit.db.begin() as session:
        sent = select(Message.template).where(
            Message.conversation_id == talk.conversation, Message.direction == "out"
        )
        return sum((one or "").startswith("utter_paper") for one in session.scalars(sent))
