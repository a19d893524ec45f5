"""More than 20,000 negotiations at random: offers are exact, within every limit, and refusals bind."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.calendars import closed_days
from bot.domain.counter import Circumstances, granted
from bot.domain.interest import effective_annual_rate
from bot.domain.limits import History
from bot.domain.model import Due, Loan
from bot.domain.money import Money
from bot.domain.plans import MAX_OPTIONS, Offers, Option, Wish, offers, plan_amount
from bot.domain.policy import Kind, ProductPolicy

POLICIES, EACH = 1000, 21
SPAN = {"weekly": 5, "biweekly": 3, "monthly": 1, "payday": 1}
FREQUENCIES = ["weekly", "biweekly", "monthly", "payday"]


@st.composite
def policies(draw: st.DrawFn) -> ProductPolicy:
    """Any policy that a lender could write down, of three currencies and as many calendars."""
    low = draw(st.integers(1, 6))
    high = draw(st.integers(low, 60))
    currency = draw(st.sampled_from(["CNY", "JPY", "KWD"]))
    country = draw(st.sampled_from([None, "CN", "GB", "US"]))
    days = draw(st.integers(1, 40))
    least = draw(st.integers(1, days))
    return ProductPolicy.model_validate(
        {
            "product": "drawn",
            "name": "Drawn",
            "version": 1,
            "effective_from": "2020-01-01",
            "currency": currency,
            "contact_pack": "cn",
            "ladder": "default",
            "calendar": country
            and {
                "country": country,
                "roll": draw(st.sampled_from(["following", "preceding", "modified following"])),
            },
            "instalment": {
                "count": {"min": low, "max": high},
                "offered_counts": sorted({low, (low + high) // 2, high}),
                "frequencies": draw(st.lists(st.sampled_from(FREQUENCIES), min_size=1, unique=True)),
                "minimum": draw(st.integers(1, 300)),
                "first_payment_days": draw(st.integers(1, 45)),
                "first_payment_days_hardship": draw(st.integers(1, 90)),
                "down_payment_percent": draw(st.sampled_from(["0", "1", "10", "33.3"])),
                "annual_rate_percent": draw(st.sampled_from(["0", "0", "6", "14.4", "24"])),
                "interest": draw(st.sampled_from(["simple", "annuity"])),
                "day_count": draw(st.sampled_from(["30/360", "actual/365", "actual/actual"])),
                "odd_cents": draw(st.sampled_from(["first", "last"])),
                "grace_days": 3,
            },
            "extension": {
                "days": {"min": least, "max": days},
                "offered_days": [least],
                "per_12_months": draw(st.integers(0, 2)),
                "per_5_years": draw(st.integers(0, 3)),
            },
            "holiday": {"months": draw(st.integers(0, 3)), "hardship_only": draw(st.booleans())},
            "partial": {
                "minimum_percent": draw(st.sampled_from(["10", "30", "66.7"])),
                "days": draw(st.sampled_from([0, 14, 45])),
            },
            "waiver": {
                "campaign": draw(
                    st.none()
                    | st.fixed_dictionaries(
                        {
                            "name": st.just("Spring"),
                            "begins": st.just("2025-01-01"),
                            "ends": st.just("2027-06-30"),
                            "fees_percent": st.sampled_from(["25", "100"]),
                            "interest_percent": st.sampled_from(["0", "33.3"]),
                        }
                    )
                ),
                "days": draw(st.integers(1, 60)),
            },
            "eligibility": {
                "stages": draw(st.sampled_from([None, None, ["early", "middle"]])),
                "broken_promises_12_months": draw(st.sampled_from([None, 2])),
                "plans_per_12_months": draw(st.sampled_from([None, 2])),
                "during_dispute": draw(st.booleans()),
            },
            "adjustments": draw(
                st.sampled_from(
                    [
                        [],
                        [
                            {
                                "stages": ["late"],
                                "kinds": ["instalment"],
                                "limits": {"down_payment_percent": 5},
                            }
                        ],
                        [{"tiers": ["gentle"], "limits": {"minimum": 1, "instalments": 60}}],
                        [{"stages": ["middle"], "limits": {"instalments": low, "extension_days": days}}],
                    ]
                )
            ),
            "hardship": draw(st.sampled_from([{}, {"instalments": 60}, {"minimum": 1, "partial_days": 60}])),
            "promise": {"days_ahead": 30, "kept_percent": 95, "grace_days": 1, "minimum": 50},
            "hardship_pause_days": 30,
            "offer_valid_days": 3,
            "how_to_pay": {"en": "In the app."},
        }
    )


OFTEN: list[Kind | None] = ["instalment"]
KINDS: list[Kind | None] = ["extension", "holiday", "partial", "waiver", None, *OFTEN * 5]
Drawn = tuple[Loan, ProductPolicy, Wish, Circumstances]


def drawn_from(policy: ProductPolicy, dice: random.Random) -> Drawn:
    """A loan, its circumstances and a wish of any kind, or none; amounts from a few units to millions."""
    currency, today = policy.currency, date(2024, 1, 1) + timedelta(days=dice.randrange(1500))

    def money(most: int) -> Money:
        return Money(int(10 ** dice.uniform(0, 6.5)) % most + 1, currency)

    def maybe(value: Any) -> Any:
        return value if dice.random() < 0.5 else None

    principal, zero = money(5_000_000), Money(0, currency)
    fee, interest = (money(principal.minor) if dice.random() < 0.6 else zero for _ in range(2))
    owed = principal.minor + fee.minor + interest.minor
    paid = Money(dice.choice([0, 0, dice.randrange(owed)]), currency)
    loan = Loan(
        1,
        "L1",
        "drawn",
        currency,
        (Due(1, today - timedelta(days=dice.randrange(-40, 140)), principal, interest, fee, paid),),
    )
    kind = dice.choice(KINDS)
    wish = Wish(kind, ability=maybe(money(5_000_000)))
    if kind in ("instalment", "holiday"):
        wish = replace(
            wish,
            count=maybe(dice.randrange(1, 70)),
            frequency=maybe(dice.choice(FREQUENCIES)),
            payday=maybe(dice.randrange(1, 32)),
        )
    if kind in ("instalment", "partial"):
        wish = replace(wish, first_on=maybe(today + timedelta(days=dice.randrange(-20, 90))))
    if kind == "holiday":
        wish = replace(wish, months=maybe(dice.randrange(1, 7)))
    if kind in ("extension", "partial", "waiver"):
        wish = replace(wish, days=maybe(dice.randrange(1, 70)))
    if kind == "partial":
        wish = replace(wish, pay_now=maybe(money(owed)))
    if kind == "waiver":
        wish = replace(wish, waive=maybe(money(owed)))
    history = History(
        extensions_5_years=dice.randrange(4),
        holidays_12_months=dice.randrange(2),
        plans_12_months=dice.choice([0, 0, 1, 2]),
        broken_promises_12_months=dice.choice([0, 0, 1, 3]),
        open_dispute=dice.random() < 0.1,
        tier=dice.choice([None, "gentle", "firm"]),
    )
    return loan, policy, wish, Circumstances(today, dice.random() < 0.4, dice.randrange(3), history)


def made(drawn: Drawn) -> Offers:
    loan, policy, wish, at = drawn
    return offers(
        loan,
        policy,
        wish,
        today=at.today,
        hardship=at.hardship,
        extensions_used=at.extensions_used,
        history=at.history,
    )


@settings(
    derandomize=True,
    deadline=None,
    max_examples=POLICIES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(policies(), st.integers(0, 2**32))
def test_offers_are_exact_within_every_limit_and_refusals_bind(policy: ProductPolicy, seed: int) -> None:
    dice = random.Random(seed)
    for number in range(EACH):
        drawn = drawn_from(policy, dice)
        found = made(drawn)
        assert len(found.options) <= MAX_OPTIONS
        assert all(found.options.count(one) == 1 for one in found.options)
        for option in found.options:
            check_option(option, drawn)
        check_ranking(found, drawn, thorough=number % 7 == 0)
        check_refusals(found, drawn)


def check_option(option: Option, drawn: Drawn) -> None:
    """Recompute what an option has to keep, from the policy's own fields."""
    loan, policy, wish, at = drawn
    rules = in_force(policy, loan, at)
    amounts = [item.amount.minor for item in option.schedule]
    days = [item.due_on for item in option.schedule]
    closed = closed_days(policy.calendar)
    assert option.principal == plan_amount(loan, at.today)
    assert (
        sum(amounts) == option.total.minor == option.principal.minor + option.cost.minor - option.waived.minor
    )
    assert min(amounts) > 0
    assert option.cost.minor >= 0
    assert [item.number for item in option.schedule] == list(range(1, option.count + 1))
    assert days == sorted(set(days))
    assert days[0] > at.today
    assert not any(closed(day) for day in days)
    if wish.ability is not None:
        spans = SPAN[option.frequency]
        fullest = max(sum(amounts[n : n + spans]) for n in range(len(amounts)))
        assert fullest <= option.monthly.minor <= wish.ability.minor
    assert option.waived.minor == 0 or option.kind == "waiver"
    assert all(one.limit and one.allowed and str(one.value) for one in option.checked)
    KEEPS[option.kind](option, rules, loan, at)
    if option.cost.minor > option.waived_minor:
        payments = [(item.due_on, item.amount) for item in option.schedule]
        expected = effective_annual_rate(option.principal, payments, at.today)
        # The second time from what the first has left.
        assert [option.annual_rate(at.today) for _ in range(2)] == [expected, expected]


def keeps_instalment(option: Option, rules: ProductPolicy, loan: Loan, at: Circumstances) -> None:
    window = rules.instalment.first_payment_days
    if at.hardship:
        window = rules.instalment.first_payment_days_hardship
    assert rules.instalment.count.min <= option.count <= rules.instalment.count.max
    assert option.frequency in rules.instalment.frequencies
    assert option.schedule[0].due_on <= at.today + timedelta(days=window)
    share = Fraction(0) if at.hardship else Fraction(rules.instalment.down_payment_percent) / 100
    rest = option.principal.minor - round(option.principal.minor * share)
    assert rest // option.count >= Money.of(rules.instalment.minimum, rules.currency).minor
    if not rules.instalment.annual_rate_percent:
        assert option.cost.minor == 0
        first, *others = [item.amount.minor for item in option.schedule]
        down = option.principal.minor - rest
        parts = [first - down, *others]
        assert max(parts) - min(parts) <= 1
        assert sorted(parts, reverse=rules.instalment.odd_cents == "first") == parts


def keeps_extension(option: Option, rules: ProductPolicy, loan: Loan, at: Circumstances) -> None:
    assert at.extensions_used < rules.extension.per_12_months
    assert max(at.history.extensions_5_years, at.extensions_used) < rules.extension.per_5_years
    assert option.days is not None
    assert rules.extension.days.min <= option.days <= rules.extension.days.max
    assert [item.due_on for item in option.schedule] == [at.today + timedelta(days=option.days)]
    assert option.cost.minor == 0


def keeps_holiday(option: Option, rules: ProductPolicy, loan: Loan, at: Circumstances) -> None:
    assert at.hardship or not rules.holiday.hardship_only
    assert at.history.holidays_12_months < rules.holiday.per_12_months
    assert option.months is not None
    assert 1 <= option.months <= rules.holiday.months
    assert option.review_on is not None
    assert at.today < option.review_on < option.schedule[0].due_on
    assert (option.schedule[0].due_on - at.today).days >= 28 * option.months
    assert option.count <= rules.instalment.count.max


def keeps_partial(option: Option, rules: ProductPolicy, loan: Loan, at: Circumstances) -> None:
    assert option.count == 2
    assert option.schedule[1].due_on <= at.today + timedelta(days=rules.partial.days)
    now = option.schedule[0].amount.minor
    assert now * 100 >= option.principal.minor * rules.partial.minimum_percent


def keeps_waiver(option: Option, rules: ProductPolicy, loan: Loan, at: Circumstances) -> None:
    campaign = rules.waiver.campaign
    assert campaign is not None
    assert campaign.begins <= at.today <= option.schedule[0].due_on <= campaign.ends
    fees, interest = still_open(loan.dues[0])
    most = int(fees * campaign.fees_percent / 100) + int(interest * campaign.interest_percent / 100)
    assert 0 < option.waived.minor <= most
    assert option.schedule[0].due_on <= at.today + timedelta(days=rules.waiver.days)


KEEPS = {
    "instalment": keeps_instalment,
    "extension": keeps_extension,
    "holiday": keeps_holiday,
    "partial": keeps_partial,
    "waiver": keeps_waiver,
}


def in_force(policy: ProductPolicy, loan: Loan, at: Circumstances) -> ProductPolicy:
    """The policy with its one adjustment and with hardship, applied a second time by hand."""
    past = (at.today - loan.dues[0].due_on).days
    stage = "early" if past <= 30 else "middle" if past <= 90 else "late"
    found = policy.model_copy(update={"adjustments": (), "hardship": type(policy.hardship)()})
    for one in policy.adjustments:
        if stage in (one.stages or [stage]) and (not one.tiers or at.history.tier in one.tiers):
            found = forced(found, one.limits.model_dump(exclude_none=True))
    if at.hardship:
        more = policy.hardship.model_dump(exclude_none=True)
        if "instalments" in more:
            more["instalments"] = max(more["instalments"], found.instalment.count.max)
        if "partial_days" in more:
            more["partial_days"] = max(more["partial_days"], found.partial.days)
        found = forced(found, more)
    return found


def forced(policy: ProductPolicy, limits: dict[str, Any]) -> ProductPolicy:
    parts: dict[str, dict[str, Any]] = {"instalment": {}, "extension": {}, "partial": {}}
    for name, value in limits.items():
        if name == "instalments":
            range_ = policy.instalment.count
            changed = range_.model_copy(update={"max": value, "min": min(value, range_.min)})
            parts["instalment"]["count"] = changed
        elif name == "extension_days":
            parts["extension"]["days"] = policy.extension.days.model_copy(update={"max": value})
        elif name == "partial_days":
            parts["partial"]["days"] = value
        else:
            parts["instalment"][name] = value
    sections = {name: getattr(policy, name).model_copy(update=one) for name, one in parts.items()}
    return policy.model_copy(update=sections)


def check_ranking(found: Offers, drawn: Drawn, *, thorough: bool) -> None:
    wish = drawn[2]
    if not found.refusals:
        first = found.options[0]
        assert first.kind == wish.sort
        assert wish.count in (None, first.count)
        assert first.reason in ("as_wished", "fits_ability", "policy_order")
        assert wish.ability is None or all(one.reason != "policy_order" for one in found.options)
    else:
        assert all(one.reason != "as_wished" for one in found.options)
    if thorough and wish.sort == "instalment" and wish.ability is not None and wish.count is None:
        feasible = fewest(drawn)
        first_count = found.options[0].count if found.options and not found.refusals else None
        assert first_count == feasible


def fewest(drawn: Drawn) -> int | None:
    """The least number of payments that keeps within limits and ability, found by trying them all."""
    loan, policy, wish, at = drawn
    counts = (granted(loan, policy, replace(wish, count=n), at) for n in range(1, 61))
    return next((one.count for one in counts if one is not None), None)


def check_refusals(found: Offers, drawn: Drawn) -> None:
    """Without exactly the named limits the wish is feasible; with any one of them it is not."""
    loan, policy, wish, at = drawn
    named = [one.limit for one in found.refusals]
    assert len(named) == len(set(named))
    if not named:
        assert granted(loan, policy, wish, at) is not None
        return
    assert granted(loan, policy, wish, at) is None
    if named == ["wish"]:
        assert not feasible_without(drawn, [*RELAX, "instalment.frequency", "ability"])
        return
    if (
        wish.sort == "instalment"
        and wish.count is not None
        and plan_amount(loan, at.today).minor < wish.count
    ):
        return  # More payments than there are minor units: only the number itself can be named.
    assert feasible_without(drawn, named), named
    for limit in named:
        assert not feasible_without(drawn, [one for one in named if one != limit]), (limit, named)


RELAX: dict[str, tuple[str, dict[str, Any]]] = {
    "instalment.count": ("instalment", {"count": {"min": 1, "max": 120}}),
    "instalment.minimum": ("instalment", {"minimum": None}),
    "instalment.down_payment": ("instalment", {"down_payment_percent": Decimal(0)}),
    "instalment.annual_rate": ("instalment", {"annual_rate_percent": Decimal(0)}),
    "instalment.first_payment": (
        "instalment",
        {"first_payment_days": 366, "first_payment_days_hardship": 366},
    ),
    "extension.days": ("extension", {"days": {"min": 1, "max": 366}}),
    "extension.per_12_months": ("extension", {"per_12_months": 99}),
    "extension.per_5_years": ("extension", {"per_5_years": 99}),
    "holiday.hardship": ("holiday", {"hardship_only": False}),
    "holiday.months": ("holiday", {"months": 12}),
    "holiday.per_12_months": ("holiday", {"per_12_months": 99}),
    "partial.minimum": ("partial", {"minimum_percent": Decimal(0)}),
    "partial.days": ("partial", {"days": 366}),
    "waiver.fees": ("waiver", {"fees_percent": Decimal(100)}),
    "waiver.interest": ("waiver", {"interest_percent": Decimal(100)}),
    "waiver.days": ("waiver", {"days": 366}),
    "eligibility.stage": ("eligibility", {"stages": None}),
    "eligibility.broken_promises": ("eligibility", {"broken_promises_12_months": None}),
    "eligibility.plans": ("eligibility", {"plans_per_12_months": None}),
    "eligibility.dispute": ("eligibility", {"during_dispute": True}),
}


def feasible_without(drawn: Drawn, limits: list[str]) -> bool:
    return any(granted(*one) is not None for one in variants(drawn, limits))


def variants(drawn: Drawn, limits: list[str]) -> Iterator[Drawn]:
    """The negotiation with some limits gone, written down a second time so that the code cannot check itself.

    Without a limit on the rate or the down payment a plan may have the policy's own as well as none.
    """
    loan, policy, wish, at = drawn
    found = in_force(policy, loan, at)
    past = (at.today - loan.dues[0].due_on).days
    late_only = past > 90 and any(one.kinds for one in policy.adjustments)
    if late_only and wish.sort != "instalment" and "eligibility.kind" not in limits:
        return
    if "waiver.principal" in limits:
        loan, wish, limits = forgiven(loan, wish, limits)
    if "ability" in limits:
        wish = replace(wish, ability=None)
    if "instalment.first_payment" in limits and wish.first_on is None:
        usual = found.instalment.first_payment_days
        if at.hardship:
            usual = found.instalment.first_payment_days_hardship
        wish = replace(wish, first_on=at.today + timedelta(days=usual))
    free = [one for one in ("instalment.down_payment", "instalment.annual_rate") if one in limits]
    for mask in range(2 ** len(free)):
        kept = {one for bit, one in enumerate(free) if mask >> bit & 1}
        yield loan, without(found, {*limits} - kept, wish, at.today), wish, at


def forgiven(loan: Loan, wish: Wish, limits: list[str]) -> tuple[Loan, Wish, list[str]]:
    """The loan without the principal that the wish would waive; of nothing else, a unit is waived."""
    due, zero = loan.dues[0], Money(0, loan.currency)
    fees, interest = still_open(due)
    assert wish.waive is not None
    beyond = wish.waive.minor - fees - interest
    assert beyond > 0
    if not fees + interest:
        unit = Money(1, loan.currency)
        left = replace(due, principal=Money(due.open.minor - beyond, loan.currency), paid=zero)
        left = replace(left, fee=unit, interest=zero)
        return replace(loan, dues=(left,)), replace(wish, waive=unit), [*limits, "waiver.fees"]
    dues = (replace(due, principal=Money(due.principal.minor - beyond, loan.currency)),)
    waive = Money(fees + interest, loan.currency)
    return replace(loan, dues=dues), replace(wish, waive=waive), limits


def still_open(due: Due) -> tuple[int, int]:
    """What is open of fees and interest: payments settle fees first, then interest."""
    fees = max(due.fee.minor - due.paid.minor, 0)
    rest = max(due.paid.minor - due.fee.minor, 0)
    return fees, max(due.interest.minor - rest, 0)


def without(policy: ProductPolicy, limits: set[str], wish: Wish, today: date) -> ProductPolicy:
    sections: dict[str, dict[str, Any]] = {}
    for limit in limits & {*RELAX}:
        section, change = RELAX[limit]
        sections.setdefault(section, {}).update(change)
    instalment = sections.setdefault("instalment", {})
    if "minimum" in instalment:
        instalment["minimum"] = Money(1, policy.currency).amount
    if "instalment.frequency" in limits and wish.frequency is not None:
        instalment["frequencies"] = (*policy.instalment.frequencies, wish.frequency)
    if "count" in instalment:
        instalment["count"] = policy.instalment.count.model_copy(update=instalment["count"])
    if "days" in sections.get("extension", {}):
        days = policy.extension.days.model_copy(update=sections["extension"]["days"])
        sections["extension"]["days"] = days
    campaign = policy.waiver.campaign
    if "waiver.days" in limits and campaign is not None and campaign.ends >= today:
        ends = date(2099, 1, 1)
        sections["waiver"]["campaign"] = campaign.model_copy(update={"ends": ends})
    return policy.model_copy(
        update={name: getattr(policy, name).model_copy(update=one) for name, one in sections.items()}
    )
