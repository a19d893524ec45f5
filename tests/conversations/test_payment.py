"""Paying now, having paid, and not wanting to pay: thanked, checked, never argued with."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.storage.tables import LoanRow, Payment
from tests.conversations.looks import both, events, expected, handoffs, holds, inside, say_all
from tests.stack import Talk, Talks

pytestmark = pytest.mark.stack

LANGUAGES = pytest.mark.parametrize("locale", ["zh_CN", "en"])
PAID = {"zh_CN": "昨天已经还了", "en": "I paid yesterday"}


@LANGUAGES
async def test_a_payment_that_is_not_booked_yet_is_checked_and_reminders_rest(
    talks: Talks, locale: str
) -> None:
    talk = await talks.new(locale)
    assert (await talk.say(PAID[locale])).keys == ("utter_paid_claim",)
    until = holds(talk)["paid_claim"].until
    assert until is not None
    assert until - talk.grace.kit.clock.now() > timedelta(days=2)
    assert "paid_claim" in events(talk)


@LANGUAGES
async def test_a_payment_that_is_booked_is_thanked_for_by_its_amount(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale)
    _book(talk, 50_000)
    heard = await talk.say(PAID[locale])
    assert heard.keys == ("utter_paid_seen",)
    assert "500" in heard.text
    assert "paid_claim" not in holds(talk)


@LANGUAGES
async def test_saying_it_twice_holds_once(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale)
    _, again = await say_all(talk, PAID[locale], PAID[locale])
    assert again.keys == ("utter_paid_again",)
    assert list(holds(talk)) == ["paid_claim"]


@pytest.mark.parametrize(("locale", "said"), both("我现在就还", "I'll pay it right now"))
async def test_who_pays_now_is_told_how_and_asked_nothing(talks: Talks, locale: str, said: str) -> None:
    talk = await inside(talks, locale, "promise")
    assert (await talk.say(said)).keys == ("utter_pay_now",)
    assert expected(talk) is None


@pytest.mark.parametrize("form", ["promise", "options", "ability", "possible"])
@pytest.mark.parametrize(("locale", "said"), both("我不还", "I'm not paying"))
async def test_a_refusal_is_heard_and_the_form_lets_go(
    talks: Talks, locale: str, said: str, form: str
) -> None:
    talk = await inside(talks, locale, form)
    heard = await talk.say(said)
    assert heard.keys == ("utter_refusal_heard",)
    assert len(heard.buttons) == 2
    assert expected(talk) is None
    assert handoffs(talk) == []


@pytest.mark.parametrize(("locale", "said"), both("我不还", "I'm not paying"))
async def test_a_refusal_needs_no_identity(talks: Talks, locale: str, said: str) -> None:
    talk = await talks.new(locale, verified=False)
    assert (await talk.say(said)).keys == ("utter_refusal_heard",)


@LANGUAGES
async def test_the_claim_of_having_paid_waits_for_identity_and_is_kept(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale, verified=False)
    assert (await talk.say(PAID[locale])).keys == ("utter_identity_ask",)
    assert (await talk.verify()).keys == ("utter_identity_done", "utter_paid_claim")


def _book(talk: Talk, minor: int) -> None:
    with talk.grace.kit.db.begin() as session:
        loan = session.scalars(select(LoanRow).where(LoanRow.ref == f"L{talk.ref}")).one()
        session.add(
            Payment(
                ref=f"P{talk.ref}",
                loan_id=loan.id,
                amount_minor=minor,
                paid_at=talk.grace.kit.clock.now() - timedelta(days=1),
                recorded_at=talk.grace.kit.clock.now(),
            )
        )
