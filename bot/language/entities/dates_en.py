"""English days: tomorrow, next Friday, Fri 5th, 15 Dec, the 15th of every month."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from bot.language.entities import days, months_en
from bot.language.entities.model import Message
from bot.language.entities.numbers_en import ORDINALS
from bot.language.entities.periods_en import MONTH, MONTHS, ORDER
from bot.language.entities.pieces import Day, Piece, single

WEEKDAY = (
    r"mon(?:day)?|monda|moday|munday|tue(?:s(?:day)?)?|tuseday|tusday|tuesdy|teusday|wed(?:s|nesday)?|"
    r"wensday|"
    r"wednsday|wednesdy|thu(?:r(?:s(?:day)?)?)?|thurday|thursdy|thrusday|thirsday|fri(?:day)?|firday|frday|"
    r"fridy|"
    r"sat(?:urday)?|satuday|saterday|satday|sun(?:day)?|sundy"
)
_WEEKDAYS = {"mo": 0, "mu": 0, "tu": 1, "te": 1, "we": 2, "th": 3, "fr": 4, "fi": 4, "sa": 5, "su": 6}
_SURE_DAYS = ("fri", "tue", "tues", "weds", "thu", "thur", "thurs")
_WORDS = "|".join(sorted(ORDINALS, key=len, reverse=True))
_ORDINAL = r"[0-9]{1,2}(?:st|nd|rd|th)"
# "the 2nd payment" and "3rd party" are no dates.
_NOT_A_DATE = (
    r"(?!\s+(?:one|ones|option|time|times|payment|instal\w*|choice|plan|floor|call|person|month|week|"
    r"day|message|loan|party|offer|part|half|"
    r"job|child|kid|baby|year|reminder|letter|email|text|attempt|chance|quarter|standard|std|grade|class|"
    r"floor|"
    r"anniversary|birthday|bday|avenue|ave|street|road|cross|main|block|century|place|sem|semester|gen|"
    r"generation|"
    r"level|house|hand|wife|husband|son|daughter|born|degree|round|edition|version|cousin|grader|form|stage|"
    r"world)s?\b)"
)
_EVERY = re.compile(r"(?:on|only|just|most)\s+$|^$", re.A)
_BEFORE_DAY = re.compile(
    r"\b(?:on|by|this|next|until|till|til|before|after|from|last|coming|every|for|each|to|since|between|"
    r"week|maybe|latest|dis|nex|nx|nxt)\s+$|-\s?$|"
    r"\b(?:mon|tues?|wed|thu|thurs?|fri|sat|sun)(?:day)?\s?(?:,|/|and|or|&|to)\s?(?:and|or)?\s?$",
    re.A,
)
_AFTER_DAY = re.compile(
    r"\s*(?:[0-9]|at\b|am\b|pm\b|morn|aft|even|eve\b|night|noon|-\s?(?:mon|tue|wed|thu|"
    r"fri|sat|sun)|to (?:mon|tue|wed|thu|fri|sat|sun)|(?:the )?[0-9])|[\s.,!?，。]*$|"
    r"\s?(?:,|/|and|or|&)\s?(?:and |or )?(?:mon|tue|wed|thu|fri|sat|sun)|\s+(?:can|lah|ok|okay|pls|please|"
    r"works|i|then|morn)\b",
    re.A,
)
_TOMORROW = (
    r"tomm?orr?ow|tomm?or?rr?ow|tomorw|tomorrw|tmrw|tmrow|tmr|tmw|tml|tmmr|tmro|tmoro|tomoro|tomoz|tomo|"
    r"2moro|2mrw|"
    r"2mr|2mro|2morrow|2moz"
)
_REL = re.compile(
    rf"\b(?:(?:the )?(?P<after>day after (?:{_TOMORROW})|(?<=tomorrow or )day after|(?<=tmr or )day after|"
    rf"next tomorrow)|(?P<tomorrow>{_TOMORROW})|(?P<today>today|2day|tdy|tody|2dy)|"
    r"(?P<yesterday>yesterday|yday|ytd|ytday|yesturday|yesterdy)|(?P<before>(?:the )?day before (?:yesterday|"
    r"ytd)))"
    r"(?:'s)?\b",
    re.A,
)
_DAYS = re.compile(
    rf"\b(?:(?P<ahead>a week (?:on|from)|(?:next|this) week,?(?: on)?)\s+)?(?:(?P<step>this coming|"
    rf"this|dis|next|nex|nx|nxt|last|past|coming|following|every|each)\s+)?"
    rf"(?P<day>{WEEKDAY})(?P<plural>s(?=\b))?\b(?:,?\s+(?:the\s+)?(?P<date>{_ORDINAL})\b)?"
    r"(?:\s+(?:the\s+)?(?P<week>next week|this week|after next|week after next|week(?!end|s|day|ly|\s+after)|"
    r"fortnight))?\b",
    re.A,
)
_NTH = re.compile(
    rf"\b(?<!every )(?:the\s+)?(?:(?P<nth>first|second|third|fourth|1st|2nd|3rd|4th)|"
    rf"(?P<last>last)(?=\s+\w+\s+of\b))"
    rf"\s+(?P<day>{WEEKDAY})\b(?:\s+(?:of|in)\s+(?:(?P<of>the|this|next|each|every)\s+month|"
    rf"(?P<named>{MONTH})\b))?",
    re.A,
)
_DATES = re.compile(
    rf"\b(?:(?:the )?(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?[\s-]*(?P<month>{MONTH})\b|"
    rf"(?:the )?(?P<word>{_WORDS})\s+of\s+(?P<month2>{MONTH})\b|"
    rf"(?P<month3>{MONTH})\.?\s*(?:the )?(?P<day3>[0-9]{{1,2}})(?:st|nd|rd|th)?(?![0-9:%]|,[0-9]|"
    rf"\.[0-9]|\s?(?:k|am|pm|%|percent)\b)|(?P<month4>{MONTH})\b)"
    r"(?:,?\s*(?P<year>20[0-9]{2}|next year|this year)\b)?",
    re.A,
)
_ORDINALS = re.compile(
    rf"\b(?P<every>(?:every|each) (?:month (?:on )?)?(?:the )?|"
    rf"monthly on (?:the )?)?(?:the )?(?:(?P<day>{_ORDINAL})|(?P<word>{_WORDS})(?=\s+of\s+(?:the|this|"
    rf"next|each|every)\s+month)|"
    rf"(?<=on the )(?<!settled on the )(?<!decided on the )(?<!agreed on the )(?<!going on the "
    rf")(?P<spelt>{_WORDS})(?=\s*(?:$|[.,!?;])|\s(?:and|so|when|at|if|or|then|but|because|please|"
    rf"i)\b))\b{_NOT_A_DATE}"
    r"(?:\s+of\s+(?P<of>the|this|next|nxt|coming|the coming|following|the following|each|every|the next|"
    r"last)\s+(?:month|"
    r"mth))?(?P<after>\s+(?:every|each) month)?",
    re.A,
)


def find(message: Message) -> Iterator[Piece]:
    """Yield every English day expression of a folded text; overlapping ones are left to the caller."""
    readers: tuple[tuple[re.Pattern[str], Callable[[Message, re.Match[str]], Day | None]], ...] = (
        (_REL, _relative),
        (_DAYS, _weekday),
        (_NTH, _nth_weekday),
        (_DATES, _date),
        (_ORDINALS, _ordinal),
    )
    for pattern, reader in readers:
        for match in message.english(pattern):
            day = reader(message, match)
            if day is not None:
                yield Piece(*match.span(), day=day)


def _relative(message: Message, match: re.Match[str]) -> Day:
    shift = {"after": 2, "tomorrow": 1, "today": 0, "yesterday": -1, "before": -2}
    return single(message.today + timedelta(days=next(shift[name] for name in shift if match[name])))


def _weekday(message: Message, match: re.Match[str]) -> Day | None:
    word, step, today = match["day"], match["step"], message.today
    if (
        len(word) <= 5
        and word not in _SURE_DAYS
        and not word.endswith("day")
        and not (step or match["ahead"] or match["date"])
    ):
        if not message.asks("time") and not (
            _BEFORE_DAY.search(message.before(match.start(), 10))
            or _AFTER_DAY.match(message.text, match.end())
        ):
            return None
        if word == "sun" and message.text[: match.start()].endswith("the "):
            return None
    weekday = _WEEKDAYS[word[:2]]
    coming = days.next_weekday(today, weekday)
    week = days.monday(today)
    if match["date"]:
        return _matching(today, weekday, int(match["date"][:-2]))
    if step in ("every", "each") or (match["plural"] and _EVERY.search(message.before(match.start(), 8))):
        return single(coming, bare=("weekday", weekday), recurring="week")
    if match["ahead"] or match["week"]:
        return _weeks_on(match["ahead"] or match["week"], coming, week + timedelta(days=weekday))
    if step in ("next", "nex", "nx", "nxt", "following"):
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
    if words in ("after next", "week after next", "fortnight"):
        return single(coming + timedelta(days=14) if words == "fortnight" else this_week + timedelta(days=14))
    return single(coming + timedelta(days=7))


def _nth_weekday(message: Message, match: re.Match[str]) -> Day | None:
    """Return the second Wednesday of this or the next month, whichever lies ahead."""
    weekday, of, nth = _WEEKDAYS[match["day"][:2]], match["of"], ORDER[match["nth"] or "last"]
    if match["named"]:
        found = days.nth_weekday(days.next_month(message.today, MONTHS[match["named"][:3]]), weekday, nth)
        return single(found) if found is not None else None
    ahead = 1 if of == "next" else 0
    for months in (ahead, ahead + 1):
        found = days.nth_weekday(days.add_months(message.today.replace(day=1), months), weekday, nth)
        if found is not None and (found >= message.today or of == "this"):
            return single(found, recurring="month" if of in ("each", "every") else None)
    return None


def _matching(today: date, weekday: int, number: int) -> Day | None:
    """Return the next day with both weekday and date; where the near months have none, the date, vaguely."""
    first = days.next_day_of_month(today, number)
    found = first
    while found is not None and (found - today).days <= 92:
        if found.weekday() == weekday:
            return single(found)
        found = days.next_day_of_month(found + days.DAY, number)
    return single(first, vague=True) if first is not None else None


def _date(message: Message, match: re.Match[str]) -> Day | None:
    name = match["month"] or match["month2"] or match["month3"] or match["month4"]
    month, today = MONTHS[name[:3]], message.today
    year = {"next year": today.year + 1, "this year": today.year}.get(match["year"] or "")
    if year is None and match["year"]:
        year = int(match["year"])
    if match["month4"]:
        if year is None and not months_en.is_meant(message, match.start(), match.end(), name):
            return None
        first = date(year, month, 1) if year is not None else days.next_month(today, month)
        return Day(first, days.month_end(first), "month", None if year is not None else ("month", month))
    number = ORDINALS[match["word"]] if match["word"] else int(match["day"] or match["day3"])
    found = days.valid(year, month, number) if year is not None else days.next_annual(today, month, number)
    return single(found, bare=None if year is not None else ("date", number)) if found is not None else None


def _ordinal(message: Message, match: re.Match[str]) -> Day | None:
    number = int(match["day"][:-2]) if match["day"] else ORDINALS[match["word"] or match["spelt"]]
    today, of = message.today, match["of"] or ""
    if match["every"] or match["after"] or of in ("each", "every"):
        found = days.next_recurring(today, number)
        return single(found, bare=("day", number), recurring="month") if found is not None else None
    if of not in ("", "the"):
        first = days.add_months(today.replace(day=1), {"this": 0, "last": -1}.get(of, 1))
        found = days.valid(first.year, first.month, number)
        return single(found) if found is not None else None
    if message.asks("ordinal") and number <= 10:
        return None
    found = days.next_day_of_month(today, number)
    return single(found, bare=("day", number)) if found is not None else None
