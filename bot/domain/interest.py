"""Shares of a year, what a plan costs under them, and that cost as one yearly rate."""

from __future__ import annotations

import calendar
import math
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import exp
from operator import mul
from typing import Literal

from bot.domain.money import Money

DayCount = Literal["30/360", "actual/365", "actual/actual"]
Method = Literal["simple", "annuity"]
Factor = tuple[int, int]
"""An exact rate as numerator and denominator: whole numbers are many times faster than fractions."""
Doubled = tuple[int, int, int]
"""A factor as `rounded` takes it: twice the numerator, the denominator, twice the denominator."""

_YEAR_DAYS = 365
UNIT = 10**30
"""What worths are reckoned in, far finer than any minor unit."""
FREE = Decimal("0.00")
PRECISE = 1e-7
"""Each step leaves less than its square: after one so small the next would move no millionth of a percent."""


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


def rate_factor(annual_percent: Decimal, start: date, end: date, count: DayCount) -> Factor:
    """Return the interest on one unit from `start` to `end`."""
    exact = Fraction(annual_percent) * year_share(start, end, count) / 100
    return exact.numerator, exact.denominator


def half_even(numerator: int, denominator: int) -> int:
    """Return the whole number nearest to a fraction with a positive denominator; of two the even one."""
    whole, rest = divmod(numerator, denominator)
    twice = 2 * rest
    return whole + 1 if twice > denominator or (twice == denominator and whole & 1) else whole


def simple_interest(
    principal: Money, annual_percent: Decimal, start: date, end: date, count: DayCount
) -> Money:
    """Return simple interest on `principal` from `start` to `end`, rounded half-even to a minor unit."""
    numerator, denominator = rate_factor(annual_percent, start, end, count)
    return Money(half_even(principal.minor * numerator, denominator), principal.currency)


def annuity(
    principal: Money, down: Money, annual_percent: Decimal, start: date, days: Sequence[date], count: DayCount
) -> tuple[Money, ...]:
    """Return equal payments on `days` that settle `principal` with interest on what is still owed.

    `down` comes on top of the first. The last payment takes what rounding has left.
    """
    spans = zip((start, *days), days, strict=False)
    factors = [rate_factor(annual_percent, a, b, count) for a, b in spans]
    worths = discounts(factors)
    paid = annuity_payments(principal.minor, down.minor, doubled(factors), worths, len(factors))
    return tuple(Money(minor, principal.currency) for minor in paid)


def doubled(factors: Sequence[Factor]) -> list[Doubled]:
    """Return factors as the inner loops take them."""
    return [(2 * numerator, denominator, 2 * denominator) for numerator, denominator in factors]


def discounts(factors: Sequence[Factor]) -> list[int]:
    """Return, for each number of periods, the worth now of a `UNIT` paid after each; the first is of one."""
    worth, summed = UNIT, 0
    found: list[int] = []
    for numerator, denominator in factors:
        worth = half_even(worth * denominator, denominator + numerator)
        summed += worth
        found.append(summed)
    return found


def annuity_level(principal: int, down: int, worths: Sequence[int], count: int) -> int:
    """Return the equal payment, rounded down: what is left makes the last payment larger, not smaller."""
    return (principal * UNIT - down * worths[0]) // worths[count - 1]


def annuity_payments(
    principal: int, down: int, factors: Sequence[Doubled], worths: Sequence[int], count: int
) -> list[int]:
    """Return `count` payments in minor units, interest on what is still owed rounded half-even each time."""
    level = annuity_level(principal, down, worths, count)
    while True:
        owed, payments, asked = principal, [level] * count, level + down
        payments[0] = asked
        for numerator, denominator, twice in factors[:count]:
            # `half_even`, written out: half a unit up, and back again where that ends on an odd one exactly.
            interest = (raised := owed * numerator + denominator) // twice
            if interest & 1 and interest * twice == raised:
                interest -= 1
            owed += interest - asked
            asked = level
        payments[-1] += owed
        if payments[-1] > 0 or level <= 0:
            return payments
        # Interest of less than half a unit rounds away: the level would pay everything before the end.
        level -= 1


def effective_annual_rate(principal: Money, payments: Sequence[tuple[date, Money]], start: date) -> Decimal:
    """Return the yearly rate in percent, two decimals, at which `payments` are worth `principal` at `start`.

    Σ payment / (1 + rate)^(days / 365) = principal, with days from `start`. A rate is no money, so that it
    may be found in floats. Zero when the payments are no more than the principal.
    """
    amounts = [money.minor for _, money in payments]
    return yearly_rate(principal.minor, amounts, [(day - start).days for day, _ in payments])


def yearly_rate(principal: int, amounts: Sequence[int], after: Sequence[int]) -> Decimal:
    """Return what `effective_annual_rate` does, of amounts in minor units, each paid `after` so many days."""
    total = sum(amounts)
    if total <= principal:
        return FREE
    return in_percent(force_of(principal, total, amounts, after))


def in_percent(force: float) -> Decimal:
    """Return a continuous rate a day as a yearly one in percent, two decimals."""
    return Decimal(f"{math.expm1(force * _YEAR_DAYS) * 100:.2f}")


def force_of(principal: int, total: int, amounts: Sequence[int], after: Sequence[int]) -> float:
    """Return the continuous rate a day, by Newton on the logarithm of the worth, which is all but straight.

    What its bend adds to each step is reckoned with, too: one step is enough for most plans.
    """
    moments = list(map(mul, amounts, after))
    mean = sum(moments) / total
    bend = (sum(map(mul, moments, after)) / total - mean * mean) / (2 * mean)
    rate: float = math.log(total / principal) / mean
    rate += rate * rate * bend
    for _ in range(100):
        worth = moment = 0.0
        for amount, at in zip(amounts, after, strict=True):
            worth += (now := amount * exp(-rate * at))
            moment += now * at
        step = math.log(worth / principal) * worth / moment
        rate += step + step * step * bend
        if -PRECISE < step < PRECISE:
            break
    return rate
