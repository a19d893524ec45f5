"""Shares of a year, what a plan costs under them, and that cost as one yearly rate."""

from __future__ import annotations

import calendar
import math
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from bot.domain.money import Money

DayCount = Literal["30/360", "actual/365", "actual/actual"]
Method = Literal["simple", "annuity"]

_YEAR_DAYS = 365


def year_share(start: date, end: date, count: DayCount) -> Fraction:
    """Return how much of a year lies between two days, `start` not after `end`.

    30/360 is the bond basis (a 31st counts as a 30th, at the end only where the start is one too);
    actual/actual gives each calendar year its own length.
    """
    if count == "actual/365":
        return Fraction((end - start).days, _YEAR_DAYS)
    if count == "30/360":
        first = min(start.day, 30)
        last = 30 if end.day == 31 and first == 30 else end.day
        days = (end.year - start.year) * 360 + (end.month - start.month) * 30 + last - first
        return Fraction(days, 360)
    share = Fraction(0)
    while start < end:
        until = min(end, date(start.year + 1, 1, 1))
        share += Fraction((until - start).days, 366 if calendar.isleap(start.year) else 365)
        start = until
    return share


def simple_interest(
    principal: Money, annual_percent: Decimal, start: date, end: date, count: DayCount
) -> Money:
    """Return simple interest on `principal` from `start` to `end`, rounded half-even to a minor unit."""
    # A share of a year has no end as a decimal, and half a cent must be seen as just that.
    exact = principal.minor * Fraction(annual_percent) * year_share(start, end, count) / 100
    return Money(round(exact), principal.currency)


def annuity(
    principal: Money, down: Money, annual_percent: Decimal, start: date, days: Sequence[date], count: DayCount
) -> tuple[Money, ...]:
    """Return equal payments on `days` that settle `principal` with interest on what is still owed.

    `down` comes on top of the first. The last payment takes what rounding has left.
    """
    currency = principal.currency
    spans = zip((start, *days), days, strict=False)
    growth = [1 + Fraction(annual_percent) / 100 * year_share(a, b, count) for a, b in spans]
    # What a unit paid on each day is worth at the start; 28 digits are far finer than any cent.
    worth, worths = Decimal(1), []
    for factor in growth:
        worth = worth * factor.denominator / factor.numerator
        worths.append(worth)
    # Rounded down: what is left makes the last payment larger, never smaller than the minimum.
    level = int((principal.minor - down.minor * worths[0]) / sum(worths))
    owed, payments = principal.minor, []
    for number, factor in enumerate(growth):
        owed = round(owed * factor)
        due = owed if number == len(growth) - 1 else min(level + (down.minor if number == 0 else 0), owed)
        payments.append(Money(due, currency))
        owed -= due
    return tuple(payments)


def effective_annual_rate(principal: Money, payments: Sequence[tuple[date, Money]], start: date) -> Decimal:
    """Return the yearly rate in percent, two decimals, at which `payments` are worth `principal` at `start`.

    Compounded yearly over actual days of 365. A rate is no money, so that it may be found in floats.
    """

    def worth(rate: float) -> float:
        years = ((day - start).days / _YEAR_DAYS for day, _ in payments)
        return sum(m.minor / math.pow(1 + rate, at) for at, (_, m) in zip(years, payments, strict=True))

    low, high = 0.0, 100.0
    if worth(low) <= principal.minor:
        return Decimal("0.00")
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if worth(middle) > principal.minor else (low, middle)
    return Decimal(round(low * 100, 2)).quantize(Decimal("0.01"))
