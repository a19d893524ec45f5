"""Chinese months by their distance, and their parts: 下个月5号, 月底, 下旬, 下月第一个周五, 季度末."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from bot.language.entities import days
from bot.language.entities.model import Message
from bot.language.entities.numbers_zh import small
from bot.language.entities.pieces import Day, Piece, single
from bot.language.entities.weeks_zh import STEP, STEPS, WEEK, number_of

NUMBER_DAY = (
    "(?:[0-9]{1,2}|初[一二三四五六七八九十]|[一二三]?十[一二三四五六七八九]?|"
    "廿[一二三四五六七八九]?|卅一?|[一二三四五六七八九])"
)
"""A day of the month."""
NUMBER_MONTH = "(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
"""A month."""
NOT_A_DATE = "(?![楼线床桌客店门院房机馆文仓码称召令角选方])"
"""What follows 3号 where it is no date: 3号楼."""
PART = "(?:最后一天|底|末|尾|初(?![一二三四五六七八九十])|头(?!一)|中旬|上旬|下旬|[上下]半月|中(?![国午秋]))"
"""A part of a month."""
_STEP = rf"(?P<step>{STEP}|今|当|(?<![每上这下那一几两三二])次)"
# A Han number without 号 only where it cannot be an amount: 下月十五还.
BARE = r"十[一二三四五六七八九]?|二十[一二三四五六七八九]?|廿[一二三四五六七八九]?|三十一?"
_DUE = r"(?=还|发|出|前|之前|后|给|结|到账|左右|都|会|吧|再|才|有|\s*(?:$|[，。,.!?]))"
_MONTHS = re.compile(
    rf"{_STEP}个?月份?(?:的?(?:(?P<day>{NUMBER_DAY})[号日]{NOT_A_DATE}|(?P<part>{PART}|内|之内|以内)|"
    rf"(?P<digits>[0-9]{{1,2}}(?![0-9.,万千百块元kw个天期%号日月])|(?:{BARE}){_DUE})))?"
    rf"|(?:(?P<every>每到?个?)月|(?<![0-9一二三四五六七八九十个])月)的?(?P<alone>{PART}|内(?!容|部))"
    rf"|(?<![月初中末])(?P<third>[上中下]旬|[上下]半月)"
)
_NTH = re.compile(
    rf"(?:{_STEP}个?月份?|(?<![0-9一二三四五六七八九十])(?P<month>{NUMBER_MONTH})月份?|"
    rf"(?<!个)(?P<of>每个?)?月)的?"
    rf"(?:第(?P<nth>[一二三四1-4])|(?P<last>最后一?))个?{WEEK}(?P<weekday>[一二三四五六日天](?!个))?"
)
_QUARTER = re.compile(r"(?:(?P<which>[一二三四1-4])|(?P<step>下|这|本))?个?季度?[末底]")
_FIRST = {"上旬": 1, "中旬": 11, "下旬": 21, "上半月": 1, "下半月": 16}
_LAST = {"上旬": 10, "中旬": 20, "上半月": 15}


def find(message: Message) -> Iterator[Piece]:
    """Yield months by distance and parts of months; overlapping ones are left to the caller."""
    for pattern, reader in ((_MONTHS, _month), (_NTH, _nth), (_QUARTER, _quarter)):
        for match in message.chinese(pattern):
            day = reader(message, match)
            if day is not None:
                yield Piece(*match.span(), day=day)


def part_of_month(first: date, part: str) -> Day:
    """Return a part of the month beginning `first`: its last day for 底, its first for 初, thirds for 旬."""
    last = days.month_end(first)
    if part in ("内", "之内", "以内"):
        return Day(first, last, side="to")
    if part in _FIRST:
        end = first.replace(day=_LAST[part]) if part in _LAST else last
        return Day(first.replace(day=_FIRST[part]), end, vague="旬" in part)
    if part[0] in "最底末尾":
        return single(last)
    return single(first) if part[0] in "初头" else single(first.replace(day=15))


def _month(message: Message, match: re.Match[str]) -> Day | None:
    this = message.today.replace(day=1)
    if not match["step"]:
        return _coming(message, match["alone"] or match["third"], recurring=match["every"] is not None)
    first = days.add_months(this, STEPS[match["step"].strip()])
    if match["part"]:
        return part_of_month(first, match["part"])
    number = small(match["day"] or match["digits"] or "")
    if number is None:
        return None if match["day"] or match["digits"] else Day(first, days.month_end(first), "month")
    found = days.valid(first.year, first.month, number)
    return single(found) if found is not None else None


def _coming(message: Message, part: str, *, recurring: bool) -> Day:
    """Return the next such part: of this month, or of the next where it is over."""
    first = message.today.replace(day=1)
    day = part_of_month(first, part)
    if day.last < message.today:
        day = part_of_month(days.add_months(first, 1), part)
    return Day(day.first, day.last, recurring="month" if recurring else None, vague=day.vague, side=day.side)


def _nth(message: Message, match: re.Match[str]) -> Day | None:
    """Return 下月第一个周五, or the seven days of 3月第二周."""
    this = message.today.replace(day=1)
    nth = -1 if match["last"] else small(match["nth"]) or 1
    if match["month"]:
        starts = [days.next_month(message.today, small(match["month"]) or 1)]
    elif match["step"]:
        starts = [days.add_months(this, STEPS[match["step"].strip()])]
    else:
        starts = [this, days.add_months(this, 1)]
    recurring = "month" if match["of"] else None
    for first in starts:
        if match["weekday"]:
            found = days.nth_weekday(first, number_of(match["weekday"]), nth)
            span = (found, found) if found is not None else None
        else:
            span = days.nth_week(first, nth)
        if span is not None and (span[1] >= message.today or first == starts[-1]):
            return Day(*span, recurring=recurring)
    return None


def _quarter(message: Message, match: re.Match[str]) -> Day:
    """Return the last day of a quarter."""
    today = message.today
    which = small(match["which"]) or 1 if match["which"] else (today.month + 2) // 3
    last = days.month_end(date(today.year, 3 * which, 1))
    if match["step"] == "下" or last < today:
        months = 3 if match["step"] == "下" else 12
        last = days.month_end(days.add_months(last.replace(day=1), months))
    return single(last)
