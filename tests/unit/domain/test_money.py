"""Money is exact: whole minor units of one currency, never rounded behind anyone's back."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.money import Money, MoneyError, OddCents, minor_digits, moneys

fixed = settings(derandomize=True, deadline=None, max_examples=300)

DIGITS = {"CNY": 2, "USD": 2, "JPY": 0, "KRW": 0, "VND": 0, "KWD": 3, "BHD": 3, "TND": 3, "CLF": 4}
currencies = st.sampled_from(sorted(DIGITS))
minors = st.integers(-(10**15), 10**15)
ends: st.SearchStrategy[OddCents] = st.sampled_from(["first", "last"])


@pytest.mark.parametrize(("currency", "digits"), sorted(DIGITS.items()))
def test_each_currency_has_its_iso_4217_decimals(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("2300.50", "CNY", 230050),
        ("2300.5", "CNY", 230050),
        ("0.01", "USD", 1),
        ("-0.01", "USD", -1),
        (1200, "JPY", 1200),
        ("1200", "JPY", 1200),
        ("1.234", "KWD", 1234),
        ("1.20", "KWD", 1200),
        (Decimal("1E+3"), "CNY", 100000),
        ("2300.5000", "CNY", 230050),
    ],
)
def test_major_units_become_minor_units_of_the_currency(
    amount: str | int | Decimal, currency: str, minor: int
) -> None:
    assert Money.of(amount, currency).minor == minor


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("0.001", "CNY"), ("1.5", "JPY"), ("1.2345", "KWD"), ("1E-30", "USD"), ("1." + "0" * 40 + "1", "CNY")],
)
def test_more_decimals_than_the_currency_has_are_refused(amount: str, currency: str) -> None:
    with pytest.raises(MoneyError, match=f"more than {DIGITS[currency]} decimals"):
        Money.of(amount, currency)


@pytest.mark.parametrize(
    "amount",
    ["", "abc", "1,200", "¥5", "nan", "inf", "-inf", "sNaN", "1.2.3", "1e999999999", "1e999999", "1e16"],
)
def test_what_is_no_amount_is_refused_with_the_amount_named(amount: str) -> None:
    with pytest.raises(MoneyError) as refusal:
        Money.of(amount, "CNY")
    assert repr(amount) in str(refusal.value)


def test_nothing_is_nothing_however_it_is_written() -> None:
    assert {Money.of(zero, "CNY").minor for zero in ("0", "-0.00", "0e99", "0." + "0" * 60)} == {0}


@pytest.mark.parametrize("currency", ["", "cny", "CN", "CNYX", "C1Y", "12A", "ＣＮＹ", "C Y", "人民币"])
def test_what_is_no_currency_code_is_refused_with_the_code_named(currency: str) -> None:
    with pytest.raises(MoneyError) as refusal:
        Money.of("1", currency)
    assert repr(currency) in str(refusal.value)


@fixed
@given(minors, currencies)
def test_what_is_written_reads_back_the_same(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.of(money.amount, currency) == money
    assert -money.amount.as_tuple().exponent == minor_digits(currency)  # type: ignore[operator]
    assert str(money) == f"{money.amount} {currency}"


@fixed
@given(minors, currencies, st.integers(1, 400), ends)
def test_the_parts_of_a_split_sum_to_the_whole_exactly(
    minor: int, currency: str, parts: int, odd: OddCents
) -> None:
    whole = Money(minor, currency)
    split = whole.split(parts, odd)
    assert len(split) == parts
    assert sum(part.minor for part in split) == minor
    assert {part.currency for part in split} == {currency}


@fixed
@given(minors, currencies, st.integers(1, 400), ends)
def test_the_parts_differ_by_one_minor_unit_at_most_and_the_odd_ones_stand_at_the_named_end(
    minor: int, currency: str, parts: int, odd: OddCents
) -> None:
    split = [part.minor for part in Money(minor, currency).split(parts, odd)]
    assert max(split) - min(split) <= 1
    assert split == sorted(split, reverse=odd == "first")


def test_one_hundred_in_three_leaves_the_odd_cent_where_policy_says() -> None:
    hundred = Money.of("100", "CNY")
    assert [str(part.amount) for part in hundred.split(3)] == ["33.33", "33.33", "33.34"]
    assert [str(part.amount) for part in hundred.split(3, "first")] == ["33.34", "33.33", "33.33"]


@pytest.mark.parametrize("parts", [0, -1])
def test_a_split_into_no_parts_is_refused(parts: int) -> None:
    with pytest.raises(MoneyError):
        Money.of("1", "CNY").split(parts)


@fixed
@given(minors, minors, currencies, currencies)
def test_two_currencies_never_mix(left: int, right: int, one: str, other: str) -> None:
    a, b = Money(left, one), Money(right, other)
    if one == other:
        assert (a + b).minor == left + right
        assert (a - b).minor == left - right
        assert (a < b, a <= b) == (left < right, left <= right)
        return
    for mixed in (lambda: a + b, lambda: a - b, lambda: a < b, lambda: a <= b):
        with pytest.raises(MoneyError, match="do not mix"):
            mixed()
    assert a != b


@fixed
@given(st.lists(minors), currencies)
def test_amounts_made_together_are_those_made_one_by_one(several: list[int], currency: str) -> None:
    made = moneys(several, currency)
    assert made == [Money(minor, currency) for minor in several]
    assert all(hash(one) == hash(Money(one.minor, currency)) for one in made)


@fixed
@given(minors, st.decimals(0, 2, places=4))
def test_a_product_is_rounded_half_even_to_a_minor_unit(minor: int, factor: Decimal) -> None:
    assert Money(minor, "CNY").times(factor).minor == round(Fraction(minor) * Fraction(factor))
