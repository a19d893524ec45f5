"""What somebody can pay a month: a short Standard Financial Statement (Money Advice Trust, UK)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from bot.domain.money import Money
from bot.domain.policy import AffordabilityPolicy


@dataclass(frozen=True, slots=True)
class Budget:
    """What comes in and what goes out in a month, all in one currency and none of it negative.

    `fixed`: rent, utilities, insurance, other debts' minimum payments. `living`: food, travel, children.
    """

    income: Money
    fixed: Money
    living: Money

    def __post_init__(self) -> None:
        for name in ("income", "fixed", "living"):
            if getattr(self, name).minor < 0:
                raise ValueError(f"{name} is negative: {getattr(self, name)}")

    @property
    def surplus(self) -> Money:
        """What is left of the income; negative where the costs are higher."""
        return self.income - self.fixed - self.living


@dataclass(frozen=True, slots=True)
class Affordability:
    """What a budget leaves: `surplus`, of it `savings` that stay, and `ability`, the most a plan may ask.

    `savings` and `ability` are never negative; where there is no surplus both are zero, and no plan fits.
    """

    surplus: Money
    savings: Money
    ability: Money


def affordability(budget: Budget, policy: AffordabilityPolicy) -> Affordability:
    """Return what may be asked a month: income less costs, less a savings line, and of the rest a share.

    Rounded down to a minor unit, in the borrower's favour. Raises MoneyError when currencies differ.
    """
    surplus, currency = budget.surplus, budget.income.currency
    free = max(surplus.minor, 0)
    savings = free - _share(free, 100 - policy.savings_percent)
    if policy.savings_most is not None:
        savings = min(savings, Money.of(policy.savings_most, currency).minor)
    ability = _share(free - savings, policy.share_percent)
    return Affordability(surplus, Money(savings, currency), Money(ability, currency))


def _share(minor: int, percent: Decimal) -> int:
    return int((minor * percent / 100).to_integral_value(ROUND_DOWN))
