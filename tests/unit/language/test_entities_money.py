"""Money as borrowers write it, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from bot.language.entities import Context, extract

AT = datetime.fromisoformat("2025-01-15T10:00:00+08:00")


def context(
    currency: str = "CNY", *, outstanding: str | None = "12000", expected: str | None = None
) -> Context:
    owed = Decimal(outstanding) if outstanding is not None else None
    return Context(AT, "Asia/Shanghai", currency, owed, expected)


def shown(value: Mapping[str, Any], extra: Mapping[str, Any]) -> str:
    """Write a money value short: "800.00 CNY /month ~", "500.00..600.00 CNY", "0.5=6000.00 CNY"."""
    if "fraction" in value:
        amount = f"{value['fraction']}={value.get('value', '?')}"
    elif "value" in value:
        amount = str(value["value"])
    else:
        amount = f"{value.get('from', '')}..{value.get('to', '')}"
    parts = [amount, value["unit"]]
    if "per" in extra:
        parts.append(f"/{extra['per']}")
    if "bound" in extra:
        parts.append(extra["bound"])
    if extra.get("vague"):
        parts.append("~")
    return " ".join(parts)


def money(text: str, **changes: Any) -> list[str]:
    found = extract(text, context(**changes))
    return [shown(entity.value, entity.extra) for entity in found if entity.entity == "money"]


CHINESE = [
    # omitted units
    ("还两千三", ["2300.00 CNY"]),
    ("两千三", ["2300.00 CNY"]),
    ("三百五", ["350.00 CNY"]),
    ("一万二", ["12000.00 CNY"]),
    ("3万8", ["38000.00 CNY"]),
    ("3万8千", ["38000.00 CNY"]),
    ("2千3", ["2300.00 CNY"]),
    ("三万五千二", ["35200.00 CNY"]),
    ("两千零三", ["2003.00 CNY"]),
    ("两千零三十块", ["2030.00 CNY"]),
    ("一万零五百", ["10500.00 CNY"]),
    ("一百二十三块", ["123.00 CNY"]),
    # scales and figures
    ("1w", ["10000.00 CNY"]),
    ("1.5w", ["15000.00 CNY"]),
    ("1.5万", ["15000.00 CNY"]),
    ("一点五万", ["15000.00 CNY"]),
    ("5百", ["500.00 CNY"]),
    ("3k", ["3000.00 CNY"]),
    ("¥1,200.50", ["1200.50 CNY"]),
    ("￥８００", ["800.00 CNY"]),
    ("１，２００元", ["1200.00 CNY"]),
    ("1，200元", ["1200.00 CNY"]),
    ("二十万", ["200000.00 CNY"]),
    ("500元人民币", ["500.00 CNY"]),
    ("还188.6", ["188.60 CNY"]),
    # banker's numerals and Traditional script
    ("贰仟叁佰元整", ["2300.00 CNY"]),
    ("人民币陆佰元", ["600.00 CNY"]),
    ("壹拾贰万元", ["120000.00 CNY"]),
    ("兩千三百塊錢", ["2300.00 CNY"]),
    ("三萬八", ["38000.00 CNY"]),
    ("五百蚊", ["500.00 CNY"]),
    ("千二蚊", ["1200.00 CNY"]),
    # 块, 角, 分
    ("三块五", ["3.50 CNY"]),
    ("两块五毛", ["2.50 CNY"]),
    ("五毛钱", ["0.50 CNY"]),
    ("10元5角2分", ["10.52 CNY"]),
    ("十二块三", ["12.30 CNY"]),
    ("12块钱", ["12.00 CNY"]),
    # ranges
    ("五六百", ["500.00..600.00 CNY"]),
    ("三五百吧", ["300.00..500.00 CNY"]),
    ("一千二三", ["1200.00..1300.00 CNY"]),
    ("二三十块", ["20.00..30.00 CNY"]),
    ("两三万", ["20000.00..30000.00 CNY"]),
    ("一百五六十块", ["150.00..160.00 CNY"]),
    ("300-400", ["300.00..400.00 CNY"]),
    ("300～400块", ["300.00..400.00 CNY"]),
    ("300块到400块", ["300.00..400.00 CNY"]),
    ("三到五百", ["300.00..500.00 CNY"]),
    ("3-5千", ["3000.00..5000.00 CNY"]),
    ("五百到一千", ["500.00..1000.00 CNY"]),
    # vague
    ("大概八百", ["800.00 CNY ~"]),
    ("八百左右", ["800.00 CNY ~"]),
    ("差不多能还八百", ["800.00 CNY ~"]),
    ("可能八百", ["800.00 CNY ~"]),
    ("几百", ["200.00..900.00 CNY ~"]),
    ("好几千", ["2000.00..9000.00 CNY ~"]),
    ("十几块", ["11.00..19.00 CNY ~"]),
    ("一千多", ["1000.00..2000.00 CNY ~"]),
    ("三百多块", ["300.00..400.00 CNY ~"]),
    ("三十多万", ["300000.00..400000.00 CNY ~"]),
    ("百来块", ["100.00 CNY ~"]),
    ("十来块钱", ["10.00 CNY ~"]),
    # one side
    ("五百以内", ["..500.00 CNY"]),
    ("不到一千", ["..1000.00 CNY"]),
    ("五百以上", ["500.00.. CNY"]),
    ("最多八百", ["800.00 CNY max"]),
    ("800封顶", ["800.00 CNY max"]),
    ("至少还一千", ["1000.00 CNY min"]),
    ("不能超过一千", ["1000.00 CNY max"]),
    # rates
    ("每月八百", ["800.00 CNY /month"]),
    ("每月最多还八百", ["800.00 CNY /month max"]),
    ("一个月八百", ["800.00 CNY /month"]),
    ("一个月给你们两百行不", ["200.00 CNY /month"]),
    ("八百一个月", ["800.00 CNY /month"]),
    ("三百五一个月", ["350.00 CNY /month"]),
    ("500/月", ["500.00 CNY /month"]),
    ("每期五百", ["500.00 CNY /instalment"]),
    ("每周两百", ["200.00 CNY /week"]),
    ("每天五十块", ["50.00 CNY /day"]),
    ("每两周三百", ["300.00 CNY /fortnight"]),
    ("月供三千", ["3000.00 CNY /month"]),
    ("每月15号还八百", ["800.00 CNY /month"]),
    ("每月四五千", ["4000.00..5000.00 CNY /month"]),
    ("一个月大概三百多", ["300.00..400.00 CNY /month ~"]),
    # parts of what is owed
    ("先还一半", ["0.5=6000.00 CNY"]),
    ("全部还清", ["1=12000.00 CNY"]),
    ("全款", ["1=12000.00 CNY"]),
    ("三分之一", ["0.3333=4000.00 CNY"]),
    ("四分之三", ["0.75=9000.00 CNY"]),
    ("一大半", ["0.5=6000.00 CNY ~"]),
    ("明天全还", ["1=12000.00 CNY"]),
    # other currencies
    ("五百美元", ["500.00 USD"]),
    ("500港币", ["500.00 HKD"]),
    ("HK$500", ["500.00 HKD"]),
    ("一千日元", ["1000 JPY"]),
    # the word after the number belongs elsewhere
    ("八百分6期", ["800.00 CNY"]),
    ("三百一起还", ["300.00 CNY"]),
    ("下周五六百", ["600.00 CNY"]),
    ("下周五百块", ["500.00 CNY"]),
    ("两千三个月还清", ["2000.00 CNY"]),
    ("五千本周五还", ["5000.00 CNY"]),
    ("周五 800", ["800.00 CNY"]),
    ("周一，700", ["700.00 CNY"]),
    ("800可以吗", ["800.00 CNY"]),
]

ENGLISH = [
    ("I'll pay 500 on Friday", ["500.00 USD"]),
    ("I can pay $1,200.50", ["1200.50 USD"]),
    ("500$", ["500.00 USD"]),
    ("USD 3,500", ["3500.00 USD"]),
    ("500 usd", ["500.00 USD"]),
    ("20 bucks", ["20.00 USD"]),
    ("forty dollars", ["40.00 USD"]),
    ("fifty quid", ["50.00 GBP"]),
    ("£85", ["85.00 GBP"]),
    ("€85.50", ["85.50 EUR"]),
    ("500 rupees", ["500.00 INR"]),
    ("Rs. 2,000", ["2000.00 INR"]),
    ("₹2,50,000", ["250000.00 INR"]),
    ("HKD 500", ["500.00 HKD"]),
    ("RM100", ["100.00 MYR"]),
    ("800 yuan", ["800.00 CNY"]),
    ("3k", ["3000.00 USD"]),
    ("1.5k", ["1500.00 USD"]),
    ("two grand", ["2000.00 USD"]),
    ("half a grand", ["500.00 USD"]),
    ("two hundred and fifty", ["250.00 USD"]),
    ("fifteen hundred", ["1500.00 USD"]),
    ("a hundred and ten", ["110.00 USD"]),
    ("2 hundred", ["200.00 USD"]),
    ("one thousand two hundred", ["1200.00 USD"]),
    ("5 dollars and 20 cents", ["5.20 USD"]),
    ("a tenner", ["10.00 GBP"]),
    ("2 lakh rupees", ["200000.00 INR"]),
    # ranges and hedges
    ("maybe 300", ["300.00 USD ~"]),
    ("maybe 300–400", ["300.00..400.00 USD ~"]),
    ("300-400", ["300.00..400.00 USD"]),
    ("3-5k", ["3000.00..5000.00 USD"]),
    ("between $300 and $400", ["300.00..400.00 USD"]),
    ("between 300 and 400", ["300.00..400.00 USD"]),
    ("$300 to $400", ["300.00..400.00 USD"]),
    ("two or three hundred", ["200.00..300.00 USD"]),
    ("maybe 30 or 40", ["30.00..40.00 USD ~"]),
    ("about $50", ["50.00 USD ~"]),
    ("how about 150", ["150.00 USD"]),
    ("300 or so", ["300.00 USD ~"]),
    ("around two hundred", ["200.00 USD ~"]),
    ("a few hundred", ["200.00..900.00 USD ~"]),
    ("a couple hundred", ["200.00 USD ~"]),
    ("under 500 dollars", ["..500.00 USD"]),
    ("more than 500 dollars", ["500.00.. USD"]),
    ("at most 200", ["200.00 USD max"]),
    ("up to 200", ["200.00 USD max"]),
    ("at least 100 dollars", ["100.00 USD min"]),
    ("no more than $300", ["300.00 USD max"]),
    # rates
    ("I can only do 200 a month", ["200.00 USD /month"]),
    ("200 per month", ["200.00 USD /month"]),
    ("200/month", ["200.00 USD /month"]),
    ("200/mo?", ["200.00 USD /month"]),
    ("250 monthly", ["250.00 USD /month"]),
    ("£50 pm", ["50.00 GBP /month"]),
    ("50 a week", ["50.00 USD /week"]),
    ("30pw", ["30.00 USD /week"]),
    ("$60 every two weeks", ["60.00 USD /fortnight"]),
    ("50 every fortnight", ["50.00 USD /fortnight"]),
    ("60 or 70 a month", ["60.00..70.00 USD /month"]),
    ("each month I can pay 90", ["90.00 USD /month"]),
    ("monthly payments of 1,200", ["1200.00 USD /month"]),
    ("$45 per paycheck", ["45.00 USD /paycheck"]),
    ("twenty quid a week", ["20.00 GBP /week"]),
    # parts of what is owed
    ("half", ["0.5=6000.00 USD"]),
    ("half of it now", ["0.5=6000.00 USD"]),
    ("half on monday", ["0.5=6000.00 USD"]),
    ("a third of it", ["0.3333=4000.00 USD"]),
    ("two thirds of it", ["0.6667=8000.00 USD"]),
    ("three quarters of it", ["0.75=9000.00 USD"]),
    ("pay 1/2 now", ["0.5=6000.00 USD"]),
    ("all of it", ["1=12000.00 USD"]),
    ("I'll pay it all tomorrow", ["1=12000.00 USD"]),
    ("I'll pay in full", ["1=12000.00 USD"]),
    ("you'll have the lot on payday", ["1=12000.00 USD"]),
    ("I'll wire the full amount", ["1=12000.00 USD"]),
    # beside dates
    ("friday 200", ["200.00 USD"]),
    ("200 friday", ["200.00 USD"]),
    ("26th, 700 dollars", ["700.00 USD"]),
    ("300 up front then 50 weekly", ["300.00 USD", "50.00 USD /week"]),
    # mixed
    ("明天transfer给你500", ["500.00 USD"]),
    ("Friday之前还1500块", ["1500.00 USD"]),
]


@pytest.mark.parametrize(("text", "amounts"), CHINESE)
def test_amount_in_chinese(text: str, amounts: list[str]) -> None:
    assert money(text) == amounts


@pytest.mark.parametrize(("text", "amounts"), ENGLISH)
def test_amount_in_english(text: str, amounts: list[str]) -> None:
    assert money(text, currency="USD") == amounts


@pytest.mark.parametrize(
    ("text", "currency", "amounts"),
    [
        ("500块", "HKD", ["500.00 HKD"]),
        ("五百蚊", "HKD", ["500.00 HKD"]),
        ("$500", "HKD", ["500.00 HKD"]),
        ("$500", "CNY", ["500.00 USD"]),
        ("¥500", "JPY", ["500 JPY"]),
        ("¥500", "GBP", ["500.00 CNY"]),
        ("50 bucks", "CAD", ["50.00 CAD"]),
        ("500 rupees", "PKR", ["500.00 PKR"]),
        ("还1500", "KWD", ["1500.000 KWD"]),
        ("50p", "GBP", ["0.50 GBP"]),
    ],
)
def test_shared_words_mean_the_borrowers_own_currency(text: str, currency: str, amounts: list[str]) -> None:
    assert money(text, currency=currency) == amounts


def test_part_without_known_outstanding_has_no_value() -> None:
    (entity,) = extract("一半", context(outstanding=None))
    assert entity.value == {"fraction": "0.5", "unit": "CNY"}


def test_amount_of_the_contract_example() -> None:
    (entity,) = extract("還兩千三", context())
    assert entity.as_dict() == {
        "entity": "money",
        "value": {"value": "2300.00", "unit": "CNY"},
        "start": 1,
        "end": 4,
        "text": "兩千三",
    }
