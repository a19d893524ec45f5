"""Interest: day counts as the market defines them, annuities to the last cent, the effective yearly rate."""

from __future__ import annotations

import math
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy_financial as npf  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.interest import DayCount, annuity, effective_annual_rate, simple_interest, year_share
from bot.domain.lines import add_months
from bot.domain.money import Money

fixed = settings(derandomize=True, deadline=None, max_examples=100)
COUNTS: tuple[DayCount, ...] = ("30/360", "actual/365", "actual/actual")


@pytest.mark.parametrize(
    ("start", "end", "count", "share"),
    [
        (date(2026, 1, 31), date(2026, 3, 31), "30/360", Fraction(60, 360)),
        (date(2026, 1, 30), date(2026, 3, 31), "30/360", Fraction(60, 360)),
        (date(2026, 1, 29), date(2026, 3, 31), "30/360", Fraction(62, 360)),
        (date(2026, 2, 28), date(2026, 3, 1), "30/360", Fraction(3, 360)),
        (date(2024, 1, 1), date(2025, 1, 1), "actual/365", Fraction(366, 365)),
        (date(2024, 1, 1), date(2025, 1, 1), "actual/actual", Fraction(1)),
        (date(2023, 11, 1), date(2024, 5, 1), "actual/actual", Fraction(61, 365) + Fraction(121, 366)),
    ],
)
def test_a_share_of_a_year_is_what_its_day_count_says(
    start: date, end: date, count: DayCount, share: Fraction
) -> None:
    assert year_share(start, end, count) == share


def test_an_annuity_is_the_one_of_the_textbook() -> None:
    # 1200 at 12 % in twelve equal months of 30/360: 1200 * 0.01 / (1 - 1.01^-12) = 106.6185…
    start = date(2026, 1, 1)
    days = [add_months(start, n) for n in range(1, 13)]
    money = Money.of("1200", "CNY")
    paid = annuity(money, Money(0, "CNY"), Decimal(12), start, days, "30/360")
    assert [str(one.amount) for one in paid] == ["106.61"] * 11 + ["106.72"]


@fixed
@given(
    st.integers(1, 10**9),
    st.integers(1, 60),
    st.decimals(0, 24, places=2),
    st.sampled_from(COUNTS),
    st.dates(date(2024, 1, 1), date(2032, 12, 31)),
    st.integers(0, 50),
)
def test_an_annuity_pays_off_what_is_owed_and_its_interest_exactly(
    minor: int, number: int, rate: Decimal, count: DayCount, start: date, down_percent: int
) -> None:
    principal = Money(minor, "CNY")
    down = principal.times(Decimal(down_percent) / 100)
    days = [add_months(start, n) for n in range(1, number + 1)]
    paid = annuity(principal, down, rate, start, days, count)
    owed, before = principal, start
    for day, payment in zip(days, paid, strict=True):
        owed = owed + simple_interest(owed, rate, before, day, count) - payment
        before = day
    assert abs(owed.minor) <= number


def test_the_effective_rate_compounds_what_is_paid_within_the_year() -> None:
    start, one = date(2026, 1, 1), Money.of("1000", "CNY")
    assert effective_annual_rate(one, [(date(2027, 1, 1), Money.of("1120", "CNY"))], start) == Decimal(
        "12.00"
    )
    days = [add_months(start, n) for n in range(1, 13)]
    paid = annuity(one, Money(0, "CNY"), Decimal(12), start, days, "30/360")
    found = effective_annual_rate(one, list(zip(days, paid, strict=True)), start)
    assert Decimal("12.6") < found < Decimal("12.75")


def test_a_plan_without_cost_has_no_rate() -> None:
    money = Money.of("1000", "CNY")
    assert effective_annual_rate(money, [(date(2027, 1, 1), money)], date(2026, 1, 1)) == 0


@fixed
@given(st.integers(100_000, 10**10), st.integers(1, 60), st.decimals("0.1", 24, places=1))
def test_an_annuity_agrees_with_numpy_financial(minor: int, number: int, rate: Decimal) -> None:
    # From the first of a month every month is 30 days of 360, which is the twelfth that pmt reckons with.
    start = date(2026, 1, 1)
    days = [add_months(start, n) for n in range(1, number + 1)]
    principal = Money(minor, "CNY")
    paid = annuity(principal, Money(0, "CNY"), rate, start, days, "30/360")
    reference = -npf.pmt(float(rate) / 1200, number, minor)
    assert all(abs(one.minor - reference) <= 1 for one in paid[:-1])
    # The last takes what each payment's rounding has left, with interest on it.
    assert abs(paid[-1].minor - reference) <= 2.5 * number


@fixed
@given(st.integers(100_000, 10**9), st.integers(2, 26), st.integers(1, 30))
def test_the_effective_rate_agrees_with_numpy_financial(minor: int, number: int, percent: int) -> None:
    # Every second week is a whole period for irr, compounded by the actual days of 365.
    start, part = date(2026, 1, 1), Money(minor * (100 + percent) // 100 // number, "CNY")
    payments = [(start + timedelta(days=14 * n), part) for n in range(1, number + 1)]
    found = effective_annual_rate(Money(minor, "CNY"), payments, start)
    period = npf.irr([-minor, *[part.minor] * number])
    reference = (math.pow(1 + period, 365 / 14) - 1) * 100
    assert abs(float(found) - reference) <= 0.006 + reference * 1e-9
