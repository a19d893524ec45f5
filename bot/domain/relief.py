"""Relief beside plain plans: a payment holiday, a part now with a promise of the rest, a waiver."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from math import ceil

from bot.domain.calendars import nearest_open
from bot.domain.limits import Case, Limits
from bot.domain.money import Money
from bot.domain.schedules import A_MONTH, Check, Instalment, Option, Reason, Wish, along, schedule
from bot.domain.sizes import after_months, chosen, sizes

_DAY = timedelta(days=1)
_ZERO = Decimal(0)


def holiday(case: Case, limits: Limits, wish: Wish, near: bool, reason: Reason) -> Option | None:
    """Return months without any payment, then the sum at once or in instalments, without a down payment."""
    months = limits.usual_holiday_months if wish.months is None else wish.months
    if near:
        months = min(max(months, 1), limits.holiday_months)
    if not 1 <= months <= limits.holiday_months:
        return None
    start = after_months(case.today, months, limits, wish)
    if start is None or (wish.frequency not in (None, *limits.frequencies) and not near):
        return None
    first = start.first
    every = (
        chosen(one, wish, limits.offered_counts, near) for one in sizes(case, limits, start, 1, down=False)
    )
    found = next((one for one in every if one is not None), None)
    if found is None:
        return None
    amounts, currency = found[1], case.amount.currency
    review = max(first - timedelta(days=limits.review_days), case.today + _DAY)
    words = limits.words
    return Option(
        "holiday",
        along(start.line, amounts, currency),
        case.amount,
        Money(sum(amounts) - case.amount.minor, currency),
        days=(first - case.today).days,
        frequency=start.frequency,
        months=months,
        review_on=review,
        reason=reason,
        checked=(
            Check("holiday.months", words["holiday.months"], months),
            Check(
                "holiday.per_12_months", words["holiday.per_12_months"], case.history.holidays_12_months + 1
            ),
            Check("instalment.count", f"1-{limits.count_high}", len(amounts)),
            Check(
                "instalment.minimum",
                words["instalment.minimum"],
                Money(case.amount.minor // len(amounts), currency),
            ),
        ),
    )


def least_now(case: Case, limits: Limits, percent: Decimal | None = None) -> int:
    """Return what has to be paid at once, at least, where the rest is promised: rounded up, and something."""
    share = limits.partial_percent if percent is None else percent
    return max(1, ceil(case.amount.minor * share / 100))


def partial(case: Case, limits: Limits, wish: Wish, near: bool, reason: Reason) -> Option | None:
    """Return a part to be paid now and the promise of the rest.

    Where the borrower names no day for the rest, it is the policy's; where that is too soon, a month later.
    """
    least, amount, high = least_now(case, limits), case.amount.minor, limits.partial_days
    if wish.ability is not None and 2 * wish.ability.minor < amount:
        # One of two payments is half of it at least.
        return None
    if wish.pay_now is not None:
        now = max(wish.pay_now.minor, least) if near else wish.pay_now.minor
    else:
        now = max(least, min(least_now(case, limits, limits.usual_partial_percent), amount - 1))
        if wish.ability is not None:
            # Neither payment may be above the ability.
            now = max(least, min(now, wish.ability.minor), amount - wish.ability.minor)
    wanted = max(wish.first_on or case.today + _DAY, case.today + _DAY)
    first = nearest_open(wanted, wanted, wanted + timedelta(days=31), limits.closed)
    if first is None or not least <= now < amount:
        return None
    tries: tuple[int, ...] = (limits.usual_partial_days, (first - case.today).days + A_MONTH, high)
    if wish.days is not None:
        tries = (min(max(wish.days, 1), high) if near else wish.days,)
    for days in tries:
        rest = _rest_day(case, limits, days, early=near or wish.days is None)
        if rest is None or rest <= first:
            continue
        currency, until = case.amount.currency, (rest - case.today).days
        option = Option(
            "partial",
            schedule((first, rest), [now, amount - now], currency),
            case.amount,
            Money(0, currency),
            days=until,
            reason=reason,
            checked=(
                Check("partial.minimum", str(Money(least, currency)), Money(now, currency)),
                Check("partial.days", limits.words["partial.days"], until),
            ),
        )
        if wish.ability is None or option.monthly <= wish.ability:
            return option
    return None


def _rest_day(case: Case, limits: Limits, days: int, *, early: bool) -> date | None:
    """Return the open day for the rest, `days` from today; earlier than that only if `early`."""
    if not 1 <= days <= limits.partial_days:
        return None
    wanted = case.today + timedelta(days=days)
    last = case.today + timedelta(days=limits.partial_days)
    found = nearest_open(wanted, case.today + _DAY, last, limits.closed)
    return None if found is None or (found < wanted and not early) else found


def shares_waived(case: Case, limits: Limits, *, usual: bool = False) -> tuple[Decimal, Decimal]:
    """Return the shares of fees and of interest that may be waived today, in percent.

    With `usual` those of the policy, whatever has been relaxed.
    """
    campaign, own = limits.campaign, (limits.fees_percent, limits.interest_percent)
    if usual:
        own = limits.usual_percents
    if campaign is None or not campaign.begins <= case.today <= campaign.ends:
        return own
    return max(own[0], campaign.fees_percent), max(own[1], campaign.interest_percent)


def waiver_days(case: Case, limits: Limits, fees: int, interest: int) -> int:
    """Return within how many days the rest has to be paid, when so much of fees and interest is waived.

    What only a campaign gives has to be paid by its last day.
    """
    within = fees <= _percent(case.fees, limits.fees_percent)
    within = within and interest <= _percent(case.interest, limits.interest_percent)
    if within or limits.campaign is None or limits.waiver_days > limits.usual_waiver_days:
        return limits.waiver_days
    return min(limits.waiver_days, (limits.campaign.ends - case.today).days)


def _percent(minor: int, percent: Decimal) -> int:
    return int(minor * percent / 100)


def waived_parts(case: Case, waived: int) -> tuple[int, int, int]:
    """Spread a waiver: fees first (penalties are among them), then interest, principal last."""
    fees = min(waived, case.fees)
    interest = min(waived - fees, case.interest)
    return fees, interest, waived - fees - interest


def _most_waived(case: Case, limits: Limits) -> int:
    """Return the most that may be waived so that something is left to pay; nothing when there is none."""
    most, usual = (_in_order(case, *shares_waived(case, limits, usual=usual)) for usual in (False, True))
    tries = (sum(most), most[0], sum(usual))
    return next((one for one in tries if 0 < one < case.amount.minor), 0)


def _in_order(case: Case, fees_percent: Decimal, interest_percent: Decimal) -> tuple[int, int]:
    """Return what of fees and of interest may be waived: interest only once all fees are."""
    fees = _percent(case.fees, fees_percent)
    return fees, _percent(case.interest, interest_percent) if fees == case.fees else 0


def waiver(case: Case, limits: Limits, wish: Wish, near: bool, reason: Reason) -> Option | None:
    """Return one payment of what is left when fees, then interest are waived."""
    fees_percent, interest_percent = shares_waived(case, limits)
    fees, interest = _in_order(case, fees_percent, interest_percent)
    waived = _most_waived(case, limits) if wish.waive is None else wish.waive.minor
    if near:
        waived = min(waived, fees + interest)
    of_fees, of_interest, of_principal = waived_parts(case, waived)
    if near and of_fees > fees:
        waived, of_fees, of_interest = fees, fees, 0
    principal = case.amount.minor if limits.principal_percent else 0
    left = case.amount.minor - waived
    if waived <= 0 or left <= 0 or of_fees > fees or of_interest > interest or of_principal > principal:
        return None
    high = waiver_days(case, limits, of_fees, of_interest)
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
        reason=reason,
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
