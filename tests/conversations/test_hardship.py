"""Hardship is heard, then options that fit, then an explicit yes."""

from __future__ import annotations

import json
import sqlite3

import pytest
from sqlalchemy import select

from bot.storage.tables import HoldRow, Plan
from tests.conversations.looks import both, inside, is_human, say_all
from tests.stack import Talks

pytestmark = pytest.mark.stack


@pytest.mark.parametrize(
    ("locale", "opening"),
    [("zh_CN", "我失业了，能分三期吗"), ("en", "I lost my job, can I split it into three payments?")],
)
async def test_hardship_with_a_wish_shows_that_wish_first_and_agrees_after_two_taps(
    talks: Talks, locale: str, opening: str
) -> None:
    talk = await talks.new(locale)
    options = await talk.say(opening)
    assert "utter_hardship_job_loss" in options.keys
    assert "utter_plan_options" in options.keys
    terms = await talk.tap(options, 0)
    assert terms.keys == ("utter_plan_confirm",)
    agreed = await talk.tap(terms, 0)
    assert agreed.keys == ("utter_plan_agreed",)
    with talk.grace.kit.db.begin() as session:
        plan = session.scalars(select(Plan).order_by(Plan.id.desc())).first()
        assert plan is not None
        assert [item.amount_minor for item in plan.items] == [100_000, 100_000, 100_000]


@pytest.mark.parametrize(
    ("locale", "opening", "ability"),
    [
        ("zh_CN", "我生病住院了，这个月还不上", "每个月大概五百"),
        ("en", "I'm in hospital and can't pay", "about 500 a month"),
    ],
)
async def test_stated_ability_bounds_every_option(
    talks: Talks, locale: str, opening: str, ability: str
) -> None:
    talk = await talks.new(locale)
    asked = await talk.say(opening)
    assert "utter_ask_plan_ability" in asked.keys
    options = await talk.say(ability)
    assert "utter_plan_options" in options.keys
    shown = talk.grace.negotiation.shown(talk.conversation)
    assert shown
    assert all(item.amount.minor <= 50_000 for offer in shown for item in offer.schedule)


@pytest.mark.parametrize(
    ("locale", "opening"), [("zh_CN", "我被裁了，暂时没钱还"), ("en", "I got laid off, no money now")]
)
async def test_hardship_pauses_the_ladder(talks: Talks, locale: str, opening: str) -> None:
    talk = await talks.new(locale)
    await talk.say(opening)
    with talk.grace.kit.db.begin() as session:
        kinds = session.scalars(select(HoldRow.kind).order_by(HoldRow.id.desc()).limit(1)).all()
    assert kinds == ["hardship"]


@pytest.mark.parametrize(
    ("locale", "said"),
    both(
        ["我失业了，还不上", "我真的没钱", "一分都没有", "真的没有"],
        ["I lost my job and can't pay", "I really have no money", "nothing at all", "I have nothing"],
    ),
)
async def test_who_can_pay_nothing_is_not_kept_in_a_circle(
    talks: Talks, locale: str, said: list[str]
) -> None:
    talk = await talks.new(locale)
    heard = await say_all(talk, *said)
    assert heard[0].keys[:2] == ("utter_hardship_job_loss", "utter_hardship_paused")
    told = [key for answer in heard[1:] for key in answer.keys]
    assert not any(key.startswith("utter_hardship") for key in told)
    person = {"zh_CN": "转人工", "en": "Talk to a person"}[locale]
    assert is_human(talk) or any(person in answer.buttons for answer in heard[1:])


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
async def test_in_hardship_the_smallest_payments_come_first_and_a_person_is_a_tap_away(
    talks: Talks, locale: str
) -> None:
    talk = await inside(talks, locale, "ability")
    heard = await talk.say({"zh_CN": "说不好", "en": "hard to say"}[locale])
    assert heard.keys == ("utter_plan_ability_none", "utter_plan_options")
    shown = talk.grace.negotiation.shown(talk.conversation)
    assert len(shown[0].schedule) == max(len(offer.schedule) for offer in shown)
    assert heard.buttons[-1] in ("转人工", "Talk to a person")


@pytest.mark.parametrize(
    ("locale", "said"),
    both("我生病住院了，这个月还不上", "I'm in hospital, I can't pay this month"),
)
async def test_the_assistants_own_store_keeps_neither_words_nor_the_cause(
    talks: Talks, locale: str, said: str
) -> None:
    talk = await talks.new(locale, verified=False)
    await talk.say(said)
    await talk.verify()
    with sqlite3.connect(talk.stack.folder / "rasa.db") as store:
        rows = store.execute("SELECT data FROM events WHERE sender_id = ?", (talk.conversation,)).fetchall()
    kept = "\n".join(json.dumps(json.loads(row[0]), ensure_ascii=False) for row in rows)
    assert rows
    for word in (said, "1990-05-12", '"illness"'):
        assert word not in kept
