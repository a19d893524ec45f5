"""Promises to pay: every broken limit is named with its number, and a promise is kept at 95 in a hundred."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.model import Due, Loan
from bot.domain.money import Money, MoneyError
from bot.domain.policy import PromisePolicy
from bot.domain.promises import broken_on, is_kept, promise_refusals

fixed = settings(derandomize=True, deadline=None, max_examples=300)

TODAY = date(2026, 3, 2)
RULES = PromisePolicy(days_ahead=30, kept_percent=Decimal(95), grace_days=1, minimum=Decimal(50))


def cny(amount: str) -> Money:
    return Money.of(amount, "CNY")


def loan_of(outstanding: Money) -> Loan:
    zero = Money(0, outstanding.currency)
    due = Due(1, TODAY, outstanding, zero, zero, zero)
    return Loan(1, "L1", "test", outstanding.currency, (due,))


def limits(amount: str, days: int, outstanding: str = "3000") -> dict[str, tuple[str, str]]:
    refusals = promise_refusals(
        cny(amount), TODAY + timedelta(days=days), loan_of(cny(outstanding)), RULES, TODAY
    )
    return {refusal.limit: (refusal.allowed, refusal.asked) for refusal in refusals}


@pytest.mark.parametrize(("amount", "days"), [("50", 0), ("3000", 30), ("500.01", 7)])
def test_a_promise_inside_the_limits_is_refused_nothing(amount: str, days: int) -> None:
    assert limits(amount, days) == {}


@pytest.mark.parametrize(
    ("amount", "days", "refused"),
    [
        ("500", -1, {"promise.past": ("2026-03-02", "2026-03-01")}),
        ("500", 31, {"promise.days_ahead": ("2026-04-01", "2026-04-02")}),
        ("49.99", 1, {"promise.minimum": ("50.00 CNY", "49.99 CNY")}),
        ("3000.01", 1, {"promise.outstanding": ("3000.00 CNY", "3000.01 CNY")}),
    ],
)
def test_each_limit_is_named_with_its_number_and_what_was_asked(
    amount: str, days: int, refused: dict[str, tuple[str, str]]
) -> None:
    assert limits(amount, days) == refused


def test_every_broken_limit_is_named_at_once() -> None:
    assert set(limits("-5", 40)) == {"promise.minimum", "promise.days_ahead"}
    assert set(limits("9999", -3)) == {"promise.outstanding", "promise.past"}


def test_the_last_few_yuan_may_be_promised_though_they_are_below_the_minimum() -> None:
    assert limits("12.34", 1, outstanding="12.34") == {}
    assert set(limits("12.33", 1, outstanding="12.34")) == {"promise.minimum"}


def test_nothing_cannot_be_promised_even_when_nothing_is_owed() -> None:
    assert set(limits("0", 1, outstanding="0")) == {"promise.minimum"}


def test_a_promise_in_another_currency_is_a_bug_and_no_refusal() -> None:
    with pytest.raises(MoneyError):
        promise_refusals(Money.of("100", "USD"), TODAY, loan_of(cny("3000")), RULES, TODAY)


@fixed
@given(st.integers(1, 10**9), st.integers(0, 2 * 10**9), st.decimals(1, 100, places=2))
def test_a_promise_is_kept_from_the_stated_share_on_exactly(
    promised: int, paid: int, percent: Decimal
) -> None:
    kept = is_kept(Money(promised, "CNY"), Money(paid, "CNY"), percent)
    assert kept is (Fraction(paid, promised) >= Fraction(percent) / 100)


def test_ninety_five_in_a_hundred_keep_it_and_a_cent_less_does_not() -> None:
    assert is_kept(cny("1000"), cny("950"), Decimal(95))
    assert not is_kept(cny("1000"), cny("949.99"), Decimal(95))


def test_it_is_broken_on_the_day_after_the_days_of_grace() -> None:
    assert broken_on(date(2026, 2, 27), RULES) == date(2026, 3, 1)
