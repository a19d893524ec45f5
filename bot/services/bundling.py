"""Which reminders of one borrower share a message: rungs that allow it, the longest overdue first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.ladder import Rung, base_step, together
from bot.domain.policy import Step
from bot.services.casefiles import CaseFiles
from bot.services.kit import Kit, local_day
from bot.services.loan_files import LoanFile
from bot.storage.policies import PolicyError
from bot.storage.tables import LoanRow, Nudge


@dataclass(frozen=True, slots=True)
class _Waiting(Rung):
    nudge: Nudge


def rung_of(kit: Kit, row: LoanRow | LoanFile, key: str, now: datetime) -> Step | None:
    """Return the rung of its loan's ladder that a nudge's key names; None for any other reminder."""
    try:
        policy = kit.policies.product(row.product, local_day(now, row.borrower.timezone))
    except PolicyError:
        return None
    name = base_step(key)
    return next((step for step in kit.policies.ladder(policy).steps if step.id == name), None)


def bundles(kit: Kit, files: CaseFiles, nudges: Sequence[Nudge], now: datetime) -> list[list[Nudge]]:
    """Group nudges into the messages that they may become, in the order of the first of each.

    The first of a group leads it: the longest past due, whose tone and words the message has.
    """
    of_borrower: dict[int, list[Nudge]] = {}
    for nudge in nudges:
        of_borrower.setdefault(nudge.borrower_id, []).append(nudge)
    return [group for mine in of_borrower.values() for group in _grouped(kit, files, mine, now)]


def _grouped(kit: Kit, files: CaseFiles, nudges: Sequence[Nudge], now: datetime) -> list[list[Nudge]]:
    if len(nudges) == 1:
        return [list(nudges)]
    rungs, alone = [], []
    for nudge in nudges:
        row = files.loans[nudge.loan_id]
        step = rung_of(kit, row, nudge.step, now)
        days = files.loan(row.id).days_past_due(local_day(now, row.borrower.timezone))
        if step is None or step.several is None or days is None or nudge.ground is not None:
            alone.append([nudge])
        else:
            rungs.append(_Waiting(files.loan(row.id), step, days, nudge))
    shared = [[one.nudge for one in group] for group in together(rungs)]
    place = {nudge.id: place for place, nudge in enumerate(nudges)}
    return sorted([*alone, *shared], key=lambda group: min(place[one.id] for one in group))
