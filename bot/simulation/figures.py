"""What came of a simulation, counted from a portfolio's own tables; figures of several portfolios add up."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.bootstrap import Grace
from bot.domain.ladder import STANDARD
from bot.storage.queries import DUE_AMOUNT
from bot.storage.tables import Complaint, DueItem, LoanRow, Message, Nudge, Payment, Plan, Promise

LAST_DAY = 60
"""How far past its due day an item is followed."""


@dataclass
class Figures:
    """Counts by name; `cure` has for each day past due how many items reached it, and how many were paid."""

    totals: Counter[str] = field(default_factory=Counter)
    holds: Counter[str] = field(default_factory=Counter)
    tiers: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    personas: Counter[str] = field(default_factory=Counter)
    variations: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    cure: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    read: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """By what borrowers meant: as what the assistant has read it. Only where it was asked."""

    def add(self, other: Figures) -> None:
        """Add the counts of another portfolio."""
        for mine, theirs in (
            (self.totals, other.totals),
            (self.holds, other.holds),
            (self.personas, other.personas),
        ):
            mine.update(theirs)
        for groups, more in (
            (self.tiers, other.tiers),
            (self.variations, other.variations),
            (self.read, other.read),
        ):
            for key, counts in more.items():
                groups[key].update(counts)
        for day, counts in other.cure.items():
            self.cure[day].update(counts)

    def plain(self) -> dict[str, Any]:
        """Return the counts as JSON takes them, in an order of their own."""
        read = {"read": {key: _sorted(self.read[key]) for key in sorted(self.read)}} if self.read else {}
        return {
            **read,
            "totals": _sorted(self.totals),
            "holds_by_rule": _sorted(self.holds),
            "personas": _sorted(self.personas),
            "by_tier": {key: _sorted(self.tiers[key]) for key in sorted(self.tiers)},
            "by_variation": {key: _sorted(self.variations[key]) for key in sorted(self.variations)},
            "cure": {
                str(day): round(self.cure[day]["paid"] / self.cure[day]["items"], 4)
                for day in sorted(self.cure)
            },
        }


def figures(grace: Grace, last: date) -> Figures:
    """Count what came of a portfolio; `last` is the day after the last one simulated."""
    found = Figures()
    with grace.kit.db.begin() as session:
        tier_of = {loan: tier or STANDARD for loan, tier in session.execute(select(LoanRow.id, LoanRow.tier))}
        for tier in tier_of.values():
            found.tiers[tier]["loans"] += 1
        _nudges(session, found, tier_of)
        _agreements(session, found, tier_of)
        _cured(session, found, tier_of, last)
        found.totals["replies"] += session.scalar(_count(Message).where(Message.direction == "in")) or 0
        found.totals["complaints"] += session.scalar(_count(Complaint)) or 0
    for one in grace.variations.report():
        counts = found.variations[f"{one.template} {one.variation}"]
        counts.update(
            {name: getattr(one, name) for name in ("sent", "replied", "promised", "kept", "complained")}
        )
    return found


def _count(table: Any) -> Any:
    return select(func.count()).select_from(table)


def _nudges(session: Session, found: Figures, tier_of: dict[int, str]) -> None:
    rows = session.execute(select(Nudge.loan_id, Nudge.state, Nudge.reason, Nudge.purpose))
    for loan, state, reason, purpose in rows:
        found.totals[f"nudges {state}"] += 1
        if state == "sent" and purpose != "task":
            found.totals["messages"] += 1
            found.tiers[tier_of[loan]]["messages"] += 1
        for part in (reason or "").split("; "):
            rule, colon, _ = part.partition(": ")
            if colon:
                found.holds[rule] += 1


def _agreements(session: Session, found: Figures, tier_of: dict[int, str]) -> None:
    for loan, state in session.execute(select(Promise.loan_id, Promise.state)):
        for counts in (found.totals, found.tiers[tier_of[loan]]):
            counts["promises"] += 1
            counts[f"promises {state}"] += 1
    for loan, state in session.execute(select(Plan.loan_id, Plan.state)):
        for counts in (found.totals, found.tiers[tier_of[loan]]):
            counts["plans"] += 1
            counts[f"plans {state}"] += 1


def _cured(session: Session, found: Figures, tier_of: dict[int, str], last: date) -> None:
    """Book every payment oldest item first, and say how long after its day each item was covered."""
    paid: dict[int, list[tuple[date, int]]] = defaultdict(list)
    for loan, at, amount in session.execute(
        select(Payment.loan_id, Payment.paid_at, Payment.amount_minor).order_by(Payment.paid_at, Payment.id)
    ):
        paid[loan].append((at.date(), amount))
    owed: Counter[int] = Counter()
    for loan, due_on, amount in session.execute(
        select(DueItem.loan_id, DueItem.due_on, DUE_AMOUNT).order_by(DueItem.loan_id, DueItem.number)
    ):
        owed[loan] += amount
        if due_on >= last:
            continue
        day = _covered(paid[loan], owed[loan])
        late = None if day is None else (day - due_on).days
        for counts in (found.totals, found.tiers[tier_of[loan]]):
            counts["items due"] += 1
            counts["items late"] += late is None or late > 0
            counts["items cured"] += late is not None and late > 0
        for past in range(-5, min(LAST_DAY, (last - due_on).days) + 1):
            found.cure[past]["items"] += 1
            found.cure[past]["paid"] += late is not None and late <= past


def _covered(payments: list[tuple[date, int]], owed: int) -> date | None:
    total = 0
    for day, amount in payments:
        total += amount
        if total >= owed:
            return day
    return None


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return {key: counts[key] for key in sorted(counts)}
