"""Which tier a loan is in, and every reason with its points: a score card, nothing learned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.policy.tiers import Axis, ScoreCard, Signal, TierRule


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known of a loan and its borrower; counts are of the last 12 months.

    `replies` and `unanswered_reminders` are of this cycle; `cycles_before` are the due items before the
    current one, `cycles_paid_on_time` those of them that were paid by their due date.
    """

    grade: str | None = None
    days_past_due: int = 0
    kept_promises: int = 0
    broken_promises: int = 0
    replies: int = 0
    unanswered_reminders: int = 0
    hardship: bool = False
    kept_plans: int = 0
    broken_plans: int = 0
    cycles_before: int = 0
    cycles_paid_on_time: int = 0


@dataclass(frozen=True, slots=True)
class Points:
    """What one signal of the card added to a score."""

    signal: str
    axis: Axis
    points: int
    text: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """A tier with all that led to it."""

    tier: str
    why: str
    ability: int
    willingness: int
    good_record: bool
    points: tuple[Points, ...]


def assess(signals: Signals, card: ScoreCard) -> Assessment:
    """Return the tier of a loan under a score card, with the points of every signal that counted."""
    points = tuple(_points(signals, card))
    scores: dict[Axis, int] = {"ability": card.start, "willingness": card.start}
    for one in points:
        scores[one.axis] += one.points
    good = has_good_record(signals, card)
    ability, willingness = scores["ability"], scores["willingness"]
    rule = next(one for one in card.tiers if _fits(one, signals.days_past_due, ability, willingness, good))
    return Assessment(rule.tier, rule.text, ability, willingness, good, points)


def has_good_record(signals: Signals, card: ScoreCard) -> bool:
    """Tell whether what went before was paid in time, and what was promised was kept."""
    rule = card.good_record
    return (
        signals.cycles_paid_on_time >= rule.cycles
        and signals.cycles_paid_on_time * 100 >= rule.on_time_percent * signals.cycles_before
        and signals.broken_promises <= rule.broken_promises
    )


def _points(signals: Signals, card: ScoreCard) -> Iterator[Points]:
    for rule in card.signals:
        times = _times(signals, rule)
        if times:
            yield Points(rule.id, rule.axis, rule.points * times, rule.text)


def _times(signals: Signals, rule: Signal) -> int:
    if rule.signal == "grade":
        return int(signals.grade in rule.is_one_of)
    value = int(getattr(signals, rule.signal))
    low = 1 if rule.at_least is None and rule.at_most is None else rule.at_least
    if (low is not None and value < low) or (rule.at_most is not None and value > rule.at_most):
        return 0
    if not rule.each:
        return 1
    return value if rule.limit is None else min(value, rule.limit)


def _fits(rule: TierRule, days: int, ability: int, willingness: int, good: bool) -> bool:
    return (
        (rule.good_record is None or rule.good_record == good)
        and (rule.most_days is None or days <= rule.most_days)
        and (rule.least_days is None or days >= rule.least_days)
        and (rule.ability_below is None or ability < rule.ability_below)
        and (rule.ability_from is None or ability >= rule.ability_from)
        and (rule.willingness_below is None or willingness < rule.willingness_below)
        and (rule.willingness_from is None or willingness >= rule.willingness_from)
    )
