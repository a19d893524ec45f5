"""Affordability: what a budget leaves, never negative, and an ability that offers keep to."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.affordability import Budget, affordability
from bot.domain.money import Money, MoneyError
from bot.domain.plans import Wish, offers
from bot.domain.policy import AffordabilityPolicy
from tests.unit.domain.test_plans import POLICY, cny, loan_of

fixed = settings(derandomize=True, deadline=None, max_examples=300)
amounts = st.integers(0, 10**9).map(lambda minor: Money(minor, "CNY"))
percents = st.decimals(0, 50, places=2)
budgets = st.builds(Budget, amounts, amounts, amounts)


def test_the_written_example() -> None:
    # 8000 in, 3500 fixed, 2900 living: 1600 left; 10 % stay as savings; three quarters of 1440 are 1080.
    found = affordability(Budget(cny("8000"), cny("3500"), cny("2900")), AffordabilityPolicy())
    assert (found.surplus, found.savings, found.ability) == (cny("1600"), cny("160"), cny("1080"))


def test_the_savings_line_is_small_where_policy_caps_it() -> None:
    rules = AffordabilityPolicy(savings_most=Decimal(20), share_percent=Decimal(100))
    found = affordability(Budget(cny("8000"), cny("3500"), cny("2900")), rules)
    assert (found.savings, found.ability) == (cny("20"), cny("1580"))


@fixed
@given(budgets, percents, st.decimals(1, 100, places=2))
def test_ability_and_savings_are_never_negative_and_never_above_the_surplus(
    budget: Budget, savings: Decimal, share: Decimal
) -> None:
    found = affordability(budget, AffordabilityPolicy(savings_percent=savings, share_percent=share))
    assert found.ability.minor >= 0
    assert found.savings.minor >= 0
    assert found.ability.minor + found.savings.minor <= max(found.surplus.minor, 0)
    assert found.ability.minor * 100 <= max(found.surplus.minor, 0) * share


@fixed
@given(budgets)
def test_no_offer_asks_more_than_the_budget_leaves(budget: Budget) -> None:
    ability = affordability(budget, AffordabilityPolicy()).ability
    found = offers(loan_of(cny("3000")), POLICY, Wish(ability=ability), today=date(2026, 3, 2), hardship=True)
    assert all(one.monthly <= ability for one in found.options)
    assert ability.minor or not found.options


def test_a_negative_figure_and_two_currencies_are_refused() -> None:
    with pytest.raises(ValueError, match=r"fixed is negative: -1.00 CNY"):
        Budget(cny("1"), cny("-1"), cny("0"))
    with pytest.raises(MoneyError, match="do not mix"):
        affordability(Budget(cny("9"), Money(1, "GBP"), cny("0")), AffordabilityPolicy())
