"""What a new policy would change for each loan of a book: who pays less a month, who more, at what cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from bot.domain.model import Loan
from bot.domain.money import Money
from bot.domain.plans import Option, lowest_plan, plan_amount
from bot.domain.policy import ProductPolicy

Change = Literal["gains", "loses", "mixed", "same"]
CHANGES: tuple[Change, ...] = ("gains", "loses", "mixed", "same")


@dataclass(frozen=True, slots=True)
class Compared:
    """One loan under two policies: the plan with the lowest monthly payment that the bot may agree on.

    A plan is None where the policy allows none.
    """

    loan: str
    amount: Money
    old: Option | None
    new: Option | None

    @property
    def change(self) -> Change:
        """Whether the borrower gains: a lower monthly payment or a lower cost, and neither is higher."""
        if self.old is None or self.new is None:
            return "same" if self.old is self.new else "gains" if self.old is None else "loses"
        lower = (self.new.monthly.minor - self.old.monthly.minor, self.new.cost.minor - self.old.cost.minor)
        if not any(lower):
            return "same"
        if max(lower) <= 0:
            return "gains"
        return "loses" if min(lower) >= 0 else "mixed"


def simulate(
    loans: Iterable[Loan], old: ProductPolicy, new: ProductPolicy, on: date, *, hardship: bool = False
) -> list[Compared]:
    """Compare `old` and `new` for every loan of their product with something to pay, as it stands on `on`."""

    def lowest(loan: Loan, policy: ProductPolicy) -> Option | None:
        return lowest_plan(loan, policy, today=on, hardship=hardship)

    found = []
    for loan in loans:
        amount = plan_amount(loan, on)
        if loan.product == new.product and amount.minor > 0:
            found.append(Compared(loan.ref, amount, lowest(loan, old), lowest(loan, new)))
    return found
