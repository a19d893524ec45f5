"""Full offer computations a second, beside plain Decimal loops that make the same schedules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

from bot.domain.model import Due, Loan
from bot.domain.money import Money
from bot.domain.plans import Wish, add_months, offers
from bot.storage.policies import Policies

TODAY = date(2026, 3, 2)
CENT = Decimal("0.01")
Case = tuple[str, str, Callable[[], int], Callable[[], int]]


def cases() -> list[Case]:
    """Return the benchmark of offers."""
    policy = Policies.load(Path("policies")).product("consumer-cn", TODAY)
    zero = Money(0, "CNY")
    loan = Loan(
        1,
        "L",
        "consumer-cn",
        "CNY",
        (Due(1, TODAY - timedelta(days=7), Money(300_001, "CNY"), zero, zero, zero),),
    )

    def ours() -> int:
        offers(loan, policy, Wish(count=3), today=TODAY, hardship=True)
        return 1

    def plain() -> int:
        total = Decimal("3000.01")
        for count in (3, 6, 12):
            first = TODAY + timedelta(days=policy.instalment.first_payment_days_hardship)
            part = (total / count).quantize(CENT, ROUND_HALF_EVEN)
            [
                (add_months(first, n), part if n < count - 1 else total - part * (count - 1))
                for n in range(count)
            ]
        return 1

    return [("offers: three options, checked and ranked", "the bare schedules in Decimal", ours, plain)]
