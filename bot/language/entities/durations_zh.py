"""Lengths of time in Chinese: 三个月, 半拉月, 两年半, 个把月, 十天半个月."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from bot.language.entities.length import HALF_OF, Length, measured
from bot.language.entities.model import Message
from bot.language.entities.numeral import Numeral

_UNITS_ZH = {
    "天": "day", "日": "day", "工作日": "day", "周": "week", "星期": "week", "礼拜": "week",
    "月": "month", "季度": "quarter", "年": "year", "年头": "year", "小时": "hour", "钟头": "hour",
    "钟": "hour", "分钟": "minute",
}  # fmt: skip
_ZH = re.compile(
    r"\s?(?:整(?=年|周|个))?(?:(?P<more>多)?个(?P<inner>[半多])?(?P<counted>月|"
    r"星期(?![一二三四五六日天])|礼拜(?![一二三四五六日天])|小时|钟头|钟(?!头)|季度|工作日)"
    r"|(?P<unit>天(?![天气])|周(?![年末一二三四五六日])|年(?![级龄代轻纪会底初前?的?产])|"
    r"分钟|小时|钟头|星期(?![一二三四五六日天])|"
    r"礼拜(?![一二三四五六日天])|季度|工作日|日))(?P<outer>半(?![夜路拉个月载])|多)?"
)
_HALVES_ZH = re.compile(
    r"(?<![上下前后老大小])(?P<size>大|小)?半(?:[拉啦]|来)?个?(?P<more>多|来)?(?P<half>月(?![底初板刊])|"
    r"小时|钟头|年|季度)(?P<over>多)?"
    r"|(?<![一二两三四五六七八九十几0-9半])个半(?P<one>月|小时|钟头|钟|星期|礼拜)|个把(?P<about>月|星期|礼拜|"
    r"小时|钟头)"
    r"|(?P<pair>一俩|仨俩|[俩仨])个?(?P<paired>月|星期|礼拜|小时|钟头|年|天)|(?P<two>两)月|"
    r"(?P<fortnight>十天半(?:拉|个)?月)|(?P<year>一年半载)"
)
LENDING = re.compile(
    r"(?:宽限?|延期?|延[后长]|顺延|展期|推后|往后推?|多|缓|迟|推迟|给我?|俾我?|畀我?|再|等|过|住)$"
)
"""What stands before 三日 where it is three days (Cantonese 俾多三日我) and not the third."""
MEASURED = re.compile(r"(?:之|以)?[内后]|时间|我")
"""What follows 三日 where it is three days."""
_LAST_DAY = 31
_PAIRS = {"一俩": (1, 2), "俩": (2, 2), "仨俩": (2, 3), "仨": (3, 3)}
# 哪一天, 最后一天: a day, not a length.
_WHICH = re.compile(r"(?:哪|同|最后|某|每|那|这|有|头|当|第|终有|总有)$")


def counted(text: str, numeral: Numeral) -> Length | None:
    """Read a numeral by the unit behind it: 三个多月, 两周半, 十天."""
    match = _ZH.match(text, numeral.end)
    if match is None or (
        numeral.high == 1 and _WHICH.search(text[max(0, numeral.start - 2) : numeral.start])
    ):
        return None
    if match["unit"] == "日":
        return _days(text, numeral, match.end())
    if text[max(0, numeral.start - 1) : numeral.start] == "第":
        return None
    unit = _UNITS_ZH[match["counted"] or match["unit"]]
    low, high = numeral.low, numeral.high
    more = match["more"] or match["inner"] == "多" or match["outer"] == "多"
    if "半" in (match["inner"], match["outer"]):
        low, high = low + Decimal("0.5"), high + Decimal("0.5")
    if more and low == high:
        high = low + 1
    return measured(numeral.start, match.end(), low, high, unit, numeral.vague or bool(more))


def _days(text: str, numeral: Numeral, end: int) -> Length | None:
    """Read 三日 as three days where time is asked for or no month has that day; else it is the third."""
    if text[max(0, numeral.start - 1) : numeral.start] in tuple("第月年"):
        return None
    left = text[max(0, numeral.start - 4) : numeral.start]
    surely = numeral.high > _LAST_DAY or text[numeral.start] in "两几"
    if not surely and LENDING.search(left) is None and MEASURED.match(text, end) is None:
        return None
    return measured(numeral.start, end, numeral.low, numeral.high, "day", numeral.vague)


def halves(message: Message) -> Iterator[Length]:
    """Yield the lengths that hold no numeral of their own: 半个月, 俩月, 个把月."""
    for match in message.chinese(_HALVES_ZH):
        yield _half(match)


def _half(match: re.Match[str]) -> Length:
    start, end = match.span()
    if match["half"]:
        number, unit = HALF_OF[_UNITS_ZH[match["half"]]]
        vague = bool(match["more"] or match["over"] or match["size"])
        return Length(start, end, Decimal(number), Decimal(number), unit, vague)
    if match["one"]:
        return measured(start, end, Decimal("1.5"), Decimal("1.5"), _UNITS_ZH[match["one"]])
    if match["about"]:
        return measured(start, end, Decimal(1), Decimal(1), _UNITS_ZH[match["about"]], True)
    if match["fortnight"]:
        return Length(start, end, Decimal(10), Decimal(15), "day", True)
    if match["year"]:
        return Length(start, end, Decimal(6), Decimal(12), "month", True)
    low, high = _PAIRS[match["pair"] or "俩"]
    return measured(start, end, Decimal(low), Decimal(high), _UNITS_ZH[match["paired"] or "月"])
