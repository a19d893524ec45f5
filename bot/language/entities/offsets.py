"""Times said as a length from now: 三天后, "in two weeks", 十天内, "two days ago"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, Decimal

from bot.language.entities import days
from bot.language.entities.length import Length
from bot.language.entities.model import Message
from bot.language.entities.pieces import Day, Piece

_RIGHT_ZH = re.compile(
    r"(?:的?时间)?(?:(?P<within>之内|以内|内(?!容))|(?P<after>之后|以后|"
    r"后(?![悔果来台面天续年期半]))|(?P<ago>之前|以前|前(?![妻夫男女任台面途科几后天年段])))"
)
_LEFT_ZH = re.compile(
    r"(?<![超不经通难说听])(?P<after>再?过)$|(?P<within>未来|接下来|今后)的?$|(?P<these>这|呢)$"
)
_RIGHT_EN = re.compile(
    r"(?:'?s?'?)?\s+(?:(?P<time>time\b)|(?P<after>from (?:now|today)|later\b|hence\b|"
    r"today\b(?= |$|[,.!?]))|(?P<ago>ago\b))",
    re.A,
)
_LEFT_EN = re.compile(
    r"\b(?:(?P<after>in)|(?P<within>within|inside|(?:in|within|over|during|for) the (?:next|coming)|"
    r"the (?:next|coming)|next)|(?P<since>after))"
    r"\s+(?:(?:about|around|like|maybe|another|roughly|approximately|only|just|under|less than)\s+)?$",
    re.A,
)
# "For the next three weeks", "over the next nine months": how long, not by when.
_FOR = re.compile(r"\bfor the (?:next|coming)\s+$", re.A)
_ACROSS = re.compile(r"\b(?:over|across|spread|during) the (?:next|coming)\s+$", re.A)
# "A month today" is a month away; "a quarter today" is a part of the sum.
_PART_TODAY = re.compile(r"quarters?\s+today$")
_FROM_DAY = re.compile(r"'?s?\s+(?:(?P<link>from|after|before|on)\s+)?", re.A)
# 三周后的周五, 两个月后的15号, "in two weeks' time on Friday": what stands between the length and the day, …
_THEN = re.compile(
    r"(?P<zh>(?:之后|以后|后)的?(?:那个?)?)|(?:'?s?'?\s+time|\s+from\s+(?:now|today))\s+(?:on\s+)?", re.A
)
# … and "Friday in two weeks", "Friday two weeks from now": … between the day and the length.
_IN = re.compile(r"\s+in\s+", re.A)
_NEXT = re.compile(r"\s+", re.A)
_TIME = re.compile(r"'?s?'?\s+time\b|", re.A)
_FROM_NOW = re.compile(r"\s+from\s+(?:now|today)\b", re.A)
_BESIDE = 16
"""Characters between a length and a day that belong together."""
_FURTHEST = {"day": 3660, "week": 520, "month": 120, "year": 10, "hour": 2400, "minute": 100_000}
_MINUTES = {"hour": 60, "minute": 1}


def find(message: Message, lengths: list[Length]) -> Iterator[Piece]:
    """Yield the lengths that name a point or a limit in time."""
    for length in lengths:
        if length.high <= _FURTHEST[length.unit]:
            piece = _piece(message, length)
            if piece is not None:
                yield piece


def from_days(message: Message, lengths: list[Length], found: list[Piece]) -> Iterator[Piece]:
    """Yield days told from another day: "two weeks from Friday", "3 days after the 5th"."""
    starts = {piece.start: piece for piece in found if piece.day is not None and piece.clock is None}
    for length in lengths:
        match = _FROM_DAY.match(message.text, length.end)
        base = starts.get(match.end()) if match is not None else None
        if match is None or base is None or base.day is None or length.low != length.high:
            continue
        if base.day.first != base.day.last or length.unit in _MINUTES or length.high > _FURTHEST[length.unit]:
            continue
        if match["link"] in (None, "on") and (
            length.unit != "week" or "more" in message.text[length.start : length.end]
        ):
            continue
        number = -length.low if match["link"] == "before" else length.low
        day = shifted(base.day.first, number, length.unit)
        yield Piece(length.start, base.end, day=Day(day, day, vague=length.vague))


def then_days(message: Message, lengths: list[Length], found: list[Piece]) -> Iterator[Piece]:
    """Yield days named, and told by how far they are away: 三周后的周五, "Friday in two weeks"."""
    named = [(piece, piece.day.bare) for piece in found if piece.clock is None and piece.day is not None]
    for length in lengths:
        if length.low != length.high or length.unit in _MINUTES or length.high > _FURTHEST[length.unit]:
            continue
        point = shifted(message.today, length.low, length.unit)
        for piece, bare in named:
            if bare is None or max(piece.start - length.end, length.start - piece.end) > _BESIDE:
                continue
            span, chinese = _span_then(message.text, length, piece)
            if span is None:
                continue
            day = _day_then(point, length.unit, *bare, counted=chinese)
            if day is not None:
                yield Piece(*span, day=Day(day, day, vague=length.vague))


def _span_then(text: str, length: Length, piece: Piece) -> tuple[tuple[int, int] | None, bool]:
    """Return the span of a length and a day that belong together, and whether it is said in Chinese."""
    if length.end <= piece.start:
        link = _THEN.fullmatch(text, length.end, piece.start)
        return (link and (length.start, piece.end), bool(link and link["zh"]))
    if _IN.fullmatch(text, piece.end, length.start) and (tail := _TIME.match(text, length.end)):
        return (piece.start, tail.end()), False
    if _NEXT.fullmatch(text, piece.end, length.start) and (tail := _FROM_NOW.match(text, length.end)):
        return (piece.start, tail.end()), False
    return None, False


def _day_then(point: date, unit: str, named: str, number: int, *, counted: bool) -> date | None:
    """Return the named day of the week or month of `point`, or the weekday nearest to it.

    Weeks that are `counted` begin on their Mondays, as those of 下下周五 do.
    """
    if named == "weekday":
        ahead = number - point.weekday()
        return point + timedelta(days=ahead if counted and unit == "week" else (ahead + 3) % 7 - 3)
    if named == "day" and unit in ("month", "year"):
        return days.valid(point.year, point.month, number)
    return None


def _piece(message: Message, length: Length) -> Piece | None:
    text = message.text
    left, start = message.before(length.start, 32), length.start
    right = _RIGHT_ZH.match(text, length.end) or _RIGHT_EN.match(text, length.end)
    before = _LEFT_ZH.search(left) or _LEFT_EN.search(left)
    if right is not None and _PART_TODAY.search(text[length.start : right.end()]):
        return None
    end = right.end() if right is not None else length.end
    if before is not None:
        start -= len(left) - before.start()
    elif right is not None and right.groupdict().get("time"):
        return None  # "one month time", asked for
    if _FOR.search(left) or (length.unit in ("month", "year") and _ACROSS.search(left)):
        return None
    if right is None and before is None:
        return _placed(message, length, length.start, end, "within") if length.next else None
    groups = {
        name
        for found in (right, before)
        if found is not None
        for name, text in found.groupdict().items()
        if text
    }
    if "these" in groups and not groups & {"within", "after", "ago"}:
        if length.unit != "day":
            return None  # 这几个月 looks back
        last = message.today + timedelta(days=int(length.high) - 1)
        return Piece(start, end, day=Day(message.today, last, vague=length.vague or "两" in text[start:end]))
    for relation in ("ago", "within", "since", "after"):
        if relation in groups:
            return _placed(message, length, start, end, relation)
    return None


def _placed(message: Message, length: Length, start: int, end: int, relation: str) -> Piece:
    sign = -1 if relation == "ago" else 1
    # 过两天 is "in a day or two", not in exactly two.
    loose = length.vague or (message.text[start:end].startswith(("过两天", "再过两天")))
    side = {"within": "to", "since": "from"}.get(relation)
    if length.unit in _MINUTES:
        near, far = (
            _instant(message.now, sign * number, length.unit) for number in (length.low, length.high)
        )
        return Piece(start, end, instant=(min(near, far), max(near, far)), side=side, vague=loose)
    near_day, far_day = (
        shifted(message.today, sign * number, length.unit) for number in (length.low, length.high)
    )
    if relation == "within":
        near_day = far_day
    return Piece(start, end, day=Day(min(near_day, far_day), max(near_day, far_day), vague=loose, side=side))


def shifted(day: date, number: Decimal, unit: str) -> date:
    """Return the date a number of days, weeks, months or years away; half a month is 15 days."""
    if unit in ("day", "week"):
        return day + timedelta(
            days=int((number * (7 if unit == "week" else 1)).to_integral_value(ROUND_CEILING))
        )
    whole, part = divmod(abs(number) * (12 if unit == "year" else 1), 1)
    sign = -1 if number < 0 else 1
    return days.add_months(day, sign * int(whole)) + timedelta(days=sign * int(part * 30))


def _instant(now: datetime, number: Decimal, unit: str) -> datetime:
    # Added on the world's clock, then shown on the borrower's, so that a change of the clocks costs no hour.
    moment = now.timestamp() + float(number) * 60 * _MINUTES[unit]
    return datetime.fromtimestamp(int(moment), now.tzinfo)
