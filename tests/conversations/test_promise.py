"""A promise is exact, within limits, read back, and recorded only after an explicit yes."""

from __future__ import annotations

import pytest

from tests.conversations.looks import both, each, expected, holds, inside, pay_off, promises, say_all
from tests.stack import Talks

pytestmark = pytest.mark.stack

FRIDAY = "2026-03-06"
NEXT_FRIDAY = "2026-03-13"


@pytest.mark.parametrize(
    ("locale", "promise", "yes"), both(("我下周五还两千", "对"), ("I'll pay 2000 next Friday", "yes"))
)
async def test_amount_and_day_are_read_back_and_recorded_after_yes(
    talks: Talks, locale: str, promise: str, yes: str
) -> None:
    talk = await talks.new(locale)
    asked = await talk.say(promise)
    assert asked.keys == ("utter_promise_confirm",)
    assert "2,000" in asked.text
    assert len(asked.buttons) == 2
    assert promises(talk) == []
    done = await talk.say(yes)
    assert done.keys == ("utter_promise_recorded",)
    assert promises(talk) == [(200_000, NEXT_FRIDAY, "open")]
    assert "promise" in holds(talk)


@pytest.mark.parametrize(("locale", "promise"), both("周五还", "I'll pay on Friday"))
async def test_a_day_without_an_amount_means_what_is_due(talks: Talks, locale: str, promise: str) -> None:
    talk = await talks.new(locale)
    asked = await talk.say(promise)
    assert asked.keys == ("utter_promise_confirm",)
    await talk.tap(asked, 0)
    assert promises(talk) == [(300_000, FRIDAY, "open")]


@pytest.mark.parametrize(
    ("locale", "promise", "day"), both(("我会还的", "周五"), ("I will pay", "on Friday"))
)
async def test_a_missing_day_is_asked_for(talks: Talks, locale: str, promise: str, day: str) -> None:
    talk = await talks.new(locale)
    assert (await talk.say(promise)).keys == ("utter_ask_promise_date",)
    assert (await talk.say(day)).keys == ("utter_promise_confirm",)


@pytest.mark.parametrize(
    ("locale", "promise", "vague", "day"),
    both(("我会还的", "五六百吧", "周五"), ("I will pay", "maybe 500-600", "Friday")),
)
async def test_a_vague_amount_is_asked_back_once_and_its_ends_are_offered(
    talks: Talks, locale: str, promise: str, vague: str, day: str
) -> None:
    talk = await talks.new(locale)
    await talk.say(promise)
    asked = await talk.say(vague)
    assert asked.keys == ("utter_promise_vague",)
    assert ["500" in asked.buttons[0], "600" in asked.buttons[1]] == [True, True]
    assert (await talk.tap(asked, 1)).keys == ("utter_ask_promise_date",)
    confirm = await talk.say(day)
    assert "600" in confirm.text
    assert "3,000" not in confirm.text


@pytest.mark.parametrize(
    ("locale", "promise", "vague", "day"),
    both(("我会还500块", "下周吧", "下周五"), ("I will pay 500 yuan", "next week or so", "next Friday")),
)
async def test_a_vague_day_is_asked_back_once(
    talks: Talks, locale: str, promise: str, vague: str, day: str
) -> None:
    talk = await talks.new(locale)
    await talk.say(promise)
    assert (await talk.say(vague)).keys == ("utter_promise_vague_date",)
    confirm = await talk.say(day)
    assert confirm.keys == ("utter_promise_confirm",)
    assert "500" in confirm.text


@pytest.mark.parametrize(
    ("locale", "promise", "limit", "slot"),
    each(
        ("zh_CN", "我会在2026年3月1日还500块", "past", "promise_date"),
        ("zh_CN", "我12月1号还2000", "days_ahead", "promise_date"),
        ("zh_CN", "周五还10块", "minimum", "promise_amount"),
        ("zh_CN", "周五还8000", "outstanding", "promise_amount"),
        ("en", "I'll pay 500 yesterday", "past", "promise_date"),
        ("en", "I'll pay 500 in three months", "days_ahead", "promise_date"),
        ("en", "I'll pay 10 yuan on Friday", "minimum", "promise_amount"),
        ("en", "I'll pay 9000 on Friday", "outstanding", "promise_amount"),
    ),
)
async def test_a_limit_is_explained_with_one_question_and_the_rest_is_kept(
    talks: Talks, locale: str, promise: str, limit: str, slot: str
) -> None:
    talk = await talks.new(locale)
    heard = await talk.say(promise)
    assert heard.keys == (f"utter_limit_promise_{limit}",)
    assert expected(talk) == slot
    mended = await talk.say("3000" if slot == "promise_amount" else {"zh_CN": "周五", "en": "Friday"}[locale])
    assert mended.keys == ("utter_promise_confirm",)
    assert promises(talk) == []


@pytest.mark.parametrize(
    ("locale", "promise", "change", "amount", "day"),
    each(
        ("zh_CN", "周五还500", "不对，改成下周五", 50_000, NEXT_FRIDAY),
        ("zh_CN", "周五还500块", "下周五", 50_000, NEXT_FRIDAY),
        ("en", "I'll pay 500 on Friday", "no, next Friday", 50_000, NEXT_FRIDAY),
        ("en", "I'll pay 500 yuan on Friday", "make it 800 yuan", 80_000, FRIDAY),
    ),
)
async def test_other_terms_instead_of_a_yes_are_read_back_anew(
    talks: Talks, locale: str, promise: str, change: str, amount: int, day: str
) -> None:
    talk = await talks.new(locale)
    await talk.say(promise)
    again = await talk.say(change)
    assert again.keys == ("utter_promise_confirm",)
    await talk.tap(again, 0)
    assert promises(talk) == [(amount, day, "open")]


@pytest.mark.parametrize(
    ("locale", "promise", "no"), both(("周五还500", "不对"), ("I'll pay 500 on Friday", "no"))
)
async def test_after_no_only_what_changes_has_to_be_said(
    talks: Talks, locale: str, promise: str, no: str
) -> None:
    talk = await talks.new(locale)
    await talk.say(promise)
    change = await talk.say(no)
    assert change.keys == ("utter_promise_change",)
    again = await talk.say("800")
    assert again.keys == ("utter_promise_confirm",)
    await talk.tap(again, 0)
    assert promises(talk) == [(80_000, FRIDAY, "open")]


@pytest.mark.parametrize(("locale", "promise"), both("周五还500", "I'll pay 500 on Friday"))
async def test_no_twice_drops_it(talks: Talks, locale: str, promise: str) -> None:
    talk = await talks.new(locale)
    change = await talk.tap(await talk.say(promise), 1)
    assert change.keys == ("utter_promise_change",)
    assert (await talk.tap(change, 0)).keys == ("utter_promise_dropped",)
    assert expected(talk) is None
    assert promises(talk) == []


@pytest.mark.parametrize(
    ("locale", "promise", "unsure"),
    both(("周五还500", "我再想想"), ("I'll pay 500 on Friday", "let me think about it")),
)
async def test_second_thoughts_drop_it(talks: Talks, locale: str, promise: str, unsure: str) -> None:
    talk = await talks.new(locale)
    await talk.say(promise)
    assert (await talk.say(unsure)).keys == ("utter_promise_dropped",)
    assert promises(talk) == []


@pytest.mark.parametrize(
    ("locale", "promise", "yes"),
    both(("下周五还500", "好的，下周五还500"), ("I'll pay 500 next Friday", "yes, 500 next Friday")),
)
async def test_a_yes_that_repeats_the_terms_is_a_yes(
    talks: Talks, locale: str, promise: str, yes: str
) -> None:
    talk = await talks.new(locale)
    await talk.say(promise)
    assert (await talk.say(yes)).keys == ("utter_promise_recorded",)
    assert promises(talk) == [(50_000, NEXT_FRIDAY, "open")]


@pytest.mark.parametrize(
    ("locale", "promise", "amount"),
    each(
        ("zh_CN", "周五先还一半", 150_000),
        ("zh_CN", "下周五全部还清", 300_000),
        ("en", "I'll pay half on Friday", 150_000),
        ("en", "I'll pay all of it next Friday", 300_000),
    ),
)
async def test_a_share_is_of_what_is_outstanding(
    talks: Talks, locale: str, promise: str, amount: int
) -> None:
    talk = await talks.new(locale)
    asked = await talk.say(promise)
    assert f"{amount // 100:,}" in asked.text
    await talk.tap(asked, 0)
    assert [row[0] for row in promises(talk)] == [amount]


@pytest.mark.parametrize(
    ("locale", "first", "second"),
    both(
        ("周五还500", "我改一下，下周五还800"), ("I'll pay 500 on Friday", "I'll pay 800 next Friday instead")
    ),
)
async def test_a_new_promise_replaces_the_open_one(
    talks: Talks, locale: str, first: str, second: str
) -> None:
    talk = await talks.new(locale)
    await talk.tap(await talk.say(first), 0)
    await talk.tap(await talk.say(second), 0)
    assert promises(talk) == [(50_000, FRIDAY, "cancelled"), (80_000, NEXT_FRIDAY, "open")]


@pytest.mark.parametrize(("locale", "promise"), both("明天还500", "I'll pay 500 tomorrow"))
async def test_no_reminder_is_announced_where_no_day_is_left_for_it(
    talks: Talks, locale: str, promise: str
) -> None:
    talk = await talks.new(locale)
    assert (await talk.tap(await talk.say(promise), 0)).keys == ("utter_promise_recorded_soon",)


@pytest.mark.parametrize(("locale", "promise"), both("周五还500", "I'll pay 500 on Friday"))
async def test_where_nothing_is_owed_no_promise_is_taken(talks: Talks, locale: str, promise: str) -> None:
    talk = await talks.new(locale)
    pay_off(talk)
    assert (await talk.say(promise)).keys == ("utter_account_clear",)
    assert expected(talk) is None


@pytest.mark.parametrize(("locale", "promise"), both("我下周五还两千", "I'll pay 2000 next Friday"))
async def test_a_double_tap_records_one_promise(talks: Talks, locale: str, promise: str) -> None:
    talk = await talks.new(locale)
    asked = await talk.say(promise)
    await talk.tap(asked, 0)
    assert (await talk.tap(asked, 0)).text == ""
    assert len(promises(talk)) == 1


@pytest.mark.parametrize(
    ("locale", "said"),
    both(
        ["周五还500", "改成下周五", "改成800块", "好"],
        ["I'll pay 500 on Friday", "no, next Friday", "800 yuan instead", "ok"],
    ),
)
async def test_one_change_after_another(talks: Talks, locale: str, said: list[str]) -> None:
    talk = await talks.new(locale)
    await say_all(talk, *said)
    assert promises(talk) == [(80_000, NEXT_FRIDAY, "open")]


@pytest.mark.parametrize(
    ("locale", "promise", "move"),
    both(("周五还500", "改到下周五行吗"), ("I'll pay 500 on Friday", "can we make it next Friday")),
)
async def test_another_day_right_after_a_promise_moves_it_with_its_amount(
    talks: Talks, locale: str, promise: str, move: str
) -> None:
    talk = await talks.new(locale)
    await talk.tap(await talk.say(promise), 0)
    asked = await talk.say(move)
    assert asked.keys == ("utter_promise_confirm",)
    await talk.tap(asked, 0)
    assert promises(talk) == [(50_000, FRIDAY, "cancelled"), (50_000, NEXT_FRIDAY, "open")]


@pytest.mark.parametrize(
    ("locale", "said"),
    both("我这周五还500，剩下的下周五还", "I'll pay 500 this Friday and the rest next Friday"),
)
async def test_of_two_payments_the_first_is_noted_and_that_is_said(
    talks: Talks, locale: str, said: str
) -> None:
    talk = await talks.new(locale)
    asked = await talk.say(said)
    assert asked.keys == ("utter_promise_one", "utter_promise_confirm")
    await talk.tap(asked, 0)
    assert promises(talk) == [(50_000, FRIDAY, "open")]


@pytest.mark.parametrize(
    ("locale", "said", "day"),
    both(("周五或者周六还500", "周六"), ("I'll pay 500 on Friday or Saturday", "Saturday")),
)
async def test_one_of_two_days_is_asked_for(talks: Talks, locale: str, said: str, day: str) -> None:
    talk = await talks.new(locale)
    assert (await talk.say(said)).keys == ("utter_promise_vague_date",)
    assert (await talk.say(day)).keys == ("utter_promise_confirm",)


@pytest.mark.parametrize(
    ("locale", "maybe"), each(("zh_CN", "就那样"), ("zh_CN", "应该吧"), ("en", "i guess"), ("en", "maybe"))
)
async def test_what_is_not_surely_a_yes_promises_nothing(talks: Talks, locale: str, maybe: str) -> None:
    talk = await inside(talks, locale, "promise")
    assert (await talk.say(maybe)).text
    assert promises(talk) == []
