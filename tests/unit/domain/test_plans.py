"""Offers: exact to the last cent, inside the policy, and never more than a borrower can pay."""

from __future__ import annotations

import calendar
import time
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bot.domain.model import Due, Loan
from bot.domain.money import Money
from bot.domain.plans import (
    MAX_OPTIONS,
    Offers,
    Option,
    Wish,
    add_months,
    instalment_option,
    offers,
    plan_amount,
)
from bot.domain.policy import ProductPolicy

fixed = settings(derandomize=True, deadline=None, max_examples=150)
narrow = settings(fixed, suppress_health_check=[HealthCheck.filter_too_much])

TODAY = date(2026, 3, 2)


def policy_of(currency: str = "CNY", **instalment: Any) -> ProductPolicy:
    """The shape of the shipped consumer policy, with what a test changes of its instalments."""
    return ProductPolicy.model_validate(
        {
            "product": "test",
            "name": "Test loan",
            "version": 1,
            "effective_from": "2026-01-01",
            "currency": currency,
            "contact_pack": "cn",
            "ladder": "default",
            "instalment": {
                "count": {"min": 2, "max": 12},
                "offered_counts": [3, 6, 12],
                "minimum": 100,
                "first_payment_days": 15,
                "first_payment_days_hardship": 30,
                "down_payment_percent": 10,
                "annual_rate_percent": 0,
                "grace_days": 3,
                **instalment,
            },
            "extension": {"days": {"min": 1, "max": 14}, "offered_days": [14], "per_12_months": 1},
            "promise": {"days_ahead": 30, "kept_percent": 95, "grace_days": 1, "minimum": 50},
            "hardship_pause_days": 30,
            "offer_valid_days": 3,
            "how_to_pay": {"en": "In the app."},
        }
    )


POLICY = policy_of()


def due_of(number: int, due_on: date, amount: Money, paid: int = 0) -> Due:
    zero = Money(0, amount.currency)
    return Due(number, due_on, amount, zero, zero, Money(paid, amount.currency))


def loan_of(amount: Money, due_on: date = TODAY) -> Loan:
    return Loan(1, "L1", "test", amount.currency, (due_of(1, due_on, amount),))


def cny(amount: str) -> Money:
    return Money.of(amount, "CNY")


def asked(
    wish: Wish, amount: str = "3000", policy: ProductPolicy = POLICY, hardship: bool = False, used: int = 0
) -> Offers:
    return offers(loan_of(cny(amount)), policy, wish, today=TODAY, hardship=hardship, extensions_used=used)


def counts_of(found: Offers) -> list[int]:
    return [option.count for option in found.options if option.kind == "instalment"]


def limits_of(found: Offers) -> dict[str, tuple[str, str]]:
    return {refusal.limit: (refusal.allowed, refusal.asked) for refusal in found.refusals}


@st.composite
def policies(draw: st.DrawFn) -> ProductPolicy:
    """Any policy that a lender could write down: zero, two and three decimals, with and without interest."""
    low = draw(st.integers(2, 6))
    high = draw(st.integers(low, 24))
    currency = draw(st.sampled_from(["CNY", "JPY", "KWD"]))
    return policy_of(
        currency,
        count={"min": low, "max": high},
        offered_counts=draw(st.lists(st.integers(low, high), min_size=1, max_size=3, unique=True)),
        minimum=draw(st.integers(1, 300)),
        first_payment_days=draw(st.integers(1, 30)),
        first_payment_days_hardship=draw(st.integers(1, 60)),
        down_payment_percent=draw(st.sampled_from(["0", "10", "12.5", "33.3"])),
        annual_rate_percent=draw(st.sampled_from(["0", "6", "14.4", "24"])),
        odd_cents=draw(st.sampled_from(["first", "last"])),
    )


@st.composite
def negotiations(draw: st.DrawFn) -> tuple[Loan, ProductPolicy, Wish, date, bool, int]:
    policy = draw(policies())
    today = draw(st.dates(date(2024, 1, 1), date(2032, 12, 31)))
    money = st.integers(1, 5_000_000).map(lambda minor: Money(minor, policy.currency))
    wish = Wish(
        kind=draw(st.sampled_from([None, "instalment", "extension"])),
        count=draw(st.none() | st.integers(0, 40)),
        days=draw(st.none() | st.integers(0, 40)),
        ability=draw(st.none() | money),
        first_on=draw(
            st.none() | st.integers(-20, 90).map(lambda days: today + timedelta(days=days)),
        ),
    )
    loan = loan_of(draw(money), today - timedelta(days=draw(st.integers(-40, 90))))
    return loan, policy, wish, today, draw(st.booleans()), draw(st.integers(0, 2))


def offered(drawn: tuple[Loan, ProductPolicy, Wish, date, bool, int]) -> Offers:
    loan, policy, wish, today, hardship, used = drawn
    return offers(loan, policy, wish, today=today, hardship=hardship, extensions_used=used)


def principal_parts(option: Option, policy: ProductPolicy, hardship: bool) -> list[int]:
    """The principal of each instalment after the down payment, which comes on top of the first."""
    share = Fraction(0) if hardship else Fraction(policy.instalment.down_payment_percent) / 100
    rest = option.principal.minor - round(option.principal.minor * share)
    return [part.minor for part in Money(rest, option.principal.currency).split(option.count)]


@fixed
@given(negotiations())
def test_every_offer_settles_the_whole_amount_to_the_last_minor_unit(
    drawn: tuple[Loan, ProductPolicy, Wish, date, bool, int],
) -> None:
    loan, _, _, today, _, _ = drawn
    for option in offered(drawn).options:
        assert option.principal == plan_amount(loan, today)
        assert sum(item.amount.minor for item in option.schedule) == option.total.minor
        assert option.total == option.principal + option.cost
        assert [item.number for item in option.schedule] == list(range(1, option.count + 1))


@fixed
@given(negotiations())
def test_no_offer_asks_more_than_the_stated_ability(
    drawn: tuple[Loan, ProductPolicy, Wish, date, bool, int],
) -> None:
    ability = drawn[2].ability
    assume(ability is not None)
    assert ability is not None
    assert all(item.amount <= ability for one in offered(drawn).options for item in one.schedule)


@fixed
@given(negotiations())
def test_every_offer_lies_inside_the_limits_of_the_policy(
    drawn: tuple[Loan, ProductPolicy, Wish, date, bool, int],
) -> None:
    _, policy, _, today, hardship, used = drawn
    rules = policy.instalment
    minimum = Money.of(rules.minimum, policy.currency).minor
    window = rules.first_payment_days_hardship if hardship else rules.first_payment_days
    for option in offered(drawn).options:
        days = [item.due_on for item in option.schedule]
        assert days == sorted(set(days))
        assert days[0] >= today
        if option.kind == "instalment":
            assert rules.count.min <= option.count <= rules.count.max
            assert min(principal_parts(option, policy, hardship)) >= minimum
            assert today < days[0] <= today + timedelta(days=window)
        else:
            assert used < policy.extension.per_12_months
            assert option.days is not None
            assert policy.extension.days.min <= option.days <= policy.extension.days.max
            assert days == [today + timedelta(days=option.days)]
            assert option.cost.minor == 0


@fixed
@given(negotiations())
def test_at_most_three_offers_and_no_two_alike(
    drawn: tuple[Loan, ProductPolicy, Wish, date, bool, int],
) -> None:
    options = offered(drawn).options
    assert len(options) <= MAX_OPTIONS == 3
    assert all(options.count(option) == 1 for option in options)


def feasible_counts(drawn: tuple[Loan, ProductPolicy, Wish, date, bool, int]) -> list[int]:
    """Every count that policy and ability allow, found by trying them all."""
    loan, policy, wish, today, hardship, _ = drawn
    amount, rules = plan_amount(loan, today), policy.instalment
    minimum = Money.of(rules.minimum, policy.currency).minor
    found = []
    for count in range(rules.count.min, rules.count.max + 1):
        option = instalment_option(
            amount, policy, count, today=today, hardship=hardship, first_on=wish.first_on
        )
        enough = min(principal_parts(option, policy, hardship)) >= minimum
        if enough and (wish.ability is None or option.largest <= wish.ability):
            found.append(count)
    return found


@narrow
@given(negotiations(), st.data())
def test_the_wished_count_stands_first_where_it_is_feasible(
    drawn: tuple[Loan, ProductPolicy, Wish, date, bool, int], data: st.DataObject
) -> None:
    loan, policy, any_wish, today, hardship, used = drawn
    feasible = feasible_counts(drawn)
    assume(feasible)
    wish = replace(any_wish, kind=None, count=data.draw(st.sampled_from(feasible)))
    found = offered((loan, policy, wish, today, hardship, used))
    assert (found.options[0].kind, found.options[0].count) == ("instalment", wish.count)


@fixed
@given(negotiations())
def test_who_names_what_they_can_pay_is_offered_a_plan_whenever_any_fits(
    drawn: tuple[Loan, ProductPolicy, Wish, date, bool, int],
) -> None:
    wish, feasible = drawn[2], feasible_counts(drawn)
    assume(wish.ability is not None and wish.kind != "extension")
    assert bool(counts_of(offered(drawn))) is bool(feasible)


@fixed
@given(negotiations())
def test_a_wished_count_that_policy_forbids_is_never_passed_over_in_silence(
    drawn: tuple[Loan, ProductPolicy, Wish, date, bool, int],
) -> None:
    loan, policy, wish, today, hardship, used = drawn
    without = (loan, policy, Wish("instalment", wish.count, first_on=wish.first_on), today, hardship, used)
    assume(wish.count is not None and wish.count not in feasible_counts(without))
    # More payments than there are minor units are no plan at all.
    assert {"instalment.count", "instalment.minimum", "wish"} & set(limits_of(offered(without)))


def test_a_plan_is_about_all_that_is_due_else_about_the_next_due_item() -> None:
    due = [due_of(n, TODAY + timedelta(days=30 * (n - 2)), cny("1000")) for n in (1, 2, 3)]
    assert plan_amount(Loan(1, "L1", "t", "CNY", tuple(due)), TODAY) == cny("2000")
    assert plan_amount(Loan(1, "L1", "t", "CNY", tuple(due)), TODAY - timedelta(days=60)) == cny("1000")
    paid = due_of(1, TODAY, cny("1000"), paid=100000)
    assert plan_amount(Loan(1, "L1", "t", "CNY", (paid,)), TODAY) == cny("0")


def test_nothing_due_is_said_and_nothing_offered() -> None:
    paid = Loan(1, "L1", "t", "CNY", (due_of(1, TODAY, cny("5"), paid=500),))
    found = offers(paid, POLICY, Wish(count=3), today=TODAY, hardship=False)
    assert found.options == ()
    assert set(limits_of(found)) == {"nothing_due"}


def test_the_written_example_three_payments_with_a_tenth_down() -> None:
    option = asked(Wish(count=3), "1000").options[0]
    assert [(i.due_on.isoformat(), str(i.amount.amount)) for i in option.schedule] == [
        ("2026-03-17", "400.00"),
        ("2026-04-17", "300.00"),
        ("2026-05-17", "300.00"),
    ]


def test_in_hardship_there_is_no_down_payment_and_more_time() -> None:
    option = asked(Wish(count=3), "1000", hardship=True).options[0]
    assert [(i.due_on.isoformat(), str(i.amount.amount)) for i in option.schedule] == [
        ("2026-04-01", "333.33"),
        ("2026-05-01", "333.33"),
        ("2026-06-01", "333.34"),
    ]


def test_without_a_wish_two_plans_and_an_extension_are_shown() -> None:
    assert [(one.kind, one.count) for one in asked(Wish()).options] == [
        ("instalment", 3),
        ("instalment", 6),
        ("extension", 1),
    ]


def test_who_asks_for_time_is_shown_time_first() -> None:
    found = asked(Wish(kind="extension", days=10))
    assert (found.options[0].kind, found.options[0].days) == ("extension", 10)
    assert found.refusals == ()


def test_a_count_outside_the_limits_gets_the_nearest_one_and_the_limit_by_name() -> None:
    found = asked(Wish(count=20))
    assert counts_of(found)[0] == 12
    assert limits_of(found) == {"instalment.count": ("2-12", "20")}
    found = asked(Wish(count=1))
    assert counts_of(found)[0] == 2
    assert limits_of(found) == {"instalment.count": ("2-12", "1")}


def test_instalments_stay_above_the_minimum_after_the_down_payment_too() -> None:
    # 1200 in twelve would be 120 down and twelve times 90.
    found = asked(Wish(count=12), "1200")
    assert counts_of(found)[0] == 10
    assert limits_of(found) == {"instalment.minimum": ("100.00 CNY", "90.00 CNY")}


def test_ability_is_met_though_the_down_payment_makes_the_first_instalment_larger() -> None:
    # 800 in seven: 80 down, seven times a bit less than 103; no shorter plan stays below 190.
    assert counts_of(asked(Wish(ability=cny("190")), "800")) == [7]


def test_an_ability_below_the_smallest_instalment_names_the_minimum() -> None:
    found = asked(Wish(ability=cny("50")), "900", hardship=True)
    assert found.options == ()
    assert limits_of(found) == {
        "instalment.count": ("2-12", "18"),
        "instalment.minimum": ("100.00 CNY", "50.00 CNY"),
    }


def test_a_second_extension_in_twelve_months_is_refused_by_name() -> None:
    found = asked(Wish(kind="extension", days=7), used=1)
    assert all(option.kind == "instalment" for option in found.options)
    assert limits_of(found) == {"extension.per_12_months": ("1", "2")}


def test_more_days_than_allowed_get_the_most_there_are_and_the_limit_by_name() -> None:
    found = asked(Wish(kind="extension", days=30))
    assert found.options[0].days == 14
    assert limits_of(found) == {"extension.days": ("1-14", "30")}


def test_a_first_day_that_is_too_late_gets_the_latest_and_the_limit_by_name() -> None:
    found = asked(Wish(count=3, first_on=date(2026, 4, 30)))
    assert found.options[0].schedule[0].due_on == date(2026, 3, 17)
    assert limits_of(found) == {"instalment.first_payment": ("2026-03-17", "2026-04-30")}


@pytest.mark.parametrize("first_on", [date(2026, 2, 1), TODAY])
def test_a_first_day_in_the_past_becomes_tomorrow(first_on: date) -> None:
    found = asked(Wish(count=3, first_on=first_on))
    assert found.options[0].schedule[0].due_on == TODAY + timedelta(days=1)


@pytest.mark.parametrize(
    ("wish", "limit"),
    [
        (Wish(count=10**12), "instalment.count"),
        (Wish(count=0), "instalment.count"),
        (Wish(ability=Money(1, "CNY")), "ability"),
        (Wish(days=10**9), "extension.days"),
        (Wish(months=10**9), "holiday.months"),
        (Wish("partial", days=10**9), "partial.days"),
    ],
)
@pytest.mark.parametrize("amount", ["900", "90000000"])
def test_absurd_wishes_are_refused_at_once(wish: Wish, limit: str, amount: str) -> None:
    started = time.perf_counter()
    found = offers(loan_of(cny(amount)), POLICY, wish, today=TODAY, hardship=True)
    assert limit in limits_of(found)
    assert time.perf_counter() - started < 10


@pytest.mark.parametrize("ability", ["0", "-5"])
def test_who_can_pay_nothing_is_offered_nothing(ability: str) -> None:
    assert asked(Wish(ability=cny(ability))).options == ()


@fixed
@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(0, 60))
def test_a_month_later_is_the_same_day_or_the_end_of_a_shorter_month(start: date, months: int) -> None:
    later = add_months(start, months)
    assert (later.year * 12 + later.month) - (start.year * 12 + start.month) == months
    assert later.day == min(start.day, calendar.monthrange(later.year, later.month)[1])


def test_the_31st_clamps_to_the_end_of_the_month_and_comes_back() -> None:
    today = date(2026, 1, 16)
    option = instalment_option(cny("3000"), POLICY, 5, today=today, hardship=False)
    assert [item.due_on.isoformat() for item in option.schedule] == [
        "2026-01-31",
        "2026-02-28",
        "2026-03-31",
        "2026-04-30",
        "2026-05-31",
    ]


@fixed
@given(
    st.integers(1, 10**11),
    st.integers(2, 24),
    st.decimals(0, 24, places=2),
    st.integers(1, 90),
    st.dates(date(2024, 1, 1), date(2032, 12, 31)),
)
def test_interest_is_exact_simple_interest_over_actual_days_rounded_half_even(
    minor: int, count: int, rate: Decimal, first_days: int, today: date
) -> None:
    policy = policy_of(
        count={"min": 2, "max": 24},
        annual_rate_percent=rate,
        down_payment_percent=0,
        first_payment_days=first_days,
    )
    option = instalment_option(Money(minor, "CNY"), policy, count, today=today, hardship=False)
    parts = Money(minor, "CNY").split(count)
    for part, item in zip(parts, option.schedule, strict=True):
        days = (item.due_on - today).days
        interest = round(part.minor * Fraction(rate) / 100 * days / 365)
        assert item.amount.minor == part.minor + interest


@pytest.mark.parametrize("part", range(365, 365 * 60, 730))
def test_half_a_cent_of_interest_goes_to_the_even_cent(part: int) -> None:
    # Ten in a hundred for five days of 365: every odd multiple of 365 cents bears a half cent.
    policy = policy_of(annual_rate_percent=10, down_payment_percent=0, first_payment_days=5)
    option = instalment_option(Money(part * 2, "CNY"), policy, 2, today=TODAY, hardship=False)
    interest = Fraction(part * 10 * 5, 36500)
    assert interest.denominator == 2
    assert option.schedule[0].amount.minor == part + round(interest)


def test_interest_is_shown_as_the_cost_of_the_plan() -> None:
    option = asked(Wish(count=2), policy=policy_of(annual_rate_percent=24)).options[0]
    assert option.cost.minor == sum(item.amount.minor for item in option.schedule) - 300000 > 0
