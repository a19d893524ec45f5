"""A day inside the week, month or year that is named beside it: 下个月 20th, Saturday last week, 月初三号."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

from bot.language.entities import days
from bot.language.entities.model import Message
from bot.language.entities.pieces import Day, Piece, single

_LONGEST_GAP = 12
# "next month on the 10th", 下周的 Friday
_INTO = re.compile(r"\s*(?:'s|,|，|的|、)?\s*(?:(?:on|in|for|the|itself)\s+){0,2}(?:the\s+)?")
# "Saturday of last week", "10th next month"
_OF = re.compile(r"\s*(?:of\s+|in\s+|的)?\s*")
_NO_GAP = ("", " ", "的")
_EDGE = re.compile(r"[月份][初中底末尾头]$")


def together(message: Message, pieces: list[Piece]) -> list[Piece]:
    """Return the pieces, days put into the containers right beside them."""
    joined: list[Piece] = []
    for piece in pieces:
        both = _both(message.text, joined[-1], piece) if joined else None
        if both is None:
            joined.append(piece)
        else:
            joined[-1] = both
    return joined


def _both(text: str, left: Piece, right: Piece) -> Piece | None:
    gap = text[left.end : right.start]
    if left.day is None or right.day is None or left.clock or right.clock or len(gap) > _LONGEST_GAP:
        return None
    found = None
    if _INTO.fullmatch(gap):
        found = _placed(left.day, right.day)
        if found is None and right.day.bare and _EDGE.search(text, left.start, left.end) and gap in _NO_GAP:
            found = right.day  # 月初三号
    if found is None and _OF.fullmatch(gap):
        found = _placed(right.day, left.day)
    if found is None:
        return None
    return replace(left, end=right.end, day=found, vague=left.vague or right.vague)


def _placed(container: Day, inner: Day) -> Day | None:
    """Return the inner day as the container has it, None where one does not hold the other."""
    if container.side is not None or container.recurring or inner.recurring:
        return None
    if container.grain == "year" and inner.grain == "month":
        first = inner.first.replace(year=container.first.year)
        return Day(first, days.month_end(first), "month")
    if inner.bare is None or inner.grain != "day":
        return None
    if container.grain == "year" and inner.bare[0] == "date":
        found = days.valid(container.first.year, inner.first.month, inner.first.day)
        return single(found) if found is not None else None
    found = _day(container, *inner.bare)
    return single(found, vague=container.vague or inner.vague) if found is not None else None


def _day(container: Day, kind: str, number: int) -> date | None:
    if container.grain == "month" and kind == "day":
        return days.valid(container.first.year, container.first.month, number)
    if container.grain == "week" and kind == "weekday":
        return container.first + timedelta(days=number)
    if container.grain == "week":
        week = (container.first + timedelta(days=offset) for offset in range(7))
        return next((day for day in week if day.day == number), None)
    return None
