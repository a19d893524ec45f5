"""Lengths of time: 三个月, 半个月, 两年半, "two more weeks", "a year and a half"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from bot.language.entities import hedges
from bot.language.entities.model import Candidate, Message, plain
from bot.language.entities.numeral import Numeral

_UNITS_ZH = {
    "天": "day", "日": "day", "工作日": "day", "周": "week", "星期": "week", "礼拜": "week",
    "月": "month", "季度": "quarter", "年": "year", "年头": "year", "小时": "hour", "钟头": "hour",
    "钟": "hour", "分钟": "minute",
}  # fmt: skip
_ZH = re.compile(
    r"\s?(?:(?P<more>多)?个(?P<inner>[半多])?(?P<counted>月|"
    r"星期(?![一二三四五六日天])|礼拜(?![一二三四五六日天])|小时|钟头|钟(?!头)|季度|工作日)"
    r"|(?P<unit>天(?![天气])|周(?![年末一二三四五六日])|年(?![级龄代轻纪会底初前?的?产])|"
    r"分钟|小时|钟头|星期(?![一二三四五六日天])|"
    r"礼拜(?![一二三四五六日天])|季度|工作日|日))(?P<outer>半(?![夜路拉个月载])|多)?"
)
_MONTHS_ZH = re.compile(r"月(?![底初中末份球亮供])")
_HALVES_ZH = re.compile(
    r"(?<![上下前后老大小])(?P<size>大|小)?半个?(?P<more>多)?(?P<half>月(?![底初板刊])|"
    r"小时|钟头|年|季度)(?P<over>多)?"
    r"|(?<![一二两三四五六七八九十几0-9半])个半(?P<one>月|小时|钟头|钟)|个把(?P<about>月|星期|礼拜|小时|钟头)"
    r"|(?P<pair>[俩仨])个?(?P<paired>月|星期|礼拜|小时|钟头|年|天)|(?P<two>两)月|"
    r"(?P<fortnight>十天半(?:拉|个)?月)|(?P<year>一年半载)"
)
_UNIT_EN = (
    r"(?:(?P<day>days?|d(?=\b))|(?P<week>weeks?|wks?)|(?P<fortnight>fortnights?)|(?P<month>months?|"
    r"mths?|mnths?|mos?)|(?P<quarter>quarters?)|"
    r"(?P<year>years?|yrs?)|(?P<hour>hours?|hrs?|h(?=\b))|(?P<minute>minutes?|mins?))\b"
)
_EN = re.compile(
    rf"(?:\s|-)?\s?(?:(?:more|extra|additional|further|full|whole|solid|calendar|long|short|"
    rf"(?P<business>working|business|week)|other)[\s-]+)?{_UNIT_EN}"
    r"(?P<half>\s+and\s+a\s+half)?(?!\s*(?:-\s*)?old\b|\s+of\s+age\b)",
    re.A,
)
_ONE_EN = re.compile(
    r"\b(?:(?P<half>half\s+(?:an?|of\s+an?))|(?P<short>an?|one)|(?P<another>another|an\s+extra|"
    r"one\s+more|an\s+additional|a\s+further|a\s+whole|a\s+full|(?:in|within|over|during|"
    r"for)\s+the\s+(?:next|coming)))\s+"
    rf"(?!(?:d|h|mo)\b){_UNIT_EN}(?P<more>\s+and\s+a\s+half)?(?P<or>\s+or\s+(?:two|2|so(?=\s+or)))?",
    re.A,
)
# "5 calls a month", "once a week": how often, not how long.
_OFTEN = re.compile(
    r"(?:\b(?:once|twice|times|days|hours|hrs|shifts|calls|texts|messages|emails|letters|payments?|"
    r"percent|each|every|per|this|last|next|"
    r"[a-z]*(?:ty|teen)|one|two|three|four|five|six|seven|eight|nine|ten|hundred|thousand|grand|quid|"
    r"bucks|dollars|pounds|euros|rupees|yuan|rmb|it|that|half)|[0-9$£€¥k%])\s*$",
    re.A,
)
# "3 days a week"
_PER = re.compile(r"\s+(?:a|per|each|every)\s+(?:day|week|month|year)\b", re.A)
LENDING = re.compile(
    r"(?:宽限|延期?|延[后长]|顺延|展期|推后|往后推?|多|缓|迟|推迟|给我?|俾我?|畀我?|再|等|过|住)$"
)
"""What stands before 三日 where it is three days (Cantonese 俾多三日我) and not the third."""
MEASURED = re.compile(r"(?:之|以)?[内后]|时间|我")
"""What follows 三日 where it is three days."""
# 哪一天, 最后一天: a day, not a length.
_WHICH = re.compile(r"(?:哪|同|最后|某|每|那|这|有|头|当|第|终有|总有)$")
_HALF_OF = {
    "hour": (30, "minute"),
    "month": (15, "day"),
    "year": (6, "month"),
    "day": (12, "hour"),
    "quarter": (45, "day"),
}
_LENGTHS = {"fortnight": (2, "week"), "quarter": (3, "month")}


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time, a range where `low` < `high`, at a half-open span of the folded text."""

    start: int
    end: int
    low: Decimal
    high: Decimal
    unit: str
    vague: bool = False
    next: bool = False
    """Said as "the next three weeks"."""

    def as_value(self) -> dict[str, Any]:
        """Return the JSON value: value or from and to, and unit."""
        if self.low == self.high:
            return {"value": plain(self.low), "unit": self.unit}
        return {"from": plain(self.low), "to": plain(self.high), "unit": self.unit}


def find(message: Message, numerals: list[Numeral]) -> list[Length]:
    """Return the lengths of time of a message; overlapping ones are left to the caller."""
    text = message.text
    found = [length for numeral in numerals if (length := _counted(text, numeral)) is not None]
    found += [_half_zh(match) for match in message.chinese(_HALVES_ZH)]
    found += [length for match in message.english(_ONE_EN) if (length := _one_en(text, match)) is not None]
    return found


def candidates(message: Message, lengths: list[Length]) -> Iterator[Candidate]:
    """Yield the lengths as duration entities."""
    for length in lengths:
        vague = length.vague or hedges.vague(message.text, length.start, length.end)
        yield Candidate(
            "duration", length.as_value(), length.start, length.end, {"vague": True} if vague else {}
        )


def _length(start: int, end: int, low: Decimal, high: Decimal, unit: str, vague: bool = False) -> Length:
    times, unit = _LENGTHS.get(unit, (1, unit))
    return Length(start, end, low * times, high * times, unit, vague)


def _counted(text: str, numeral: Numeral) -> Length | None:
    if not 0 < numeral.high < 1900:
        return None
    match = _ZH.match(text, numeral.end)
    if match is not None:
        if numeral.high == 1 and _WHICH.search(text[max(0, numeral.start - 2) : numeral.start]):
            return None
        if match["unit"] == "日" or text[max(0, numeral.start - 1) : numeral.start] == "第":
            return _days_zh(text, numeral, match)
        unit = _UNITS_ZH[match["counted"] or match["unit"]]
        low, high = numeral.low, numeral.high
        more = match["more"] or match["inner"] == "多" or match["outer"] == "多"
        if "半" in (match["inner"], match["outer"]):
            low, high = low + Decimal("0.5"), high + Decimal("0.5")
        if more and low == high:
            high = low + 1
        return _length(numeral.start, match.end(), low, high, unit, numeral.vague or bool(more))
    found = _EN.match(text, numeral.end)
    if found is None or text.endswith(("every ", "each "), 0, numeral.start) or _PER.match(text, found.end()):
        return None
    extra = Decimal("0.5") if found["half"] else Decimal(0)
    return _length(
        numeral.start, found.end(), numeral.low + extra, numeral.high + extra, _unit_en(found), numeral.vague
    )


def _days_zh(text: str, numeral: Numeral, match: re.Match[str]) -> Length | None:
    """Read 三日 as three days where time is being asked for or a limit set; else it is the third."""
    if match["unit"] != "日" or text[max(0, numeral.start - 1) : numeral.start] == "第":
        return None
    left = text[max(0, numeral.start - 4) : numeral.start]
    if LENDING.search(left) is None and MEASURED.match(text, match.end()) is None:
        return None
    return _length(numeral.start, match.end(), numeral.low, numeral.high, "day", numeral.vague)


def _unit_en(match: re.Match[str]) -> str:
    return next(
        unit
        for unit in ("day", "week", "fortnight", "month", "quarter", "year", "hour", "minute")
        if match[unit]
    )


def _half_zh(match: re.Match[str]) -> Length:
    start, end = match.span()
    if match["half"]:
        number, unit = _HALF_OF[_UNITS_ZH[match["half"]]]
        vague = bool(match["more"] or match["over"] or match["size"])
        return Length(start, end, Decimal(number), Decimal(number), unit, vague)
    if match["one"]:
        return _length(start, end, Decimal("1.5"), Decimal("1.5"), _UNITS_ZH[match["one"]])
    if match["about"]:
        return _length(start, end, Decimal(1), Decimal(1), _UNITS_ZH[match["about"]], True)
    if match["fortnight"]:
        return Length(start, end, Decimal(10), Decimal(15), "day", True)
    if match["year"]:
        return Length(start, end, Decimal(6), Decimal(12), "month", True)
    number = 3 if match["pair"] == "仨" else 2
    return _length(start, end, Decimal(number), Decimal(number), _UNITS_ZH[match["paired"] or "月"])


def _one_en(text: str, match: re.Match[str]) -> Length | None:
    unit = _unit_en(match)
    start, end = match.span()
    if match["half"]:
        if unit not in _HALF_OF:
            return None
        number, unit = _HALF_OF[unit]
        return Length(start, end, Decimal(number), Decimal(number), unit)
    if match["short"] and (
        unit == "minute" or (match["short"] != "one" and _OFTEN.search(text[max(0, start - 12) : start]))
    ):
        return None
    low = Decimal("1.5") if match["more"] else Decimal(1)
    high = Decimal(2) if match["or"] else low
    ahead = " the " in match.group()
    return replace(_length(start, end, low, high, unit), next=ahead)
