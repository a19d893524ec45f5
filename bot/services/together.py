"""Several debts of one borrower in one message: each on a line of its own, and what they come to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.domain.money import Money
from bot.language import formats
from bot.services.kit import Kit, written


@dataclass(frozen=True, slots=True)
class Debt:
    """What a message says of one loan: its reference, the amount, and the day it was or is due."""

    loan: str
    amount: Money
    due_on: date


def several(kit: Kit, debts: Sequence[Debt], locale: str, today: date) -> dict[str, str]:
    """Return the values `count`, `items` and `total` of a text; sums stay in their currency."""
    sums: dict[str, int] = defaultdict(int)
    for one in debts:
        sums[one.amount.currency] += one.amount.minor
    lines = (
        kit.texts.render(
            "utter_reminder_several_item",
            locale,
            {
                "loan": one.loan,
                "amount": written(one.amount, locale),
                "date": formats.day(one.due_on, locale, today),
            },
        ).text
        for one in debts
    )
    return {
        "count": str(len(debts)),
        "items": "\n".join(lines),
        "total": " + ".join(written(Money(minor, currency), locale) for currency, minor in sums.items()),
    }
