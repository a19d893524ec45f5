"""Amounts in parts, in slang, in foreign money, and numbers that are amounts by the words round them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Read = Callable[..., list[Any]]

IN_PARTS = [
    ("还你两千五百块零八毛", ["2500.80"]),
    ("一百块零五毛", ["100.50"]),
    ("五块零五分", ["5.05"]),
    ("一百二十元零五角三分", ["120.53"]),
    ("三十二块八毛五", ["32.85"]),
    ("3千5百块", ["3500"]),
    ("1万2千5", ["12500"]),
    ("2w5", ["25000"]),
    ("1k5", ["1500"]),
    ("一二零零块", ["1200"]),
    ("八八零块", ["880"]),
    ("fifteen pounds fifty", ["15.50"]),
    ("5 pounds and twenty pence", ["5.20"]),
    ("four hundred and fifty five pounds and 20 pence", ["455.20"]),
    ("eight eight zero pounds", ["880"]),
    ("paying five oh five", ["505"]),
    ("I can do one fifty a month", ["150"]),
    ("pay two fifty on friday", ["250"]),
    ("one point five k", ["1500"]),
    ("two point five grand", ["2500"]),
    ("3 hundred and 20", ["320"]),
    ("1 thousand 5 hundred", ["1500"]),
    ("half a lakh", ["50000"]),
    ("one and half lakh", ["150000"]),
    ("five k by friday", ["5000"]),
    ("two fivers a week", ["10"]),
    ("a couple of tenners", ["20"]),
    ("five twenties", ["100"]),
]

RANGES = [
    ("2、3百块", ["200..300"]),
    ("两、三千", ["2000..3000"]),
    ("5、600", ["500..600"]),
    ("五、六百", ["500..600"]),
    ("5-600", ["500..600"]),
    ("千儿八百", ["800..1000 ~"]),
    ("百八十块", ["80..100 ~"]),
    ("somewhere between fifty and seventy quid", ["50..70"]),
    ("a hundred to a hundred and fifty", ["100..150"]),
    ("fifty or sixty quid", ["50..60"]),
    ("£50–£70", ["50..70"]),
    ("20-25k", ["20000..25000"]),
    ("将近三千块", ["3000 ~"]),
    ("一万出头", ["10000 ~"]),
    ("200 give or take", ["200 ~"]),
    ("1、500", ["500"]),  # the first of a list
]

BY_CONTEXT = [
    ("so figure 600 from that", ["600"]),
    ("880 in 8 instalments", ["880"]),
    ("600 over 3 months", ["600"]),
    ("3000分6期", ["3000"]),
    ("call it 250", ["250"]),
    ("like 120 then", ["120"]),
    ("300 first can or not", ["300"]),
    ("boleh 300", ["300"]),
    ("5000 only sir", ["5000"]),
    ("5 hazaar de dunga", ["5000"]),
    ("i owe 300 not 500", ["300", "500"]),
    ("how does 300 become 450", ["300", "450"]),
    ("一共3288.5", ["3288.50"]),
    ("从500降到300", ["500", "300"]),
    ("just the 200 I sent", ["200"]),
    ("四百五成不成", ["450"]),
    ("一千二成吗", ["1200"]),
]

ABROAD = [
    ("三千文人仔，唔系港纸", "HKD", ["3000 CNY"]),
    ("五百块人民币", "HKD", ["500 CNY"]),
    ("500元RMB", "HKD", ["500 CNY"]),
    ("500文", "HKD", ["500"]),
    ("五嚿水", "HKD", ["500"]),
    ("兩撇水", "HKD", ["2000"]),
    ("500r", "CNY", ["500"]),
    ("300澳门元", "CNY", ["300 MOP"]),
    ("500港蚊", "CNY", ["500 HKD"]),
    ("500 sing dollars", "GBP", ["500 SGD"]),
    ("N20k", "NGN", ["20000"]),
    ("#5000", "NGN", ["5000"]),
    ("R500", "ZAR", ["500"]),
    ("5000/-", "INR", ["5000"]),
    ("Rs.5000/- only", "INR", ["5000"]),
    ("200 bob", "KES", ["200"]),
]

NONE = [
    "my queue number is 2048", "三楼500", "flat 120", "凭证号后四位7720", "96110说这是诈骗", "已报110",
    "你们的400打不通", "call me at nine fifteen", "cul8r", "AFSA number NSW 4410", "I never reach 18",
    "has cost me thousands", "2 won't do", "三文鱼", "算到腊月二十八", "一文不值", "twenty twenty six",
]  # fmt: skip


@pytest.mark.parametrize(("text", "amounts"), [*IN_PARTS, *RANGES, *BY_CONTEXT])
def test_amount(read: Read, text: str, amounts: list[str]) -> None:
    assert read("money", text, "GBP") == amounts


@pytest.mark.parametrize(("text", "currency", "amounts"), ABROAD)
def test_currency_is_the_one_that_was_named(read: Read, text: str, currency: str, amounts: list[str]) -> None:
    assert read("money", text, currency) == amounts


@pytest.mark.parametrize("text", NONE)
def test_number_that_is_no_amount(read: Read, text: str) -> None:
    assert read("money", text) == []
