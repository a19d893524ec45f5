"""Counts of instalments and percentages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bot.language.entities import hedges
from bot.language.entities.model import Candidate, Message, plain
from bot.language.entities.numbers_zh import DIGITS, D
from bot.language.entities.numeral import Numeral

_MOST_INSTALMENTS = 120
_SPLIT_ZH = re.compile(
    r"(?:分[成做作为]?[期妻]?|拆成?|[切划]成|期数[是为:]?|分期[成做为]?|摊成?)(?:个|大概|差不多|到)?\s?$"
)
_TIMES_ZH = re.compile(
    r"\s?个?(?:[期妻](?!望|待|间|限|货|权)|笔(?!钱|账|贷|借|债|记|画)|次(?!日|要|数|贷)|"
    r"份(?!额)|回(?!复|来|去|家|到|电|信))"
)
_PERIODS_ZH = re.compile(r"\s?个?期(?!望|待|间|限|货|权)")
_SPLIT_EN = re.compile(
    r"\b(?:split|divide|break|spread|pay|cut|paid|paying|splitting|do)\b[^.!?,;0-9]{0,24}\b(?:into|"
    r"in|over|across|between)\s+(?:about|like|maybe|say|equal|just)?\s*$"
    r"|\b(?:into|split)\s+$",
    re.A,
)
_PARTS_EN = re.compile(
    r"(?:\s|-)\s?(?:(?:equal|monthly|weekly|smaller|small|separate|even|more|easy|fortnightly|"
    r"regular)\s+){0,2}(?:payments?|instal+ments?|parts?|chunks?|goes|"
    r"repayments?|portions?|lots|bits|pieces|splits)\b",
    re.A,
)
_SPLIT_END = re.compile(
    r"\s*(?:$|[.,!?;)]|please|pls|if|over|and|then|or|is|would|starting|from|but|with|each|equally|ok|thanks)"
)
_DONE = re.compile(
    r"(?:第|逾期|欠|拖|已还|还了|剩|已经还|过|上)$|\b(?:missed|miss|made|late|overdue|skipped|"
    r"last|behind|outstanding|remaining|of|did|the|first|previous)\s+(?:the\s+|"
    r"my\s+)?$",
    re.A,
)
_PERCENT = re.compile(r"\s?(?:%|percent\b|per ?cent\b|pct\b|pc\b)", re.A)
_TENTHS = re.compile(r"成(?![功员本立为交型果不熟绩长年人家了就天群])")
_OFF = re.compile(r"折(?![腾磨叠断返])")
_OFF_IN_WORDS = re.compile(rf"对折|{D}{D}折")
_SURE = re.compile(r"\s?(?:是|会|又|得|要(?!减|免)|还没|没戏|不会)")


def counts(message: Message, numerals: list[Numeral]) -> Iterator[Candidate]:
    """Yield numbers of instalments: 分6期, "split it into four", "3 payments"."""
    text = message.text
    for numeral in numerals:
        if (
            not 0 < numeral.high <= _MOST_INSTALMENTS
            or numeral.scale > 10
            or _DONE.search(message.before(numeral.start, 20))
        ):
            continue
        if (
            numeral.low != numeral.low.to_integral_value()
            or numeral.high < 2
            or message.text[numeral.start] in "几好"
        ):
            continue
        left, end = message.before(numeral.start, 40), numeral.end
        split = _SPLIT_ZH.search(left[-8:])
        unit = (_TIMES_ZH if split is not None else _PERIODS_ZH).match(text, end) or _PARTS_EN.match(
            text, end
        )
        start = numeral.start
        if unit is not None:
            yield _ranged("count", message, numeral, start, unit.end())
        elif (
            _SPLIT_EN.search(left)
            and _SPLIT_END.match(text, end)
            and numeral.whole is not None
            and numeral.whole >= 2
        ):
            yield _ranged("count", message, numeral, start, end)


def percentages(message: Message, numerals: list[Numeral]) -> Iterator[Candidate]:
    """Yield percentages: 三成 is 30, 九折 is 90 (what is left to pay), 百分之二十 is 20."""
    text = message.text
    for numeral in numerals:
        left, end = message.before(numeral.start, 4), numeral.end
        factor = 1
        start = numeral.start
        if left.endswith("百分之"):
            start -= 3
        elif (match := _PERCENT.match(text, end)) is not None:
            end = match.end()
        elif (
            (match := _TENTHS.match(text, end)) is not None
            and numeral.high <= 10
            and not _SURE.match(text, match.end())
        ):
            end, factor = match.end(), 10
        elif (match := _OFF.match(text, end)) is not None and numeral.high < 100:
            end, factor = match.end(), 10 if numeral.high < 10 else 1
        else:
            continue
        if numeral.high * factor <= 1000:
            yield _ranged("percentage", message, numeral, start, end, factor)
    for match in message.chinese(_OFF_IN_WORDS):
        digits = [DIGITS[char] for char in match.group() if char in DIGITS]
        yield Candidate("percentage", 10 * digits[0] + digits[1] if digits else 50, *match.span())


def _ranged(
    entity: str, message: Message, numeral: Numeral, start: int, end: int, factor: int = 1
) -> Candidate:
    low, high = plain(numeral.low * factor), plain(numeral.high * factor)
    value: Any = low if low == high else {"from": low, "to": high}
    vague = numeral.vague or hedges.vague(message.text, start, end)
    return Candidate(entity, value, start, end, {"vague": True} if vague else {})
