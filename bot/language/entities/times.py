"""Puts days, clock times and the words around them together into time entities."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from bot.language.entities import (
    clock,
    dates_en,
    dates_numeric,
    dates_zh,
    days,
    hedges,
    holidays,
    instants,
    offsets,
    periods_en,
)
from bot.language.entities.durations import Length
from bot.language.entities.model import Candidate, Message
from bot.language.entities.pieces import Clock, Day, Piece, single

_MOST = 80
_GLUE = re.compile(
    r"\s*(?:,|的|那天|当天|sharp)?\s*(?:(?:at|on|in the|around|about|(?P<limit>after|"
    r"before|by|until|till)|@)\s+)?(?:the\s+)?"
)
_TO = re.compile(r"\s*(?:到|至|-|~|to|until|till|through|thru)\s*(?:the\s+|on\s+)?")
_SUFFIX = re.compile(
    r"\s?(?:的?(?:之|以)?(?P<before>前)(?![妻夫男女任台面途科几后天年段期])|的?(?:之|"
    r"以)?(?P<after>后)(?![悔果来台面天续年期半])|(?P<since>起|开始|(?:号)?以来)|"
    r"(?P<by>为止|截止))"
    r"|\s+(?P<by_en>at the latest|latest|or (?:before|earlier|sooner))\b|\s+(?P<since_en>onwards?|"
    r"or (?:after|later)|and after|at the earliest)\b",
    re.A,
)
_PREFIX = re.compile(
    r"(?:(?P<by>最晚|最迟|至迟|不晚于|不迟于|不超过|截止到?|截至|赶在)[到在是]?|"
    r"(?P<since>最早|不早于)[到在是]?)$"
    r"|\b(?:(?P<before_en>before)|(?P<until_en>until|till|til|'til|up to|up until)|(?P<by_en>by|"
    r"no later than|not later than|on or before|latest)|"
    r"(?P<after_en>after)|(?P<since_en>from|between|since|starting(?: from| on)?|as of|not before|"
    r"any ?time after|no earlier than))"
    r"\s+(?:(?:about|around|like|on|at|maybe|the)\s+){0,2}$",
    re.A,
)


def find(message: Message, lengths: list[Length]) -> Iterator[Candidate]:
    """Yield the time expressions of a message."""
    found = [*offsets.find(message, lengths), *clock.find_zh(message), *clock.find_en(message)]
    found += [
        *dates_zh.find(message),
        *dates_en.find(message),
        *periods_en.find(message),
        *dates_numeric.find(message),
    ]
    for match in holidays.PATTERN.finditer(message.text):
        day = holidays.read(message.today, match)
        if day is not None:
            found.append(Piece(*match.span(), day=single(day)))
    for piece in _ranged(message, _combined(message, _apart(found))):
        if piece.day is None and piece.instant is None and (piece.clock is None or piece.clock.attached):
            continue
        candidate = _candidate(message, piece)
        if candidate is not None:
            yield candidate


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


def _both(message: Message, left: Piece, right: Piece) -> Piece | None:
    gap = message.text[left.end : right.start]
    glue = _GLUE.fullmatch(gap) if len(gap) <= 12 else None
    if glue is None or left.instant or right.instant:
        return None
    if glue["limit"] and (left.day is None or left.clock is not None or right.day is not None):
        return None
    side = {"after": "from", None: None}.get(glue["limit"], "to")
    if left.day is not None and right.day is not None:
        return None
    if left.clock is not None and right.clock is not None:
        merged = _one_clock(left.clock, right.clock)
        return (
            replace(left, end=right.end, day=left.day or right.day, clock=merged)
            if merged is not None
            else None
        )
    day = left.day or right.day
    if day is None or day.grain != "day" or day.last != day.first:
        return None
    return Piece(left.start, right.end, day, left.clock or right.clock, side=side)


def _one_clock(left: Clock, right: Clock) -> Clock | None:
    """Read a part of the day and an hour as one: "tonight at 8", "6 in the evening"."""
    part, point = (left, right) if left.finish is not None else (right, left)
    if part.finish is None or point.finish is not None:
        return None
    begin = point.begin
    if point.loose and begin < 12 * 60 and part.begin >= 12 * 60:
        begin += 12 * 60
    elif point.loose and begin == 12 * 60 and part.begin >= 18 * 60:
        begin = instants.DAY_MINUTES
    return replace(point, begin=begin, loose=False, daily=part.daily or point.daily)


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
    between = gap.strip() in ("and", "和") and message.text.endswith(
        ("between ", "between the "), 0, left.start
    )
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
    return days.next_day_of_month(first, number) or day.last


def _relation(message: Message, piece: Piece) -> tuple[str | None, int, int]:
    """Return how a time is limited ("before", "by", "after", "since") and the span with those words."""
    after = _SUFFIX.match(message.text, piece.end)
    left = message.before(piece.start, 28)
    before = _PREFIX.search(left)
    start, end, relation = piece.start, piece.end, None
    spanning = (
        piece.instant is not None
        or (piece.clock is not None and piece.clock.finish is not None)
        or (piece.day is not None and piece.day.first != piece.day.last)
    )
    for match in (before, after):
        if match is None:
            continue
        if match is before and spanning and match.group().startswith(("from", "between")):
            start = piece.start - len(left) + match.start()
            continue
        relation = next(name for name, text in match.groupdict().items() if text).removesuffix("_en")
        if match is after:
            end = match.end()
        else:
            start = piece.start - len(left) + match.start()
    return relation, start, end


def _looks_back(message: Message, piece: Piece, start: int) -> bool:
    """Whether "since Tuesday" was read as the next Tuesday: a past the calendar cannot settle."""
    return (
        message.text.startswith("since", start) and piece.day is not None and piece.day.first > message.today
    )


def _candidate(message: Message, piece: Piece) -> Candidate | None:
    relation, start, end = _relation(message, piece)
    if _looks_back(message, piece, start):
        return None
    day, said = piece.day, piece.clock
    extra: dict[str, Any] = {}
    if said is not None or piece.instant is not None:
        first, last = (moment.isoformat(timespec="seconds") for moment in instants.of(message, piece))
        minute = (said is not None and said.grain == "minute") or (
            said is None and not first[14:16] == last[14:16] == "00"
        )
        extra["grain"] = "minute" if minute or (piece.instant is not None and first == last) else "hour"
    else:
        day = day or single(message.today)
        first, last = day.first.isoformat(), day.last.isoformat()
        extra["grain"] = day.grain
    if day is not None and day.recurring is not None:
        extra["recurring"] = day.recurring
    elif said is not None and said.daily:
        extra["recurring"] = "day"
    if (
        piece.vague
        or (day is not None and day.vague)
        or (said is not None and said.vague)
        or hedges.vague(message.text, start, end)
    ):
        extra["vague"] = True
    side = piece.side or (day.side if day is not None else None)
    return Candidate("time", _value(first, last, relation, side, extra["grain"]), start, end, extra)


def _value(first: str, last: str, relation: str | None, side: str | None, grain: str) -> dict[str, str]:
    if relation == "before" or (relation == "until" and grain in ("week", "month")):
        return {"to": first}
    if relation in ("by", "until") or (relation is None and side == "to"):
        return {"to": last}
    if relation == "after":
        return {"from": last}
    if relation == "since" or (relation is None and side == "from"):
        return {"from": first}
    if first == last or grain in ("week", "month"):
        return {"value": first}
    return {"from": first, "to": last}
