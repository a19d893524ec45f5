"""Relief beside plain plans: a payment holiday, a part now with a promise of the rest, a waiver."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from math import ceil

from bot.domain.calendars import nearest_open
from bot.domain.limits import Case, Limits
from bot.domain.lines import add_months
from bot.domain.money import Money
from bot.domain.schedules import Check, Instalment, Option, Reason, Wish, schedule
from bot.domain.sizes import Beginning, chosen, frequency_of, line_of, sizes

_DAY = timedelta(days=1)
_ZERO = Decimal(0)


def holiday(case: Case, limits: Limits, wish: Wish, near: bool, reason: Reason) -> Option | None:
    """Return months without any payment, then the sum at once or in instalments, without a down payment."""
    months = limits.usual_holiday_months if wish.months is None else wish.months
    if near:
        months = min(max(months, 1), limits.holiday_months)
    if not 1 <= months <= limits.holiday_months:
        return None
    end = add_months(case.today, months)
    first = nearest_open(end, end, end + timedelta(days=31), limits.closed)
    if first is None or (wish.frequency not in (None, *limits.frequencies) and not near):
        return None
    start = Beginning(first, frequency_of(limits, wish), line_of(first, limits, wish), True)
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
        schedule(start.line.days(len(amounts)), amounts, currency),
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


def least_now(case: Case, limits: Limits) -> int:
    """Return what has to be paid at once, at least, where the rest is promised: rounded up, and something."""
    return max(1, ceil(case.amount.minor * limits.partial_percent / 100))


def partial(case: Case, limits: Limits, wish: Wish, near: bool, reason: Reason) -> Option | None:
    """Return a part to be paid now and the promise of the rest."""
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
    if first is None or rest is None or rest <= first:
        return None
    if (rest - case.today).days < (wish.days or 0) and not near:
        return None
    currency = case.amount.currency
    option = Option(
        "partial",
        schedule((first, rest), [now, amount - now], currency),
        case.amount,
        Money(0, currency),
        days=(rest - case.today).days,
        reason=reason,
        checked=(
            Check("partial.minimum", str(Money(least, currency)), Money(now, currency)),
            Check("partial.days", limits.words["partial.days"], (rest - case.today).days),
        ),
    )
    return None if wish.ability is not None and wish.ability < option.monthly else option


def shares_waived(case: Case, limits: Limits) -> tuple[Decimal, Decimal, bool]:
    """Return the shares of fees and interest that may be waived; true when only a campaign gives as much."""
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


def waiver(case: Case, limits: Limits, wish: Wish, near: bool, reason: Reason) -> Option | None:
    """Return one payment of what is left when fees, then interest are waived."""
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
