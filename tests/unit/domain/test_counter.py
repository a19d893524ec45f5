"""Counter-offers: who may grant what, and a limit is named only when it truly binds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.domain.calendars import closed_days
from bot.domain.counter import Circumstances, binding_limits, counter
from bot.domain.model import Loan
from bot.domain.money import Money
from bot.domain.plans import Offers, Wish, offers, plan_amount
from bot.domain.policy import AUTHORITIES, ProductPolicy
from tests.unit.domain.test_plans import cny, loan_of, policy_of

fixed = settings(
    derandomize=True, deadline=None, max_examples=120, suppress_health_check=[HealthCheck.filter_too_much]
)
TODAY = date(2026, 3, 2)
AT = Circumstances(TODAY)
LADDER = {
    "agent": {"instalments": 24, "extension_days": 30},
    "senior": {"first_payment_days": 45},
    "supervisor": {"instalments": 60, "extensions_per_12_months": 2, "down_payment_percent": 0},
}


def changed(policy: ProductPolicy, **more: Any) -> ProductPolicy:
    return ProductPolicy.model_validate({**policy.model_dump(), **more})


POLICY = changed(policy_of(frequencies=["monthly", "weekly", "biweekly", "payday"]), authority=LADDER)


@st.composite
def policies(draw: st.DrawFn) -> ProductPolicy:
    """Any policy with a calendar, a frequency, a method of interest and a day count."""
    low = draw(st.integers(2, 6))
    high = draw(st.integers(low, 24))
    frequencies = draw(
        st.lists(st.sampled_from(["weekly", "biweekly", "monthly", "payday"]), min_size=1, unique=True)
    )
    country = draw(st.sampled_from([None, "CN", "GB", "US"]))
    roll = draw(st.sampled_from(["following", "preceding", "modified following"]))
    return changed(
        policy_of(
            draw(st.sampled_from(["CNY", "JPY", "KWD"])),
            count={"min": low, "max": high},
            offered_counts=[low],
            minimum=draw(st.integers(1, 300)),
            first_payment_days=draw(st.integers(1, 30)),
            first_payment_days_hardship=draw(st.integers(1, 60)),
            down_payment_percent=draw(st.sampled_from(["0", "10", "33.3"])),
            annual_rate_percent=draw(st.sampled_from(["0", "6", "24"])),
            interest=draw(st.sampled_from(["simple", "annuity"])),
            day_count=draw(st.sampled_from(["30/360", "actual/365", "actual/actual"])),
            frequencies=frequencies,
        ),
        calendar=country and {"country": country, "roll": roll},
    )


Drawn = tuple[Loan, ProductPolicy, Wish, Circumstances]


@st.composite
def negotiations(draw: st.DrawFn) -> Drawn:
    policy = draw(policies())
    today = draw(st.dates(date(2024, 1, 1), date(2028, 12, 31)))
    money = st.integers(1, 5_000_000).map(lambda minor: Money(minor, policy.currency))
    kind = draw(st.sampled_from(["instalment", "extension"]))
    plan = kind == "instalment"
    wish = Wish(
        kind="instalment" if plan else "extension",
        count=draw(st.none() | st.integers(1, 40)) if plan else None,
        days=None if plan else draw(st.none() | st.integers(0, 40)),
        ability=draw(st.none() | money) if plan else None,
        first_on=draw(st.none() | st.integers(-20, 90).map(lambda n: today + timedelta(days=n)))
        if plan
        else None,
        frequency=draw(st.none() | st.sampled_from(["weekly", "biweekly", "monthly", "payday"]))
        if plan
        else None,
        payday=draw(st.none() | st.integers(1, 31)) if plan else None,
    )
    loan = loan_of(draw(money), today - timedelta(days=draw(st.integers(-40, 90))))
    return loan, policy, wish, Circumstances(today, draw(st.booleans()), draw(st.integers(0, 2)))


def made(drawn: Drawn) -> Offers:
    loan, policy, wish, at = drawn
    return offers(
        loan, policy, wish, today=at.today, hardship=at.hardship, extensions_used=at.extensions_used
    )


@fixed
@given(negotiations())
def test_instalments_sum_to_the_total_whatever_the_interest_and_the_days(drawn: Drawn) -> None:
    for option in made(drawn).options:
        assert sum(item.amount.minor for item in option.schedule) == option.total.minor
        assert option.principal == plan_amount(drawn[0], drawn[3].today)
        assert option.cost.minor >= 0
        assert all(item.amount.minor > 0 for item in option.schedule)


@fixed
@given(negotiations())
def test_no_payment_falls_on_a_closed_day_or_in_the_past(drawn: Drawn) -> None:
    _, policy, _, at = drawn
    closed = closed_days(policy.calendar)
    for option in made(drawn).options:
        days = [item.due_on for item in option.schedule]
        assert days == sorted(set(days))
        assert days[0] > at.today
        assert not any(closed(day) for day in days)


@fixed
@given(negotiations())
def test_no_offer_breaks_a_limit(drawn: Drawn) -> None:
    _, policy, _, at = drawn
    rules = policy.instalment
    window = rules.first_payment_days_hardship if at.hardship else rules.first_payment_days
    for option in made(drawn).options:
        if option.kind == "instalment":
            assert rules.count.min <= option.count <= rules.count.max
            assert option.frequency in rules.frequencies
            assert option.schedule[0].due_on <= at.today + timedelta(days=window)
        else:
            assert option.days is not None
            assert policy.extension.days.min <= option.days <= policy.extension.days.max
            assert at.extensions_used < policy.extension.per_12_months


@fixed
@given(negotiations())
def test_no_run_of_paydays_in_a_month_asks_more_than_the_ability(drawn: Drawn) -> None:
    wish = drawn[2]
    assume(wish.ability is not None)
    assert wish.ability is not None
    span = {"weekly": 5, "biweekly": 3, "monthly": 1, "payday": 1}
    for option in made(drawn).options:
        amounts = [item.amount.minor for item in option.schedule]
        for at in range(len(amounts)):
            assert sum(amounts[at : at + span[option.frequency]]) <= wish.ability.minor


@fixed
@given(negotiations())
def test_a_wish_that_is_granted_has_no_limits_and_one_that_is_not_has_an_answer(drawn: Drawn) -> None:
    loan, policy, wish, at = drawn
    answer = counter(loan, policy, wish, at)
    if answer.verdict == "accept":
        assert answer.option in made(drawn).options
        assert answer.limits == ()
        assert binding_limits(loan, policy, wish, at) == ()
    else:
        assert answer.verdict in ("nearest", "nothing")
        assert (answer.option is None) == (made(drawn).options == ())


def ask(wish: Wish, amount: str = "3000", **more: Any) -> Any:
    return counter(loan_of(cny(amount)), POLICY, wish, AT, **more)


def test_a_counter_offer_within_the_limits_is_accepted_as_it_is() -> None:
    answer = ask(Wish(kind="instalment", count=7))
    assert (answer.verdict, answer.option.count, answer.limits) == ("accept", 7, ())


@pytest.mark.parametrize(
    ("wish", "who", "limits"),
    [
        (Wish(kind="instalment", count=20), "agent", {"instalment.count": ("2-12", "20")}),
        (Wish(kind="extension", days=30), "agent", {"extension.days": ("1-14", "30")}),
        (
            Wish(kind="instalment", count=3, first_on=date(2026, 4, 10)),
            "senior",
            {"instalment.first_payment": ("2026-03-17", "2026-04-10")},
        ),
        (
            Wish(kind="instalment", ability=cny("300")),
            "supervisor",
            {"instalment.down_payment": ("10 %", "0 %")},
        ),
    ],
)
def test_a_wish_beyond_the_limits_names_who_may_grant_it_and_what_binds(
    wish: Wish, who: str, limits: dict[str, tuple[str, str]]
) -> None:
    answer = ask(wish)
    assert (answer.verdict, answer.authority) == ("authority", who)
    assert {one.limit: (one.allowed, one.asked) for one in answer.limits} == limits
    assert ask(wish, authority=who).verdict == "accept"
    assert ask(wish, authority=who).option == answer.proposal


def test_what_nobody_may_grant_gets_the_nearest_terms_alone() -> None:
    answer = ask(Wish(kind="instalment", count=90), "30000")
    assert (answer.verdict, answer.authority, answer.option.count) == ("nearest", None, 12)
    assert [one.limit for one in answer.limits] == ["instalment.count"]


def test_an_ability_that_meets_two_limits_is_told_both() -> None:
    # 60 a month for 3000 in hardship: fifty payments, each below the minimum of 100.
    at = replace(AT, hardship=True)
    answer = counter(loan_of(cny("3000")), POLICY, Wish(kind="instalment", ability=cny("60")), at)
    assert {one.limit: (one.allowed, one.asked) for one in answer.limits} == {
        "instalment.count": ("2-12", "50"),
        "instalment.minimum": ("100.00 CNY", "60.00 CNY"),
    }


def test_each_level_may_grant_at_least_what_the_one_below_may() -> None:
    counts = [POLICY.at(level).instalment.count.max for level in AUTHORITIES]
    assert counts == [12, 24, 24, 60]
    with pytest.raises(ValidationError, match="18 is less than agent may grant, 24"):
        changed(POLICY, authority={"agent": {"instalments": 24}, "senior": {"instalments": 18}})
    with pytest.raises(ValidationError, match="3 is less than bot may grant, 14"):
        changed(POLICY, authority={"agent": {"extension_days": 3}})


def test_a_payday_plan_falls_on_the_day_wages_come() -> None:
    wish = Wish(kind="instalment", count=3, frequency="payday", payday=15)
    option = ask(wish).option
    assert [item.due_on for item in option.schedule] == [date(2026, n, 15) for n in (3, 4, 5)]


def test_a_payday_at_the_end_of_the_month_comes_back_after_a_short_month() -> None:
    at = Circumstances(date(2026, 2, 20))
    wish = Wish(kind="instalment", count=3, frequency="payday", payday=31)
    option = counter(loan_of(cny("3000"), at.today), POLICY, wish, at).option
    assert option is not None
    assert [item.due_on for item in option.schedule] == [
        date(2026, 2, 28),
        date(2026, 3, 31),
        date(2026, 4, 30),
    ]


def test_a_weekly_plan_is_sized_by_the_month_with_five_paydays() -> None:
    option = ask(Wish(kind="instalment", frequency="weekly", count=12, ability=cny("1500"))).option
    # 3000: 300 down and 225 a week; five weeks in a row with the down payment are 1425.
    assert option.monthly == cny("1425")


def test_a_payment_due_on_a_holiday_moves_to_the_next_open_day() -> None:
    policy = changed(POLICY, calendar={"country": "GB", "subdivision": "ENG"})
    at = Circumstances(date(2026, 11, 23))
    wish = Wish(kind="instalment", count=3, first_on=date(2026, 11, 25))
    option = counter(loan_of(cny("3000"), at.today), policy, wish, at).option
    assert option is not None
    # 25 December is a Friday, the 28th stands in for Boxing Day.
    assert [item.due_on for item in option.schedule] == [
        date(2026, 11, 25),
        date(2026, 12, 29),
        date(2027, 1, 25),
    ]
