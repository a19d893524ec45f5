"""The facts that written terms state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from math import ceil

ROWS_A_PICTURE = 30


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment: its place, its day, its amount in major units with all of the currency's decimals."""

    number: int
    due_on: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Terms:
    """An agreed plan as its papers state it.

    `principal` is what the plan settles, `cost` what it adds, `waived` what of it need not be paid; all in
    major units of `currency`. `rate` is the effective one, in percent a year. `agreed_at` is aware UTC,
    `agreed_on` the borrower's day. `revision` counts how often the payments have changed since they were
    first written down.
    """

    plan: int
    kind: str
    loan: str
    lender: str
    phone: str
    borrower: str
    agreed_at: datetime
    agreed_on: date
    currency: str
    payments: tuple[Payment, ...]
    principal: Decimal
    cost: Decimal
    rate: Decimal | None
    how_to_pay: str
    policy_version: str
    revision: int = 0
    waived: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        """All payments together."""
        return sum((one.amount for one in self.payments), Decimal(0))


def picture_pages(payments: int) -> int:
    """Return how many pictures a schedule of so many payments takes."""
    return max(1, ceil(payments / ROWS_A_PICTURE))
