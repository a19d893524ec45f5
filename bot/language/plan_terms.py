"""What a message says of a plan beside amounts and days: how often, from which payday, without what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast

from bot.language import arrangements
from bot.language.entities import LONGEST
from bot.language.normalise import normalise

Term = Literal["frequency", "payday", "concession", "start", "arrangement", "agreement"]

# Looked for in this order: every two weeks is not every week.
_FREQUENCIES = (
    (
        "biweekly",
        r"每(?:隔)?(?:两|2|二)个?(?:周|星期|礼拜)|隔周|双周|(?:两|2)个?(?:周|星期|礼拜)(?:还|付)?一次|每?半个?月(?:还|付)?一次"
        r"|\bevery (?:two|2|second|other) weeks?\b|\bfortnight(?:ly|s)?\b|\bbi-?weekly\b|\btwice a month\b",
    ),
    (
        "weekly",
        r"每个?(?:周|星期|礼拜)(?![一二三四五六日天末]的?工资)|按(?:周|星期|礼拜)|一个?(?:周|星期|礼拜)(?:还|付)?一次"
        r"|(?:周|星期|礼拜)付|\bweekly\b|\b(?:every|each|per|a|once a) week\b|\bby the week\b",
    ),
    (
        "payday",
        r"(?:发|开|领)了?(?:工资|薪水?|钱)"
        r"(?:的?(?:那天|当天|那日|日子|日|以?后|之后)|就|再|了再)?(?:再|就|来)?(?:还|扣|付|交)"
        r"|按?发薪日(?:还|扣|付)|(?:on|with|after) (?:my )?pay ?days?\b"
        r"|\b(?:when|whenever|after|the day) I(?:'m| am| get) paid\b",
    ),
    ("monthly", r"按月(?:还|付)?|(?:每|一)个?月(?:还|付)一次|\bmonthly\b|\bonce a month\b|\bby the month\b"),
)
_NOT = (
    r"(?:不要|不想|不用|(?<!区)别|(?<!能)不能|没法|而不是|\bnot|n't|\brather than|\binstead of)"
    r"[^,，。.!?]{0,10}$"
)
_PAYDAY = re.compile(
    r"(?:工资|薪水?|奖金|补贴|低保|退休金|回款|钱)[^,，。.!?]{0,6}?(?P<a>\d{1,2}|月底)[号日]?"
    r"|(?P<b>\d{1,2}[号日]|月底)[^,，。.!?]{0,4}(?:发|开|领|到|有|才有|进)(?:工资|薪水?|账|钱|奖金|补贴)"
    r"|\b(?:paid|pay ?day|pay ?che(?:ck|que)|wages?|salary|income|money comes|pension|benefits?)\b"
    r"[^,.!?]{0,24}?(?:(?P<c>\d{1,2})(?:st|nd|rd|th)\b|(?P<d>end of (?:the|each|every) month|last day))",
    re.IGNORECASE,
)
_LESS = (
    r"(?:少|低|减|降|免|不[要付交算收]|别[要付交算收]|没有|不能没有|去掉|取消|停|零|0首付|抹|"
    r"\b(?:smaller|lower|less|reduced?|cut|no|without|skip|waived?|drop|remove|freeze|stop|free|zero|cancel)\b)"
)
_THINGS = (
    (
        "down_payment",
        r"(?:首付|头期|首期|首笔|第一[期笔次](?:款|的钱)?|\bdown ?payment\b|\bdeposit\b|\bup ?front\b"
        r"|\b(?:first|initial) (?:payment|instal?lment|one)\b)",
    ),
    ("interest", r"(?:利息|罚息|复利|\binterest\b)"),
    ("fee", r"(?:手续费|滞纳金|违约金|服务费|费用|\bfees?\b|\bcharges?\b|\bpenalt(?:y|ies)\b)"),
)
_CONCESSIONS = tuple(
    (name, re.compile(rf"{thing}[^,，。.!?]{{0,14}}{_LESS}|{_LESS}[^,，。.!?]{{0,14}}{thing}", re.IGNORECASE))
    for name, thing in _THINGS
)
_START = re.compile(
    r"(?:开始|起|再)(?:还|付|交)|再开始|以后开始|开始(?=[吧吗行可]|就行|可以)|(?:首付|第一[期笔次]|头期)[^,，。.!?]{0,8}(?:晚|推|往后|以后|之后|延)"
    r"|\d[号日](?:以后|之后|过后|往后|起)|\b(?:start|begin|first (?:payment|instal?lment|one))\b"
    r"|\b(?:after|from|(?:not|no earlier|any ?time) (?:before|than|after)) the \d{1,2}(?:st|nd|rd|th)\b",
    re.IGNORECASE,
)
_MONTH_END = 31


@dataclass(frozen=True, slots=True)
class Found:
    """One term: `start` and `end` are places in the text, `value` what it says."""

    term: Term
    value: str | int
    start: int
    end: int


def find(text: str) -> tuple[Found, ...]:
    """Return the terms that a message names.

    `frequency` is weekly, biweekly, monthly or payday; `payday` the day of the month on which money comes in,
    31 for its end; `concession` what is to be less or nothing (down_payment, interest, fee); `start` says
    that a day in the message is the day to begin; the rest is told by `arrangements`.
    """
    folded = normalise(text[:LONGEST])
    return tuple(
        Found(one.term, one.value, *folded.origin(one.start, one.end)) for one in _terms(folded.text)
    )


def _terms(text: str) -> Iterator[Found]:
    payday = _PAYDAY.search(text)
    if payday is not None:
        named = payday["a"] or payday["b"] or payday["c"] or ""
        digits = re.sub(r"\D", "", named)
        day = int(digits) if digits else _MONTH_END
        if 1 <= day <= _MONTH_END:
            yield Found("payday", day, payday.start(), payday.end())
    for name, pattern in _FREQUENCIES:
        match = re.search(pattern, text, re.IGNORECASE)
        if match is not None and re.search(_NOT, text[: match.start()], re.IGNORECASE) is None:
            yield Found("frequency", name, match.start(), match.end())
            break
    for name, thing in _CONCESSIONS:
        match = thing.search(text)
        if match is not None:
            yield Found("concession", name, match.start(), match.end())
    start = _START.search(text)
    if start is not None:
        yield Found("start", "start", start.start(), start.end())
    for term, value, begins, ends in arrangements.find(text):
        yield Found(cast(Term, term), value, begins, ends)
