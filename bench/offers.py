"""Full offer computations a second and core, beside numpy-financial and Decimal loops.

A computation is the whole answer to one wish: three ranked options, each with its dated schedule, total,
cost, effective yearly rate and the limits it was held against. Loans and wishes differ from call to call. The
other two make the same three schedules and rates, but look at no calendar and check no limit.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import cycle
from pathlib import Path

import numpy as np
import numpy_financial as npf  # type: ignore[import-untyped]
from rich.console import Console

from bench import rates
from bot.domain.model import Due, Loan
from bot.domain.money import Money
from bot.domain.plans import Wish, add_months, offers
from bot.domain.policy import ProductPolicy
from bot.storage.policies import Policies

TODAY = date(2026, 3, 2)
CENT = Decimal("0.01")
PRODUCTS = ("consumer-cn", "card-cn", "loan-gb", "loan-us")
Asked = tuple[Loan, Wish, Decimal, tuple[int, ...]]


def asked(policy: ProductPolicy, number: int = 499) -> list[Asked]:
    """Return loans and wishes of a product, each with its amount and the counts that are offered on it."""
    dice, currency = random.Random(4), policy.currency
    zero, found = Money(0, currency), list[Asked]()
    counts = policy.instalment.offered_counts
    while len(found) < number:
        minor = dice.randrange(200_000, 3_000_000)
        due = Due(1, TODAY - timedelta(days=dice.randrange(1, 25)), Money(minor, currency), zero, zero, zero)
        loan = Loan(len(found), "L", policy.product, currency, (due,))
        wish = Wish(count=dice.choice(counts))
        if dice.random() < 0.5:
            wish = Wish(ability=Money(minor // dice.choice(counts) * 2, currency))
        options = offers(loan, policy, wish, today=TODAY, hardship=True).options
        if len(options) == 3:
            found.append((loan, wish, Decimal(minor) * CENT, tuple(one.count for one in options)))
    return found


def ours(policy: ProductPolicy, those: list[Asked]) -> Callable[[], int]:
    """Return one whole computation of ours."""
    each = cycle(those)

    def work() -> int:
        loan, wish, _, _ = next(each)
        for option in offers(loan, policy, wish, today=TODAY, hardship=True).options:
            option.annual_rate(TODAY)
        return 1

    return work


def with_numpy(policy: ProductPolicy, those: list[Asked]) -> Callable[[], int]:
    """Return the same schedules and rates by numpy-financial, in floats and whole months."""
    each, monthly = cycle(those), float(policy.instalment.annual_rate_percent) / 1200

    def work() -> int:
        _, _, amount, counts = next(each)
        for count in counts:
            payment = -npf.pmt(monthly, count, float(amount))
            periods = np.arange(1, count + 1)
            interest = -npf.ipmt(monthly, periods, count, float(amount)) if monthly else np.zeros(count)
            flows = np.concatenate(([-float(amount)], np.full(count, payment)))
            rate = (1 + npf.irr(flows)) ** 12 - 1 if monthly else 0.0
            assert interest.sum() >= 0
            assert rate >= 0
        return 1

    return work


def with_decimal(policy: ProductPolicy, those: list[Asked]) -> Callable[[], int]:
    """Return the same schedules and rates by plain loops over Decimal."""
    each, rules = cycle(those), policy.instalment
    rate, first = rules.annual_rate_percent / 100, TODAY + timedelta(days=rules.first_payment_days_hardship)

    def work() -> int:
        _, _, amount, counts = next(each)
        for count in counts:
            part, left, payments = (amount / count).quantize(CENT, ROUND_HALF_EVEN), amount, []
            for number in range(count):
                due = part if number < count - 1 else left
                day = add_months(first, number)
                interest = (due * rate * (day - TODAY).days / 365).quantize(CENT, ROUND_HALF_EVEN)
                payments.append((day, due + interest))
                left -= due
            if rate:
                _yearly(amount, payments)
        return 1

    return work


def _yearly(amount: Decimal, payments: list[tuple[date, Decimal]]) -> Decimal:
    """Return the effective yearly rate by halving, to a hundredth of a percent."""
    low, high = Decimal(0), Decimal(1)
    flows = [(paid, Decimal((day - TODAY).days) / 365) for day, paid in payments]
    while high - low > Decimal("0.0001"):
        middle = (low + high) / 2
        worth = sum(paid / (1 + middle) ** years for paid, years in flows)
        low, high = (middle, high) if worth > amount else (low, middle)
    return low


def cases() -> list[rates.Case]:
    """Return the benchmarks of offers: each product beside both other ways."""
    policies, found = Policies.load(Path("policies")), list[rates.Case]()
    for product in PRODUCTS:
        policy = policies.product(product, TODAY)
        those = asked(policy)
        for beside, other in (("numpy-financial", with_numpy), ("Decimal loops", with_decimal)):
            found.append((f"offers, {product}", beside, ours(policy, those), other(policy, those)))
    return found


def measure() -> rates.Found:
    """Return offers a second of each product, beside both other ways."""
    return rates.measure(cases())


show = rates.show

if __name__ == "__main__":
    show(Console(width=120), measure())
