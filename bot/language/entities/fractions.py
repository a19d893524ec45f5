"""Parts of what is owed: half, 一半, 三分之一, all of it, 全款."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from bot.language.entities import currencies, hedges
from bot.language.entities.model import Candidate, Message
from bot.language.entities.numbers_zh import UNDER_100, value

_PAYING = (
    r"\b(?:pay|paid|clear|clearing|settl|send|sent|transfer|giv|wir|remit|offer|return|refund)(?:e|ing|"
    r"ed|s|es|red|ring)?\b"
)
_NOT_OF_MONEY = (
    r"(?!的?(?:个人)?(?:信息|资料|数据|内容|消息|短信|记录|联系|问题|手续|证据|材料|通话|家人|朋友|"
    r"到期)|(?:都|给|帮)?我?(?:交给|交由|删|撤|转交|注销|拉黑|停|取消)|欠款?是?多少|"
    r"(?:金额)?是?多少)"
)
_ZH = re.compile(
    rf"(?<!百)(?P<below>{UNDER_100}|[1-9][0-9]?)分之(?P<above>{UNDER_100}|[1-9][0-9]?)"
    r"|(?<!另)(?<![到了过])(?:(?P<more>一大|一多|大|多)|(?P<less>一小|小)|"
    r"(?P<about>一))半(?![个天年夜路月小路途])|对半(?!分手)|半数"
    rf"|(?<![删清])(?P<all>全部|全款|全额|全数|整笔|所有欠款|全部欠款|全部的钱){_NOT_OF_MONEY}"
    rf"|(?P<verb>(?:全都?|都一次|一次性?全)(?=还|付|给|结|清))"
)
_EN = re.compile(
    r"\b(?:(?<!first )(?<!second )(?P<half>(?:a |one )?half)(?:\s+of (?:it|that)\b|(?=$|[^\sa-z0-9-]|"
    r"\s*(?:$|[^\sa-z0-9])|\s+(?:of (?:it|that|this|the|what|my|them)|now|today|tomorrow|tonight|"
    r"tmrw|this|next|on|by|"
    r"first|up ?front|then|and|straight|in|at|before|after|later|please|ok|is|will|would|to|for|as|"
    r"mon|tues|wednes|thurs|fri|satur|sun|"
    r"the (?:amount|balance|money|debt|payment|total|bill|loan|rest|instalment|installment))\w*\b))"
    r"|(?P<third>(?:a|one)[ -]third|(?P<two>two[ -]thirds)|(?P<quarter>(?:a|one)[ -]quarter)|"
    r"(?P<three>three[ -]quarters)|"
    r"(?P<fifth>(?:a|one)[ -]fifth)|(?P<tenth>(?:a|one)[ -]tenth))(?:\s+of (?:it|that)\b|"
    r"(?=\s+of (?:the|what|my)\b|\s+(?:now|today|upfront|first|on|by|this|next|tomorrow)\b))"
    r"|(?P<sign>[1-9]/[1-9])(?=\s+(?:of|now|up ?front)\b)"
    r"|(?P<all>(?<!through )(?<!about )(?<!of )(?<!with )all of (?:it|that|the (?:money|debt|"
    r"balance))|the (?:whole|entire) (?:lot|thing)|the lot\b(?! of)|"
    r"everything i owe|all i owe|all that i owe)"
    r"|(?P<paid>in full(?! (?:letter|confirm|certific))|the (?:full|total|whole|"
    r"entire) (?:amount|balance|sum|lot|payment|debt|loan|bill)|(?<!y')(?<!at )(?:it |"
    r"that )?all\b(?=$|[^\w\s]|\s*$| (?:off|back|now|today|tomorrow|tonight|tmrw|tmr|on|"
    r"by|at|in|this|next|before|after|when|once|please|pls|then|and|up|one|together|mon|"
    r"tue|wed|thu|fri|sat|sun|straight|soon|asap)|\s*[一-鿿])|everything)\b)",
    re.A,
)
_SIGNS = {
    "½": Fraction(1, 2),
    "⅓": Fraction(1, 3),
    "⅔": Fraction(2, 3),
    "¼": Fraction(1, 4),
    "¾": Fraction(3, 4),
}
_NAMED = {
    "two": Fraction(2, 3),
    "quarter": Fraction(1, 4),
    "three": Fraction(3, 4),
    "fifth": Fraction(1, 5),
    "tenth": Fraction(1, 10),
    "third": Fraction(1, 3),
    "half": Fraction(1, 2),
    "all": Fraction(1),
    "paid": Fraction(1),
}
_SIGN = re.compile(r"(?<![0-9])[½⅓⅔¼¾]")
_OWED = re.compile(_PAYING + r"[^.!?,]{0,20}$", re.A)
# "pay it all", not "do you all take cards".
_OBJECT = re.compile(_PAYING + r"(?:\s+(?:you|u|it|them|this|that|back|off|up|for)){0,3}\s+$", re.A)
_BARE_ALL = re.compile(
    r"[\s.,!?]*(?:all|all of it|everything|the full amount|in full|the lot)(?: please| pls)?[\s.,!?]*"
)


def find(message: Message) -> Iterator[Candidate]:
    """Yield the named parts of the outstanding amount; `value` is worked out where that amount is known."""
    text = message.text
    for match in message.chinese(_ZH):
        if match["below"]:
            above, below = (_number(match[group]) for group in ("above", "below"))
            if 0 < above <= below:
                yield _candidate(message, match.span(), Fraction(above, below))
            continue
        part = Fraction(1) if match["all"] or match["verb"] else Fraction(1, 2)
        yield _candidate(message, match.span(), part, bool(match["more"] or match["less"]))
    for match in _SIGN.finditer(text):
        yield _candidate(message, match.span(), _SIGNS[match.group()])
    for match in message.english(_EN):
        share = _english(match)
        if share is None or (match["paid"] and not _spoken_of_money(message, match.start())):
            continue
        yield _candidate(message, match.span(), share)


def _number(text: str) -> int:
    return int(text) if text.isascii() else value(text)


def _english(match: re.Match[str]) -> Fraction | None:
    if match["sign"]:
        above, below = int(match["sign"][0]), int(match["sign"][2])
        return Fraction(above, below) if above < below else None
    return next(part for group, part in _NAMED.items() if match[group])


def _spoken_of_money(message: Message, start: int) -> bool:
    """Whether "all" or "in full" follows a word for paying, or answers the question about an amount."""
    alone = message.text.startswith(("all", "it all", "that all", "everything"), start)
    if (_OBJECT if alone else _OWED).search(message.before(start, 40)):
        return True
    return message.context.expected == "money" and _BARE_ALL.fullmatch(message.text[:400]) is not None


def _candidate(message: Message, span: tuple[int, int], part: Fraction, vague: bool = False) -> Candidate:
    share = Decimal(part.numerator) / Decimal(part.denominator)
    owed, unit = message.context.outstanding, message.context.currency
    value: dict[str, Any] = {"fraction": str(round(share, 4).normalize())}
    if owed is not None:
        value["value"] = currencies.amount(owed * part.numerator / part.denominator, unit)
    value["unit"] = unit
    extra: dict[str, Any] = {}
    if vague or hedges.vague(message.text, *span):
        extra["vague"] = True
    bound = hedges.bound(message.text, *span)
    if bound is not None:
        extra["bound"] = bound
    return Candidate("money", value, *span, extra)
