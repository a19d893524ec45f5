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

_YEAR_DAYS = 365
_FREE = Decimal("0.00")
# Newton doubles the digits each time: after so small a step the rate is right to the last digit of a float.
_PRECISE = 1e-7


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
    paid = annuity_payments(principal.minor, down.minor, factors, discounts(factors)[-1], len(factors))
    return tuple(Money(minor, principal.currency) for minor in paid)


def discounts(factors: Sequence[Factor]) -> list[tuple[Decimal, Decimal]]:
    """Return, for each number of periods, the worth now of a unit paid after the first, and after every one.

    28 digits are far finer than any minor unit.
    """
    worth, summed = Decimal(1), Decimal(0)
    found: list[tuple[Decimal, Decimal]] = []
    for numerator, denominator in factors:
        worth = worth * denominator / (denominator + numerator)
        summed += worth
        found.append((found[0][0] if found else worth, summed))
    return found


def annuity_level(principal: int, down: int, worth: tuple[Decimal, Decimal]) -> int:
    """Return the equal payment, rounded down: what is left makes the last payment larger, not smaller."""
    first, summed = worth
    return int((principal - down * first) / summed)


def annuity_payments(
    principal: int, down: int, factors: Sequence[Factor], worth: tuple[Decimal, Decimal], count: int
) -> list[int]:
    """Return `count` payments in minor units, interest on what is still owed rounded half-even each time."""
    level = annuity_level(principal, down, worth)
    payments = _paid(principal, down, level, factors, count)
    while payments[-1] <= 0 < level:
        # Interest of less than half a unit rounds away: the level would pay everything before the end.
        level -= 1
        payments = _paid(principal, down, level, factors, count)
    return payments


def _paid(principal: int, down: int, level: int, factors: Sequence[Factor], count: int) -> list[int]:
    owed, payments, asked = principal, [], level + down
    for number in range(count - 1):
        numerator, denominator = factors[number]
        owed += half_even(owed * numerator, denominator)
        due = asked if asked < owed else owed
        payments.append(due)
        owed -= due
        asked = level
    numerator, denominator = factors[count - 1]
    payments.append(owed + half_even(owed * numerator, denominator))
    return payments


def effective_annual_rate(principal: Money, payments: Sequence[tuple[date, Money]], start: date) -> Decimal:
    """Return the yearly rate in percent, two decimals, at which `payments` are worth `principal` at `start`.

    Σ payment / (1 + rate)^(days / 365) = principal, with days from `start`. A rate is no money, so that it
    may be found in floats. Zero when the payments are no more than the principal.
    """
    amounts = [money.minor for _, money in payments]
    if sum(amounts) <= principal.minor:
        return _FREE
    first = start.toordinal()
    years = [(day.toordinal() - first) / _YEAR_DAYS for day, _ in payments]
    return Decimal(round(math.expm1(_force(principal.minor, amounts, years)) * 100, 2)).quantize(_FREE)


def _force(principal: int, amounts: Sequence[int], years: Sequence[float]) -> float:
    """Return the continuous rate, by Newton from the left: worth is convex in it, so that no step overshoots.

    Paid all at once, at their mean time, payments are worth no more: that rate is the beginning.
    """
    total = sum(amounts)
    rate: float = math.log(total / principal) * total / sum(map(mul, amounts, years))
    for _ in range(100):
        worths = [amount * exp(-rate * at) for amount, at in zip(amounts, years, strict=True)]
        step = (sum(worths) - principal) / sum(map(mul, worths, years))
        rate += step
        if step < _PRECISE:
            break
    return rate
