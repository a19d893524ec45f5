"""Chinese dates: 明天, 3月15日, 明年三月, 15号, 3、4号, 每月15号."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from bot.language.entities import days
from bot.language.entities.durations_zh import LENDING, MEASURED
from bot.language.entities.model import Message
from bot.language.entities.months_zh import BARE, NOT_A_DATE, NUMBER_DAY, NUMBER_MONTH, PART, part_of_month
from bot.language.entities.numbers_zh import FEW, small
from bot.language.entities.pieces import Day, Piece, single

_SHIFTS = {"大前": -3, "前": -2, "昨": -1, "琴": -1, "寻": -1, "今": 0, "明": 1, "听": 1, "后": 2, "大后": 3}
_YEARS = {"去": -1, "今": 0, "明": 1, "后": 2, "出": 1}
_REL = re.compile(
    r"(?P<pair>明后[天日两]天?|今明(?:两天|两日|天)|这一?两天|这几天|呢几日|"
    r"(?<!提)前(?P<past>[几两些])[天日])"
    r"|(?P<near>大前|大后|前|昨|今|明|后|(?:琴|寻|听)(?![天儿]))(?:[天日](?!悔|气|使|堂|才|"
    r"真)|儿个?(?!子)|(?=[晚早朝](?!点|一点)|夜(?!间)))"
)
_DATES = re.compile(
    r"(?:(?:(?P<year>(?:20)?[0-9]{2}|二[零〇]?[零〇一二三四五六七八九]{2})\s?年的?\s?|"
    r"(?P<rel>[去今明后出])年的?))?"
    rf"(?<![0-9一二两三四五六七八九十几])(?P<month>{NUMBER_MONTH})\s?月份?(?:的"
    rf"?(?P<part>{PART})|\s?(?P<day>{NUMBER_DAY})\s?[号日]|"
    r"(?P<digits>[0-9]{1,2})(?![0-9.,万千百块元kw个天期%月半]))?(?![0-9])"
    r"|(?:(?P<of>[去今明后出])|(?P<y2>20[0-9]{2}))?年的?年?(?P<end>底|末|尾|"
    r"中(?![国午]))|(?P<start>[明后出])年年?初|(?P<whole>[去明后出])年|"
    r"(?P<which>[明今]年)?(?P<half>[上下])半年|今?年(?=(?:之|以)?内)"
)
_DAYS = re.compile(
    rf"(?:(?P<every>每个?月的?|月月|逢)|(?<![0-9第.月]))(?:(?P<from>{NUMBER_DAY})(?:到|至|-|"
    rf"~))?(?P<day>{NUMBER_DAY})(?P<unit>[号日]){NOT_A_DATE}"
    r"|(?P<monthly>每个?月的?|逢)(?P<digits>[0-9]{1,2}(?=还|发|出|前|之前|后|都|会)|"
    rf"(?:{BARE})(?=还|发|出|前|之前|后|都|会|到账|左右|给|扣|\s*(?:$|[，。,.!?])))"
    rf"|(?<![0-9一二三四五六七八九十.])(?P<first>[一二三四五六七八])(?P<second>[二三四五六七八九"
    rf"])号{NOT_A_DATE}"
)


# 三、四号 are two days on end; 10、20号 two days apart.
_PAIR = re.compile(
    rf"(?<![0-9一二三四五六七八九十第.月])(?P<from>{NUMBER_DAY})、(?P<day>{NUMBER_DAY})[号日]{NOT_A_DATE}"
)
_LISTED = re.compile(
    rf"(?<![0-9一二三四五六七八九十第.月])(?P<day>{NUMBER_DAY})(?=(?:[、,/和或跟]|或者|"
    rf"还是){NUMBER_DAY}[号日]{NOT_A_DATE})"
)


def find(message: Message) -> Iterator[Piece]:
    """Yield every Chinese day expression of a folded text; overlapping ones are left to the caller."""
    readers: tuple[tuple[re.Pattern[str], Callable[[Message, re.Match[str]], Day | None]], ...] = (
        (_REL, _relative),
        (_DATES, _date),
        (_DAYS, _day),
        (_PAIR, _pair),
        (_LISTED, _listed),
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
    if match["past"]:
        near, far = (1, 2) if match["past"] == "两" else FEW
        return Day(today - timedelta(days=far), today - timedelta(days=near), vague=True)
    if pair.startswith("明后"):
        return Day(today + days.DAY, today + 2 * days.DAY)
    if pair.startswith("今明"):
        return Day(today, today + days.DAY)
    return Day(today, today + (days.DAY if "两" in pair else 6 * days.DAY), vague=True)


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
        return single(found, bare=("date", number) if year is None else None) if found is not None else None
    return Day(first, days.month_end(first), "month", None if year is not None else ("month", month))


def _within_year(message: Message, match: re.Match[str]) -> Day:
    word = match["of"] or match["start"] or match["whole"]
    year = int(match["y2"]) if match["y2"] else message.today.year + (_YEARS[word] if word else 0)
    if match["end"]:
        return single(date(year, 6, 30) if match["end"] == "中" else date(year, 12, 31))
    if match["start"]:
        return single(date(year, 1, 1))
    if match["half"]:
        year += match["which"] == "明年"
        return (
            Day(date(year, 7, 1), date(year, 12, 31))
            if match["half"] == "下"
            else Day(date(year, 1, 1), date(year, 6, 30))
        )
    if word:
        return Day(date(year, 1, 1), date(year, 12, 31), "year")
    return Day(date(year, 1, 1), date(year, 12, 31), side="to")


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


def _pair(message: Message, match: re.Match[str]) -> Day | None:
    low, high = small(match["from"]) or 0, small(match["day"]) or 0
    return _run(message.today, match["from"], match["day"]) if high == low + 1 else None


def _listed(message: Message, match: re.Match[str]) -> Day | None:
    number = small(match["day"])
    found = days.next_day_of_month(message.today, number) if number is not None else None
    return single(found) if found is not None else None


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
