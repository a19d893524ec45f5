"""Chinese dates: 明天, 下周五, 下个月5号, 月底, 3月15日, 每月15号."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from bot.language.entities import days
from bot.language.entities.durations_zh import LENDING, MEASURED
from bot.language.entities.model import Message
from bot.language.entities.numbers_zh import small
from bot.language.entities.pieces import Day, Piece, single

_WEEK = "(?:周|星期|礼拜)"
# 下周一定 and 下周五百 are no weekdays.
_WEEKDAY = (
    r"(?:[一二三四五六日天1-7](?<!一)(?![百千万十块元个成折期0-9])|一(?!定|起|样|些|般|旦|切|生|"
    r"个|次|通|条|场|封|位|名|笔|份|面|直(?!接)|下(?![午班课])|[百千万十块元成折期]))"
)
_NUMBER_DAY = (
    "(?:[0-9]{1,2}|初[一二三四五六七八九十]|[一二三]?十[一二三四五六七八九]?|"
    "廿[一二三四五六七八九]?|卅一?|[一二三四五六七八九])"
)
_NUMBER_MONTH = "(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_NOT_A_DATE = "(?![楼线床桌客店门院房机馆文仓码称召令角选方])"
_PART = "(?:最后一天|底|末|尾|初|头(?!一)|中旬|上旬|下旬|中(?![国午秋]))"
_SHIFTS = {"大前": -3, "前": -2, "昨": -1, "琴": -1, "寻": -1, "今": 0, "明": 1, "听": 1, "后": 2, "大后": 3}
_STEPS = {"上上": -2, "上": -1, "这": 0, "本": 0, "今": 0, "当": 0, "": 0, "下": 1, "次": 1, "下下": 2}
_YEARS = {"去": -1, "今": 0, "明": 1, "后": 2, "出": 1}
# 撞上周末 and 剩下月底 hold no "last" and no "next".
_STEP = "上上|下下|(?<![撞赶碰遇加晚早马])上|(?<![剩留余])下|这|本"

_REL = re.compile(
    r"(?P<pair>明后[天日两]天?|今明(?:两天|两日|天)|这一?两天|这几天|呢几日)"
    r"|(?P<near>大前|大后|前|昨|今|明|后|(?:琴|寻|听)(?![天儿]))(?:[天日](?!悔|气|使|堂|才|"
    r"真)|儿个?(?!子)|(?=[晚早朝](?!点|一点)|夜(?!间)))"
)
WEEKDAYS = re.compile(
    rf"(?P<every>每个?|逢)?(?:(?P<step>{_STEP}|"
    rf"今)个?(?:{_WEEK}的?)?)?(?<![0-9一二两三四五六七八九十几半]){_WEEK}(?P<day>{_WEEKDAY})"
)
_WEEKS = re.compile(
    rf"(?P<step>{_STEP}|今)个?{_WEEK}(?P<part>末|初|中(?![午国班旬])|内|之内|"
    rf"以内)?(?![0-9])|(?P<alone>周末|礼拜尾)|(?P<within>周内)"
)
_MONTHS = re.compile(
    rf"(?P<step>{_STEP}|今|当|"
    rf"(?<![每上这下那一几两三二])次)个?月份?(?:的?(?:(?P<day>{_NUMBER_DAY})[号日"
    rf"]{_NOT_A_DATE}|(?P<part>{_PART}|内|之内|以内)|"
    r"(?P<digits>[0-9]{1,2})(?![0-9.,万千百块元kw个天期%号日月])))?"
    rf"|(?P<every>每个?|每到)?(?<![0-9一二三四五六七八九十个])月的?(?P<alone>{_PART}|内(?!容|部))"
)
_DATES = re.compile(
    r"(?:(?:(?P<year>(?:20)?[0-9]{2}|二[零〇]?[零〇一二三四五六七八九]{2})年的?|"
    r"(?P<rel>[去今明后出])年的?))?"
    rf"(?<![0-9一二两三四五六七八九十几])(?P<month>{_NUMBER_MONTH})月份?(?:的"
    rf"?(?P<part>{_PART})|(?P<day>{_NUMBER_DAY})[号日]|"
    r"(?P<digits>[0-9]{1,2})(?![0-9.,万千百块元kw个天期%月半]))?(?![0-9])"
    r"|(?:(?P<of>[去今明后出])|(?P<y2>20[0-9]{2}))?年的?年?(?P<end>底|末|尾|"
    r"中(?![国午]))|(?P<start>[明后出])年年?初|(?P<whole>[去明后出])年|年(?=内)"
)
_DAYS = re.compile(
    rf"(?:(?P<every>每个?月的?|月月|逢)|(?<![0-9第.月]))(?:(?P<from>{_NUMBER_DAY})(?:到|至|-|"
    rf"~))?(?P<day>{_NUMBER_DAY})(?P<unit>[号日]){_NOT_A_DATE}"
    r"|(?P<monthly>每个?月的?)(?P<digits>[0-9]{1,2})(?=还|发|出|前|之前|后|都|会)"
    rf"|(?<![0-9一二三四五六七八九十.])(?P<first>[一二三四五六七八])(?P<second>[二三四五六七八九"
    rf"])号{_NOT_A_DATE}"
)


def find(message: Message) -> Iterator[Piece]:
    """Yield every Chinese day expression of a folded text; overlapping ones are left to the caller."""
    readers: tuple[tuple[re.Pattern[str], Callable[[Message, re.Match[str]], Day | None]], ...] = (
        (_REL, _relative),
        (WEEKDAYS, _weekday),
        (_WEEKS, _week),
        (_MONTHS, _month),
        (_DATES, _date),
        (_DAYS, _day),
    )
    for pattern, reader in readers:
        for match in message.chinese(pattern):
            day = reader(message, match)
            # 2月30号 is no day: kept as an empty piece, so that its 30号 is not one either.
            if day is not None or reader is _date:
                yield Piece(*match.span(), day=day)


def _relative(message: Message, match: re.Match[str]) -> Day | None:
    today = message.today
    if match["near"]:
        return single(today + timedelta(days=_SHIFTS[match["near"]]))
    pair = match["pair"]
    if pair.startswith("明后"):
        return Day(today + days.DAY, today + 2 * days.DAY)
    if pair.startswith("今明"):
        return Day(today, today + days.DAY)
    return Day(today, today + (days.DAY if "两" in pair else 6 * days.DAY), vague=True)


def _weekday(message: Message, match: re.Match[str]) -> Day:
    digit = match["day"]
    weekday = (
        6 if digit in "日天7" else "一二三四五六".find(digit) if digit in "一二三四五六" else int(digit) - 1
    )
    today = message.today
    if match["every"]:
        return single(days.next_weekday(today, weekday), bare=("weekday", weekday), recurring="week")
    if match["step"]:
        return single(days.monday(today) + timedelta(days=7 * _STEPS[match["step"]] + weekday))
    return single(days.next_weekday(today, weekday), bare=("weekday", weekday))


def _week(message: Message, match: re.Match[str]) -> Day | None:
    today, part = message.today, match["part"]
    start = days.monday(today) + timedelta(days=7 * _STEPS[match["step"] or ""])
    end = start + timedelta(days=6)
    if match["within"] or part in ("内", "之内", "以内"):
        return Day(start, end, side="to")
    if match["alone"] or part == "末":
        saturday = start + timedelta(days=5)
        return Day(max(saturday, today) if today <= end and start <= today else saturday, end)
    if part == "初":
        return Day(start, start + timedelta(days=2), vague=True)
    if part == "中":
        return Day(start + timedelta(days=2), start + timedelta(days=3), vague=True)
    return Day(start, end, "week")


def part_of_month(first: date, part: str) -> Day:
    """Return a part of the month beginning `first`: its last day for 底, its first for 初, thirds for 旬."""
    last = days.month_end(first)
    if part[0] in "最底末尾":
        return single(last)
    if part[0] in "初头":
        return single(first)
    if part == "中":
        return single(first.replace(day=15))
    if part in ("内", "之内", "以内"):
        return Day(first, last, side="to")
    spans = {"上旬": (1, 10), "中旬": (11, 20), "下旬": (21, last.day)}
    return Day(first.replace(day=spans[part][0]), first.replace(day=spans[part][1]), vague=True)


def _month(message: Message, match: re.Match[str]) -> Day | None:
    today = message.today
    first = days.add_months(today.replace(day=1), _STEPS[match["step"] or ""])
    if not match["step"]:
        day = part_of_month(first, match["alone"] or "底")
        if day.last < today:
            day = part_of_month(days.add_months(first, 1), match["alone"] or "底")
        return Day(
            day.first, day.last, recurring="month" if match["every"] else None, vague=day.vague, side=day.side
        )
    if match["part"]:
        return part_of_month(first, match["part"])
    number = small(match["day"] or match["digits"] or "")
    if number is None:
        return None if match["day"] or match["digits"] else Day(first, days.month_end(first), "month")
    found = days.valid(first.year, first.month, number)
    return single(found) if found is not None else None


def _year(message: Message, match: re.Match[str]) -> int | None:
    if match["rel"]:
        return message.today.year + _YEARS[match["rel"]]
    written = match["year"]
    if not written:
        return None
    if not written.isascii():
        written = "".join(str("零一二三四五六七八九".find(char)) for char in written.replace("〇", "零"))
    return int(written) + (2000 if len(written) <= 2 else 0)


def _date(message: Message, match: re.Match[str]) -> Day | None:
    today = message.today
    if match["month"] is None:
        return _within_year(message, match)
    month, year = small(match["month"]) or 0, _year(message, match)
    if not 1 <= month <= 12:
        return None
    first = date(year, month, 1) if year is not None else days.next_month(today, month)
    if match["part"]:
        day = part_of_month(first, match["part"])
        return (
            part_of_month(first.replace(year=first.year + 1), match["part"])
            if year is None and day.last < today
            else day
        )
    if match["day"] or match["digits"]:
        number = small(match["day"] or match["digits"]) or 0
        found = (
            days.valid(year, month, number) if year is not None else days.next_annual(today, month, number)
        )
        return single(found, bare=("day", number) if year is None else None) if found is not None else None
    return Day(first, days.month_end(first), "month")


def _within_year(message: Message, match: re.Match[str]) -> Day:
    word = match["of"] or match["start"] or match["whole"]
    year = int(match["y2"]) if match["y2"] else message.today.year + (_YEARS[word] if word else 0)
    if match["end"]:
        return single(date(year, 6, 30) if match["end"] == "中" else date(year, 12, 31))
    if match["start"]:
        return single(date(year, 1, 1))
    return Day(date(year, 1, 1), date(year, 12, 31), side=None if word else "to")


def _day(message: Message, match: re.Match[str]) -> Day | None:
    today = message.today
    if match["first"] or match["from"]:
        return _run(today, match["first"] or match["from"], match["second"] or match["day"])
    number = small(match["day"] or match["digits"])
    if number is None or (match["unit"] == "日" and _is_measure(message, match, number)):
        return None
    if match["every"] or match["monthly"]:
        found = days.next_recurring(today, number)
        return single(found, bare=("day", number), recurring="month") if found is not None else None
    if message.asks("ordinal") and number <= 10:
        return None
    found = days.next_day_of_month(today, number)
    return single(found, bare=("day", number)) if found is not None else None


def _run(today: date, first: str, last: str) -> Day | None:
    """Return the days of 10到15号 or 五六号."""
    low, high = small(first), small(last)
    start = days.next_day_of_month(today, low) if low is not None and high is not None else None
    if start is None or high is None:
        return None
    end = days.next_day_of_month(start, high)
    return Day(start, end) if end is not None and end > start else None


def _is_measure(message: Message, match: re.Match[str], number: int) -> bool:
    """Whether 三日 is three days, as in Cantonese 俾多三日我, rather than the third."""
    if LENDING.search(message.before(match.start(), 4)) or MEASURED.match(message.text, match.end()):
        return True
    return number <= 2 and not match["day"].isdigit()
