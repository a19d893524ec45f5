"""Hardship is heard, then options that fit, then an explicit yes."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.services.hardship import HardshipService
from bot.services.kit import MovableClock
from bot.storage.tables import HoldRow, Plan
from tests.conversations.looks import both, events, holds, inside, is_human, say_all, told
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


YES = {"zh_CN": "可以", "en": "yes, that's fine"}
NO = {"zh_CN": "不用了，直接看方案", "en": "no, just show me the options"}
LANGUAGES = pytest.mark.parametrize("locale", ["zh_CN", "en"])


@pytest.mark.parametrize(
    ("locale", "said"),
    both(
        ["我实在还不上了", "可以", "生病了", "大概两个月", "每个月500，15号发工资"],
        ["I just can't pay", "yes", "I've been ill", "about two months", "500 a month, paid on the 15th"],
    ),
)
async def test_four_questions_lead_to_options_within_what_can_be_paid(
    talks: Talks, locale: str, said: list[str]
) -> None:
    talk = await talks.new(locale)
    heard = await say_all(talk, *said)
    asked = [answer.keys[-1] for answer in heard[:-1]]
    assert asked == [
        "utter_hardship_consent",
        "utter_ask_hardship_cause",
        "utter_ask_hardship_duration",
        "utter_ask_hardship_ability",
    ]
    assert heard[-1].keys == ("utter_hardship_noted", "utter_plan_options")
    assert told(talk) == [(True, "illness", 60, 50_000, 15)]
    shown = talk.grace.negotiation.shown(talk.conversation)
    assert all(item.amount.minor <= 50_000 for offer in shown for item in offer.schedule)
    assert shown[0].schedule[0].due_on.day == 15


@pytest.mark.parametrize(
    ("locale", "said"),
    both(
        "我失业了，大概三个月能找到工作，每月能还八百，15号发工资",
        "I lost my job, it will take about three months, I can pay 800 a month, I get paid on the 15th",
    ),
)
async def test_what_one_sentence_told_is_not_asked_again(talks: Talks, locale: str, said: str) -> None:
    talk = await talks.new(locale)
    assert (await talk.say(said)).keys[-1] == "utter_hardship_consent"
    assert told(talk) == []
    heard = await talk.say(YES[locale])
    assert heard.keys == ("utter_hardship_noted", "utter_plan_options")
    assert told(talk) == [(True, "job_loss", 90, 80_000, 15)]


@LANGUAGES
async def test_a_no_keeps_nothing_and_shows_every_option_all_the_same(talks: Talks, locale: str) -> None:
    talk = await inside(talks, locale, "consent")
    heard = await talk.say(NO[locale])
    assert heard.keys == ("utter_hardship_unkept", "utter_plan_options")
    assert told(talk) == [(False, None, None, None, None)]
    assert "sensitive_consent" in events(talk)
    assert {"hardship", "handoff"} & set(holds(talk)) == {"hardship"}


@LANGUAGES
async def test_without_a_yes_nothing_that_was_told_is_kept(talks: Talks, locale: str) -> None:
    talk = await inside(talks, locale, "consent")
    again = await talk.say({"zh_CN": "我被公司裁员了", "en": "I got laid off"}[locale])
    assert again.keys == ("utter_hardship_consent_again",)
    assert told(talk) == []
    heard = await talk.say({"zh_CN": "能分期吗", "en": "can I pay in instalments"}[locale])
    assert heard.keys[-1] == "utter_plan_options"
    assert told(talk) == []


@pytest.mark.parametrize(("locale", "skip"), both("跳过", "skip"))
async def test_every_question_may_be_skipped(talks: Talks, locale: str, skip: str) -> None:
    talk = await talks.new(locale)
    opening = {"zh_CN": "我实在还不上了", "en": "I just can't pay"}[locale]
    heard = await say_all(talk, opening, YES[locale], skip, skip, skip)
    assert heard[-1].keys == ("utter_hardship_noted", "utter_plan_options")
    assert told(talk) == [(True, None, None, None, None)]


@LANGUAGES
async def test_buttons_answer_each_question(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale)
    heard = await talk.say({"zh_CN": "我实在还不上了", "en": "I just can't pay"}[locale])
    for button in (0, 3, 1):
        heard = await talk.tap(heard, button)
    assert heard.keys == ("utter_ask_hardship_ability",)
    assert told(talk) == [(True, "family", 90, None, None)]


@LANGUAGES
async def test_options_asked_for_amid_the_questions_are_shown_at_once(talks: Talks, locale: str) -> None:
    talk = await inside(talks, locale, "possible")
    heard = await talk.say({"zh_CN": "直接分6期吧", "en": "can I split it into six payments"}[locale])
    assert heard.keys[-1] == "utter_plan_options"
    assert len(talk.grace.negotiation.shown(talk.conversation)[0].schedule) == 6


@LANGUAGES
async def test_a_hardship_that_waited_for_identity_is_not_asked_for_its_cause_again(
    talks: Talks, locale: str
) -> None:
    talk = await talks.new(locale, verified=False)
    await talk.say({"zh_CN": "我失业了，还不上", "en": "I lost my job and can't pay"}[locale])
    assert (await talk.verify()).keys[-1] == "utter_hardship_consent"
    assert (await talk.say(YES[locale])).keys == ("utter_ask_hardship_duration",)
    assert told(talk) == [(True, "job_loss", None, None, None)]


@LANGUAGES
async def test_told_again_in_the_same_pause_it_is_not_asked_again(talks: Talks, locale: str) -> None:
    talk = await inside(talks, locale, "consent")
    await talk.say(NO[locale])
    await talk.say({"zh_CN": "我再想想", "en": "let me think about it"}[locale])
    again = await talk.say({"zh_CN": "我真的还不上", "en": "I really can't pay"}[locale])
    assert "utter_hardship_consent" not in again.keys
    assert len(told(talk)) == 1


@LANGUAGES
async def test_what_was_told_is_erased_after_its_time(talks: Talks, locale: str) -> None:
    talk = await inside(talks, locale, "possible")
    assert told(talk)[0][1:3] == ("illness", 90)
    kit = talk.grace.kit
    later = HardshipService(
        replace(kit, clock=MovableClock(kit.clock.now() + timedelta(days=400))), talk.grace.accounts
    )
    later.forget_old()
    assert told(talk) == [(True, None, None, None, None)]


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
    said_since = [key for answer in heard[1:] for key in answer.keys]
    assert not {"utter_hardship_heard", "utter_hardship_paused"} & set(said_since)
    person = {"zh_CN": "转人工", "en": "Talk to a person"}[locale]
    assert is_human(talk) or any(person in answer.buttons for answer in heard[1:])


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
async def test_in_hardship_the_smallest_payments_come_first_and_a_person_is_a_tap_away(
    talks: Talks, locale: str
) -> None:
    talk = await inside(talks, locale, "possible")
    heard = await talk.say({"zh_CN": "说不好", "en": "hard to say"}[locale])
    assert heard.keys == ("utter_hardship_noted", "utter_plan_options")
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
    await talk.say(YES[locale])
    with sqlite3.connect(talk.stack.folder / "rasa.db") as store:
        rows = store.execute("SELECT data FROM events WHERE sender_id = ?", (talk.conversation,)).fetchall()
    kept = "\n".join(json.dumps(json.loads(row[0]), ensure_ascii=False) for row in rows)
    assert rows
    for word in (said, "1990-05-12", '"illness"'):
        assert word not in kept
