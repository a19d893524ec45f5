"""Settles overlapping readings: the longer wins, then the kind that is said more precisely."""

from __future__ import annotations

from collections.abc import Iterable

from bot.language.entities.model import Candidate

MOST = 64
"""Entities reported of one message."""
_KINDS = ("time", "money", "percentage", "count", "duration", "ordinal", "language")
_ORDER = {kind: rank for rank, kind in enumerate(_KINDS)}


def settle(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return candidates without overlaps, by start; at most MOST."""
    ranked = sorted(
        (candidate for candidate in candidates if candidate.end > candidate.start),
        key=lambda candidate: (candidate.start - candidate.end, _ORDER[candidate.entity], candidate.start),
    )
    kept: list[Candidate] = []
    taken: set[int] = set()
    for candidate in ranked:
        places = range(candidate.start, candidate.end)
        if taken.isdisjoint(places):
            taken.update(places)
            kept.append(candidate)
    return sorted(kept, key=lambda candidate: candidate.start)[:MOST]
