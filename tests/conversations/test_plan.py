"""Options that policy allows, a choice in one's own words, terms read back, and one plan after a yes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.language import formats
from bot.storage.tables import LoanRow, OfferRow
from tests.conversations.looks import (
    both,
    each,
    expected,
    handoffs,
    holds,
    inside,
    pay_off,
    plans,
    promises,
    say_all,
)
from tests.stack import Talk, Talks

pytestmark = pytest.mark.stack

ASK = {"zh_CN": "能分期吗", "en": "can I pay in instalments"}
SIX = {"zh_CN": "能分6期吗", "en": "can I pay in six instalments"}
FIRST = {"zh_CN": "第一个", "en": "the first one"}
YES = {"zh_CN": "可以", "en": "yes"}
LANGUAGES = pytest.mark.parametrize("locale", ["zh_CN", "en"])


@LANGUAGES
async def test_a_wished_count_stands_first(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale)
    heard = await talk.say(SIX[locale])
    assert heard.keys == ("utter_plan_options",)
    assert 2 <= len(heard.buttons) <= 3
    assert "6" in heard.buttons[0]


@LANGUAGES
async def test_a_larger_first_payment_is_said_in_the_list(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale)
    heard = await talk.say(SIX[locale])
    first = _shown(talk)[0].schedule[0].amount
    assert f"{first.minor // 100:,}" in heard.text


@LANGUAGES
async def test_odd_cents_are_said_in_the_list(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale, amount="1000.01")
    heard = await talk.say({"zh_CN": "能分3期吗", "en": "can I pay in three instalments"}[locale])
    line = heard.text.partition("1.")[2].splitlines()[0]
    amounts = {item.amount for item in _shown(talk)[0].schedule}
    assert len(amounts) == 3
    assert all(formats.money(one.amount, one.currency, locale) in line for one in amounts)


@LANGUAGES
async def test_more_time_beyond_ones_means_is_not_called_the_least_that_there_is(
    talks: Talks, locale: str
) -> None:
    """Payments that fit stand right below: what is too much is this way alone."""
    talk = await talks.new(locale)
    await talk.say(
        {"zh_CN": "能分期吗，每个月最多还八百", "en": "can I pay in instalments, 800 a month at most"}[locale]
    )
    heard = await talk.say(
        {"zh_CN": "那能不能宽限一下", "en": "could I have a bit more time instead"}[locale]
    )
    assert heard.keys == ("utter_limit_ability_kind", "utter_plan_options")


@pytest.mark.parametrize(
    ("locale", "wait"),
    each(
        ("zh_CN", "等等，要是逾期会怎么样"),
        ("zh_CN", "等一下，逾期了会上征信吗"),
        ("en", "hold on, what happens if I am late"),
    ),
)
async def test_a_question_before_the_yes_keeps_the_plan(talks: Talks, locale: str, wait: str) -> None:
    talk = await talks.new(locale)
    await say_all(talk, SIX[locale], FIRST[locale])
    heard = await talk.say(wait)
    assert heard.keys == ("utter_account_consequences", "utter_plan_confirm_again")
    await talk.say(YES[locale])
    assert len(plans(talk)) == 1


@pytest.mark.parametrize(
    ("locale", "wish", "limit"),
    each(
        ("zh_CN", "能分24期吗", "instalment_count"),
        ("zh_CN", "能宽限三个月吗", "extension_days"),
        ("en", "can I get 24 instalments", "instalment_count"),
        ("en", "can I have three more months", "extension_days"),
    ),
)
async def test_a_wish_beyond_policy_gets_the_closest_and_the_way_to_a_person(
    talks: Talks, locale: str, wish: str, limit: str
) -> None:
    talk = await talks.new(locale)
    heard = await talk.say(wish)
    assert heard.keys == (f"utter_limit_{limit}", "utter_plan_options")
    assert heard.buttons[-1] in ("转人工", "Talk to a person", "请同事看看", "Ask a colleague")


@pytest.mark.parametrize(("locale", "wish"), both("能宽限十天吗", "can I have ten more days"))
async def test_an_extension_within_policy_is_agreed_as_wished(talks: Talks, locale: str, wish: str) -> None:
    talk = await talks.new(locale)
    heard = await talk.say(wish)
    assert heard.keys == ("utter_plan_options",)
    assert "10" in heard.buttons[0]
    await talk.tap(await talk.tap(heard, 0), 0)
    assert plans(talk) == [("extension", [300_000])]


@pytest.mark.parametrize(("locale", "offer"), both("每月最多还1500", "I can only do 1500 a month"))
async def test_a_counter_offer_inside_policy_bounds_every_option(
    talks: Talks, locale: str, offer: str
) -> None:
    talk = await talks.new(locale)
    assert (await talk.say(offer)).keys == ("utter_plan_options",)
    assert _shown(talk)
    assert all(item.amount.minor <= 150_000 for one in _shown(talk) for item in one.schedule)


@pytest.mark.parametrize(("locale", "offer"), both("每月最多还100", "I can only do 100 a month"))
async def test_a_counter_offer_below_policy_gets_the_closest_and_the_way_to_a_person(
    talks: Talks, locale: str, offer: str
) -> None:
    talk = await talks.new(locale)
    heard = await talk.say(offer)
    assert heard.keys == ("utter_plan_nearest", "utter_plan_options")
    assert "12" in heard.buttons[0]
    assert heard.buttons[-1] in ("转人工", "Talk to a person", "请同事看看", "Ask a colleague")
    assert handoffs(talk) == []


@pytest.mark.parametrize(
    ("locale", "said"),
    both(
        ["手头紧，还不上", "直接看方案", "一个月50"],
        ["I'm broke, can't pay", "no, just the options", "50 a month"],
    ),
)
async def test_in_hardship_what_policy_cannot_meet_goes_to_a_person_at_once(
    talks: Talks, locale: str, said: list[str]
) -> None:
    talk = await talks.new(locale)
    heard = await say_all(talk, *said)
    assert heard[-1].keys == ("utter_plan_none",)
    assert handoffs(talk) == [("beyond_policy", "waiting")]


@pytest.mark.parametrize(
    ("locale", "choice", "place"),
    each(
        ("zh_CN", "第二个", 1),
        ("zh_CN", "最后一个", -1),
        ("zh_CN", "分6期的那个", 1),
        ("zh_CN", "那就三期吧", 0),
        ("zh_CN", "延期14天", 2),
        ("en", "the second one", 1),
        ("en", "the last one", -1),
        ("en", "6 payments", 1),
        ("en", "let's do three instalments", 0),
        ("en", "14 more days", 2),
    ),
)
async def test_an_option_is_chosen_in_ones_own_words(
    talks: Talks, locale: str, choice: str, place: int
) -> None:
    talk = await talks.new(locale)
    await talk.say(ASK[locale])
    meant = _shown(talk)[place]
    heard = await talk.say(choice)
    assert heard.keys == ("utter_plan_confirm",)
    await talk.tap(heard, 0)
    assert plans(talk) == [(meant.kind, [item.amount.minor for item in meant.schedule])]


@LANGUAGES
async def test_a_plain_yes_to_the_list_takes_the_first_and_reads_it_back(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale)
    _, terms = await say_all(talk, ASK[locale], YES[locale])
    assert terms.keys == ("utter_plan_confirm",)
    assert plans(talk) == []
    assert (await talk.say(YES[locale])).keys == ("utter_plan_agreed",)
    assert plans(talk) == [("instalment", [120_000, 90_000, 90_000])]
    assert "plan" in holds(talk)


@LANGUAGES
async def test_no_to_the_terms_shows_the_list_again(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale)
    terms = await talk.tap(await talk.say(ASK[locale]), 0)
    again = await talk.tap(terms, 1)
    assert again.keys == ("utter_plan_options",)
    assert (await talk.tap(again, 1)).keys == ("utter_plan_confirm",)
    assert plans(talk) == []


@pytest.mark.parametrize(
    ("locale", "no", "less", "ability"),
    both(("都不要", "每个月少一点", "每月1500"), ("none of these", "something smaller", "1500 a month")),
)
async def test_no_to_the_list_asks_what_would_fit_and_then_how_much(
    talks: Talks, locale: str, no: str, less: str, ability: str
) -> None:
    talk = await talks.new(locale)
    _, declined, asked, options = await say_all(talk, ASK[locale], no, less, ability)
    assert declined.keys == ("utter_plan_declined",)
    assert len(declined.buttons) == 3
    assert asked.keys == ("utter_ask_plan_ability",)
    assert options.keys == ("utter_plan_options",)


@pytest.mark.parametrize(("locale", "unsure"), both("我再想想", "let me think about it"))
async def test_time_to_think_keeps_the_offers(talks: Talks, locale: str, unsure: str) -> None:
    talk = await talks.new(locale)
    _, thinking, terms = await say_all(talk, ASK[locale], unsure, FIRST[locale])
    assert thinking.keys == ("utter_plan_thinking",)
    assert terms.keys == ("utter_plan_confirm",)


@LANGUAGES
async def test_a_yes_after_time_to_think_agrees_nothing_by_itself(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale)
    terms = await talk.tap(await talk.say(ASK[locale]), 0)
    await talk.tap(terms, 2)
    heard = await talk.say(YES[locale])
    assert heard.keys == ("utter_plan_which",)
    assert len(heard.buttons) == 3
    assert plans(talk) == []


@LANGUAGES
async def test_an_offer_that_ran_out_is_made_anew_not_agreed(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale)
    terms = await talk.tap(await talk.say(ASK[locale]), 0)
    _expire(talk)
    heard = await talk.tap(terms, 0)
    assert heard.keys == ("utter_plan_expired", "utter_plan_options")
    assert plans(talk) == []
    assert (await talk.tap(heard, 0)).keys == ("utter_plan_confirm",)


@LANGUAGES
async def test_a_button_of_an_older_list_is_not_taken_for_another_offer(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale)
    old = await talk.say(ASK[locale])
    await talk.say(SIX[locale])
    await talk.say({"zh_CN": "能延期吗", "en": "can I get an extension"}[locale])
    heard = await talk.tap(old, 0)
    assert heard.keys == ("utter_plan_expired", "utter_plan_options")


@LANGUAGES
async def test_a_balance_that_changed_before_the_yes_makes_the_offer_anew(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale)
    terms = await talk.tap(await talk.say(ASK[locale]), 0)
    pay_off(talk, 100_000)
    heard = await talk.tap(terms, 0)
    assert heard.keys == ("utter_plan_expired", "utter_plan_options")
    assert plans(talk) == []
    assert "2,000" in heard.text


@LANGUAGES
async def test_a_second_plan_is_not_made(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale)
    await talk.tap(await talk.tap(await talk.say(ASK[locale]), 0), 0)
    assert (await talk.say(SIX[locale])).keys == ("utter_plan_exists",)
    assert len(plans(talk)) == 1


@LANGUAGES
async def test_who_cannot_keep_a_plan_any_more_gets_a_person_to_change_it(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale)
    await talk.tap(await talk.tap(await talk.say(ASK[locale]), 0), 0)
    heard = await talk.say({"zh_CN": "我失业了，还不上", "en": "I lost my job and can't pay"}[locale])
    assert heard.keys == ("utter_hardship_job_loss", "utter_hardship_paused", "utter_plan_exists_passed")
    assert handoffs(talk) == [("beyond_policy", "waiting")]
    assert "hardship" in holds(talk)


@LANGUAGES
async def test_where_nothing_is_due_no_plan_is_made(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale)
    pay_off(talk)
    assert (await talk.say(ASK[locale])).keys == ("utter_plan_nothing_due",)
    assert expected(talk) is None


@LANGUAGES
async def test_a_double_tap_on_confirm_makes_one_plan(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale)
    terms = await talk.tap(await talk.say(ASK[locale]), 0)
    await asyncio.gather(*(talk.gateway.tap("webchat", talk.ref, terms.id, 0) for _ in range(2)))
    agreed = await talk._heard()
    assert agreed.keys == ("utter_plan_agreed",)
    assert len(plans(talk)) == 1


@LANGUAGES
async def test_a_yes_on_an_older_message_confirms_nothing(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale)
    terms = await talk.tap(await talk.say(ASK[locale]), 0)
    await talk.say({"zh_CN": "看看分6期的", "en": "show me six instalments"}[locale])
    assert (await talk.tap(terms, 0)).keys == ("utter_button_old",)
    assert plans(talk) == []


@pytest.mark.parametrize(
    ("locale", "said"),
    both(
        ["能分24期吗", "那36期呢", "48期行不行"],
        ["can I get 24 instalments", "what about 36 instalments", "48 instalments then"],
    ),
)
async def test_after_two_rounds_of_other_terms_a_person_takes_it_further(
    talks: Talks, locale: str, said: list[str]
) -> None:
    talk = await talks.new(locale)
    heard = await say_all(talk, *said)
    assert heard[-1].keys == ("utter_plan_none",)
    assert handoffs(talk) == [("beyond_policy", "waiting")]


@pytest.mark.parametrize(
    ("locale", "promise"), both("算了，周五我全部还清", "I'll just pay it all on Friday")
)
async def test_a_payment_on_one_day_amid_the_options_is_a_promise(
    talks: Talks, locale: str, promise: str
) -> None:
    talk = await talks.new(locale)
    await talk.say(ASK[locale])
    asked = await talk.say(promise)
    assert asked.keys == ("utter_promise_confirm",)
    await talk.tap(asked, 0)
    assert [row[2] for row in promises(talk)] == ["open"]
    assert plans(talk) == []


@pytest.mark.parametrize(("locale", "hardship"), both("我失业了，实在还不上", "I lost my job and can't pay"))
async def test_hardship_told_amid_the_options_eases_them(talks: Talks, locale: str, hardship: str) -> None:
    talk = await talks.new(locale)
    await talk.say(ASK[locale])
    assert _shown(talk)[0].schedule[0].amount.minor == 120_000
    heard = await talk.say(hardship)
    assert heard.keys == ("utter_hardship_job_loss", "utter_hardship_paused", "utter_plan_options")
    assert _shown(talk)[0].schedule[0].amount.minor == 100_000


@pytest.mark.parametrize(("locale", "yes"), both("好的，就分三期，确认", "yes, three payments, I confirm"))
async def test_a_yes_that_repeats_the_terms_agrees(talks: Talks, locale: str, yes: str) -> None:
    talk = await talks.new(locale)
    await talk.tap(await talk.say(ASK[locale]), 0)
    assert (await talk.say(yes)).keys == ("utter_plan_agreed",)


@pytest.mark.parametrize(("locale", "said"), both("不知道", "no idea"))
async def test_nobody_has_to_say_what_they_can_manage(talks: Talks, locale: str, said: str) -> None:
    talk = await inside(talks, locale, "possible")
    assert (await talk.say(said)).keys == ("utter_hardship_noted", "utter_plan_options")


def _shown(talk: Talk):  # type: ignore[no-untyped-def]
    return talk.grace.negotiation.shown(talk.conversation)


def _expire(talk: Talk) -> None:
    with talk.grace.kit.db.begin() as session:
        loan = session.scalars(select(LoanRow.id).where(LoanRow.ref == f"L{talk.ref}")).one()
        for row in session.scalars(select(OfferRow).where(OfferRow.loan_id == loan)):
            row.expires_at = talk.grace.kit.clock.now() - timedelta(minutes=1)


@pytest.mark.parametrize(("locale", "range_"), both("每个月两三百吧", "two or three hundred a month"))
async def test_of_a_range_the_upper_end_counts_when_nothing_fits_the_lower(
    talks: Talks, locale: str, range_: str
) -> None:
    talk = await inside(talks, locale, "possible")
    assert (await talk.say(range_)).keys == ("utter_hardship_noted", "utter_plan_options")
    assert all(item.amount.minor <= 30_000 for one in _shown(talk) for item in one.schedule)


@pytest.mark.parametrize(("locale", "day"), both("15号吧", "the 15th"))
async def test_a_bare_day_amid_the_options_is_a_promise_for_that_day(
    talks: Talks, locale: str, day: str
) -> None:
    talk = await inside(talks, locale, "options")
    asked = await talk.say(day)
    assert asked.keys == ("utter_promise_confirm",)
    await talk.tap(asked, 0)
    assert promises(talk) == [(300_000, "2026-03-15", "open")]


@pytest.mark.parametrize(
    ("locale", "said"), both("我被欠薪三个月了，还不上", "I haven't been paid for three months and can't pay")
)
async def test_how_long_a_hardship_lasts_is_no_number_of_instalments(
    talks: Talks, locale: str, said: str
) -> None:
    talk = await talks.new(locale)
    assert (await talk.say(said)).keys[-1] == "utter_hardship_consent"
