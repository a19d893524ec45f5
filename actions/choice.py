"""Which of the offers shown a borrower means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from actions.turn import Turn, days_of
from bot.services.offers import OfferView

# A wish of nothing but these may name an offer of the list by what it is: "the six payments", "14 days".
# What the kinds of an offer are called in a list, beside counts and days.
_CALLED = {
    "holiday": re.compile(r"暂停|停还|歇|\b(?:break|pause|holiday)\b", re.IGNORECASE),
    "partial": re.compile(r"先还|一部分|\b(?:part|partial|half)\b", re.IGNORECASE),
    "waiver": re.compile(r"减免|打折|\b(?:reduced|reduction|discount|waiver)\b", re.IGNORECASE),
}
_NAMING = frozenset({"kind", "count", "days"})


def position_of(turn: Turn, shown: Sequence[OfferView], wish: dict[str, Any]) -> int | None:
    """Return the place in the list that was named, from 0: by a tap, by what it is, or by its order."""
    offer_id = turn.value("offer")
    if offer_id is not None:
        return next((n for n, offer in enumerate(shown) if offer.id == int(offer_id)), None)
    if not set(wish) <= _NAMING:
        return None
    for n, offer in enumerate(shown):
        if _is_named(turn, offer, wish):
            return n
    ordinal = turn.value("ordinal")
    if ordinal is None:
        return None
    index = int(ordinal) if int(ordinal) < 0 else int(ordinal) - 1
    return index % len(shown) if shown and -len(shown) <= index < len(shown) else None


def agrees(
    current: OfferView, shown: Sequence[OfferView], position: int | None, wish: dict[str, Any]
) -> bool:
    """Tell whether what was named along with a yes is what was read back: "ok, three times 1,000"."""
    if position is not None:
        return shown[position].id == current.id
    ability = wish.get("ability")
    if ability is not None and max(item.amount.amount for item in current.schedule) > Decimal(ability):
        return False
    return set(wish) <= {"kind", "ability", "most", "per"}


def _is_named(turn: Turn, offer: OfferView, wish: dict[str, Any]) -> bool:
    if offer.kind == "instalment":
        return bool(turn.value("count") == len(offer.schedule))
    if offer.kind in _CALLED:
        # A break of so many months, or so much now, is a wish of its own; "the break" is what the list has.
        called = not wish and _CALLED[offer.kind].search(turn.text) is not None
        return called or (set(wish) == {"kind"} and wish["kind"] == offer.kind)
    duration = turn.value("duration")
    return isinstance(duration, dict) and days_of(duration) == offer.days
