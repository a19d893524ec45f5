"""Facts of identity as people write them: a date of birth, the last four of a phone or an identity card."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.language.normalise import normalise

LONGEST = 500
"""Characters that are read of one message: nobody needs more to say who they are."""

_HAN_DIGITS = "〇零○幺一二三四五六七八九"
_AS_FIGURES = str.maketrans(_HAN_DIGITS, "0001123456789")
_SPOKEN = re.compile(rf"(?<![十百千万])[{_HAN_DIGITS}]{{4,}}(?![十百千万])")
# Nobody borrows who was born later; such a date is about paying.
_YEAR = r"(?:19[2-9]\d|200\d|201[0-2])"
_SHORT_YEAR = r"[4-9]\d"
_M = r"(?:1[0-2]|0?[1-9])"
_D = r"(?:3[01]|[12]\d|0?[1-9])"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBERS = "一二三四五六七八九"

_CHINESE = re.compile(
    rf"(?<!\d)(?P<year>{_YEAR}|{_SHORT_YEAR}|0\d)\s*年\s*(?P<month>{_M}|十[一二]?|[{_NUMBERS}])\s*月"
    rf"\s*(?P<day>{_D}|三十一?|二?十[{_NUMBERS}]?|[{_NUMBERS}])(?:\s*[日号]|(?!\d))"
)
_FIGURES = re.compile(rf"(?<!\d)(?P<year>{_YEAR})\s*[-./ ]\s*(?P<month>{_M})\s*[-./ ]\s*(?P<day>{_D})(?!\d)")
_COMPACT = re.compile(rf"(?<!\d)(?P<year>{_YEAR})(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])(?!\d)")
_NAMED = re.compile(
    r"(?<![\da-z])(?:(?P<before>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?(?:\s+of)?[\s,.-]*)?"
    rf"(?P<name>{'|'.join(_MONTHS)})[a-z]*[\s,.-]*"
    r"(?:(?P<after>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?(?!\d)[\s,]*)?"
    rf"(?P<year>{_YEAR}|'?{_SHORT_YEAR})(?!\d)"
)
# 12/05/1990 may be read either way: both are compared.
_SLASHED = re.compile(
    rf"(?<![\d/.-])(?P<a>\d{{1,2}})[/.-](?P<b>\d{{1,2}})[/.-](?P<year>{_YEAR}|{_SHORT_YEAR})(?!\d)"
)
_CARD = re.compile(r"(?<!\d)\d{17}[\dx](?![\da-z])")
_PHONE = re.compile(r"(?<!\d)(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)")
_LAST = r"(?P<four>\d{3}[\dx])"
_OF = r"(?:手机|电话|号码?|身份证|证件|尾号|尾数|末尾|结尾|(?:最后|后|末)[四4]位(?:数字?)?)"
_TAIL_ZH = re.compile(rf"{_OF}(?:号码?|的|{_OF})*\s*(?:就?是|为|:)?\s*{_LAST}(?![\da-z])")
_TAIL_AFTER_ZH = re.compile(
    rf"(?<![\da-z]){_LAST}\s*(?:结尾|就?是(?:我的?|本人)?(?:手机|电话|身份证)?号?码?的?(?:尾号|尾数|(?:最后|后|末)[四4]位))"
)
_TAIL_EN = re.compile(
    r"\b(?:end(?:s|ing)?(?:\s+(?:in|with|on))?|(?:last|final)\s+(?:four|4)(?:\s+(?:digits|numbers))?"
    r"(?:\s+(?:of|my|the|phone|mobile|cell|number|id))*|phone|mobile|cell|tel|number|digits|id)"
    rf"(?:\s+(?:number|no\.?))?\s*(?:is|are|:|=|-)?\s*{_LAST}(?![\da-z])"
)
# The tail of a bank card is no fact of identity.
_BANK_BEFORE = re.compile(r"(?:卡|账户|账号|\bcard|\baccount)[^，。,.!?;\n]{0,16}$")
_BANK_AFTER = re.compile(r"\s*的?[^\s，。,.!?;\n]{0,4}卡|\s*(?:card|account)")
_LONG = re.compile(r"(?<![\da-z.,])\d{6,17}(?![\da-z])")
_BARE = re.compile(rf"(?<![\da-z:/¥$€£.,-]){_LAST}(?![\da-z%])(?![.,/-]\d)")
# Around a bare number these make it an amount, a count or a year.
_AMOUNT_BEFORE = re.compile(
    r"(?:还|付|给|交|转|存|打|凑|拿|欠|借|剩|挣|工资|收入|每个?月|每期|月供|最多|最少|至少|大概|大约|约|差不多|"
    r"先|可以|只能|能)\s*(?:您|你|你们)?\s*$"
    r"|\b(?:pay|paid|paying|send|sent|transfer|transferred|afford|manage|do|about|around|roughly|up to|least|"
    r"most|max|only|maybe|owe|owed|earn|make|of|for|in|since|year)\s+(?:you\s+)?$"
)
_AMOUNT_AFTER = re.compile(
    r"\s*(?:元|块|圆|钱|多|左右|年|天|期|个|rmb|yuan|cny|usd|dollars?|pounds?|bucks|quid|k\b|per\b|an?\s+"
    r"(?:month|week)|each\b|monthly|weekly|/)"
)

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴"
    "夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文欧庞樊兰殷施陶洪"
)
_NAME_ZH = re.compile(
    rf"(?:(?:我|本人|这里)\s*(?:是|叫|名叫|姓名是?|名字[叫是]?)|姓名\s*[是:]?|名字\s*[叫是:]?)\s*[{_SURNAMES}]"
    r"[一-鿿]{1,2}(?:本人)?(?=$|[\s，。,.!?;、:])"
)
_NAME_EN = re.compile(
    r"\b(?i:i am|i'm|im|my name is|my name's|name:?|this is|it's|it is)\s+"
    r"[A-Z][\w'-]*(?:\s+[A-Z][\w'-]*){0,2}"
)
_LEAD_ZH = re.compile(
    r"我的?|本人|是|的|出生(?:日期|年月日?|于)?|生日|生于|日期|(?<=\s)生(?:的|人)?|登记|注册|预留|手机号?码?|电话号?码?|"
    r"号码|尾号|尾数|最?后[四4]位(?:数字?)?|末[四4]位|身份证号?码?|证件号?码?|结尾|您好|你好|核对|确认|核实|身份|信息|姓名|名字|"
    r"好的?|这是|在|和|为|哦|啊|吧|呢"
)
_LEAD_EN = re.compile(
    r"\b(?:i|i'm|im|i am|was|am|is|are|it|it's|its|my|the|of|on|in|with|and|born|dob|date|birth|birthday|"
    r"phone|mobile|cell|number|no|tel|telephone|last|final|four|4|digits|numbers|ends?|ending|id|card|registered|name|"
    r"hi|hello|hey|yes|ok|okay|sure|here|you|go|this|details?|please)\b"
)
_HAN = re.compile(r"[一-鿿]")
_WORD = re.compile(r"[a-z][a-z']*")
_LEAST_HAN = 2
_LEAST_WORDS = 2
_LONG_WORD = 4


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact at a half-open span of the text as given; `said` is it in plain figures.

    `sure` when it can hardly be anything else: a bare four-figure number may be an amount.
    """

    start: int
    end: int
    said: str
    sure: bool


def find(text: str) -> tuple[Fact, ...]:
    """Return the facts stated in the first LONGEST characters, in order, without overlaps."""
    folded = normalise(text[:LONGEST])
    plain = _SPOKEN.sub(lambda match: match.group().translate(_AS_FIGURES), folded.text)
    taken: list[Fact] = []
    for start, end, said, sure in _candidates(plain):
        if all(end <= other.start or other.end <= start for other in taken):
            taken.append(Fact(start, end, said, sure))
    found = [Fact(*folded.origin(one.start, one.end), one.said, one.sure) for one in taken]
    return tuple(sorted(found, key=lambda fact: fact.start))


def tells(text: str) -> bool:
    """Tell whether a text says anything besides facts of identity, a name and the words around them."""
    rest = _NAME_EN.sub(" ", blanked(text[:LONGEST], find(text)))
    rest = _LEAD_EN.sub(" ", _LEAD_ZH.sub(" ", _NAME_ZH.sub(" ", normalise(rest).text)))
    words = _WORD.findall(rest)
    return (
        len(text) > LONGEST
        or len(_HAN.findall(rest)) >= _LEAST_HAN
        or len(words) >= _LEAST_WORDS
        or any(len(word) >= _LONG_WORD for word in words)
    )


def blanked(text: str, facts: Sequence[Fact], filler: str = " ") -> str:
    """Return the text with every fact overwritten by `filler`, one character, length kept."""
    for fact in facts:
        text = text[: fact.start] + filler * (fact.end - fact.start) + text[fact.end :]
    return text


def _candidates(plain: str) -> Iterator[tuple[int, int, str, bool]]:
    """Yield every reading of a folded text as start, end, plain figures, sure; the best first."""
    for pattern in (_CHINESE, _FIGURES, _COMPACT):
        for match in pattern.finditer(plain):
            day = f"{_year(match['year'])}-{_figure(match['month']):02d}-{_figure(match['day']):02d}"
            yield *match.span(), day, True
    for match in _NAMED.finditer(plain):
        number = match["before"] or match["after"]
        if number:
            month = _MONTHS.index(match["name"]) + 1
            yield *match.span(), f"{_year(match['year'])}-{month:02d}-{int(number):02d}", True
    for match in _SLASHED.finditer(plain):
        yield *match.span(), f"{match['a']}/{match['b']}/{_year(match['year'])}", True
    for pattern in (_CARD, _PHONE):
        for match in pattern.finditer(plain):
            yield *match.span(), re.sub(r"[ +-]", "", match.group()), True
    for pattern in (_TAIL_ZH, _TAIL_AFTER_ZH, _TAIL_EN):
        for match in pattern.finditer(plain):
            if not _is_bank(plain, match):
                yield *match.span(), match["four"], True
    for match in _LONG.finditer(plain):
        yield *match.span(), match.group(), False
    for match in _BARE.finditer(plain):
        amount = _AMOUNT_BEFORE.search(plain, max(0, match.start() - 16), match.start())
        if not amount and not _AMOUNT_AFTER.match(plain, match.end()) and not _is_bank(plain, match):
            yield *match.span(), match["four"], False


def _is_bank(plain: str, match: re.Match[str]) -> bool:
    before = plain[max(0, match.start() - 20) : match.start()]
    return bool(_BANK_BEFORE.search(before) or _BANK_AFTER.match(plain, match.end()))


def _year(written: str) -> int:
    year = int(written.lstrip("'"))
    return year if year > 100 else year + (1900 if year >= 13 else 2000)


def _figure(written: str) -> int:
    """Read a month or a day: 12, 十二, 二十."""
    if written.isdigit():
        return int(written)
    tens, ten, ones = written.rpartition("十")
    return (10 * (_NUMBERS.index(tens) + 1 if tens else 1) if ten else 0) + (
        _NUMBERS.index(ones) + 1 if ones else 0
    )
