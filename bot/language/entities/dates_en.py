"""English and numeric dates: tomorrow, next Friday, Fri 5th, 15 Dec, 12/15, end of the month."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from bot.language.entities import days
from bot.language.entities.model import Message
from bot.language.entities.pieces import Day, Piece, single

_WEEKDAY = (
    r"mon(?:day)?|tue(?:s(?:day)?)?|tuseday|wed(?:s|nesday)?|wensday|wednsday|thu(?:r(?:s(?:day)?)?)?|thurday|fri(?:day)?|firday|"
    r"sat(?:urday)?|satuday|sun(?:day)?"
)
_MONTH = (
    r"jan(?:uary)?|feb(?:r?uary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_MONTHS = {name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)}
_WEEKDAYS = {"mo": 0, "tu": 1, "we": 2, "th": 3, "fr": 4, "fi": 4, "sa": 5, "su": 6}
_SURE_MONTHS = frozenset("january february july september sept october november december".split())
_SURE_DAYS = frozenset("fri tue tues weds thu thur thurs".split())
_WORDS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
_ORDINAL = r"[0-9]{1,2}(?:st|nd|rd|th)"
# "the 2nd payment" and "3rd party" are no dates.
_NOT_A_DATE = (
    r"(?!\s+(?:one|ones|option|time|times|payment|instal\w*|choice|plan|floor|call|person|month|week|day|message|loan|party|offer|part|half|"
    r"job|child|kid|baby|year|reminder|letter|email|text|attempt|chance|quarter)\b)"
)
_BEFORE_MONTH = re.compile(r"\b(?:in|by|until|till|til|before|after|since|for|next|this|last|during|mid|early|late|from|to|through|of|end|start)\s+$", re.A)
_BEFORE_DAY = re.compile(r"\b(?:on|by|this|next|until|till|til|before|after|from|last|coming|every|for|each|to|since|week)\s+$|-\s?$", re.A)
_AFTER_DAY = re.compile(r"\s*(?:[0-9]|at\b|am\b|pm\b|morn|aft|even|eve\b|night|noon|-\s?(?:mon|tue|wed|thu|fri|sat|sun)|to (?:mon|tue|wed|thu|fri|sat|sun)|(?:the )?[0-9])|[\s.,!?，。]*$", re.A)
_REL = re.compile(
    r"\b(?:(?:the )?(?P<after>day after (?:tomorrow|tmrw|tmr|tomoz))|(?P<tomorrow>tomm?orr?ow|tmrw|tmrow|tmr|tmw|tomoz|2moro|2mrw|2morrow)|(?P<today>today|2day)|"
    r"(?P<yesterday>yesterday|yday)|(?P<before>(?:the )?day before yesterday))(?:'s)?\b",
    re.A
)
_DAYS = re.compile(
    rf"\b(?:(?P<ahead>a week (?:on|from)|(?:next|this) week,?(?: on)?)\s+)?(?:(?P<step>this coming|this|next|last|past|coming|following|every|each)\s+)?"
    rf"(?P<day>{_WEEKDAY})(?P<plural>s(?=\b))?\b(?:,?\s+(?:the\s+)?(?P<date>{_ORDINAL})\b)?"
    r"(?:\s+(?P<week>next week|this week|after next|week(?!end|s|day|ly)|fortnight))?\b",
    re.A
)
_PERIODS = re.compile(
    r"\b(?:(?P<far>(?:the )?(?P<unit>week|month|weekend) after next)|(?P<after>the (?P<unit2>week|month) after)\b(?! (?:i|we|that|the|my))|"
    r"(?P<step>this|next|last|the coming|coming|the following|following)\s+(?P<unit3>week|month|year|weekend|wk|mth)|(?:the |at the |over the )?(?P<weekend>weekend)(?!s))\b",
    re.A
)
_EDGES = re.compile(
    rf"\b(?P<edge>end|start|beginning|middle|mid|early|late|later|last day|first day|first|1st|last|first week|first half|second half)(?:[\s-]+(?:of|in))?"
    rf"(?:[\s-]+(?P<which>the|this|next|each|every|last|coming))?[\s-]+(?P<of>month|week|year|{_MONTH})(?:'s)?\b(?!\s*(?:salary|wage|pay\b|ago))"
    r"|\b(?P<every>every |each )?(?P<eom>month[\s-]?end|months? end|month's end|eom|eo?m)\b|\b(?P<eoy>year[\s-]?end|eoy)\b|\b(?P<eod>eod|(?<=by )(?:the )?end of (?:the day|today|day|play))\b"
    r"|\b(?P<later>later this week)\b",
    re.A
)
_DATES = re.compile(
    rf"\b(?:(?:the )?(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?[\s-]*(?P<month>{_MONTH})\b|(?:the )?(?P<word>{'|'.join(_WORDS)})\s+of\s+(?P<month2>{_MONTH})\b|"
    rf"(?P<month3>{_MONTH})\.?\s*(?:the )?(?P<day3>[0-9]{{1,2}})(?:st|nd|rd|th)?(?![0-9:%]|,[0-9]|\.[0-9]|\s?(?:k|am|pm|%|percent)\b)|(?P<month4>{_MONTH})\b)"
    r"(?:,?\s*(?P<year>20[0-9]{2}|next year|this year)\b)?",
    re.A
)
_ORDINALS = re.compile(
    rf"\b(?P<every>(?:every|each) (?:month (?:on )?)?(?:the )?|monthly on (?:the )?)?(?:the )?(?:(?P<day>{_ORDINAL})|(?P<word>{'|'.join(_WORDS)})(?=\s+of\s+(?:the|this|next|each|every)\s+month))\b{_NOT_A_DATE}"
    r"(?:\s+of\s+(?P<of>the|this|next|each|every|the next)\s+(?:month|mth))?(?P<after>\s+(?:every|each) month)?",
    re.A
)
_NUMERIC = re.compile(
    r"(?<![0-9/.$£€¥-])(?P<a>[0-9]{1,2})/(?P<b>[0-9]{1,2})(?:/(?P<year>(?:20)?[0-9]{2}))?(?![0-9/])(?:[号日])?"
    r"|(?<![0-9])(?P<a2>[0-9]{1,2})[.-](?P<b2>[0-9]{1,2})[.-](?P<year2>20[0-9]{2})(?![0-9])|(?<![0-9.])(?P<m>[0-9]{1,2})\.(?P<d>[0-9]{1,2})[号日]"
)


def find(message: Message) -> Iterator[Piece]:
    """Yield every English or numeric day expression of a folded text; overlapping ones are left to the caller."""
    readers: tuple[tuple[re.Pattern[str], Callable[[Message, re.Match[str]], Day | None]], ...] = (
        (_REL, _relative),
        (_DAYS, _weekday),
        (_PERIODS, _period),
        (_EDGES, _edge),
        (_DATES, _date),
        (_ORDINALS, _ordinal),
    )
    for pattern, reader in readers:
        for match in pattern.finditer(message.text):
            day = reader(message, match)
            if day is not None:
                yield Piece(*match.span(), day=day)


def find_numeric(message: Message) -> Iterator[Piece]:
    """Yield dates in figures: 12/15, 15/12/2026, 12.15号."""
    for match in _NUMERIC.finditer(message.text):
        day = _numeric(message, match)
        if day is not None:
            yield Piece(*match.span(), day=day)


def _relative(message: Message, match: re.Match[str]) -> Day:
    shift = {"after": 2, "tomorrow": 1, "today": 0, "yesterday": -1, "before": -2}
    return single(message.today + timedelta(days=next(shift[name] for name in shift if match[name])))


def _weekday(message: Message, match: re.Match[str]) -> Day | None:
    word, step, today = match["day"], match["step"], message.today
    if len(word) <= 5 and word not in _SURE_DAYS and not word.endswith("day") and not (step or match["ahead"] or match["date"]):
        if message.context.expected != "time" and not (
            _BEFORE_DAY.search(message.before(match.start(), 10)) or _AFTER_DAY.match(message.text, match.end())
        ):
            return None
        if word == "sun" and message.text[: match.start()].endswith("the "):
            return None
    weekday = _WEEKDAYS[word[:2]]
    coming = days.next_weekday(today, weekday)
    week = days.monday(today)
    if match["date"]:
        return _matching(today, weekday, int(match["date"][:-2]))
    if step in ("every", "each") or match["plural"]:
        return single(coming, bare=("weekday", weekday), recurring="week")
    if match["ahead"] or match["week"]:
        return _weeks_on(match["ahead"] or match["week"], coming, week + timedelta(days=weekday))
    if step in ("next", "following"):
        return single(week + timedelta(days=7 + weekday))
    if step in ("last", "past"):
        return single(coming - timedelta(days=7 if coming - timedelta(days=7) < today else 14))
    if step is not None and today.weekday() == weekday:
        return single(today)
    return single(coming, bare=("weekday", weekday))


def _weeks_on(words: str, coming: date, this_week: date) -> Day:
    if words.startswith("this week"):
        return single(this_week)
    if words.startswith("next week"):
        return single(this_week + timedelta(days=7))
    if words in ("after next", "fortnight"):
        return single(coming + timedelta(days=14) if words == "fortnight" else this_week + timedelta(days=14))
    return single(coming + timedelta(days=7))


def _matching(today: date, weekday: int, number: int) -> Day | None:
    """Return the next day with both weekday and date; where the near months have none, the date, vaguely."""
    first = days.next_day_of_month(today, number)
    found = first
    while found is not None and (found - today).days <= 92:
        if found.weekday() == weekday:
            return single(found)
        found = days.next_day_of_month(found + days.DAY, number)
    return single(first, vague=True) if first is not None else None


def _period(message: Message, match: re.Match[str]) -> Day | None:
    today = message.today
    unit = match["unit"] or match["unit2"] or match["unit3"] or "weekend"
    step = 2 if match["far"] else 1 if match["after"] else {"this": 0, "last": -1}.get(match["step"] or "this", 1)
    week = days.monday(today) + timedelta(days=7 * step)
    if unit in ("week", "wk"):
        return Day(week, week + timedelta(days=6), "week")
    if unit in ("month", "mth"):
        first = days.add_months(today.replace(day=1), step)
        return Day(first, days.month_end(first), "month")
    if unit == "year":
        return Day(date(today.year + step, 1, 1), date(today.year + step, 12, 31))
    saturday = week + timedelta(days=5)
    return Day(max(saturday, today) if step == 0 else saturday, week + timedelta(days=6))


def _edge(message: Message, match: re.Match[str]) -> Day | None:
    today = message.today
    if match["eod"]:
        return single(today)
    if match["eoy"]:
        return single(date(today.year, 12, 31))
    if match["later"]:
        return Day(today, days.monday(today) + timedelta(days=6), vague=True)
    of, which = match["of"] or "month", match["which"] or ""
    step = {"next": 1, "coming": 1, "last": -1}.get(which, 0)
    if of == "week":
        first = days.monday(today) + timedelta(days=7 * step)
        return _within(match["edge"] or "end", first, first + timedelta(days=6))
    if of == "year":
        return _within(match["edge"] or "end", date(today.year + step, 1, 1), date(today.year + step, 12, 31))
    first = days.add_months(today.replace(day=1), step) if of == "month" else days.next_month(today, _MONTHS[of[:3]])
    day = _within(match["edge"] or "end", first, days.month_end(first))
    if step == 0 and which != "this" and day.last < today:
        first = days.add_months(first, 1) if of == "month" else first.replace(year=first.year + 1)
        day = _within(match["edge"] or "end", first, days.month_end(first))
    recurring = "month" if which in ("each", "every") or match["every"] else None
    return Day(day.first, day.last, day.grain, None, recurring, day.vague, day.side)


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
    if edge in ("early", "first week"):
        return Day(first, first + timedelta(days=6 if edge == "first week" else third), vague=edge == "early")
    if edge.endswith("half"):
        middle = first + timedelta(days=14)
        return Day(first, middle) if edge.startswith("first") else Day(middle + days.DAY, last)
    return Day(last - timedelta(days=third), last, vague=True)


def _date(message: Message, match: re.Match[str]) -> Day | None:
    name = match["month"] or match["month2"] or match["month3"] or match["month4"]
    month, today = _MONTHS[name[:3]], message.today
    year = {"next year": today.year + 1, "this year": today.year}.get(match["year"] or "")
    if year is None and match["year"]:
        year = int(match["year"])
    if match["month4"]:
        sure = name in _SURE_MONTHS or year is not None or message.context.expected == "time"
        if not sure and not _BEFORE_MONTH.search(message.before(match.start(), 10)):
            return None
        first = date(year, month, 1) if year is not None else days.next_month(today, month)
        return Day(first, days.month_end(first), "month")
    number = _WORDS.index(match["word"]) + 1 if match["word"] else int(match["day"] or match["day3"])
    found = days.valid(year, month, number) if year is not None else days.next_annual(today, month, number)
    return single(found, bare=None if year is not None else ("day", number)) if found is not None else None


def _ordinal(message: Message, match: re.Match[str]) -> Day | None:
    number = int(match["day"][:-2]) if match["day"] else _WORDS.index(match["word"]) + 1
    today, of = message.today, match["of"] or ""
    if match["every"] or match["after"] or of in ("each", "every"):
        found = days.next_recurring(today, number)
        return single(found, bare=("day", number), recurring="month") if found is not None else None
    if of in ("next", "the next", "this"):
        first = days.add_months(today.replace(day=1), 0 if of == "this" else 1)
        found = days.valid(first.year, first.month, number)
        return single(found) if found is not None else None
    if message.context.expected == "ordinal" and number <= 10:
        return None
    found = days.next_day_of_month(today, number)
    return single(found, bare=("day", number)) if found is not None else None


def _numeric(message: Message, match: re.Match[str]) -> Day | None:
    if match["m"]:
        month, number, written = int(match["m"]), int(match["d"]), None
    else:
        first, second = int(match["a"] or match["a2"]), int(match["b"] or match["b2"])
        written = match["year"] or match["year2"]
        month, number = (first, second) if _month_first(message) else (second, first)
        if month > 12:
            month, number = number, month
    if written is None:
        found = days.next_annual(message.today, month, number)
    else:
        found = days.valid(int(written) % 100 + 2000, month, number)
    return single(found) if found is not None else None


def _month_first(message: Message) -> bool:
    """Whether 5/12 is the twelfth of May: in dollars of the United States, and wherever Chinese is written."""
    return message.context.currency == "USD" or any("一" <= char <= "鿿" for char in message.text[:200])
