"""Chinese weekdays and weeks: 下周五, 周一、三、五, 礼拜六, 下拜五, 这周内, 周末."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from bot.language.entities import days
from bot.language.entities.model import Message
from bot.language.entities.pieces import Day, Piece, single

STEPS = {
    "上上": -2, "上": -1, "last": -1, "这": 0, "本": 0, "呢": 0, "今": 0, "当": 0, "this": 0, "": 0, "下": 1,
    "次": 1, "next": 1, "下下": 2, "大下": 2, "下下下": 3,
}  # fmt: skip
"""How many weeks or months ahead: 下个月, 呢个礼拜, next周五."""
# 撞上周末 and 剩下月底 hold no "last" and no "next".
STEP = (
    r"上上|下下下|下下|大下|(?<![撞赶碰遇加晚早马])上|(?<![剩留余])下|这|本|呢"
    r"|(?<![a-z])(?:next|this|last)\s?"
)
"""What stands before the name of a week or month."""
WEEK = "(?:周|星期|礼拜|(?<![礼崇结跪参])拜)"
# 下周一定 and 下周五百 are no weekdays; 周五500 is one, and an amount.
_WEEKDAY = (
    r"(?:[二三四五六日天](?![百千万十块元个成折期])|[1-7](?![百千万十块元个成折期0-9])|一(?!定|起|样|些|般|旦|切|生|"
    r"个|次|通|条|场|封|位|名|笔|份|面|直(?!接)|下(?![午班课])|拜|[百千万十块元成折期]))"
)
# Not a length: 两周五百; but 周一周二 are two days.
_NO_LENGTH = r"(?:(?<![0-9一二两三四五六七八九十几半])|(?<=周[一二三四五六日])|(?<=[期拜][一二三四五六日天]))"
WEEKDAYS = re.compile(
    rf"(?P<every>每个?|逢)?(?:(?P<step>{STEP}|今)个?(?:{WEEK}的?)?)?{_NO_LENGTH}{WEEK}(?P<day>{_WEEKDAY})"
)
# 下周一二, 周一、三、五, 周一到五: the days that follow without their 周.
_MORE = re.compile(
    r"(?:[、,和跟或与到至~-]|或者|还是)?(?P<day>[一二三四五六日天])(?=[、,和跟或与到至~-]?[一二三四五六日天](?![0-9百千万十块元个号月])"
    r"|\s*(?:$|[，。,.!?;])|[都可行吧晚早上下中还给之以前后左打发也才就])(?!点|月|号)"
)
_MOST_MORE = 6
_WEEKS = re.compile(
    rf"(?P<step>{STEP}|今)个?{WEEK}(?P<part>末|初|中(?![午国班旬])|内|之内|"
    rf"以内)?(?![0-9])|(?P<alone>周末|礼拜尾)|(?P<within>周内)"
)


def find(message: Message) -> Iterator[Piece]:
    """Yield weekdays and weeks; overlapping ones are left to the caller."""
    for match in message.chinese(WEEKDAYS):
        day = _weekday(message, match)
        yield Piece(*match.span(), day=day)
        yield from _more(message, match.end(), day)
    for match in message.chinese(_WEEKS):
        yield Piece(*match.span(), day=_week(message, match))


def _more(message: Message, end: int, day: Day) -> Iterator[Piece]:
    """Yield the 三 and the 五 of 周一、三、五, in the week that was named."""
    for _ in range(_MOST_MORE):
        match = _MORE.match(message.text, end)
        if match is None:
            return
        ahead = (number_of(match["day"]) - day.first.weekday() - 1) % 7 + 1
        day = Day(
            day.first + timedelta(days=ahead), day.first + timedelta(days=ahead), recurring=day.recurring
        )
        yield Piece(match.start("day"), match.end(), day=day)
        end = match.end()


def number_of(digit: str) -> int:
    """Return the weekday of 一 to 六, 日 and 天, or 1 to 7; Monday is 0."""
    if digit in "日天7":
        return 6
    return int(digit) - 1 if digit.isdigit() and digit.isascii() else "一二三四五六".find(digit)


def _weekday(message: Message, match: re.Match[str]) -> Day:
    weekday, today = number_of(match["day"]), message.today
    if match["every"]:
        return single(days.next_weekday(today, weekday), bare=("weekday", weekday), recurring="week")
    if match["step"]:
        ahead = 7 * STEPS[match["step"].strip()] + weekday
        return single(days.monday(today) + timedelta(days=ahead))
    return single(days.next_weekday(today, weekday), bare=("weekday", weekday))


def _week(message: Message, match: re.Match[str]) -> Day:
    today, part = message.today, match["part"]
    start: date = days.monday(today) + timedelta(days=7 * STEPS[(match["step"] or "").strip()])
    end = start + timedelta(days=6)
    if match["within"] or part in ("内", "之内", "以内"):
        return Day(start, end, side="to")
    if match["alone"] or part == "末":
        saturday = start + timedelta(days=5)
        return Day(max(saturday, today) if start <= today <= end else saturday, end)
    if part == "初":
        return Day(start, start + timedelta(days=2), vague=True)
    if part == "中":
        return Day(start + timedelta(days=2), start + timedelta(days=3), vague=True)
    return Day(start, end, "week")
