"""English weeks, months and their edges: next month, the week after next, end of March, mid June, EOM."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from bot.language.entities import days
from bot.language.entities.model import Message
from bot.language.entities.pieces import Day, Piece, single

MONTH = (
    r"jan(?:uary)?|feb(?:r?uary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
MONTHS = {name: number for number, name in enumerate(_NAMES.split(), start=1)}
_PERIODS = re.compile(
    r"\b(?:(?P<far>(?:the )?(?P<unit>week|wk|month|weekend) after next)|(?P<after>the (?P<unit2>week|"
    r"month) after)\b(?! (?:i|we|that|the|my))|"
    r"(?P<step>this|dis|next|nex|nx|nxt|last|the coming|coming|the following|following|"
    r"upcoming)\s+(?P<unit3>week|"
    r"month|year|weekend|wk|mth|wkend|yr)|(?:the |at the |over the )?(?P<weekend>weekend|wkend)(?!s)|"
    r"(?:(?<=\bin )|(?<=\bby )|(?<=until )|(?<=before )|(?<=after )|(?<=during )|(?<=from )|(?<=since "
    r"))(?P<number>20[2-4][0-9])(?!\s*(?:[0-9.,:/-]|dollars|pounds|rupees|"
    r"naira|quid|bucks|yuan|rmb)))\b",
    re.A,
)
_EDGES = re.compile(
    rf"\b(?P<edge>(?:end|mid|early|late)(?:[\s-]+(?:of|in))?|(?:start|beginning|middle|last day|"
    rf"first day|(?:first|second|third|fourth|last|1st|2nd|3rd|4th) week|first half|second half|first|1st|"
    rf"last) of)"
    rf"(?:[\s-]+(?P<which>the|this|next|nxt|each|every|last|coming))?[\s-]+(?P<of>month|mth|week|wk|year|"
    rf"{MONTH})(?:'s)?\b(?!\s*(?:salary|wage|pay\b|ago))"
    rf"|\b(?:(?P<step>this|next|nxt|coming|last)\s+(?P<unit>month|mth|week|wk|year)|"
    rf"(?P<named>{MONTH}))(?:'s)?"
    rf"(?:\s+|-)(?P<last>end|ending)\b"
    r"|\b(?P<every>every |each )?(?P<eom>month[\s-]?end|months? end|month's end|eom)\b|"
    r"\b(?P<eoy>year[\s-]?end|eoy)\b|\b(?P<eow>eow|week[\s-]?end(?=ing))\b|\b(?P<eod>eod|(?<=by )(?:the "
    r")?end of (?:the day|today|day|"
    r"play))\b"
    r"|\b(?P<later>later this week)\b",
    re.A,
)
ORDER = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}
"""Which week or weekday of a month."""
# "by EOD tomorrow": the end of that day, not of this one.
_DAY_BESIDE = re.compile(r"(?:day|tomorrow|tmrw|tmr|mon|tues?|wed|thurs?|fri|sat|sun)\s*$")
_DAY_AFTER = re.compile(r"\s+(?:on |of )?(?:tomorrow|tmrw|tmr|mon|tue|wed|thu|fri|sat|sun)")


def find(message: Message) -> Iterator[Piece]:
    """Yield the weeks, months, weekends and edges of them; overlapping ones are left to the caller."""
    for pattern, reader in ((_PERIODS, _period), (_EDGES, _edge)):
        for match in message.english(pattern):
            day = reader(message, match)
            if day is not None:
                yield Piece(*match.span(), day=day)


def _period(message: Message, match: re.Match[str]) -> Day | None:
    today = message.today
    unit = match["unit"] or match["unit2"] or match["unit3"] or "weekend"
    step = (
        2
        if match["far"]
        else 1
        if match["after"]
        else {"this": 0, "dis": 0, "last": -1}.get(match["step"] or "this", 1)
    )
    week = days.monday(today) + timedelta(days=7 * step)
    if match["number"]:
        return _year(int(match["number"]))
    if unit in ("week", "wk"):
        return Day(week, week + timedelta(days=6), "week")
    if unit in ("month", "mth"):
        first = days.add_months(today.replace(day=1), step)
        return Day(first, days.month_end(first), "month")
    if unit in ("year", "yr"):
        return _year(today.year + step)
    saturday = week + timedelta(days=5)
    return Day(max(saturday, today) if step == 0 else saturday, week + timedelta(days=6))


def _edge(message: Message, match: re.Match[str]) -> Day | None:
    today = message.today
    if match["eod"]:
        beside = _DAY_BESIDE.search(message.before(match.start(), 12)) or _DAY_AFTER.match(
            message.text, match.end()
        )
        return single(today) if beside is None else None
    if match["eoy"]:
        return single(date(today.year, 12, 31))
    if match["eow"]:
        return single(days.monday(today) + timedelta(days=6))
    if match["later"]:
        return Day(today, days.monday(today) + timedelta(days=6), vague=True)
    of = match["of"] or match["unit"] or match["named"] or "month"
    of = {"mth": "month", "wk": "week"}.get(of, of)
    which = match["which"] or match["step"] or ""
    edge = (match["edge"] or "end").removesuffix(" of").removesuffix(" in").rstrip(" -")
    step = {"next": 1, "nxt": 1, "coming": 1, "last": -1}.get(which, 0)
    if of == "week":
        first = days.monday(today) + timedelta(days=7 * step)
        return _within(edge, first, first + timedelta(days=6))
    if of == "year":
        return _within(edge, date(today.year + step, 1, 1), date(today.year + step, 12, 31))
    first = (
        days.add_months(today.replace(day=1), step)
        if of == "month"
        else days.next_month(today, MONTHS[of[:3]])
    )
    day = _within(edge, first, days.month_end(first))
    if step == 0 and which != "this" and day.last < today:
        first = days.add_months(first, 1) if of == "month" else first.replace(year=first.year + 1)
        day = _within(edge, first, days.month_end(first))
    recurring = "month" if which in ("each", "every") or match["every"] else None
    return Day(day.first, day.last, day.grain, None, recurring, day.vague, day.side)


def _year(year: int) -> Day:
    return Day(date(year, 1, 1), date(year, 12, 31), "year")


def _within(edge: str, first: date, last: date) -> Day:
    """Return the named part of the days first to last."""
    length = (last - first).days + 1
    if edge in ("end", "last day", "last"):
        return single(last)
    if edge in ("start", "beginning", "first day", "first", "1st"):
        return single(first)
    if edge in ("middle", "mid"):
        return single(first + timedelta(days=14 if 28 <= length <= 31 else length // 2))
    third = max(2, length // 3)
    if edge.endswith("week"):
        return Day(*days.nth_week(first, ORDER[edge.split()[0]]))
    if edge == "early":
        return Day(first, first + timedelta(days=third), vague=True)
    if edge.endswith("half"):
        middle = first + timedelta(days=14)
        return Day(first, middle) if edge.startswith("first") else Day(middle + days.DAY, last)
    return Day(last - timedelta(days=third), last, vague=True)
