"""Parts of what is owed, in English: half, a third of it, the full amount, all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from bot.language.entities.model import Message

_PAY = (
    r"(?:pay|paid|clear|settl|send|sent|transfer|giv|gave|wir|remit|offer|return|refund|balanc|clos)(?:e|ing|"
    r"ed|s|es|red|ring)?\b"
)
_WHEN = (
    r"now|today|tomorrow|tonight|tmrw?|tml|this|next|on|by|first|up ?front|then|and|straight|in|at|"
    r"before|after|later|please|pls|ok|is|will|would|can|to|for|as|only|lah|leh|lor|when|if|until|till|"
    r"once|because|cos|mon|tues?|wed|wednes|thu|thurs|fri|satur?|sun|the rest"
)
_SUM = r"amount|amt|balance|money|debt|payment|total|bill|loan|dues?|sum|lot|thing|instal+ment"
_NOT_INCOME = (
    r"(?!\s+(?:of\s+)?(?:my|his|her|our|their)\s+(?:salary|wages?|pay|income|earnings|life|time|family|"
    r"friends))"
)
_OF_IT = r"\s+of (?:it|that)\b"
_OF_SUM = r"\s+of (?:it|that|this|the|what|my|them|d)\b"
_HALF = re.compile(
    rf"\b(?<!first )(?<!second )(?<!and a )(?<![0-9] and )(?:(?<!and )a |one |the )?half{_NOT_INCOME}"
    rf"(?:\s+(?:the )?(?:amount|amt|payment|sum)\b|{_OF_IT}|(?=\s*(?:$|[^\sa-z0-9-])|{_OF_SUM}|"
    rf"\s+(?:{_WHEN}|(?:my |the |your )?(?:{_SUM}))\b))",
    re.A,
)
_PARTS = {
    "a third": Fraction(1, 3), "one third": Fraction(1, 3), "two thirds": Fraction(2, 3),
    "two third": Fraction(2, 3), "a quarter": Fraction(1, 4), "one quarter": Fraction(1, 4),
    "a fourth": Fraction(1, 4), "one fourth": Fraction(1, 4), "three quarters": Fraction(3, 4),
    "three quarter": Fraction(3, 4), "three fourths": Fraction(3, 4), "three fourth": Fraction(3, 4),
    "a fifth": Fraction(1, 5), "one fifth": Fraction(1, 5), "two fifths": Fraction(2, 5),
    "a tenth": Fraction(1, 10), "one tenth": Fraction(1, 10),
}  # fmt: skip
_PART = re.compile(
    rf"\b(?P<part>{'|'.join(sorted(_PARTS, key=len, reverse=True)).replace(' ', '[ -]')})\b{_NOT_INCOME}"
    rf"(?:{_OF_IT}|(?P<sure>(?={_OF_SUM}|\s+(?:now|first|up ?front|today|tomorrow|on|by|this|next)\b)))?",
    re.A,
)
_SIGN = re.compile(r"\b(?P<above>[1-9])/(?P<below>[1-9])(?=\s+(?:of|now|up ?front|first)\b)", re.A)
_WHOLE = re.compile(
    r"\b(?:(?<!through )(?<!about )(?<!of )(?<!with )all of (?:it|that|the (?:money|debt|balance))|"
    r"(?<!a )(?:the |d )?whole (?:lot|thing)\b(?! of)|the entire (?:lot|thing)|the lot\b(?! of)|"
    r"everything i owe|all (?:that )?i owe)\b",
    re.A,
)
# "Full amount I settle", "entire amount next week"; but not "what is the full amount".
_FULL = re.compile(
    rf"\b(?:the |my |your |d )?(?:(?P<whole>full|whole|entire|complete)|total|remaining|outstanding) "
    rf"(?:{_SUM})(?: amount)?\b(?! of (?:interest|fees))",
    re.A,
)
# "Pay it all", "pay in full": the whole only right behind a word for paying.
_ALL = re.compile(
    r"\b(?:(?P<full>in full)(?! (?:letter|confirm|certific))|full(?=\s*(?:$|[^\sa-z-])|\s+(?:on|by|next|this|"
    r"now|today|tomorrow|tmr|tonight|once)\b)|(?<!y')(?<!at )(?:it |that )?all\b(?=$|[^\w\s]|\s*$|"
    r" (?:off|back|now|today|tomorrow|tonight|tmrw|tmr|on|by|at|in|this|next|before|after|when|once|please|"
    r"pls|then|and|up|one|together|mon|tue|wed|thu|fri|sat|sun|straight|soon|asap)|\s*[一-鿿])|everything|"
    r"every (?:last |single )?(?:penny|cent|kobo|rupee|paisa)|"
    r"all (?:the |my |your |pending |outstanding )*(?:money|dues|balance|amount))\b",
    re.A,
)
_OWED = re.compile(rf"\b{_PAY}[^.!?,]{{0,20}}$", re.A)
# "pay it all", not "do you all take cards".
_OBJECT = re.compile(
    rf"\b(?:{_PAY}|(?<=you )get|(?<=you'll )get|have)(?:\s+(?:you|u|it|them|this|that|back|off|up|for|the|my|"
    rf"in|d)){{0,3}}\s+$",
    re.A,
)
_BARE_ALL = re.compile(
    r"[\s.,!?]*(?:all|all of it|everything|the full amount|in full|the lot)(?: please| pls)?[\s.,!?]*"
)
_ASKS = re.compile(
    r"\b(?:what|whats|how|tell|is|was|are|confirm|know|check|see|show|why|about|dispute|wrong|than|"
    r"of|on|waive|reduce|cut|off|for|to|not|share|advise|no)\b[^.!?,;]{0,16}$",
    re.A,
)
_WILL_PAY = re.compile(rf"[^.!?,;]{{0,30}}?\b{_PAY}", re.A)
_NOTHING_ELSE = re.compile(
    r"\s*(?:$|[.,!;，。]|(?:on|by|next|this|at|before|after|today|tomorrow|tmr|tmrw|tonight|please|pls|lah|"
    r"sir|"
    r"can|now|in|once|when|mon|tue|wed|thu|fri|sat|sun|[一-鿿])(?:[a-z]*)\b)",
    re.A,
)

_SHORT = 40
_FEW_WORDS = 2
_WORD = re.compile(r"[a-z'0-9]+", re.A)
_DATED = re.compile(r"\s+(?:on|by|next|this|today|tomorrow|tmr|tmrw|tonight|in)\b", re.A)


def find(message: Message) -> Iterator[tuple[tuple[int, int], Fraction]]:
    """Yield (span, part) of each part named."""
    for match in message.english(_HALF):
        yield match.span(), Fraction(1, 2)
    for match in message.english(_PART):
        of_it = match.end() > match.end("part")
        said = of_it or match["sure"] is not None or _after_paying(message, match.start())
        if said or _is_all_there_is(message, match):
            yield match.span(), _PARTS[match["part"].replace("-", " ")]
    for match in message.english(_SIGN):
        if match["above"] < match["below"]:
            yield match.span(), Fraction(int(match["above"]), int(match["below"]))
    for match in message.english(_WHOLE):
        yield match.span(), Fraction(1)
    for match in message.english(_FULL):
        if _is_sum(message, match):
            yield match.span(), Fraction(1)
    for match in message.english(_ALL):
        if _is_paid(message, match):
            yield match.span(), Fraction(1)


def _after_paying(message: Message, start: int) -> bool:
    return _OWED.search(message.before(start, 40)) is not None


def _is_all_there_is(message: Message, match: re.Match[str]) -> bool:
    """Whether a part is the whole message, but for a word or two: "two thirds maybe"."""
    if len(message.text) > _SHORT:
        return False
    rest = f"{message.text[: match.start()]} {message.text[match.end() :]}"
    return len(_WORD.findall(rest)) <= _FEW_WORDS


def _is_sum(message: Message, match: re.Match[str]) -> bool:
    """Whether "the full amount" is paid, rather than asked for or disputed."""
    if _after_paying(message, match.start()):
        return True
    if _ASKS.search(message.before(match.start(), 40)):
        return message.context.expected == "money" and message.answers(*match.span())
    if _WILL_PAY.match(message.text, match.end()):
        return True
    ending = _NOTHING_ELSE if match["whole"] else _DATED
    return ending.match(message.text, match.end()) is not None


def _is_paid(message: Message, match: re.Match[str]) -> bool:
    """Whether "all" or "in full" follows a word for paying, or answers the question about an amount."""
    if match["full"] and _after_paying(message, match.start()):
        return True
    if _OBJECT.search(message.before(match.start(), 40)):
        return True
    return message.context.expected == "money" and _BARE_ALL.fullmatch(message.text[:400]) is not None
