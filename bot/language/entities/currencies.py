"""The currencies people name, in signs and words of both languages."""

from __future__ import annotations

import re
from collections.abc import Iterable
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
    "₵": "GHS", "৳": "BDT", "rs.": "rupee", "rs": "rupee", "re.": "rupee", "rmb": "CNY", "rm": "MYR",
    "rp": "IDR", "ksh": "KES", "kshs": "KES", "tshs": "TZS", "ushs": "UGX", "gh₵": "GHS", "gh¢": "GHS",
    "mop$": "MOP", "us $": "USD", "人民币": "CNY", "港币": "HKD", "美元": "USD", "美金": "USD",
}  # fmt: skip
# A letter or sign that is a currency in one country only; young Chinese write 500r, too.
_OWN = {"n": "NGN", "#": "NGN", "r": "ZAR", "k": "ZMW", "tk": "BDT", "php": "PHP", "₨": "PKR", "nt": "TWD"}
_CNY = "人民币 人仔 软妹币 毛爷爷 rmb yuan kuai kwai renminbi"
_AFTER = {
    "块钱": LOCAL, "块": LOCAL, "元钱": LOCAL, "元": LOCAL, "圆": LOCAL, "蚊": LOCAL, "文": LOCAL,
    "大洋": LOCAL, "大元": LOCAL, "/-": LOCAL, "/=": LOCAL, "美元": "USD", "美金": "USD", "美刀": "USD",
    "刀": "dollar", "刀乐": "dollar", "港币": "HKD", "港元": "HKD", "港纸": "HKD", "港蚊": "HKD",
    "澳门元": "MOP", "澳门币": "MOP", "葡币": "MOP", "台币": "TWD", "新台币": "TWD", "日元": "JPY",
    "日币": "JPY", "日圆": "JPY", "欧元": "EUR", "欧": "EUR", "英镑": "GBP", "镑": "GBP",
    "卢比": "rupee", "韩元": "KRW", "韩币": "KRW", "新币": "SGD", "坡币": "SGD", "新元": "SGD",
    "新加坡元": "SGD", "新加坡币": "SGD", "马币": "MYR", "令吉": "MYR", "林吉特": "MYR", "泰铢": "THB",
    "铢": "THB", "澳元": "AUD", "澳币": "AUD", "澳刀": "AUD", "加元": "CAD", "加币": "CAD", "加刀": "CAD",
    "纽币": "NZD", "纽元": "NZD", "新西兰元": "NZD", "卢布": "RUB", "比索": "peso", "披索": "PHP",
    "越南盾": "VND", "印尼盾": "IDR", "瑞郎": "CHF", "瑞士法郎": "CHF", "奈拉": "NGN", "兰特": "ZAR",
    "迪拉姆": "dirham", "里拉": "TRY", "塔卡": "BDT", "us dollars": "USD", "us dollar": "USD",
    "american dollars": "USD", "hong kong dollars": "HKD", "hk dollars": "HKD", "hk dollar": "HKD",
    "canadian dollars": "CAD", "australian dollars": "AUD", "aussie dollars": "AUD",
    "singapore dollars": "SGD", "singapore dollar": "SGD", "sing dollars": "SGD", "sing dollar": "SGD",
    "sing": "SGD", "taiwan dollars": "TWD", "nt dollars": "TWD", "new zealand dollars": "NZD",
    "kiwi dollars": "NZD", "dollars": "dollar", "dollar": "dollar", "dollas": "dollar", "bucks": "dollar",
    "buck": "dollar", "quid": "GBP", "squid": "GBP", "british pounds": "GBP", "pounds": "pound",
    "pound": "pound", "sterling": "GBP", "euros": "EUR", "euro": "EUR", "indian rupees": "INR",
    "rupees": "rupee", "rupee": "rupee", "rupaye": "rupee", "rupay": "rupee", "rs": "rupee",
    "pesos": "peso", "peso": "peso", "ringgit": "MYR", "ringgits": "MYR", "baht": "THB",
    "rupiah": "IDR", "dong": "VND", "naira": "NGN", "nairas": "NGN", "rand": "ZAR", "rands": "ZAR",
    "reais": "BRL", "yen": "JPY", "won": "KRW", "shillings": "shilling", "shilling": "shilling",
    "bob": "KES", "ksh": "KES", "kshs": "KES", "cedis": "GHS", "cedi": "GHS", "birr": "ETB",
    "kwacha": "ZMW", "dirhams": "dirham", "dirham": "dirham", "dhs": "AED", "dinars": "dinar",
    "dinar": "dinar", "riyals": "SAR", "riyal": "SAR", "francs": "franc", "kronor": "krona",
    "kroner": "krona", "krona": "krona", "krone": "krona", "zloty": "PLN", "zlotys": "PLN",
    "forints": "HUF", "forint": "HUF", "koruna": "CZK", "lei": "RON", "leva": "BGN", "hryvnia": "UAH",
    "rubles": "RUB", "roubles": "RUB", "lira": "TRY", "taka": "BDT", "shekels": "ILS", "$": "dollar",
    "¥": "yuan", "£": "pound", "€": "EUR", "₹": "rupee", "₦": "NGN", "usdt": "USD",
} | dict.fromkeys(_CNY.split(), "CNY")  # fmt: skip
# ISO codes that are no English word; "all", "try" and "top" are currencies too.
_CODES = (
    "cny usd eur gbp hkd inr jpy krw twd sgd aud cad nzd chf myr thb idr vnd php brl mxn zar ngn kes aed sar "
    "pkr bdt lkr npr rub pln sek nok dkk czk huf kwd bhd egp ghs ugx tzs mop ron uah ils zmw etb"
)
for _code in _CODES.split():
    _BEFORE[_code] = _AFTER[_code] = _code.upper()


# What the last character may not run into: 文件, 欧洲, won't.
_NO_UNIT = {"文": "[件化章字明艺凭书档鱼]", "欧": "[洲盟美阳]"}


def _alternatives(words: Iterable[str]) -> str:
    def guarded(word: str) -> str:
        letter, sign = word[-1].isascii() and word[-1].isalpha(), not word[-1].isalpha()
        bar = _NO_UNIT.get(word, "[a-z']" if letter else r"\s?[0-9]" if sign else "")
        return re.escape(word) + (f"(?!{bar})" if bar else "")

    return "|".join(guarded(word) for word in sorted(words, key=len, reverse=True))


_SIGNS = "|".join(re.escape(word) for word in sorted(_BEFORE, key=len, reverse=True))
BEFORE = re.compile(rf"(?:(?<![a-z])(?=[a-z])|(?![a-z]))(?:({_SIGNS})[\s:.]?|({'|'.join(_OWN)}))$")
"""A sign or code at the end of what precedes a number."""
_FOREIGN = _alternatives(word for word in _AFTER if _AFTER[word] != LOCAL)
AFTER = re.compile(
    rf"\s?-?(?:(?:块钱?|元|圆|蚊|文)\s?(?={_FOREIGN}))?"
    rf"({_alternatives(_AFTER)}|(?<=[0-9万千百])(?<![a-z][0-9])r(?![a-z0-9']))(?![旦宵素地儿头砖肉子])"
)
"""A sign or word right after a number."""
CENTS = {"角": 10, "毛": 10, "分": 1, "p": 1, "pence": 1, "cents": 1, "cent": 1, "kobo": 1, "paise": 1}
"""Hundredths in a part of the unit."""


def named(word: str, own: str) -> str | None:
    """Return the ISO code that a matched sign or word means to someone whose currency is `own`, if any."""
    if word in _OWN:
        return own if own == _OWN[word] or (word == "r" and own == "CNY") else None
    code = _BEFORE.get(word, _AFTER.get(word))
    if code == LOCAL:
        return own
    shared: tuple[str, ...] | None = _SHARED.get(code or "")
    if shared is None:
        return code
    return own if own in shared else shared[0]


def amount(number: Decimal, currency: str) -> str:
    """Write a major-unit amount with the currency's own decimals: "2300.00" CNY, "2300" JPY."""
    digits = _DIGITS.get(currency, 2)
    return str(number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP))
