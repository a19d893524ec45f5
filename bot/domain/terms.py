"""Terms of each kind: the plan that is what was wished, or the nearest one, within given limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from math import ceil
from typing import NamedTuple

from bot.domain.calendars import nearest_open
from bot.domain.interest import annuity_level, annuity_payments, half_even
from bot.domain.limits import Case, Limits
from bot.domain.lines import Basis, Line, add_months, line, next_payday
from bot.domain.money import Money
from bot.domain.policy import Frequency, Kind
from bot.domain.schedules import IN_A_MONTH, Check, Instalment, Option, Wish, fullest

_DAY = timedelta(days=1)
_ZERO = Decimal(0)


def find(case: Case, limits: Limits, wish: Wish) -> Option | None:
    """Return the option that is what was wished; None when the limits have none."""
    kind = wish.sort
    return None if is_barred(case, limits, kind) else _SHAPES[kind](case, limits, wish, False)


def nearest(case: Case, limits: Limits, wish: Wish) -> Option | None:
    """Return the option of the wished kind that comes nearest to the wish; never above the ability."""
    kind = wish.sort
    return None if is_barred(case, limits, kind) else _SHAPES[kind](case, limits, wish, True)


def is_barred(case: Case, limits: Limits, kind: Kind) -> bool:
    """Tell whether no option of `kind` may be had, whatever its terms."""
    history = case.history
    if (
        kind not in limits.kinds
        or (limits.stages is not None and case.stage not in limits.stages)
        or (limits.broken_promises is not None and history.broken_promises_12_months > limits.broken_promises)
        or (limits.plans is not None and history.plans_12_months >= limits.plans)
        or (history.open_dispute and not limits.during_dispute)
    ):
        return True
    if kind == "extension":
        return (
            case.extensions_used >= limits.extensions_12
            or max(history.extensions_5_years, case.extensions_used) >= limits.extensions_60
        )
    return kind == "holiday" and (
        history.holidays_12_months >= limits.holidays_12 or (limits.hardship_only and not case.hardship)
    )


class Beginning(NamedTuple):
    """Where and how often a plan is paid, and whether that is what was wished."""

    first: date
    frequency: Frequency
    line: Line
    as_wished: bool


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
    wanted = wished_first(limits, wish, case.today)
    usual = wanted or case.today + timedelta(days=limits.usual_first_days)
    latest = case.today + timedelta(days=limits.first_days)
    first = nearest_open(usual, case.today + _DAY, latest, limits.closed)
    if first is None:
        return None
    # A closed day at the end of the window moves the first payment back, which is too early for a wish.
    as_wished = wish.frequency in (None, frequency_of(limits, wish)) and (wanted is None or first >= wanted)
    return _from(first, limits, wish, as_wished)


def _from(first: date, limits: Limits, wish: Wish, as_wished: bool) -> Beginning:
    frequency = frequency_of(limits, wish)
    payday = wish.payday if frequency == "payday" else None
    return Beginning(first, frequency, line(first, frequency, payday, limits.calendar), as_wished)


class Sizes:
    """What a plan of each number of payments asks, in minor units, and which numbers are feasible."""

    __slots__ = ("_amount", "_basis", "_down", "_limits", "_line", "_span", "high", "low")

    def __init__(
        self, case: Case, limits: Limits, start: Beginning, down: int, rate: Decimal, low: int
    ) -> None:
        self._amount, self._down, self._limits, self._line = case.amount.minor, down, limits, start.line
        self._basis: Basis | None = (case.today, rate, limits.basis) if rate else None
        self._span = IN_A_MONTH[start.frequency]
        self.low = low
        self.high = min(limits.count_high, (self._amount - down) // limits.minimum)

    def amounts(self, count: int) -> list[int]:
        """Return what each of `count` payments asks; the down payment comes on top of the first."""
        if self._basis is not None and self._limits.method == "annuity":
            worth = self._line.discounts(self._basis, count)[count - 1]
            growth = self._line.growth(self._basis, count)
            return annuity_payments(self._amount, self._down, growth, worth, count)
        base, extra = divmod(self._amount - self._down, count)
        if not extra:
            parts = [base] * count
        elif self._limits.odd == "first":
            parts = [base + 1] * extra + [base] * (count - extra)
        else:
            parts = [base] * (count - extra) + [base + 1] * extra
        # One date to remember, not two.
        parts[0] += self._down
        if self._basis is None:
            return parts
        shares = self._line.shares(self._basis, count)
        return [part + half_even(part * n, d) for part, (n, d) in zip(parts, shares, strict=False)]

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
            if self._basis is None or self._limits.method == "simple":
                start = max(start, (self._amount - self._down) // (most // self._span + 1) + 1)
        for count in range(start, self.high + 1):
            amounts = self.within(count, ability)
            if amounts is not None:
                return count, amounts
        return None

    def _is_above(self, count: int, most: int) -> bool:
        """Tell quickly of most counts that ask too much; what is not told here is reckoned in full."""
        if self._basis is None or count < self._span:
            return False
        if self._limits.method == "annuity":
            level = annuity_level(
                self._amount, self._down, self._line.discounts(self._basis, count)[count - 1]
            )
            # Rounding may leave the last payment below the level, by half a unit for each before it at most.
            return level * self._span > most + count
        base = (self._amount - self._down) // count
        numerator, denominator = self._line.shares(self._basis, count)[count - self._span]
        return self._span * (base + base * numerator // denominator) > most


def sizes(case: Case, limits: Limits, start: Beginning, low: int, *, down: bool = True) -> Iterator[Sizes]:
    """Yield the sizes for every down payment and rate that the limits leave open, the policy's own first."""
    for rate in limits.rates:
        for percent in limits.down_percents if down else (_ZERO,):
            first = case.amount.times(percent / 100).minor if percent else 0
            yield Sizes(case, limits, start, first, rate, low)


def plan(case: Case, limits: Limits, start: Beginning, amounts: list[int]) -> Option:
    """Build the instalment plan that asks `amounts`."""
    currency, count = case.amount.currency, len(amounts)
    days = start.line.days(count)
    latest = case.today + timedelta(days=limits.first_days)
    part = Money(case.amount.minor // count if case.hardship else _part(case, limits, count), currency)
    words = limits.words
    return Option(
        "instalment",
        _schedule(days, amounts, currency),
        case.amount,
        Money(sum(amounts) - case.amount.minor, currency),
        frequency=start.frequency,
        checked=(
            Check("instalment.count", words["instalment.count"], count),
            Check("instalment.minimum", words["instalment.minimum"], part),
            Check("instalment.first_payment", latest.isoformat(), days[0]),
            Check("instalment.frequency", words["instalment.frequency"], start.frequency),
        ),
    )


def _part(case: Case, limits: Limits, count: int) -> int:
    percent = limits.down_percents[-1]
    down = case.amount.times(percent / 100).minor if percent else 0
    return (case.amount.minor - down) // count


def _schedule(days: Iterable[date], amounts: list[int], currency: str) -> tuple[Instalment, ...]:
    return tuple(
        [
            Instalment(number, day, Money(minor, currency))
            for number, (day, minor) in enumerate(zip(days, amounts, strict=False), 1)
        ]
    )


def _count(sized: Sizes, wish: Wish, offered: Iterable[int], near: bool) -> tuple[int, list[int]] | None:
    """Choose the number of payments: the wished one, else the fewest that fit, else the first offered."""
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


def _instalment(case: Case, limits: Limits, wish: Wish, near: bool) -> Option | None:
    start = beginning(case, limits, wish)
    if start is None or not (start.as_wished or near):
        return None
    for sized in sizes(case, limits, start, limits.count_low):
        chosen = _count(sized, wish, limits.offered_counts, near)
        if chosen is not None:
            return plan(case, limits, start, chosen[1])
    return None


def _extension(case: Case, limits: Limits, wish: Wish, near: bool) -> Option | None:
    """A closed day moves an extension on, never to an earlier day than was asked for."""
    if wish.count not in (None, 1) and not near:
        return None
    low, high = case.today + timedelta(days=limits.extension_low), limits.extension_high
    asked = limits.offered_days[0] if wish.days is None else wish.days
    if not near and not limits.extension_low <= asked <= high:
        return None
    day = nearest_open(
        # A wish far outside the calendar must not leave it on the way to the limits.
        case.today + timedelta(days=min(max(asked, limits.extension_low), high)),
        low,
        case.today + timedelta(days=high),
        limits.closed,
    )
    days = 0 if day is None else (day - case.today).days
    early = wish.days is not None and days < wish.days and not near
    if day is None or early or (wish.ability is not None and wish.ability < case.amount):
        return None
    checks = (
        Check("extension.days", limits.words["extension.days"], days),
        Check("extension.per_12_months", limits.words["extension.per_12_months"], case.extensions_used + 1),
        Check(
            "extension.per_5_years",
            limits.words["extension.per_5_years"],
            max(case.history.extensions_5_years, case.extensions_used) + 1,
        ),
    )
    return extension(case.amount, days, day, checks)


def extension(amount: Money, days: int, day: date, checks: tuple[Check, ...] = ()) -> Option:
    """Build the plan that moves `amount` as a whole to `day`, at no cost."""
    schedule = (Instalment(1, day, amount),)
    return Option("extension", schedule, amount, Money(0, amount.currency), days=days, checked=checks)


def _holiday(case: Case, limits: Limits, wish: Wish, near: bool) -> Option | None:
    months = limits.usual_holiday_months if wish.months is None else wish.months
    if near:
        months = min(max(months, 1), limits.holiday_months)
    if not 1 <= months <= limits.holiday_months:
        return None
    end = add_months(case.today, months)
    first = nearest_open(end, end, end + timedelta(days=31), limits.closed)
    if first is None or (wish.frequency not in (None, *limits.frequencies) and not near):
        return None
    start = _from(first, limits, wish, True)
    for sized in sizes(case, limits, start, 1, down=False):
        chosen = _count(sized, wish, limits.offered_counts, near)
        if chosen is not None:
            break
    else:
        return None
    amounts, currency = chosen[1], case.amount.currency
    review = max(first - timedelta(days=limits.review_days), case.today + _DAY)
    words = limits.words
    return Option(
        "holiday",
        _schedule(start.line.days(len(amounts)), amounts, currency),
        case.amount,
        Money(sum(amounts) - case.amount.minor, currency),
        days=(first - case.today).days,
        frequency=start.frequency,
        months=months,
        review_on=review,
        checked=(
            Check("holiday.months", words["holiday.months"], months),
            Check("holiday.per_12_months", words["holiday.per_12_months"], case.history.holidays_12_months + 1),
            Check("instalment.count", f"1-{limits.count_high}", len(amounts)),
            Check(
                "instalment.minimum",
                words["instalment.minimum"],
                Money(case.amount.minor // len(amounts), currency),
            ),
        ),
    )


def least_now(case: Case, limits: Limits) -> int:
    """Return what has to be paid at once, at least, where the rest is promised: rounded up, and something."""
    return max(1, ceil(case.amount.minor * limits.partial_percent / 100))


def _partial(case: Case, limits: Limits, wish: Wish, near: bool) -> Option | None:
    least, amount = least_now(case, limits), case.amount.minor
    now = least if wish.pay_now is None else wish.pay_now.minor
    days = limits.usual_partial_days if wish.days is None else wish.days
    high = limits.partial_days
    if near:
        now, days = max(now, least), min(max(days, 1), high)
    if not least <= now < amount or not 1 <= days <= high:
        return None
    last = case.today + timedelta(days=high)
    wanted = max(wish.first_on or case.today + _DAY, case.today + _DAY)
    first = nearest_open(wanted, wanted, max(last, wanted), limits.closed)
    rest = nearest_open(case.today + timedelta(days=days), case.today + _DAY, last, limits.closed)
    if first is None or rest is None or rest <= first or (rest - case.today).days < (wish.days or 0) and not near:
        return None
    currency = case.amount.currency
    option = Option(
        "partial",
        _schedule((first, rest), [now, amount - now], currency),
        case.amount,
        Money(0, currency),
        days=(rest - case.today).days,
        checked=(
            Check("partial.minimum", str(Money(least, currency)), Money(now, currency)),
            Check("partial.days", limits.words["partial.days"], (rest - case.today).days),
        ),
    )
    return None if wish.ability is not None and wish.ability < option.monthly else option


def shares_waived(case: Case, limits: Limits) -> tuple[Decimal, Decimal, bool]:
    """Return the shares of fees and interest that may be waived, and whether only a campaign gives so much."""
    campaign = limits.campaign
    fees, interest = limits.fees_percent, limits.interest_percent
    if campaign is None or not campaign.begins <= case.today <= campaign.ends:
        return fees, interest, False
    more = campaign.fees_percent > fees or campaign.interest_percent > interest
    return max(fees, campaign.fees_percent), max(interest, campaign.interest_percent), more


def waiver_days(case: Case, limits: Limits) -> int:
    """Return within how many days the rest has to be paid: a campaign's last day bounds what it gives."""
    if not shares_waived(case, limits)[2] or limits.waiver_days > limits.usual_waiver_days:
        return limits.waiver_days
    assert limits.campaign is not None
    return min(limits.waiver_days, (limits.campaign.ends - case.today).days)


def waived_parts(case: Case, waived: int) -> tuple[int, int, int]:
    """Spread a waiver: fees first (penalties are among them), then interest, principal last."""
    fees = min(waived, case.fees)
    interest = min(waived - fees, case.interest)
    return fees, interest, waived - fees - interest


def _waiver(case: Case, limits: Limits, wish: Wish, near: bool) -> Option | None:
    fees_percent, interest_percent, _ = shares_waived(case, limits)
    fees, interest = int(case.fees * fees_percent / 100), int(case.interest * interest_percent / 100)
    waived = fees + interest if wish.waive is None else wish.waive.minor
    if near:
        waived = min(waived, fees + interest)
    of_fees, of_interest, of_principal = waived_parts(case, waived)
    if near and of_fees > fees:
        waived, of_fees, of_interest = fees, fees, 0
    principal = case.amount.minor if limits.principal_percent else 0
    left = case.amount.minor - waived
    if waived <= 0 or left <= 0 or of_fees > fees or of_interest > interest or of_principal > principal:
        return None
    high = waiver_days(case, limits)
    days = min(limits.usual_waiver_days, high) if wish.days is None else wish.days
    if near:
        days = min(max(days, 1), high)
    if not 1 <= days <= high:
        return None
    last = case.today + timedelta(days=high)
    day = nearest_open(case.today + timedelta(days=days), case.today + _DAY, last, limits.closed)
    early = day is not None and wish.days is not None and (day - case.today).days < wish.days and not near
    if day is None or early or (wish.ability is not None and wish.ability.minor < left):
        return None
    currency = case.amount.currency
    return Option(
        "waiver",
        (Instalment(1, day, Money(left, currency)),),
        case.amount,
        Money(0, currency),
        days=(day - case.today).days,
        waived_minor=waived,
        checked=(
            Check("waiver.fees", f"{fees_percent} %", f"{percent_of(of_fees, case.fees)} %"),
            Check("waiver.interest", f"{interest_percent} %", f"{percent_of(of_interest, case.interest)} %"),
            Check("waiver.principal", limits.words["waiver.principal"], "0 %"),
            Check("waiver.days", str(high), (day - case.today).days),
        ),
    )


def percent_of(part: int, whole: int) -> Decimal:
    """Return a share in percent, two decimals at most."""
    if not whole:
        return _ZERO
    share = (Decimal(part) * 100 / whole).quantize(Decimal("0.01")).normalize()
    return share.quantize(Decimal(1)) if share == share.to_integral_value() else share


_SHAPES: dict[Kind, Callable[[Case, Limits, Wish, bool], Option | None]] = {
    "instalment": _instalment,
    "extension": _extension,
    "holiday": _holiday,
    "partial": _partial,
    "waiver": _waiver,
}
