"""Hardship is heard, then options that fit, then an explicit yes."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.storage.tables import HoldRow, Plan
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
