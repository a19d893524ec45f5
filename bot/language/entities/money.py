"""Amounts, ranges of them and rates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from bot.language.entities import bare, currencies, hedges, rates
from bot.language.entities.model import Candidate, Message
from bot.language.entities.numbers_en import TENS, UNITS
from bot.language.entities.numbers_zh import DIGITS
from bot.language.entities.numeral import Numeral

_MOST = Decimal(10) ** 12
_WORDS_UNDER_100 = (
    r"(?:(?:twenty|thirty|fou?rty|fifty|sixty|seventy|eighty|ninety)(?:[ -](?:one|two|three|four|five|six|"
    r"seven|eight|nine))?|"
    r"ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|five)"
)
_CENTS = re.compile(
    r"零?(?P<jiao>[0-9二两三四五六七八九半]|一(?![一-鿿])|"
    r"一(?=[角毛]))(?:[角毛](?:零?(?P<fen>[0-9一二三四五六七八九])(?![0-9期次个])分?)?|"
    r"(?<!零[^\n])(?![0-9个天日周年期次月号点成折人笔十百千万半份分]))"
    r"|零?(?P<only>[0-9]{1,2}|[一二三四五六七八九])分(?![期成开])|"
    r"零(?P<odd>[0-9一二三四五六七八九])(?![0-9十百个天])"
    r"|\s?(?:and\s|&\s?)?(?P<cents>[0-9]{1,2})\s?(?:cents?|pence|p|kobo|paise)\b"
    rf"|(?<=[a-z])\s(?:and\s)?(?P<told>{_WORDS_UNDER_100})(?:\s?(?:cents?|pence|p|kobo|paise)\b|(?=\s*(?:$|"
    rf"[.,!?;])|\s(?:a|per|"
    r"each|every|on|by|now|today|tomorrow|only)\b))",
    re.A,
)
_SMALL = re.compile(r"(?P<unit>[角毛])钱?(?!党)|\s?(?P<cents>cents?|pence)\b|(?P<p>p)\b(?!/)", re.A)
_TO = re.compile(r"\s?(?:-|~|到|至|to)\s?")
# 一块 is "together" unless money follows.
_TOGETHER = re.compile(r"一块(?!钱)")
# Notes and slang with a worth of their own, in the country that says so.
_NOTES = {
    "tenner": (10, "GBP"), "fiver": (5, "GBP"), "twenties": (20, None), "fifties": (50, None),
    "嚿水": (100, None), "旧水": (100, None), "撇水": (1000, None), "张毛爷爷": (100, "CNY"),
}  # fmt: skip
_NOTE = re.compile(r"\s?(?P<note>tenner|fiver|twenties|fifties|[嚿旧撇]水|张毛爷爷)s?(?![a-z])")
_ONE_NOTE = re.compile(r"\b(?:an?\s+)?(?P<note>tenner|fiver)\b", re.A)


@dataclass(frozen=True, slots=True)
class _Amount:
    start: int
    end: int
    low: Decimal
    high: Decimal
    unit: str
    vague: bool
    named: bool


def find(message: Message, numerals: list[Numeral], *, dated: bool) -> Iterator[Candidate]:
    """Yield every reading of the numerals as money; `dated`: the message also names a time."""
    amounts = [found for numeral in numerals if (found := _amount(message, numeral, dated)) is not None]
    taken = {amount.end for amount in amounts}
    for match in message.english(_ONE_NOTE):
        if match.end() not in taken and match.end() + 1 not in taken:
            amounts.append(_notes(match, match.start(), Decimal(1), Decimal(1), message.context.currency))
    for amount in _joined(message.text, sorted(amounts, key=lambda found: found.start)):
        yield _candidate(message, amount)


def _amount(message: Message, numeral: Numeral, dated: bool) -> _Amount | None:
    text, own = message.text, message.context.currency
    if not 0 < numeral.high < _MOST:
        return None
    start, end, code = numeral.start, numeral.end, None
    low, high = numeral.low, numeral.high
    note = _NOTE.match(text, end)
    if note is not None:
        return _notes(note, start, low, high, own)
    before = currencies.BEFORE.search(message.before(start, 8))
    if before is not None and (code := currencies.named(before[1] or before[2], own)) is not None:
        start -= len(before.group())
    after = currencies.AFTER.match(text, end)
    unit = currencies.named(after[1], own) if after is not None else None
    if after is not None and unit and not (low == high == 1 and _TOGETHER.match(text, numeral.start)):
        code = code or unit
        end = after.end()
        if numeral.single:
            end, part = _cents(text, end)
            low, high = low + part, high + part
    elif code is None and numeral.single and (small := _SMALL.match(text, end)) is not None:
        return _coins(numeral, small, own)
    if code is None and not (bare.is_amount(message, numeral, dated=dated) or _bare_rate(message, numeral)):
        return None
    return _Amount(start, end, low, high, code or own, numeral.vague, code is not None)


def _bare_rate(message: Message, numeral: Numeral) -> bool:
    """Whether a bare number beside a period is a rate of money: "200 a month", but not 每天三次."""
    if numeral.low < 5 and message.context.expected != "money":
        return False
    if rates.after(message.text, numeral.end):
        return True
    return (
        numeral.low >= 10
        and rates.ahead(message.text, numeral.start) is not None
        and bare.stands_bare(message, numeral)
    )


def _cents(text: str, end: int) -> tuple[int, Decimal]:
    """Read what follows the unit: 三块五, 五百块零八毛, "5 dollars 20 cents", "three pounds fifty"."""
    match = _CENTS.match(text, end)
    if match is None:
        return end, Decimal(0)
    if match["jiao"]:
        tenths = Decimal(5) if match["jiao"] == "半" else _digit(match["jiao"])
        hundredths = _digit(match["fen"]) if match["fen"] else Decimal(0)
        return match.end(), tenths / 10 + hundredths / 100
    part = match["only"] or match["odd"] or match["cents"]
    if part:
        return match.end(), (_digit(part) if len(part) == 1 else Decimal(part)) / 100
    words = re.findall(r"[a-z]+", match["told"])
    return match.end(), Decimal(sum(UNITS.get(word, 0) + TENS.get(word, 0) for word in words)) / 100


def _digit(char: str) -> Decimal:
    return Decimal(DIGITS[char] if char in DIGITS else int(char))


def _notes(match: re.Match[str], start: int, low: Decimal, high: Decimal, own: str) -> _Amount:
    worth, unit = _NOTES[match["note"]]
    return _Amount(start, match.end(), low * worth, high * worth, unit or own, low < high, True)


def _coins(numeral: Numeral, small: re.Match[str], own: str) -> _Amount:
    part = Decimal(currencies.CENTS[small["unit"] or small["cents"] or "p"]) / 100
    unit = "GBP" if small["p"] or small["cents"] == "pence" else own
    number = numeral.low * part
    return _Amount(numeral.start, small.end(), number, number, unit, numeral.vague, True)


def _joined(text: str, amounts: list[_Amount]) -> Iterator[_Amount]:
    """Join 300块到400块 and "$300 to $400" into one range."""
    skip = False
    for left, right in pairwise([*amounts, None]):
        if skip or left is None:
            skip = False
            continue
        gap = text[left.end : right.start] if right is not None else ""
        linked = _TO.fullmatch(gap) or (gap == " and " and text.endswith("between ", 0, left.start))
        if right is not None and linked and left.low == left.high < right.low == right.high:
            skip = True
            yield _Amount(
                left.start, right.end, left.low, right.high, right.unit, left.vague or right.vague, True
            )
        else:
            yield left


def _candidate(message: Message, amount: _Amount) -> Candidate:
    text, start, end = message.text, amount.start, amount.end
    side = hedges.side(text, start, end)
    bound = hedges.bound(text, start, end)
    vague = amount.vague or hedges.vague(text, start, end)
    extra: dict[str, Any] = {}
    after = rates.after(text, end, named=amount.named)
    ahead = rates.ahead(text, start) if after is None else None
    if after is not None:
        end, extra["per"] = after
    elif ahead is not None:
        start, extra["per"] = ahead
        vague = vague or hedges.vague(text, start, end)
    if vague:
        extra["vague"] = True
    if bound is not None:
        extra["bound"] = bound
    low, high = (currencies.amount(number, amount.unit) for number in (amount.low, amount.high))
    shape: dict[str, Any]
    if amount.low != amount.high:
        shape = {"from": low, "to": high}
    else:
        shape = {side: low} if side is not None else {"value": low}
    return Candidate("money", {**shape, "unit": amount.unit}, start, end, extra)
