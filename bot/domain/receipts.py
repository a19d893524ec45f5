"""Where payments go: to due items and to plans, computed anew from the whole list whenever it changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """A payment as it was booked: `minor` units, paid on a day of the borrower's own calendar.

    `number` rises with each booking of a loan. From `returned_on` the money is no longer there.
    """

    number: int
    minor: int
    paid_at: datetime
    recorded_at: datetime
    paid_on: date
    returned_on: date | None = None

    def there(self, before: date) -> int:
        """Minor units that had come in before a day began and had not gone back by then."""
        gone = self.returned_on is not None and self.returned_on < before
        return self.minor if self.paid_on < before and not gone else 0


def received(receipts: Iterable[Receipt]) -> int:
    """Return what has come in and was not returned, in minor units."""
    return sum(receipt.minor for receipt in receipts if receipt.returned_on is None)


def spread(amount: int, opens: Sequence[int]) -> tuple[tuple[int, ...], int]:
    """Spread `amount` over what is open of each item, in their order; all in minor units, none negative.

    Returns the share of each item, never more than is open of it, and the rest that nothing takes.
    """
    shares = []
    for wanted in opens:
        share = min(amount, wanted)
        shares.append(share)
        amount -= share
    return tuple(shares), amount


def plan_cost_paid(paid: int, principal: int) -> int:
    """Return how much of what was paid into a plan was its cost: the cost is what is paid last."""
    return max(0, paid - principal)
