"""In what order a payment settles fees, interest and principal, and what is still open of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.domain.model import Due
from bot.domain.policy import Part


def allocate(amount: int, claims: Mapping[Part, int], order: Sequence[Part]) -> dict[Part, int]:
    """Spread `amount` (minor units) over the claims in `order`; what is more than all of them stays out."""
    left, spread = amount, dict.fromkeys(order, 0)
    for part in order:
        spread[part] = min(left, claims[part])
        left -= spread[part]
    return spread


def open_parts(dues: Iterable[Due], order: Sequence[Part]) -> dict[Part, int]:
    """Return what is still open of each part of some due items, each item's payments spread in `order`."""
    found = dict.fromkeys(order, 0)
    for due in dues:
        claims: dict[Part, int] = {
            "fees": due.fee.minor,
            "interest": due.interest.minor,
            "principal": due.principal.minor,
        }
        settled = allocate(due.paid.minor, claims, order)
        for part in order:
            found[part] += claims[part] - settled[part]
    return found
