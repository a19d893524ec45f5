"""Which rung of the reminder ladder a loan stands on, why others are passed over, and what goes together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from bot.domain.model import Address, Loan
from bot.domain.money import Money
from bot.domain.policy import Audience, Ladder, Step

STANDARD = "standard"
"""The tier of a loan that was never assessed."""
_AGAIN = "~"


@dataclass(frozen=True, slots=True)
class Who:
    """What an audience asks about a loan; `open` is what its current due item still asks for."""

    tier: str = STANDARD
    good_record: bool = False
    product: str = ""
    open: Money | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A rung that a loan is not reminded on, and why, in words for an operator."""

    step: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rung:
    """A rung that is due for one loan of a borrower."""

    loan: Loan
    step: Step
    days_past_due: int


R = TypeVar("R", bound=Rung)


def base_step(key: str) -> str:
    """Return the step of a nudge's key: the same rung on its second channel has a key of its own."""
    return key.partition(_AGAIN)[0]


def again_key(step: Step, turn: int) -> str:
    """Return the key of a rung's `turn`-th channel; the first has the step's own id."""
    return step.id if turn == 1 else f"{step.id}{_AGAIN}{turn}"


def meets(audience: Audience, who: Who) -> bool:
    """Tell whether a loan belongs to an audience; an amount that is not known meets no limit."""
    if audience.tiers and who.tier not in audience.tiers:
        return False
    if audience.records and ("good" if who.good_record else "ordinary") not in audience.records:
        return False
    if audience.products and who.product not in audience.products:
        return False
    if audience.least is None and audience.below is None:
        return True
    if who.open is None:
        return False
    amount = who.open.amount
    return (audience.least is None or amount >= audience.least) and (
        audience.below is None or amount < audience.below
    )


def steps_for(ladder: Ladder, who: Who | None) -> tuple[Step, ...]:
    """Return the rungs of a loan in order of their day, no day twice; without `who` all of the ladder's."""
    return tuple(step for step in ladder.steps if who is None or meets(step.audience, who))


def due_step(
    ladder: Ladder,
    days_past_due: int,
    done: Collection[str],
    who: Who | None = None,
    paused: Iterable[tuple[int, int]] = (),
) -> Step | None:
    """Return the rung that is due on a day, or None.

    It is the last of the loan's rungs at or before the day, as long as it is not older than its `valid_days`,
    and only if neither it nor a later one was used in this cycle (`done` holds keys of nudges): a rung may be
    skipped, never repeated, and none is climbed down to, though the tier may have changed in between. A rung
    that fell on a day of a pause (`paused`: first and last days past due) is not made up for.
    """
    reached = [step for step in steps_for(ladder, who) if step.day <= days_past_due]
    if not reached:
        return None
    step = reached[-1]
    used = {base_step(key) for key in done}
    if any(one.id in used and one.day >= step.day for one in ladder.steps):
        return None
    if days_past_due - step.day > step.valid_days or _is_paused(step, paused):
        return None
    return step


def _is_paused(step: Step, paused: Iterable[tuple[int, int]]) -> bool:
    return any(first <= step.day <= last for first, last in paused)


def explain(
    ladder: Ladder,
    days_past_due: int,
    done: Collection[str],
    who: Who | None = None,
    paused: Iterable[tuple[int, int]] = (),
) -> tuple[Skipped, ...]:
    """Say of every rung at or before a day that was not used and is not due why not, in order.

    `paused` are stretches of days past due, first and last, on which the loan was paused.
    """
    pauses = tuple(paused)
    due = due_step(ladder, days_past_due, done, who, pauses)
    used = {base_step(key) for key in done}
    highest = max((step.day for step in ladder.steps if step.id in used), default=None)
    return tuple(
        Skipped(step.id, _why(step, days_past_due, highest, who, pauses))
        for step in ladder.steps
        if step.day <= days_past_due and step.id not in used and step != due
    )


def _why(
    step: Step, days: int, highest: int | None, who: Who | None, paused: Sequence[tuple[int, int]]
) -> str:
    if who is not None and not meets(step.audience, who):
        return f"audience: {_audience_words(step.audience, who)}"
    if _is_paused(step, paused):
        return "pause: the loan was paused on its day"
    if highest is not None and step.day <= highest:
        return "no way back: a later rung was used in this cycle"
    if days - step.day > step.valid_days:
        return f"too late: it was good for {step.valid_days} day(s) after its own"
    return "overtaken: a later rung is due"


def _audience_words(audience: Audience, who: Who) -> str:
    record = "good" if who.good_record else "ordinary"
    wants = (
        (audience.tiers, who.tier, "tier"),
        (audience.records, record, "record"),
        (audience.products, who.product, "product"),
    )
    words = [
        f"{name} {have}, it is for {', '.join(listed)}"
        for listed, have, name in wants
        if listed and have not in listed
    ]
    return "; ".join(words) or "the amount lies outside its range"


def next_step_day(ladder: Ladder, loan: Loan, after: date, who: Who | None = None) -> date | None:
    """Return the first local day after `after` on which a rung falls due, or None when the ladder ends."""
    due = loan.next_due()
    if due is None:
        return None
    days = (due.due_on + timedelta(days=step.day) for step in steps_for(ladder, who))
    return next((day for day in days if day > after), None)


def together(rungs: Sequence[R]) -> list[list[R]]:
    """Group what is due for one borrower into messages: steps that may share one, and the others alone.

    The first of a group leads it: the longest past due, whose tone and template the message has.
    """
    ordered = sorted(rungs, key=lambda rung: (-rung.days_past_due, rung.loan.id))
    shared = [rung for rung in ordered if rung.step.several is not None]
    alone = [[rung] for rung in ordered if rung.step.several is None]
    return ([shared] if shared else []) + alone


def later_channels(step: Step, channel: str) -> tuple[str, ...]:
    """Return the channels of a rung that come after one; none for a channel that it does not have."""
    if channel not in step.channels:
        return ()
    return step.channels[step.channels.index(channel) + 1 :]


def tried_again_after(ladder: Ladder, step: Step, channel: str, living: Iterable[Address]) -> int | None:
    """Return after how many hours unread on a channel the next one is tried; None when none ever is.

    Where a channel does not tell what was read, the ladder says what to think of its silence.
    """
    if step.unread_hours is None:
        return None
    if channel not in ladder.receipts and ladder.without_receipt == "stay":
        return None
    usable = {one.channel for one in living if not one.dead and one.consent}
    return step.unread_hours if usable & set(later_channels(step, channel)) else None
