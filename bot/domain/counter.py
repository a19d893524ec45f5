"""Counter-offers: accepted within the limits, else the nearest terms, who may grant more, and what binds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from bot.domain.binding import refusals
from bot.domain.limits import NO_HISTORY, Case, History
from bot.domain.model import Loan, Refusal
from bot.domain.plans import Option, Wish, case_of, limits_for, offers_within
from bot.domain.policy import AUTHORITIES, Authority, ProductPolicy
from bot.domain.terms import find, nearest

Verdict = Literal["accept", "authority", "nearest", "nothing"]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What an offer depends on besides loan, policy and wish.

    `extensions_used` counts extensions agreed in the last 12 months, `history` what else went before.
    """

    today: date
    hardship: bool = False
    extensions_used: int = 0
    history: History = NO_HISTORY


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
    case = _case(loan, policy, at)
    if case.amount.minor <= 0:
        return Counter("nothing", None, (Refusal("nothing_due", "0", "a plan"),))
    made = offers_within(case, limits_for(case, policy.at(authority)), wish)
    option = made.options[0] if made.options else None
    if not made.refusals:
        return Counter("accept", option)
    for level in AUTHORITIES[AUTHORITIES.index(authority) + 1 :]:
        proposal = find(case, limits_for(case, policy.at(level)), wish)
        if proposal is not None:
            return Counter("authority", option, made.refusals, level, proposal)
    return Counter("nearest" if option else "nothing", option, made.refusals)


def granted(loan: Loan, policy: ProductPolicy, wish: Wish, at: Circumstances) -> Option | None:
    """Return the option that is what was wished, or None when `policy` has none."""
    case = _case(loan, policy, at)
    return find(case, limits_for(case, policy), wish) if case.amount.minor > 0 else None


def binding_limits(loan: Loan, policy: ProductPolicy, wish: Wish, at: Circumstances) -> tuple[Refusal, ...]:
    """Return a smallest set of limits that keep a wish from being granted; empty when it can be.

    `asked` is what each limit would have to be.
    """
    case = _case(loan, policy, at)
    if case.amount.minor <= 0:
        return (Refusal("nothing_due", "0", "a plan"),)
    limits = limits_for(case, policy)
    return refusals(case, limits, wish, nearest(case, limits, wish))


def _case(loan: Loan, policy: ProductPolicy, at: Circumstances) -> Case:
    return case_of(loan, policy, at.today, at.hardship, at.extensions_used, at.history)
