"""Counter-offers: accepted within the limits, else the nearest terms, who may grant more, and what binds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal, get_args

from bot.domain.model import Loan, Refusal
from bot.domain.money import Money, minor_digits
from bot.domain.plans import Option, Wish, offers, plan_amount
from bot.domain.policy import AUTHORITIES, Authority, Frequency, ProductPolicy
from bot.domain.schedules import down_payment, latest_first, wished_first

Verdict = Literal["accept", "authority", "nearest", "nothing"]

# Beyond these no relaxed limit is tried: ten years of payments, a year of waiting.
_MOST_COUNT = 120
_MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What an offer depends on besides loan, policy and wish.

    `extensions_used` counts extensions agreed in the last 12 months.
    """

    today: date
    hardship: bool = False
    extensions_used: int = 0


@dataclass(frozen=True, slots=True)
class Counter:
    """The answer to a wish.

    `accept`: `option` is what was wished. `authority`: the level `authority` may grant `proposal`, the
    wish itself. `nearest`: nobody may. In the last two, `option` is the nearest that may be agreed at once
    and `limits` are the limits that bind: relax them all and the wish is feasible, leave one and it is not.
    `nothing`: not even another option is feasible.
    """

    verdict: Verdict
    option: Option | None
    limits: tuple[Refusal, ...] = ()
    authority: Authority | None = None
    proposal: Option | None = None


def counter(
    loan: Loan, policy: ProductPolicy, wish: Wish, at: Circumstances, *, authority: Authority = "bot"
) -> Counter:
    """Answer a wish as `authority` may, and say which level may grant what it may not."""
    met = granted(loan, policy.at(authority), wish, at)
    if met is not None:
        return Counter("accept", met)
    own = policy.at(authority)
    options = _made(loan, own, wish, at)
    nearest = options[0] if options else None
    limits = binding_limits(loan, own, wish, at)
    for level in AUTHORITIES[AUTHORITIES.index(authority) + 1 :]:
        proposal = granted(loan, policy.at(level), wish, at)
        if proposal is not None:
            return Counter("authority", nearest, limits, level, proposal)
    return Counter("nearest" if nearest else "nothing", nearest, limits)


def granted(loan: Loan, policy: ProductPolicy, wish: Wish, at: Circumstances) -> Option | None:
    """Return the option that is what was wished, or None when `policy` has none."""
    return next((one for one in _made(loan, policy, wish, at) if _meets(one, policy, wish, at)), None)


def binding_limits(loan: Loan, policy: ProductPolicy, wish: Wish, at: Circumstances) -> tuple[Refusal, ...]:
    """Return a smallest set of limits that keep a wish from being granted; empty when it can be.

    `asked` is what each limit would have to be. When no limit is the cause (a wish that contradicts itself,
    or that no plan can meet), what `offers` refuses is returned.
    """
    names = _EXTENSION if wish.kind == "extension" else _INSTALMENT
    relaxed = set(names)
    if granted(loan, policy, wish, at) is not None:
        return ()
    if granted(loan, _relaxed(policy, wish, relaxed), wish, at) is None:
        made = offers(
            loan, policy, wish, today=at.today, hardship=at.hardship, extensions_used=at.extensions_used
        )
        return made.refusals
    # One limit after the other is put back; what cannot be put back binds.
    for name in names:
        if granted(loan, _relaxed(policy, wish, relaxed - {name}), wish, at) is not None:
            relaxed.discard(name)
    found = granted(loan, _relaxed(policy, wish, relaxed), wish, at)
    assert found is not None
    return tuple(_refusal(name, loan, policy, wish, at, found) for name in names if name in relaxed)


# In the order in which they are put back: what is named most readily stands last.
_INSTALMENT = (
    "instalment.annual_rate",
    "instalment.frequency",
    "instalment.down_payment",
    "instalment.minimum",
    "instalment.first_payment",
    "instalment.count",
)
_EXTENSION = ("extension.per_12_months", "extension.days")


def _made(loan: Loan, policy: ProductPolicy, wish: Wish, at: Circumstances) -> tuple[Option, ...]:
    return offers(
        loan, policy, wish, today=at.today, hardship=at.hardship, extensions_used=at.extensions_used
    ).options


def _meets(option: Option, policy: ProductPolicy, wish: Wish, at: Circumstances) -> bool:
    if wish.kind not in (None, option.kind):
        return False
    if option.kind == "extension":
        # A closed day moves an extension on, never to an earlier day than was asked for.
        return wish.count is None and (wish.days is None or (option.days or 0) >= wish.days)
    wanted = wished_first(policy, wish, at.today)
    # A closed day at the end of the range moves the first payment back, which is too early for the wish.
    return (
        wish.count in (None, option.count)
        and wish.frequency in (None, option.frequency)
        and (wanted is None or option.schedule[0].due_on >= wanted)
    )


def _relaxed(policy: ProductPolicy, wish: Wish, names: set[str]) -> ProductPolicy:
    """Return `policy` without the limits in `names`."""
    rules, extension = policy.instalment, policy.extension
    least = Decimal(1).scaleb(-minor_digits(policy.currency))
    changes: dict[str, dict[str, Any]] = {
        "instalment.count": {"count": rules.count.model_copy(update={"min": 1, "max": _MOST_COUNT})},
        "instalment.minimum": {"minimum": least},
        "instalment.down_payment": {"down_payment_percent": Decimal(0)},
        "instalment.annual_rate": {"annual_rate_percent": Decimal(0)},
        "instalment.frequency": {"frequencies": (*rules.frequencies, *get_args(Frequency))},
        "instalment.first_payment": {
            "first_payment_days": _MOST_DAYS,
            "first_payment_days_hardship": _MOST_DAYS,
        },
        "extension.days": {"days": extension.days.model_copy(update={"min": 0, "max": _MOST_DAYS})},
        "extension.per_12_months": {"per_12_months": _MOST_DAYS},
    }
    merged: dict[str, dict[str, Any]] = {"instalment": {}, "extension": {}}
    for name in names:
        merged[name.split(".")[0]].update(changes[name])
    return policy.model_copy(
        update={
            "instalment": rules.model_copy(update=merged["instalment"]),
            "extension": extension.model_copy(update=merged["extension"]),
        }
    )


def _refusal(
    name: str, loan: Loan, policy: ProductPolicy, wish: Wish, at: Circumstances, found: Option
) -> Refusal:
    rules, extension = policy.instalment, policy.extension
    amount = plan_amount(loan, at.today)
    part = Money(
        (amount - down_payment(amount, policy, at.hardship)).minor // max(found.count, 1), amount.currency
    )
    allowed, asked = {
        "instalment.count": (f"{rules.count.min}-{rules.count.max}", str(found.count)),
        "instalment.minimum": (str(Money.of(rules.minimum, amount.currency)), str(part)),
        "instalment.down_payment": (f"{rules.down_payment_percent} %", "0 %"),
        "instalment.annual_rate": (f"{rules.annual_rate_percent} %", "0 %"),
        "instalment.frequency": (", ".join(rules.frequencies), str(wish.frequency)),
        "instalment.first_payment": (
            latest_first(policy, at.today, at.hardship).isoformat(),
            found.schedule[0].due_on.isoformat(),
        ),
        "extension.days": (f"{extension.days.min}-{extension.days.max}", str(wish.days)),
        "extension.per_12_months": (str(extension.per_12_months), str(at.extensions_used + 1)),
    }[name]
    return Refusal(name, allowed, asked)
