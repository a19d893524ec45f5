"""Lengths of time in English: two more weeks, a year and a half, a day or two, half a month."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from bot.language.entities.length import HALF_OF, Length, measured
from bot.language.entities.model import Message
from bot.language.entities.numeral import Numeral

_UNIT_EN = (
    r"(?:(?P<day>days?|d(?=\b))|(?P<week>weeks?|wks?)|(?P<fortnight>fortni(?:ght|te)s?)|(?P<month>months?|"
    r"mths?|mnths?|mos?)|(?P<quarter>quarters?)|"
    r"(?P<year>years?|yrs?)|(?P<hour>hours?|hrs?|h(?=\b))|(?P<minute>minutes?|mins?))\b"
)
_EN = re.compile(
    rf"(?:\s|-)?\s?(?:(?:more|extra|additional|further|full|whole|solid|calendar|long|short|"
    rf"(?P<business>working|business|week)|other)[\s-]+)?{_UNIT_EN}"
    r"(?P<half>\s+and\s+(?:a\s+)?half)?(?!\s*(?:-\s*)?old\b|\s+of\s+age\b|\s+pregnant\b)",
    re.A,
)
_ONE_EN = re.compile(
    r"\b(?:(?P<half>half(?:\s+(?:an?|of\s+an?)|-(?=year|month)|(?=\s(?:year|month)\b)))|(?P<bare>(?=(?:day|"
    r"week|month|"
    r"year)s?\s+(?:and\s+(?:a\s+)?half|or\s+(?:two|2))\b))|(?P<short>an?|one)|(?P<another>another|an\s+extra|"
    r"one\s+more|an\s+additional|a\s+further|a\s+whole|a\s+full|(?:in|within|over|during|"
    r"for)\s+the\s+(?:next|coming)))(?(bare)|(?:\s+|(?<=-)))"
    rf"(?!(?:d|h|mo)\b){_UNIT_EN}(?P<more>\s+and\s+(?:a\s+)?half)?(?P<or>\s+or\s+(?:two|2|so(?=\s+or)))?",
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


def counted(text: str, numeral: Numeral) -> Length | None:
    """Read a numeral by the unit behind it: 3 more weeks, ten-day."""
    match = _EN.match(text, numeral.end)
    if match is None or text.endswith(("every ", "each "), 0, numeral.start) or _PER.match(text, match.end()):
        return None
    half = Decimal("0.5") if match["half"] else Decimal(0)
    low, high = numeral.low + half, numeral.high + half
    return measured(numeral.start, match.end(), low, high, _unit(match), numeral.vague)


def ones(message: Message) -> Iterator[Length]:
    """Yield the lengths without a numeral: a week, half a year, a day or two, another month."""
    for match in message.english(_ONE_EN):
        length = _one(message.text, match)
        if length is not None:
            yield length


def _unit(match: re.Match[str]) -> str:
    return next(
        unit
        for unit in ("day", "week", "fortnight", "month", "quarter", "year", "hour", "minute")
        if match[unit]
    )


def _one(text: str, match: re.Match[str]) -> Length | None:
    unit = _unit(match)
    start, end = match.span()
    if match["half"]:
        if unit not in HALF_OF:
            return None
        number, unit = HALF_OF[unit]
        return Length(start, end, Decimal(number), Decimal(number), unit)
    often = match["bare"] is not None or (match["short"] and match["short"] != "one")
    if (match["short"] and unit == "minute") or (often and _OFTEN.search(text[max(0, start - 12) : start])):
        return None
    low = Decimal("1.5") if match["more"] else Decimal(1)
    high = Decimal(2) if match["or"] else low
    ahead = " the " in match.group() and not match.group().startswith("for")
    return replace(measured(start, end, low, high, unit), next=ahead)
