"""Amounts per period: 每月八百, "200 a month", 800/月."""

from __future__ import annotations

import re

_UNITS = {
    "天": "day", "日": "day", "周": "week", "星期": "week", "礼拜": "week", "月": "month",
    "年": "year", "期": "instalment", "day": "day", "daily": "day", "week": "week", "wk": "week",
    "weekly": "week", "pw": "week", "p/w": "week", "p.w": "week", "fortnight": "fortnight",
    "fortnightly": "fortnight", "biweekly": "fortnight", "bi-weekly": "fortnight",
    "every two weeks": "fortnight", "every 2 weeks": "fortnight", "every other week": "fortnight",
    "two weeks": "fortnight", "2 weeks": "fortnight", "other week": "fortnight", "month": "month",
    "mth": "month", "mo": "month", "monthly": "month", "pm": "month", "pcm": "month", "p/m": "month",
    "p.m": "month", "year": "year", "yearly": "year", "annually": "year", "instalment": "instalment",
    "installment": "instalment", "payment": "instalment", "paycheck": "paycheck", "month's": "month",
    "hour": "hour", "hr": "hour",
}  # fmt: skip
_GAP = (
    r"(?:你们?|我们?|咱们?|俺|负担|承受|承担|接受|统一|各|个|pay|afford|换|环|欢|省|挤|匀|"
    r"抽|扣|药费|房租|房贷|车贷|开销|生活费|费用|就|也|还|能|可以|会|要|得|只|先|是|付|给|交|打|凑|"
    r"拿|出|供|大概|大约|差不多|最多|顶多|最少|至少|起码|可能|估计|不超过|工资|收入|挣|赚|到手|才|的|"
    r"固定|按时|话|\s|:)"
)
LEFT_ZH = re.compile(
    rf"(?P<marker>每(?P<two>两个?(?:周|星期|礼拜))|每个?(?P<each>月|星期|礼拜|周|天|日|"
    rf"年|期)|(?<![再宽限延缓迟给拖长上下这本两三四五六七八九十0-9])(?:一个?(?P<one>星期|礼拜|周|天|"
    rf"年|期)|一个(?P<month>月))|"
    rf"(?<![上下本这当个])(?P<noun>月供|月还款?|月付|月薪|月收入|月入|月工资)){_GAP}{{0,5}}$"
)
# 一月八百: a month, not January, right before the amount.
_MONTH_ZH = re.compile(r"(?<![十二年0-9])一月$")
_PM = re.compile(r"\s?pm\b", re.A)
_ON_WEEKDAYS = re.compile(r"\s(?:each|every)\s(?:mon|tue|wed|thu|fri|sat|sun)")
# 每月15号还八百: the day stands between, and is an entity of its own.
_DATED_ZH = re.compile(
    rf"(?:每个?(?P<month>月)的?(?:[0-9]{{1,2}}|[一二三十]{{1,3}})[号日]|"
    rf"每个?(?P<week>周|星期|礼拜)[一二三四五六日天]){_GAP}{{0,4}}$"
)
_PERIOD_EN = (
    "two weeks|2 weeks|other week|day|week|wk|fortnight|month|mth|mo|year|instalment|installment|"
    "payment|paycheck|hour|hr"
)
LEFT_EN = re.compile(
    rf"\b(?:(?:each|every|per|a)\s+(?P<per>{_PERIOD_EN})|(?P<adverb>monthly|weekly|fortnightly|"
    rf"biweekly)|(?P<of>payments|instalments|installments))"
    r"(?:,?\s+(?:payments?|instalments?|installments?|repayments?|of|at|is|i|i'll|we|can|could|will|"
    r"only|pay|do|afford|manage|about|around|maybe|just|up|to))"
    r"{0,5}\s*[$£€¥₹]?$",
    re.A,
)
RIGHT = re.compile(
    rf"\s?(?:/|每)\s?个?(?P<each>天|日|周(?![一二三四五六日末])|星期|礼拜|月(?!底|初|"
    rf"[0-9])|年|期)|\s?一个?(?P<one>月|周(?!年)|星期|礼拜|期|天(?!到晚|[都也])|年(?!到头))(?!后|内|之|以|前|"
    rf"半|分|次)|"
    rf"\s?(?:a|an|per|each|every|/|p/)\s?(?P<per>{_PERIOD_EN})\b|\s?(?P<adverb>every two weeks|"
    rf"every 2 weeks|every other week|"
    r"monthly|weekly|fortnightly|bi-?weekly|daily|yearly|annually|pcm\b|p/m|p/w|p\.m\b|p\.w\b|pw\b|"
    r"(?<=[0-9]{3})pm\b|(?<=[0-9]{3} )pm\b)(?![a-z])",
    re.A,
)


def after(text: str, end: int, *, named: bool = False) -> tuple[int, str] | None:
    """Return (end, period) of a rate right after an amount, if one stands there.

    "pm" is per month only after an amount that names its currency or is no hour: £50 pm, 200pm.
    """
    match = RIGHT.match(text, end)
    if match is None:
        if _ON_WEEKDAYS.match(text, end):
            return end, "week"
        monthly = _PM.match(text, end) if named else None
        return (monthly.end(), "month") if monthly is not None else None
    word = match["each"] or match["one"] or match["per"] or match["adverb"]
    return match.end(), _UNITS[word]


def ahead(text: str, start: int) -> tuple[int, str] | None:
    """Return (start, period) of a rate before an amount; the start stays where other values lie between."""
    left = text[max(0, start - 24) : start]
    match = LEFT_ZH.search(left)
    if match is not None:
        period = "fortnight" if match["two"] else _UNITS[match["each"] or match["one"] or "月"]
        return start - len(left) + match.start(), period
    if _MONTH_ZH.search(left):
        return start - 2, "month"
    dated = _DATED_ZH.search(left)
    if dated is not None:
        return start, "month" if dated["month"] else "week"
    wide = text[max(0, start - 48) : start]
    found = LEFT_EN.search(wide)
    if found is None:
        return None
    period = "instalment" if found["of"] else _UNITS[found["per"] or found["adverb"]]
    # "six monthly payments of 200": the payments are a count of their own.
    apart = found["of"] or "payment" in found.group() or "instal" in found.group()
    return (start if apart else start - len(wide) + found.start()), period
