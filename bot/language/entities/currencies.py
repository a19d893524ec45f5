"""The currencies people name, in signs and words of both languages."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

# ISO 4217 minor digits where they are not two.
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_DIGITS = dict.fromkeys(_NONE.split(), 0) | dict.fromkeys(_THREE.split(), 3)

# A word or sign several countries share means the borrower's own currency if that is one of them.
_DOLLARS = ("USD", "AUD", "CAD", "HKD", "NZD", "SGD", "TWD")
_SHARED = {
    "dollar": _DOLLARS,
    "yuan": ("CNY", "JPY"),
    "pound": ("GBP", "EGP", "LBP"),
    "rupee": ("INR", "PKR", "LKR", "NPR", "MUR"),
    "peso": ("MXN", "PHP", "ARS", "CLP", "COP"),
    "shilling": ("KES", "TZS", "UGX"),
    "dinar": ("KWD", "BHD", "JOD", "TND", "IQD"),
    "dirham": ("AED", "MAD"),
    "krona": ("SEK", "NOK", "DKK", "ISK"),
    "franc": ("CHF", "XAF", "XOF"),
}
LOCAL = ""
"""块, 元, 蚊: the borrower's own currency, whatever it is."""

_BEFORE = {
    "hk$": "HKD", "us$": "USD", "nt$": "TWD", "a$": "AUD", "au$": "AUD", "c$": "CAD", "ca$": "CAD",
    "s$": "SGD", "nz$": "NZD", "r$": "BRL", "$": "dollar", "¥": "yuan", "£": "pound", "€": "EUR",
    "₹": "rupee", "₩": "KRW", "₦": "NGN", "₱": "PHP", "฿": "THB", "₫": "VND", "₺": "TRY", "₽": "RUB",
    "rs.": "rupee", "rs": "rupee", "rmb": "CNY", "rm": "MYR", "rp": "IDR", "ksh": "KES",
    "人民币": "CNY", "港币": "HKD", "美元": "USD", "美金": "USD",
}  # fmt: skip
_AFTER = {
    "块钱": LOCAL, "块": LOCAL, "元钱": LOCAL, "元": LOCAL, "蚊": LOCAL, "大洋": LOCAL,
    "人民币": "CNY", "元人民币": "CNY", "块人民币": "CNY", "rmb": "CNY", "yuan": "CNY", "kuai": "CNY",
    "renminbi": "CNY", "美元": "USD", "美金": "USD", "美刀": "USD", "刀": "dollar", "港币": "HKD",
    "港元": "HKD", "港纸": "HKD", "块港币": "HKD", "台币": "TWD", "新台币": "TWD", "日元": "JPY",
    "日币": "JPY", "欧元": "EUR", "英镑": "GBP", "镑": "GBP", "卢比": "rupee", "韩元": "KRW",
    "韩币": "KRW", "新币": "SGD", "坡币": "SGD", "新元": "SGD", "马币": "MYR", "令吉": "MYR",
    "泰铢": "THB", "澳元": "AUD", "澳币": "AUD", "加元": "CAD", "加币": "CAD", "卢布": "RUB",
    "比索": "peso", "越南盾": "VND", "瑞郎": "CHF", "us dollars": "USD", "us dollar": "USD",
    "hong kong dollars": "HKD", "canadian dollars": "CAD", "australian dollars": "AUD",
    "singapore dollars": "SGD", "dollars": "dollar", "dollar": "dollar", "bucks": "dollar",
    "buck": "dollar", "quid": "GBP", "pounds": "pound", "pound": "pound", "sterling": "GBP",
    "euros": "EUR", "euro": "EUR", "rupees": "rupee", "rupee": "rupee", "rs": "rupee", "pesos": "peso",
    "peso": "peso", "ringgit": "MYR", "baht": "THB", "rupiah": "IDR", "dong": "VND", "naira": "NGN",
    "rand": "ZAR", "reais": "BRL", "yen": "JPY", "shillings": "shilling", "ksh": "KES",
    "dirhams": "dirham", "dinars": "dinar", "riyals": "SAR", "francs": "franc", "kronor": "krona",
    "zloty": "PLN", "rubles": "RUB", "roubles": "RUB", "lira": "TRY", "taka": "BDT", "$": "dollar",
    "¥": "yuan", "£": "pound", "€": "EUR", "₹": "rupee",
}  # fmt: skip
# ISO codes that are no English word; "all", "try" and "top" are currencies too.
_CODES = (
    "cny usd eur gbp hkd inr jpy krw twd sgd aud cad nzd chf myr thb idr vnd php brl mxn zar ngn kes aed sar "
    "pkr bdt lkr npr rub pln sek nok dkk czk huf kwd bhd egp ghs ugx tzs"
)
for _code in _CODES.split():
    _BEFORE[_code] = _AFTER[_code] = _code.upper()


def _alternatives(words: dict[str, str]) -> str:
    def guarded(word: str) -> str:
        return re.escape(word) + (r"(?![a-z])" if word[-1].isascii() and word[-1].isalpha() else "")

    return "|".join(guarded(word) for word in sorted(words, key=len, reverse=True))


BEFORE = re.compile(
    rf"(?:(?<![a-z])(?=[a-z])|(?![a-z]))({_alternatives(_BEFORE).replace('(?![a-z])', '')})[\s:]?$"
)
"""A sign or code at the end of what precedes a number."""
AFTER = re.compile(rf"\s?-?({_alternatives(_AFTER)})(?![旦宵素地儿头砖肉子])")
"""A sign or word right after a number."""
CENTS = {"角": 10, "毛": 10, "分": 1, "p": 1, "pence": 1, "cents": 1, "cent": 1}
"""Hundredths in a part of the unit."""


def named(word: str, own: str) -> str:
    """Return the ISO code a matched sign or word means to someone whose currency is `own`."""
    code = _BEFORE[word] if word in _BEFORE else _AFTER[word]
    if code == LOCAL:
        return own
    shared: tuple[str, ...] | None = _SHARED.get(code)
    if shared is None:
        return code
    return own if own in shared else shared[0]


def amount(number: Decimal, currency: str) -> str:
    """Write a major-unit amount with the currency's own decimals: "2300.00" CNY, "2300" JPY."""
    digits = _DIGITS.get(currency, 2)
    return str(number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP))
