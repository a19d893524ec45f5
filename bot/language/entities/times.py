"""Puts days, clock times and the words around them together into time entities."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from bot.language.entities import (
    assembly,
    clock_en,
    clock_zh,
    dates_en,
    dates_lunar,
    dates_numeric,
    dates_zh,
    hedges,
    holidays,
    instants,
    months_zh,
    offsets,
    periods_en,
    tense,
    weeks_zh,
)
from bot.language.entities.length import Length
from bot.language.entities.model import Candidate, Message
from bot.language.entities.pieces import Piece, single

_SUFFIX = re.compile(
    r"\s?(?:的?(?:之|以)?(?P<before>前)(?![妻夫男女任台面途科几后天年段期])|的?(?:之|"
    r"以)?(?P<after>后)(?![悔果来台面天续年期半])|(?P<past>过[了完](?=再|才|之后|以后|就|我再))(?:之后|以后)?|(?P<since>起|以来|(?P<begins>开始))|"
    r"(?P<by>为止|截止))"
    r"|\s+(?P<by_en>at the latest|latest|or (?:before|earlier|sooner))\b|\s+(?P<since_en>onwards?|"
    r"or (?:after|later)|and after|at the earliest)\b",
    re.A,
)
_PREFIX = re.compile(
    r"(?:(?P<by>最晚|最迟|至迟|不晚于|不迟于|不超过|截止到?|截至|赶在)[到在是]?|"
    r"(?P<since>最早|不早于)[到在是]?)$"
    r"|\b(?:(?P<before_en>before)|(?P<until_en>until|till|til|'til|up ?to|up until|thru|through)|"
    r"(?P<by_en>by|"
    r"no later than|not later than|on or before|latest)|"
    r"(?P<after_en>after)|(?P<since_en>from|between|since|starting(?: from| on)?|as of|not before|"
    r"any ?time after|no earlier than))"
    r"\s+(?:(?:about|around|like|on|at|maybe|the|cob|eod|eob|close of business|end of (?:day|business|"
    r"play))\s+){0,2}$",
    re.A,
)

_MOST = 160
"""Pieces of one kind read in one message; past that it is no ordinary message."""
_WHOLE = ("week", "month", "year")
_GOES = re.compile(
    r"\b(?:go|goes|going|gone|went|come|comes|coming|came|get|gets|got|put|pull|is|was|been|not|all|"
    r"half)\s+thr(?:ough|u)\s",
    re.A,
)
_FROM = re.compile(r"[从自打由]\s?$")


def find(message: Message, lengths: list[Length]) -> Iterator[Candidate]:
    """Yield the time expressions of a message."""
    finders = (
        offsets.find(message, lengths),
        clock_zh.find(message),
        clock_en.find(message),
        dates_lunar.find(message),
        dates_zh.find(message),
        months_zh.find(message),
        weeks_zh.find(message),
        dates_en.find(message),
        periods_en.find(message),
        dates_numeric.find(message),
        holidays.find(message),
    )
    found = [piece for finder in finders for piece in islice(finder, _MOST)]
    found += [*offsets.from_days(message, lengths, found), *offsets.then_days(message, lengths, found)]
    for piece in assembly.assemble(message, found):
        if piece.day is None and piece.instant is None and (piece.clock is None or piece.clock.attached):
            continue
        candidate = _candidate(message, piece)
        if candidate is not None:
            yield candidate


def _relation(message: Message, piece: Piece) -> tuple[str | None, int, int]:
    """Return how a time is limited ("before", "by", "after", "since") and the span with those words."""
    after = _SUFFIX.match(message.text, piece.end)
    left = message.before(piece.start, 28)
    before = _PREFIX.search(left)
    start, end, relation = piece.start, piece.end, None
    spanning = (
        piece.instant is not None
        or (piece.clock is not None and piece.clock.finish is not None)
        or (piece.day is not None and piece.day.grain == "day" and piece.day.first != piece.day.last)
    )
    for match in (before, after):
        if match is None:
            continue
        if match is before and spanning and match.group().startswith(("from", "between")):
            start = piece.start - len(left) + match.start()
            continue
        words = match.group()
        if words.startswith(("through", "thru")) and (_GOES.search(left) or words.endswith(("on ", "at "))):
            continue  # "went through on Friday"
        if words.startswith("from") and piece.day is not None and piece.day.last < message.today:
            continue  # "different from last week"
        if match.groupdict().get("begins") and not _FROM.search(left):
            continue  # 下周三开始: the day itself
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
    if piece.day is not None and relation not in ("by", "before", "until"):
        piece = replace(piece, day=tense.settled(message, piece.day, start, end))
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
    if relation == "before" or (relation == "until" and grain in _WHOLE):
        return {"to": first}
    if relation in ("by", "until") or (relation is None and side == "to"):
        return {"to": last}
    if relation in ("after", "past"):
        return {"from": last}
    if relation == "since" or (relation is None and side == "from"):
        return {"from": first}
    if first == last or grain in _WHOLE:
        return {"value": first}
    return {"from": first, "to": last}
