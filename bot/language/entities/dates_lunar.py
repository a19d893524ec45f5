"""Days of the lunar calendar: 腊月二十三, 农历十一月初一, 正月十五, 大年初六, 八月初八."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from bot.language.entities import lunar
from bot.language.entities.model import Message
from bot.language.entities.numbers_zh import small
from bot.language.entities.pieces import Day, Piece, single

_FIRST_TEN = "初[一二三四五六七八九十]"
_DAY = rf"(?:{_FIRST_TEN}|廿[一二三四五六七八九]?|二十[一二三四五六七八九]?|三十|十[一二三四五六七八九]?)"
_FIGURE = "[12][0-9]|30|[1-9]"
_NAMED = {"正": 1, "冬": 11, "腊": 12}
_MONTH = "十[一二]|[一二三四五六七八九十]"
_LAST = 30
_END = r"(?![0-9一二三四五六七八九十百千万块元个天期%])"
_PATTERN = re.compile(
    rf"(?P<lunar>农历|阴历|旧历|老历)的?(?:(?P<year>今年|明年)的?)?"
    rf"(?:(?P<leap>闰)?(?P<month>[正冬腊]|{_MONTH}|1[0-2]|[1-9])月(?:份)?的?"
    rf"(?:(?P<day>{_DAY}|{_FIGURE})[号日]?{_END}|(?P<end>底|末))?|(?P<alone>{_DAY}|{_FIGURE})[号日]?{_END})"
    rf"|(?P<named>[正冬腊])月(?:(?P<day2>{_DAY}|{_FIGURE})[号日]?{_END}|(?P<end2>底|末))?"
    rf"|(?:大年|(?<!今)(?<!明)年)(?P<new>{_FIRST_TEN}){_END}"
    # 三月初五 is of the moon; 三月初五号 is an odd way to write the fifth of March.
    rf"|(?<![0-9一二三四五六七八九十个上下])(?P<any>{_MONTH})月(?P<day3>{_FIRST_TEN})(?![号日])"
)


def find(message: Message) -> Iterator[Piece]:
    """Yield the lunar days of a message, and whole lunar months as their days; what names none is an empty
    piece, so that nothing else reads it.
    """
    for match in message.chinese(_PATTERN):
        yield Piece(*match.span(), day=_day(message.today, match))


def _day(today: date, match: re.Match[str]) -> Day | None:
    said = match["day"] or match["alone"] or match["day2"] or match["day3"] or match["new"]
    month = _month(match["month"] or match["named"] or match["any"] or ("正" if match["new"] else ""))
    if said is None and month is not None:
        last = _next(today, match, month, _LAST)
        if last is None or match["end"] or match["end2"]:
            return single(last) if last is not None else None
        return Day(lunar.month_start(last), last)
    number = small(said or "")
    found = _next(today, match, month, number) if number is not None else None
    return single(found) if found is not None else None


def _next(today: date, match: re.Match[str], month: int | None, number: int) -> date | None:
    if month is None:
        return lunar.next_monthly(today, number)
    if match["year"]:
        year = today.year + (match["year"] == "明年")
        return lunar.solar(year, month, number, leap=match["leap"] is not None)
    return lunar.next_yearly(today, month, number, leap=match["leap"] is not None)


def _month(word: str) -> int | None:
    return _NAMED.get(word) or small(word) if word else None
