"""What is due now for every kind of loan there is: decided once for each kind, not once for each loan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from bot.domain.agreed import AHEAD, PROMISE_AHEAD
from bot.domain.ladder import STANDARD, Who, again_key, due_step
from bot.domain.money import Money
from bot.domain.policy import Ladder, ProductPolicy, Step
from bot.services.agenda import DueNudge, agreed_nudge, rung_nudge
from bot.services.kit import Kit, local_day
from bot.storage.policies import PolicyError


@dataclass(frozen=True, slots=True)
class Places:
    """What tells the loans of a book apart for a planner: the borrowers' zones, and the tiers of loans."""

    timezones: tuple[str, ...]
    tiers: tuple[str, ...] = (STANDARD,)


@dataclass(frozen=True, slots=True)
class Slot:
    """One nudge for all loans of a product, in a zone, whose item or promise falls due on a day.

    A limit that is None binds nobody: `tier`, `good_record`, and the open amount of the due item in minor
    units, `least` <= open < `below`. `made_before` binds what was agreed: nothing is said on that very day.
    """

    kind: str
    product: str
    timezone: str
    due_on: date
    ladder: str
    day: int
    nudge: DueNudge
    tier: str | None = None
    good_record: bool | None = None
    least: int | None = None
    below: int | None = None
    made_before: datetime | None = None


def rung_slots(kit: Kit, where: Places, now: datetime) -> list[Slot]:
    """Return the rungs that are due now: for every product, zone, due date and audience the one that is."""
    return [
        slot
        for timezone in where.timezones
        for policy, ladder in ladders(kit, local_day(now, timezone))
        for slot in _rungs(
            policy.product, policy.currency, ladder, timezone, where.tiers, local_day(now, timezone)
        )
        if slot.nudge.send_at <= now
    ]


def agreed_slots(kit: Kit, where: Places, now: datetime) -> list[Slot]:
    """Return the reminders of what was agreed that are due now; `kind` is the step's first word."""
    return [
        slot
        for timezone in where.timezones
        for policy, ladder in ladders(kit, local_day(now, timezone))
        for slot in _agreed(policy.product, ladder, timezone, local_day(now, timezone))
        if slot.nudge.send_at <= now
    ]


def used_steps(kit: Kit, where: Places, now: datetime) -> list[tuple[str, int, str]]:
    """Return ladder, day and key of every nudge that a rung can have become, on whichever channel."""
    found = {
        _name(ladder): ladder
        for timezone in where.timezones
        for _, ladder in ladders(kit, local_day(now, timezone))
    }
    return [
        (name, step.day, again_key(step, turn))
        for name, ladder in found.items()
        for step in ladder.steps
        for turn in range(1, max(len(step.channels), 1) + 1)
    ]


def _name(ladder: Ladder) -> str:
    return f"{ladder.ladder}@{ladder.version}"


def ladders(kit: Kit, day: date) -> Iterator[tuple[ProductPolicy, Ladder]]:
    """Yield the ladder of every product with a policy in force; without one nothing is due on its loans."""
    for product in sorted({policy.product for policy in kit.policies.products()}):
        try:
            policy = kit.policies.product(product, day)
        except PolicyError:
            continue
        yield policy, kit.policies.ladder(policy)


# Every tick of a day asks for the same.
@lru_cache(maxsize=64)
def _rungs(
    product: str, currency: str, ladder: Ladder, timezone: str, tiers: tuple[str, ...], today: date
) -> tuple[Slot, ...]:
    return tuple(_all_rungs(product, currency, ladder, timezone, tiers, today))


def _all_rungs(
    product: str, currency: str, ladder: Ladder, timezone: str, tiers: tuple[str, ...], today: date
) -> Iterator[Slot]:
    for days, kind, step in _standing(product, currency, ladder, tiers):
        due_on = today - timedelta(days=days)
        nudge = rung_nudge(step, 0, due_on, ladder, timezone)
        yield replace(kind, timezone=timezone, due_on=due_on, day=step.day, nudge=nudge, ladder=_name(ladder))


# The same in every zone and on every day.
@lru_cache(maxsize=64)
def _standing(
    product: str, currency: str, ladder: Ladder, tiers: tuple[str, ...]
) -> tuple[tuple[int, Slot, Step], ...]:
    """Return days past due, kind of loan and the rung that it then stands on, wherever there is one."""
    classes = list(_classes(product, currency, ladder, tiers))
    # Past the last day on which a rung is good nothing is due, however long the loan is overdue.
    last = max(step.day + step.valid_days for step in ladder.steps)
    return tuple(
        (days, kind, step)
        for days in range(ladder.steps[0].day, last + 1)
        for kind, step in _told_apart(ladder, product, currency, days, classes)
    )


def _told_apart(
    ladder: Ladder, product: str, currency: str, days: int, classes: Sequence[Slot]
) -> Iterator[tuple[Slot, Step]]:
    """Yield the kinds of loan that stand on a rung, and which; one for all where they stand on the same."""
    found = [(kind, due_step(ladder, days, (), _member(kind, product, currency))) for kind in classes]
    if len({None if step is None else step.id for _, step in found}) == 1:
        found = [(Slot("rung", product, "", date.min, "", 0, _NOTHING), found[0][1])]
    yield from ((kind, step) for kind, step in found if step is not None)


def _member(kind: Slot, product: str, currency: str) -> Who:
    """Somebody of a kind, to ask the ladder about."""
    amount = Money(kind.least or 0, currency)
    return Who(kind.tier or STANDARD, bool(kind.good_record), product, amount)


_NOTHING = DueNudge(0, "", "", None, (), datetime.min, datetime.min)


def _classes(product: str, currency: str, ladder: Ladder, tiers: Sequence[str]) -> Iterator[Slot]:
    """The kinds of loan that the ladder's audiences tell apart; no more than they ask about."""
    audiences = [step.audience for step in ladder.steps]
    kinds: list[str | None] = [None]
    if any(one.tiers for one in audiences):
        kinds = [*sorted({*tiers, STANDARD, *(name for one in audiences for name in one.tiers)})]
    records: list[bool | None] = [True, False] if any(one.records for one in audiences) else [None]
    limits = {limit for one in audiences for limit in (one.least, one.below) if limit is not None}
    cuts = sorted(Money.of(limit, currency).minor for limit in limits if limit)
    amounts = list(pairwise([None, *cuts, None]))
    for tier in kinds:
        for good in records:
            for least, below in amounts:
                yield Slot("rung", product, "", date.min, "", 0, _NOTHING, tier, good, least, below)


def _agreed(product: str, ladder: Ladder, timezone: str, today: date) -> Iterator[Slot]:
    midnight = agreed_nudge("", "", today - timedelta(days=1), ladder, timezone).expires_at
    promised = {"promise": PROMISE_AHEAD}
    for kind, steps in (("plan", AHEAD), ("promise", promised)):
        for step, (ahead, template) in steps.items():
            nudge = agreed_nudge(f"{step}:", template, today, ladder, timezone)
            due_on = today + timedelta(days=ahead)
            yield Slot(kind, product, timezone, due_on, _name(ladder), 0, nudge, made_before=midnight)
