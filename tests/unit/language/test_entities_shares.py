"""Percentages and numbers of instalments beyond the plain ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Read = Callable[..., list[Any]]

PERCENTAGES = [
    ("减5个点", [5]),
    ("利率十二个点 能不能降", [12]),
    ("降3个百分点", [3]),
    ("利率12点", [12]),
    ("月息3分", [3]),
    ("月息一分五", [1.5]),
    ("两分利太高", [2]),
    ("日息万分之五", [0.05]),
    ("百分之六点五", [6.5]),
    ("百分之零点五", [0.5]),
    ("百分之十到十五", ["10..15"]),
    ("百分之十到百分之十五", ["10..15"]),
    ("百分之一百二", [120]),
    ("减三成就行", [30]),
    ("減返兩成得唔得", [20]),
    ("三成半", [35]),
    ("一成五", [15]),
    ("三四成", ["30..40"]),
    ("三成到五成", ["30..50"]),
    ("三成本金", [30]),
    ("还了三成了", [30]),
    ("八点五折", [85]),
    ("打对折", [50]),
    ("seventeen point five percent", [17.5]),
    ("point five percent", [0.5]),
    (".5% a day", [0.5]),
    ("half a percent", [0.5]),
    ("twelve and a half percent", [12.5]),
    ("1 and a half percent", [1.5]),
    ("between 10% and 15%", ["10..15"]),
    ("10% to 15%", ["10..15"]),
    ("3 percentage points", [3]),
    ("maybe 20%", ["20 ~"]),
    # no share of anything
    ("有两个点想问", []),
    ("利率几个点", []),
    ("利息一分没有", []),
    ("八成新的手机", []),
    ("七成把握", []),
    ("一成不变", []),
    ("四百五成不成", []),
    ("百分之百会还", []),
]

COUNTS = [
    ("分开8次", [8]),
    ("分開六次還", [6]),
    ("八次还清", [8]),
    ("两三次还完", ["2..3"]),
    ("分期6", [6]),
    ("分期12可以吗", [12]),
    ("分成4吧", [4]),
    ("分企6期", [6]),
    ("拆开四笔", [4]),
    ("改成24期", [24]),
    ("divide into 5 can", [5]),
    ("convert to 6 EMIs", [6]),
    ("nine EMI possible?", [9]),
    ("split 3 ways", [3]),
    ("pay in 3 times", [3]),
    ("6 x £100", [6]),
    ("£85 x 6", [6]),
    ("two halves", [2]),
    ("three part-payments", [3]),
    ("split am into 3", [3]),
    ("six paymets", [6]),
    ("4-6 payments", ["4..6"]),
    ("maybe 6 payments", ["6 ~"]),
    # paid, missed, or something else that is counted
    ("两期没还", []),
    ("还有三期", []),
    ("供了18期", []),
    ("打了三次电话", []),
    ("借了两笔钱", []),
    ("I have 3 payments left", []),
    ("3 payments behind", []),
    ("I've made 3 payments", []),
    ("paid 2 instalments already", []),
    ("called me 3 times", []),
    ("spread over 6 months", []),
    ("pay in 5 days", []),
]


@pytest.mark.parametrize(("text", "shares"), PERCENTAGES)
def test_percentage(read: Read, text: str, shares: list[Any]) -> None:
    assert read("percentage", text) == shares


@pytest.mark.parametrize(("text", "numbers"), COUNTS)
def test_count_of_instalments(read: Read, text: str, numbers: list[Any]) -> None:
    assert read("count", text) == numbers


@pytest.mark.parametrize("text", ["罚息0.05%一天", "0.5% a day", "百分之二一个月", "3% per month"])
def test_period_of_a_rate_is_no_duration(read: Read, text: str) -> None:
    assert read("percentage", text)
    assert read("duration", text) == []
