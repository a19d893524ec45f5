"""Percentages: 三成, 20%, 百分之六点五, 万分之五, 5个点, 九折, "seventeen point five percent"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from bot.language.entities import scalars
from bot.language.entities.model import Candidate, Message
from bot.language.entities.numbers_zh import DIGITS, UNDER_100, D, value
from bot.language.entities.numeral import Numeral

_MOST = 1000
_SIGN = re.compile(
    r"\s?(?:%|percent(?:age points?|s)?\b|per[ -]?cents?\b|pct\b|pc\b|个?百分点|"
    r"个点(?![钟半子心头儿击位]|[想要需]|不明|没[看搞弄明懂听]|不[懂清太]))",
    re.A,
)
# 有两个点想问: points made, not per cent.
_POINTS = re.compile(r"(?:[有说提这那第差]|还有)$")
# 利率12点, 月息3分, 两分利
RATE = re.compile(r"(?:利[息率]|年化|费率|[日月年]息)(?:是|为|要|高达|才|都|有|到|得)?$")
"""What stands before a number that is a rate of interest: 利率12点."""
_RATE_UNIT = re.compile(r"点(?![钟半前后])|分(?P<odd>[0-9一二三四五六七八九])?(?![期钟成次]|[都也]?没|钱)")
_FOLK = re.compile(r"分(?P<odd>[0-9一二三四五六七八九])?(?:利|息)(?![率])")
_TENTHS = re.compile(
    r"成(?P<odd>半|[一二三四五六七八九](?![个期天月]))?(?!不变|本(?!金)|[功员立为交型果熟绩长年人家天群新]|"
    r"就(?!行|好|可以|能|够|"
    r"成|中|得|算|差|ok|吧|是|$)|把握|胜算|可能|都(?=[的市人])|了(?![吧啊，。]|$))"
)
# 八成是: most likely.
_LIKELY = re.compile(r"\s?(?:是|会|又|要(?!减|免)|还没|没戏|不会|得(?!唔得|不得))")
_OFF = re.compile(r"折(?![腾磨叠断返])")
_HALF_TENTH = re.compile(r"(?<![一二三四五六七八九两几多大小])半成(?![品人年熟立功绩员本])")
_OFF_IN_WORDS = re.compile(rf"对折|{D}{D}折")
_ZH_NUMBER = (
    rf"[0-9]+(?:\.[0-9]+)?|(?:一百(?:零?{UNDER_100})?|{UNDER_100}|零|百)(?:点[零一二三四五六七八九]{{1,3}})?"
)
_SHARE = re.compile(
    rf"(?P<of>[百千万])分之\s?(?P<low>{_ZH_NUMBER})(?:\s?(?:到|至|-|"
    rf"~)\s?(?:(?P=of)分之)?(?P<high>{_ZH_NUMBER}))?"
)
_OF = {"百": Decimal(1), "千": Decimal("0.1"), "万": Decimal("0.01")}
_HALF = re.compile(r"\bhalf (?:of )?(?:a |one )?(?:percent|per cent|%)", re.A)
_TO = re.compile(r"\s?(?:-|~|到|至|to)\s?")


@dataclass(frozen=True, slots=True)
class _Share:
    start: int
    end: int
    low: Decimal
    high: Decimal
    vague: bool = False


def find(message: Message, numerals: list[Numeral]) -> Iterator[Candidate]:
    """Yield percentages: 三成 is 30, 九折 is 90 (what is left to pay), 百分之二十 is 20.

    "0.05%一天" holds its period in `per`, as money does.
    """
    found = [share for numeral in numerals if (share := _counted(message, numeral)) is not None]
    found += [_written(match) for match in message.chinese(_SHARE)]
    for match in message.chinese(_OFF_IN_WORDS):
        digits = [DIGITS[char] for char in match.group() if char in DIGITS]
        off = Decimal(10 * digits[0] + digits[1] if digits else 50)
        found.append(_Share(*match.span(), off, off))
    found += [_Share(*match.span(), Decimal(5), Decimal(5)) for match in message.chinese(_HALF_TENTH)]
    found += [_Share(*match.span(), Decimal("0.5"), Decimal("0.5")) for match in message.english(_HALF)]
    for share in _joined(message.text, sorted(found, key=lambda share: share.start)):
        if share.high <= _MOST:
            yield scalars.candidate(
                "percentage",
                message,
                (share.start, share.end),
                share.low,
                share.high,
                share.vague,
                rated=True,
            )


def _counted(message: Message, numeral: Numeral) -> _Share | None:
    """Read a numeral by the sign or the word behind it."""
    text, start, end = message.text, numeral.start, numeral.end
    left = message.before(start, 8)
    if text[start] == "几":
        return None  # 利率几个点 asks
    factor, more = Decimal(1), Decimal(0)
    match = _SIGN.match(text, end)
    if match is not None:
        if "个点" in match.group() and _POINTS.search(left):
            return None
    elif (match := _TENTHS.match(text, end)) is not None and numeral.high <= 10:
        if numeral.high >= 8 and _LIKELY.match(text, match.end()):
            return None
        factor, more = Decimal(10), _half(match["odd"])
    elif (match := _OFF.match(text, end)) is not None and numeral.high < 100:
        factor = Decimal(10 if numeral.high < 10 else 1)
    elif match := _FOLK.match(text, end) or (_RATE_UNIT.match(text, end) if RATE.search(left) else None):
        more = _half(match.groupdict().get("odd")) / 10
    else:
        return None
    if left.endswith(".") and not left[-2:-1].isdigit():  # ".5%"
        start, factor = start - 1, Decimal(1).scaleb(numeral.start - numeral.end)
    return _Share(
        start, match.end(), numeral.low * factor + more, numeral.high * factor + more, numeral.vague
    )


def _half(odd: str | None) -> Decimal:
    """Return the 5 of 三成半 and 三成五."""
    if odd is None:
        return Decimal(0)
    return Decimal(5 if odd == "半" else int(odd) if odd.isdigit() and odd.isascii() else DIGITS[odd])


def _written(match: re.Match[str]) -> _Share:
    """Read 百分之六点五, 千分之三, 万分之五, 百分之十到十五."""
    low = _number(match["low"]) * _OF[match["of"]]
    high = _number(match["high"]) * _OF[match["of"]] if match["high"] else low
    return _Share(*match.span(), low, max(low, high))


def _number(text: str) -> Decimal:
    if text.isascii():
        return Decimal(text)
    whole, _, fraction = text.partition("点")
    digits = "".join(str(DIGITS[char]) for char in fraction)
    head = 100 if whole == "百" else value(whole)
    return Decimal(f"{head}.{digits}") if digits else Decimal(head)


def _joined(text: str, found: list[_Share]) -> Iterator[_Share]:
    """Join 三成到五成, "10% to 15%" and "between 10% and 15%"."""
    skip = False
    for left, right in pairwise([*found, None]):
        if skip or left is None:
            skip = False
            continue
        gap = text[left.end : right.start] if right is not None else ""
        linked = _TO.fullmatch(gap) or (gap == " and " and text.endswith("between ", 0, left.start))
        if right is not None and linked and left.low == left.high < right.low == right.high:
            skip = True
            yield _Share(left.start, right.end, left.low, right.high, left.vague or right.vague)
        else:
            yield left
