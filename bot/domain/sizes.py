"""How many payments a plan has, when it begins and what each payment asks: exact, in minor units."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal

from bot.domain.calendars import nearest_open
from bot.domain.interest import UNIT, annuity_level, annuity_payments
from bot.domain.limits import Beginning, Case, Limits, Start
from bot.domain.lines import Line, add_months, line, next_payday
from bot.domain.money import Money
from bot.domain.policy import Frequency
from bot.domain.schedules import IN_A_MONTH, Check, Wish, fullest

_DAY = timedelta(days=1)
# Days pass and wishes differ, and a policy's limits stay for as long as it does.
_REMEMBERED = 1024
_ZERO = Decimal(0)


def frequency_of(limits: Limits, wish: Wish) -> Frequency:
    """Return the wished frequency where it is allowed, else the policy's first."""
    return wish.frequency if wish.frequency in limits.frequencies else limits.usual_frequencies[0]


def wished_first(limits: Limits, wish: Wish, today: date) -> date | None:
    """Return the day on which the borrower would begin, allowed or not; None when they have not said."""
    if wish.payday is None or frequency_of(limits, wish) != "payday":
        return wish.first_on
    return next_payday(wish.payday, max(wish.first_on - _DAY if wish.first_on else today, today))


def beginning(case: Case, limits: Limits, wish: Wish) -> Beginning | None:
    """Return where a plan begins, from tomorrow on; None when no day is open within the window.

    As late as policy allows where the borrower has said nothing; else as near to their day as possible.
    """
    start = (case.today, wish.first_on, wish.frequency, wish.payday)
    return _remembered(start, limits, lambda: _beginning(case.today, limits, wish))


def after_months(today: date, months: int, limits: Limits, wish: Wish) -> Beginning | None:
    """Return where a plan begins after a payment holiday: on the first open day from its end on."""
    start = (today, months, wish.frequency, wish.payday)
    return _remembered(start, limits, lambda: _after(add_months(today, months), limits, wish))


def _remembered(start: Start, limits: Limits, compute: Callable[[], Beginning | None]) -> Beginning | None:
    found = limits.beginnings.get(start)
    if found is None:
        if len(limits.beginnings) >= _REMEMBERED:
            limits.beginnings.clear()
        found = limits.beginnings[start] = compute()
    return found


def _after(end: date, limits: Limits, wish: Wish) -> Beginning | None:
    first = nearest_open(end, end, end + timedelta(days=31), limits.closed)
    if first is None:
        return None
    return Beginning(first, frequency_of(limits, wish), line_of(first, limits, wish), True)


def _beginning(today: date, limits: Limits, wish: Wish) -> Beginning | None:
    wanted = wished_first(limits, wish, today)
    usual = wanted or today + timedelta(days=limits.usual_first_days)
    latest = today + timedelta(days=limits.first_days)
    # Where no day is named, a longer window moves no plan that the usual one has room for.
    first = None if wanted else nearest_open(usual, today + _DAY, usual, limits.closed)
    first = first or nearest_open(usual, today + _DAY, latest, limits.closed)
    if first is None:
        return None
    # A closed day at the end of the window moves the first payment back, which is too early for a wish.
    as_wished = wish.frequency in (None, frequency_of(limits, wish)) and (wanted is None or first >= wanted)
    frequency = frequency_of(limits, wish)
    checks = (
        Check("instalment.first_payment", latest.isoformat(), first),
        Check("instalment.frequency", limits.words["instalment.frequency"], frequency),
    )
    return Beginning(first, frequency, line_of(first, limits, wish), as_wished, checks)


def line_of(first: date, limits: Limits, wish: Wish) -> Line:
    """Return the due days of a plan that begins on `first`."""
    frequency = frequency_of(limits, wish)
    return line(first, frequency, wish.payday if frequency == "payday" else None, limits.calendar)


class Sizes:
    """What a plan of each number of payments asks, in minor units, and which numbers are feasible."""

    __slots__ = ("_amount", "_down", "_interest", "_limits", "_span", "high", "low")

    def __init__(
        self, case: Case, limits: Limits, start: Beginning, down: int, rate: Decimal, low: int
    ) -> None:
        self._amount, self._down, self._limits = case.amount.minor, down, limits
        self._interest = start.line.interest((case.today, rate, limits.basis)) if rate else None
        self._span = IN_A_MONTH[start.frequency]
        self.low = low
        self.high = min(limits.count_high, (self._amount - down) // limits.minimum)

    def amounts(self, count: int) -> list[int]:
        """Return what each of `count` payments asks; the down payment comes on top of the first."""
        if self._interest is not None and self._limits.method == "annuity":
            growth, worths = self._interest.growth(count), self._interest.discounts(count)
            return annuity_payments(self._amount, self._down, growth, worths, count)
        base, extra = divmod(self._amount - self._down, count)
        if not extra:
            parts = [base] * count
        elif self._limits.odd == "first":
            parts = [base + 1] * extra + [base] * (count - extra)
        else:
            parts = [base] * (count - extra) + [base + 1] * extra
        # One date to remember, not two.
        parts[0] += self._down
        if self._interest is None:
            return parts
        shares = self._interest.shares(count)
        for number, (part, (numerator, denominator, twice)) in enumerate(zip(parts, shares, strict=False)):
            # As in an annuity: this is the innermost loop of a simulation over a whole book.
            interest, rest = divmod(part * numerator + denominator, twice)
            parts[number] = part + (interest - 1 if not rest and interest & 1 else interest)
        return parts

    def within(self, count: int, ability: Money | None) -> list[int] | None:
        """Return the amounts of `count` payments, None when a month asks more than the ability."""
        if ability is not None and self._is_above(count, ability.minor):
            return None
        amounts = self.amounts(count)
        return amounts if ability is None or fullest(amounts, self._span) <= ability.minor else None

    def fewest(self, ability: Money, at_least: int = 1) -> tuple[int, list[int]] | None:
        """Return the least number of payments, from `at_least` on, that the ability allows."""
        most, start = ability.minor, max(self.low, at_least)
        if most <= 0:
            return None
        if self._amount > most:
            # In a full month the smallest part is paid `span` times, with or without interest.
            start = max(start, self._span)
            if self._interest is None or self._limits.method == "simple":
                start = max(start, (self._amount - self._down) // (most // self._span + 1) + 1)
            else:
                # The level falls with every payment more: what is certainly above is passed over.
                worths = self._interest.discounts(max(start, self.high))
                owed = self._amount * UNIT - self._down * worths[0]
                above = owed * self._span // (most + self.high + self._span)
                start = max(start, bisect_left(worths, above) + 1)
        for count in range(start, self.high + 1):
            amounts = self.within(count, ability)
            if amounts is not None:
                return count, amounts
        return None

    def _is_above(self, count: int, most: int) -> bool:
        """Tell quickly of most counts that ask too much; what is not told here is reckoned in full."""
        if self._interest is None or count < self._span:
            return False
        if self._limits.method == "annuity":
            level = annuity_level(self._amount, self._down, self._interest.discounts(count), count)
            # Rounding may leave the last payment below the level, by half a unit for each before it at most.
            return level * self._span > most + count
        base = (self._amount - self._down) // count
        numerator, _, denominator = self._interest.shares(count)[count - self._span]
        return self._span * (base + base * numerator // denominator) > most


def sizes(case: Case, limits: Limits, start: Beginning, low: int, *, down: bool = True) -> Iterator[Sizes]:
    """Yield the sizes for every down payment and rate that the limits leave open, the policy's own first."""
    for rate in limits.rates:
        for percent in limits.down_percents if down else (_ZERO,):
            yield _sizes(case, limits, start, percent, rate, low)


def usual_sizes(case: Case, limits: Limits, start: Beginning, low: int) -> Sizes:
    """Return the sizes for the policy's own down payment and rate."""
    return _sizes(case, limits, start, limits.down_percents[0], limits.rates[0], low)


def _sizes(case: Case, limits: Limits, start: Beginning, percent: Decimal, rate: Decimal, low: int) -> Sizes:
    first = case.amount.times(percent / 100).minor if percent else 0
    return Sizes(case, limits, start, first, rate, low)


def least_monthly(case: Case, limits: Limits) -> tuple[Beginning, list[int]] | None:
    """Return where the plan begins that asks the least a month, the cheapest of them, and its amounts."""
    start = beginning(case, limits, Wish())
    if start is None:
        return None
    sized = usual_sizes(case, limits, start, limits.count_low)
    span = IN_A_MONTH[start.frequency]
    every = (sized.amounts(count) for count in range(sized.low, sized.high + 1))
    best = min(every, key=lambda amounts: (fullest(amounts, span), sum(amounts)), default=None)
    return None if best is None else (start, best)


def chosen(sized: Sizes, wish: Wish, offered: Iterable[int], near: bool) -> tuple[int, list[int]] | None:
    """Choose the number of payments: the wished one, else the fewest that fit, else the first offered.

    With `near` the wish is moved within the limits. Returns the number and the amounts.
    """
    low, high = sized.low, sized.high
    if high < low:
        return None
    wanted = wish.count
    if wanted is not None and near:
        wanted = min(max(wanted, low), high)
    if wanted is not None:
        amounts = sized.within(wanted, wish.ability) if low <= wanted <= high else None
        if amounts is not None:
            return wanted, amounts
        if not near or wish.ability is None:
            return None
        return sized.fewest(wish.ability, wanted) or sized.fewest(wish.ability)
    if wish.ability is not None:
        return sized.fewest(wish.ability)
    count = next((n for n in offered if low <= n <= high), low)
    return count, sized.amounts(count)
