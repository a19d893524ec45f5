"""Counts and percentages as candidates: a number, or what is known of a vague one or a range."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bot.language.entities import hedges, rates
from bot.language.entities.model import Candidate, Message, plain

_NEAR = 4
"""Characters of a period right before the value: 每个月."""


def candidate(
    entity: str,
    message: Message,
    span: tuple[int, int],
    low: Decimal,
    high: Decimal,
    vague: bool,
    *,
    rated: bool = False,
) -> Candidate:
    """Return the value `low` to `high` at a span; `rated` takes in "a month" behind or before it."""
    start, end = span
    vague = vague or hedges.vague(message.text, start, end)
    value: Any = plain(low) if low == high else {"from": plain(low), "to": plain(high)}
    if vague and low == high:
        value = {"value": value}
    extra: dict[str, Any] = {"vague": True} if vague else {}
    after = rates.after(message.text, end) if rated else None
    ahead = rates.ahead(message.text, start) if rated and after is None else None
    if after is not None:
        end, extra["per"] = after
    elif ahead is not None and start - ahead[0] <= _NEAR:
        start, extra["per"] = ahead
    return Candidate(entity, value, start, end, extra)
