"""Joins the parts of a time expression: day and hour, both ends of a range, days named together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from bot.language.entities import containers, days, instants
from bot.language.entities.model import Message
from bot.language.entities.pieces import HOUR, Clock, Day, Piece, single

_MOST = 80
_GLUE = re.compile(
    r"\s*(?:,|的|那天|当天|sharp)?\s*(?:(?:at|on|in the|around|about|(?P<limit>after|"
    r"before|by|until|till)|(?P<opens>between|from)|@)\s+)?(?:the\s+)?"
)
_OR = re.compile(r"\s*(?:、|,|/|和|跟|或者?|还是|or|and|&)\s*(?:on\s+)?")
_TO = re.compile(r"\s*(?:到|至|-|~|to|until|till|through|thru)\s*(?:the\s+|on\s+)?")


def assemble(message: Message, found: list[Piece]) -> Iterator[Piece]:
    """Yield the pieces joined as they are said, without overlaps, in order."""
    apart = containers.together(message, _apart(found))
    return _ranged(message, _listed(message, _combined(message, apart)))


def _apart(pieces: list[Piece]) -> list[Piece]:
    """Keep the longest of overlapping pieces."""
    kept: list[Piece] = []
    taken: set[int] = set()
    for piece in sorted(pieces, key=lambda found: (found.start - found.end, found.start))[: 4 * _MOST]:
        places = range(piece.start, piece.end)
        if taken.isdisjoint(places):
            taken.update(places)
            kept.append(piece)
    return sorted(kept, key=lambda found: found.start)[:_MOST]


def _combined(message: Message, pieces: list[Piece]) -> list[Piece]:
    """Join 周五 and 晚上8点, "3pm" and "on Friday", "8" and "in the evening"."""
    joined: list[Piece] = []
    for piece in pieces:
        if joined:
            both = _both(message, joined[-1], piece)
            if both is not None:
                joined[-1] = both
                continue
        joined.append(piece)
    return joined


def _listed(message: Message, pieces: list[Piece]) -> list[Piece]:
    """Let the 周四 of 下周二、周四 be in that week too."""
    listed = pieces[:1]
    for piece in pieces[1:]:
        last, day = listed[-1], piece.day
        if (
            last.day is not None
            and last.day.bare is None
            and last.day.first > message.today
            and day is not None
        ):
            follows = _OR.fullmatch(message.text[last.end : piece.start][:10])
            if follows and day.bare is not None and day.bare[0] == "weekday" and day.first < last.day.first:
                ahead = (day.bare[1] - last.day.first.weekday() - 1) % 7 + 1
                piece = replace(piece, day=single(last.day.first + timedelta(days=ahead)))
        listed.append(piece)
    return listed


def _both(message: Message, left: Piece, right: Piece) -> Piece | None:
    gap = message.text[left.end : right.start]
    glue = _GLUE.fullmatch(gap) if len(gap) <= 12 else None
    if glue is None or left.instant or right.instant:
        return None
    # "tomorrow afternoon after 3"
    part = left.clock is not None and left.clock.finish is not None and left.clock.finish > 0
    point = right.clock is not None and right.clock.finish is None
    limited = right.day is None and ((left.day is not None and left.clock is None) or (part and point))
    if glue["limit"] and not limited:
        return None
    if glue["opens"] and (left.day is None or left.clock is not None or right.day is not None):
        return None
    side = {"after": "from", None: None}.get(glue["limit"], "to")
    if left.day is not None and right.day is not None:
        return None
    if left.clock is not None and right.clock is not None:
        merged = _one_clock(left.clock, right.clock)
        return (
            replace(left, end=right.end, day=left.day or right.day, clock=merged, side=side or left.side)
            if merged is not None
            else None
        )
    day = left.day or right.day
    if day is None or day.grain != "day" or day.last != day.first:
        return None
    clock = left.clock or right.clock
    return Piece(left.start, right.end, day, clock, side=side, opened=glue["opens"] is not None)


def _one_clock(left: Clock, right: Clock) -> Clock | None:
    """Read a part of the day and an hour as one: "tonight at 8", "6 in the evening"."""
    part, point = (left, right) if left.finish is not None else (right, left)
    if part.finish is None:
        return None
    if point.finish is not None:
        return _narrowed(left, right) or _narrowed(right, left)
    begin = point.begin
    if point.loose and begin < 12 * 60 and part.begin >= 12 * 60:
        begin += 12 * 60
    elif point.loose and begin == 12 * 60 and part.begin >= 18 * 60:
        begin = instants.DAY_MINUTES
    return replace(point, begin=begin, loose=False, daily=part.daily or point.daily)


def _narrowed(part: Clock, span: Clock) -> Clock | None:
    """Read "tonight between 7 and 9" as hours of the evening."""
    for shift in (0, 12 * HOUR) if span.loose else ():
        begin, finish = span.begin + shift, (span.finish or 0) + shift
        if part.begin <= begin < finish <= (part.finish or 0):
            return replace(span, begin=begin, finish=finish, attached=False)
    return None


def _ranged(message: Message, pieces: list[Piece]) -> Iterator[Piece]:
    """Join "Mon-Wed", 10号到15号, "9am to 5pm"."""
    skip = False
    for left, right in pairwise([*pieces, None]):
        if skip or left is None:
            skip = False
            continue
        both = _span(message, left, right) if right is not None else None
        skip = both is not None
        yield both or left


def _span(message: Message, left: Piece, right: Piece) -> Piece | None:
    gap = message.text[left.end : right.start]
    between = (
        gap.strip() in ("and", "和") and message.text.endswith(("between ", "between the "), 0, left.start)
    ) or (left.opened and gap.strip() == "and")
    if len(gap) > 10 or not (between or _TO.fullmatch(gap)) or left.instant or right.instant:
        return None
    if left.clock is not None and right.clock is not None:
        return instants.hours(message, replace(left, day=left.day or right.day), right)
    if left.day is None or right.day is None or left.clock or right.clock:
        return None
    last_day = _rolled(left.day.first, right.day)
    if last_day < left.day.first:
        return None
    recurring = left.day.recurring or right.day.recurring
    return Piece(
        left.start, right.end, Day(left.day.first, last_day, recurring=recurring, vague=left.day.vague)
    )


def _rolled(first: date, day: Day) -> date:
    """Move the bare end of a range past its start: 下周一到周三 ends in that same week."""
    if day.last >= first and (day.bare is None or (day.last - first).days < 31):
        if day.bare is not None and day.bare[0] == "weekday":
            return first + timedelta(days=(day.bare[1] - first.weekday()) % 7)
        return day.last
    if day.bare is None:
        return day.last
    kind, number = day.bare
    if kind == "weekday":
        return first + timedelta(days=(number - first.weekday()) % 7)
    if kind == "date":
        return days.next_annual(first, day.last.month, day.last.day) or day.last
    if kind == "month":
        return days.month_end(days.next_month(first, number))
    return days.next_day_of_month(first, number) or day.last
