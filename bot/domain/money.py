"""Exact money: whole minor units of an ISO 4217 currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation
from typing import Literal

from bot.domain.values import quickly_made

# ISO 4217 minor unit digits, where they are not two.
_DIGITS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}

OddCents = Literal["first", "last"]

# What a 64-bit column holds for certain; far more than anyone owes.
_MOST_DIGITS = 18
_EXACT = Context(prec=_MOST_DIGITS + 10, traps=[Inexact])


class MoneyError(ValueError):
    """An amount or a currency cannot be money: the message says which and why."""


def minor_digits(currency: str) -> int:
    """Return how many decimals `currency` has (ISO 4217): 2 for CNY, 0 for JPY, 3 for KWD."""
    return _DIGITS.get(currency, 2)


@quickly_made
@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An exact amount: `minor` whole minor units (cents, fen) of `currency` (ISO 4217, three capitals)."""

    minor: int
    currency: str

    @classmethod
    def of(cls, amount: str | int | Decimal, currency: str) -> Money:
        """Build from a major-unit amount such as "2300.50".

        Raises MoneyError if the text is no finite number, has more decimals than the currency or more than
        18 digits in all, or the currency is not three capital letters.
        """
        if len(currency) != 3 or not (currency.isascii() and currency.isalpha() and currency.isupper()):
            raise MoneyError(f"currency {currency!r} is not an ISO 4217 code such as CNY")
        try:
            value = Decimal(str(amount))
        except InvalidOperation:
            raise MoneyError(f"amount {amount!r} is not a number") from None
        if not value.is_finite():
            raise MoneyError(f"amount {amount!r} is not finite")
        digits = minor_digits(currency)
        if value and value.adjusted() + digits >= _MOST_DIGITS:
            raise MoneyError(f"amount {amount!r} is too large")
        try:
            scaled = value.scaleb(digits, _EXACT)
        except Inexact:
            scaled = None
        if scaled is None or scaled != scaled.to_integral_value():
            raise MoneyError(f"amount {amount} has more than {digits} decimals for {currency}")
        return cls(int(scaled), currency)

    @property
    def amount(self) -> Decimal:
        """The amount in major units, with exactly the currency's decimals."""
        return Decimal(self.minor).scaleb(-minor_digits(self.currency))

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise MoneyError(f"{self.currency} and {other.currency} do not mix")
        return other.minor

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def times(self, factor: Decimal) -> Money:
        """Return the product with `factor`, rounded half-even to a minor unit."""
        return Money(int((self.minor * factor).to_integral_value(ROUND_HALF_EVEN)), self.currency)

    def split(self, parts: int, odd: OddCents = "last") -> tuple[Money, ...]:
        """Split into `parts` (≥ 1) equal amounts that sum to this one exactly.

        The minor units that do not divide go one each to the `odd` end: the first or the last parts.
        """
        if parts < 1:
            raise MoneyError(f"cannot split into {parts} parts")
        base, rest = divmod(self.minor, parts)
        extra = [1] * rest + [0] * (parts - rest)
        if odd == "last":
            extra.reverse()
        return tuple(Money(base + one, self.currency) for one in extra)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


_blank = Money.__new__
# A frozen class sets each field with a look-up by name; its slots do the same in half the time.
_set_minor, _set_currency = (vars(Money)[name].__set__ for name in ("minor", "currency"))


def moneys(minors: Sequence[int], currency: str) -> list[Money]:
    """Return an amount for each of `minors`, faster than one by one; equal neighbours are one object."""
    found: list[Money] = []
    before = None
    for minor in minors:
        if minor != before:
            before, money = minor, _blank(Money)
            _set_minor(money, minor)
            _set_currency(money, currency)
        found.append(money)
    return found
