"""Numbers of instalments: 分6期, 分开八次还, "split it into four", 12 EMIs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.language.entities import scalars
from bot.language.entities.model import Candidate, Message
from bot.language.entities.numeral import Numeral

_MOST = 120
_FILL = r"(?:个|大概|大约|差不多|到|他个|最多|最少|至少|起码|上|它)?"
_SPLIT_ZH = re.compile(
    rf"(?:分(?:期|[妻其企歧齐])?[成做作为开]?|拆[成开分]?|[切划掰]成?|期数[是为:]?|摊[成开到]?|改[成为]|换成|"
    rf"变成){_FILL}\s?$"
)
_PERIODS_ZH = re.compile(
    r"\s?个?[期妻](?!望|待|间|限|货|权|[都还]?没|未|逾|欠|账单|了没|以[前内]|[之以]后|前|后|的账)"
)
# 次 and 笔 count instalments only where something is split, or paid off in so many.
_TIMES_ZH = re.compile(
    r"\s?个?(?:笔(?!钱|账|贷|借|债|记|画)|次(?!日|要|数|贷)|份(?!额)|回(?!复|来|去|家|到|电|信))"
)
_OFF_ZH = re.compile(r"[，,]?(?:就|来|可以|能)?(?:还清|付清|结清|还完|付完|还掉|清掉|交完)")
# 分期6, 分成4吧
_BARE_ZH = re.compile(r"\s*(?:$|[，。,!?;、]|吧|呗|行|可以|好|成不|得唔得|怎么样|呢)")
INTO_ZH = re.compile(r"(?:分期|分[成为作做]|拆成|切成|摊成)(?:还款?|付款?)?\s?$")
"""What a bare number of instalments stands behind."""
_KIND = (
    r"equal|monthly|weekly|smaller|small|separate|even|more|easy|fortnightly|regular|part|bi-?weekly|"
    r"interest[ -]free"
)
_UNIT_EN = re.compile(
    rf"(?:\s|-)\s?(?:(?:{_KIND})[\s-]+){{0,2}}(?:pa?y?me?n?ts?|inst?al+m?e?nts?|parts?|chunks?|goes|"
    rf"repayments?|"
    r"portions?|lots|bits|pieces|splits|halves|monthlies|emis?\b|e\.m\.i\.?s?|ways(?=\s*(?:$|[.,!?]| please| "
    r"pls| ok| can)))\b"
    r"|\s?emis?\b",
    re.A,
)
# 6 x £100, £100 x 6
_BY_EN = re.compile(r"\s?x(?=\s?[£$€₹₦¥]?[0-9])")
_BEHIND_EN = re.compile(r"[0-9k]\s?x\s?$")
_TIMES_EN = re.compile(r"\s+times\b(?!\s+(?:a|per|already|now|today|in|over|this))", re.A)
_SPLIT_EN = re.compile(
    r"\b(?P<verb>split|divided?|break|spread|pay|cut|paid|paying|splitting|do|chop|make|convert|turn|stagger|"
    r"change)\b"
    r"[^.!?,;0-9]{0,24}\b(?:into|in|over|across|between|to)\s+(?:about|like|maybe|say|equal|just|only)?\s*$"
    r"|\b(?:into|split|divided?)\s+(?:it\s+)?(?:about|like|maybe|say|equal|just|only|by)?\s*$",
    re.A,
)
_SPLIT_LEFT = re.compile(
    r"\b(?:split|pay|paid|divide|break|in|over)\s+(?:it\s+|them\s+|up\s+|in\s+|into\s+|over\s+)*$", re.A
)
_SPLIT_END = re.compile(
    r"\s*(?:$|[.,!?;)]|[一-鿿])|\s+(?:please|pls|plz|if|over|and|then|or|is|would|starting|from|but|with|"
    r"each|equally|ok|"
    r"okay|thanks|can|lah|leh|lor|sir|abeg|biko|o|oo|bro|boss|mate|madam|ji|equal|possible|instead|better|"
    r"for me)\b",
    re.A,
)
_DOZEN_EN = re.compile(rf"\b(?P<half>half (?:a )?)?(?:a |one )?dozen(?P<unit>{_UNIT_EN.pattern})", re.A)
_PAIR_ZH = re.compile(
    r"(?:分期?|拆|切|掰)[成开做作]?(?P<pair>[俩仨])个?[次期笔份]|(?<=做)(?P<pair2>[俩仨])期"
)
_DONE = re.compile(
    r"(?:第|逾期|欠|拖|已还|还了|[交付供过]了|剩|还有|已经还|过|上|头|[前后每])$|\b(?:missed|miss|made|late|"
    r"overdue|skipped|"
    r"last|behind|outstanding|remaining|of|did|the|first|previous|already|paid|next|other|these|those|"
    r"past)\s+(?:the\s+|my\s+)?$",
    re.A,
)
_DONE_RIGHT = re.compile(
    r"\s+(?:i\s+|i've\s+|already\s+|are\s+|were\s+|have\s+been\s+)?(?:behind|left|late|missed|overdue|"
    r"already|to go|"
    r"remaining|so far|made|ago|down|done|paid|outstanding|due|back)\b",
    re.A,
)


def find(message: Message, numerals: list[Numeral]) -> Iterator[Candidate]:
    """Yield the numbers of instalments that are asked for; what was paid or missed is no count."""
    for numeral in numerals:
        end = _end(message, numeral) if _plausible(message, numeral) else None
        if end is not None:
            yield scalars.candidate(
                "count", message, (numeral.start, end), numeral.low, numeral.high, numeral.vague
            )
    yield from _words(message)


def _words(message: Message) -> Iterator[Candidate]:
    """Yield the counts that hold no numeral: "a dozen payments", 分俩次."""
    for match in message.english(_DOZEN_EN):
        yield Candidate("count", 6 if match["half"] else 12, *match.span())
    for match in message.chinese(_PAIR_ZH):
        yield Candidate("count", 2 if match["pair"] == "俩" else 3, match.start("pair"), match.end())


def _plausible(message: Message, numeral: Numeral) -> bool:
    return (
        2 <= numeral.high <= _MOST
        and numeral.scale <= 10
        and numeral.low == numeral.low.to_integral_value()
        and message.text[numeral.start] not in "几好"
        and _DONE.search(message.before(numeral.start, 20)) is None
    )


def _end(message: Message, numeral: Numeral) -> int | None:
    """Return where the count ends, None where the numeral counts something else."""
    text, end = message.text, numeral.end
    left = message.before(numeral.start, 40)
    split = _SPLIT_ZH.search(left[-8:])
    periods = _PERIODS_ZH.match(text, end)
    if periods is not None:
        return periods.end()
    times = _TIMES_ZH.match(text, end)
    if times is not None and (split is not None or _OFF_ZH.match(text, times.end())):
        return times.end()
    if INTO_ZH.search(left[-8:]) and _BARE_ZH.match(text, end):
        return end
    unit = _UNIT_EN.match(text, end)
    if unit is not None:
        return unit.end() if _DONE_RIGHT.match(text, unit.end()) is None else None
    if _BEHIND_EN.search(left):
        return end
    times = _BY_EN.match(text, end)
    if times is not None and numeral.scale == 1 and left[-1:] not in tuple("£$€₹₦¥"):
        return times.end()
    times = _TIMES_EN.match(text, end)
    if times is not None and _SPLIT_LEFT.search(left):
        return times.end()
    if numeral.whole is not None and _SPLIT_EN.search(left) and _SPLIT_END.match(text, end):
        return end
    return None
