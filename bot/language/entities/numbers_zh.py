"""Chinese numerals: 两千三, 三五百, 十几, 一点五万."""

from __future__ import annotations

import re
from decimal import Decimal

DIGITS = {
    "零": 0,
    "〇": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
MAGNITUDES = {"十": 10, "百": 100, "千": 1000, "万": 10000}
FEW = (2, 9)
"""几, "a few": more than one, fewer than ten."""

# Banker's numerals, folded for numbers only: 陆 and 拾 are everyday characters as well.
_FINANCIAL = str.maketrans("壹贰弍叁肆伍陆柒捌玖佰仟", "一二二三四五六七八九百千")
_TEN = re.compile("(?<=[壹贰叁肆伍陆柒捌玖])拾|拾(?=[壹贰叁肆伍陆柒捌玖万元])")

D = "[一二两三四五六七八九]"
# A last digit without its unit (两千三) is none if a measure follows: 八百一个月 is 八百 and 一个月.
_TAIL = (
    rf"{D}(?![个天日周年期次月星礼号点折人笔倍岁份%]|成(?!不|吗|么)|分之|分钟|小时|"
    rf"{D}(?!个?[月周天期年星礼])|[十百千])"
)
UNDER_100 = rf"(?:[廿卅]{D}?|{D}?十{D}?|{D})"
_HUNDREDS = rf"{D}百(?:零?{D}?十{D}?|零{D}|{_TAIL})?"
_THOUSANDS = rf"{D}千(?:零?{_HUNDREDS}|零?{D}?十{D}?|零{D}|{_TAIL})?"
_MYRIADS = (
    rf"(?:{_THOUSANDS}|{_HUNDREDS}|{UNDER_100})万(?:零?{_THOUSANDS}|零?{_HUNDREDS}|零{UNDER_100}|{_TAIL})?"
)
_PAIR = "(?:一二|一两|二三|两三|三四|三五|四五|五六|六七|七八|八九)"

PATTERN = re.compile(
    r"(?P<row>(?<![零一二两三四五六七八九十百千万点])[一二两三四五六七八九][零一二三四五六七八九]{2,6}(?=[块元蚊]))"
    rf"|(?P<decimal>{D}?十?{D}?点[零一二三四五六七八九]{{1,3}}(?=[万千百个倍成折元块%])[万千百]?)"
    rf"|(?P<head>(?:{D}万)?(?:{D}千)?(?:{D}百)?(?:{D}?十)?)(?P<pair>{_PAIR})(?![零一"
    rf"二三四五六七八九])(?P<tail>[十百千]?万?)"
    rf"|(?P<few>好?(?:{D}?十几|{D}百几十|几(?:[十百千]万?|万)?)万?)(?![点号时])"
    rf"|(?P<elided>(?<![一二两三四五六七八九十上])[千百]{D}(?=[块元蚊]))"
    rf"|(?P<loose>(?<![一二两三四五六七八九十])[百千万][把来](?=[个块元蚊]))"
    r"|(?P<below>(?<![一二两三四五六七八九十])(?:千[儿把]八百|万[儿把]八千|(?:百八十|"
    r"千八百)(?=[块元蚊的来])))"
    rf"|(?P<plain>{_MYRIADS}|{_THOUSANDS}|{_HUNDREDS}|{UNDER_100})"
)


def everyday(text: str) -> str:
    """Return the text with banker's numerals as everyday ones; 收拾 is left alone."""
    return (_TEN.sub("十", text) if "拾" in text else text).translate(_FINANCIAL)


def value(text: str) -> int:
    """Return the value of a well-formed numeral, with an omitted last unit supplied: 两千三 is 2300."""
    total = section = 0
    digit: int | None = None
    unit = 1
    for char in text:
        if char in "零〇":
            unit = 1
        elif char in DIGITS:
            digit = DIGITS[char]
        elif char in "廿卅":
            section, unit = section + (20 if char == "廿" else 30), 10
        elif char == "万":
            total, section, digit, unit = (section + (digit or 0) or 1) * 10000, 0, None, 10000
        elif char in MAGNITUDES:
            unit = MAGNITUDES[char]
            section += (1 if digit is None else digit) * unit
            digit = None
    if digit is not None:
        section += digit * max(1, unit // 10)
    return total + section


def small(text: str) -> int | None:
    """Return a numeral of at most two places, in digits or characters; None if it is not one."""
    if text.isascii() and text.isdigit():
        return int(text) if len(text) <= 2 else None
    folded = text.removeprefix("初")
    return value(folded) if re.fullmatch(UNDER_100, folded) else (0 if folded == "零" else None)


def bounds(match: re.Match[str]) -> tuple[Decimal, Decimal, bool, int]:
    """Return (low, high, vague, last unit) of a PATTERN match."""
    text = match.group()
    unit = max((MAGNITUDES[char] for char in text[-2:] if char in MAGNITUDES), default=1)
    if match["decimal"]:
        whole, _, fraction = text.partition("点")
        digits = "".join(str(DIGITS[char]) for char in fraction if char in DIGITS)
        scale = MAGNITUDES.get(text[-1], 1)
        number = Decimal(f"{value(whole)}.{digits}") * scale
        return number, number, False, scale
    if match["row"]:
        number = Decimal("".join(str(DIGITS[char]) for char in text))
        return number, number, False, 1
    if match["below"]:
        return Decimal(value(text[-2:])), Decimal(MAGNITUDES[text[0]]), True, unit
    if match["pair"]:
        first, second = (match["head"] + digit + match["tail"] for digit in match["pair"])
        return Decimal(value(first)), Decimal(value(second)), False, unit
    if match["few"]:
        return (*_few(match["few"]), True, unit)
    if match["loose"]:
        number = Decimal(MAGNITUDES[text[0]])
        return number, number, True, unit
    number = Decimal(value("一" + text if match["elided"] else text))
    return number, number, False, unit


def _few(text: str) -> tuple[Decimal, Decimal]:
    head, _, tail = text.removeprefix("好").partition("几")
    scale = 1
    for char in tail:
        scale *= MAGNITUDES[char]
    if not head:
        return Decimal(FEW[0] * scale), Decimal(FEW[1] * scale)
    base = value(head)
    if tail.startswith("十"):
        return Decimal(base + 10), Decimal(base + 90)
    return Decimal((base + 1) * scale), Decimal((base + 9) * scale)
