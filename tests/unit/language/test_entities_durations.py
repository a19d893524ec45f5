"""Lengths of time put together from several, without a numeral, or in regional words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Read = Callable[..., list[Any]]

LENGTHS = [
    ("半拉月行不行", ["15 day"]),
    ("半拉年", ["6 month"]),
    ("半个来月", ["15 day ~"]),
    ("个半礼拜", ["1.5 week"]),
    ("一整年", ["1 year"]),
    ("一俩月", ["1..2 month"]),
    ("仨俩月", ["2..3 month"]),
    ("两三日", ["2..3 day"]),
    ("再宽几日", ["2..9 day ~"]),
    ("六十日", ["60 day"]),
    ("一年零三个月", ["15 month"]),
    ("一个礼拜零三天", ["10 day"]),
    ("缓个十天八天", ["8..10 day ~"]),
    ("一年到两年", ["1..2 year"]),
    ("半个月到一个月", ["15..30 day"]),
    ("2、3天", ["2..3 day"]),
    ("half year I need", ["6 month"]),
    ("half-month grace", ["15 day"]),
    ("one and half months", ["1.5 month"]),
    ("a year and half", ["1.5 year"]),
    ("week or two", ["1..2 week"]),
    ("1 year 6 months", ["18 month"]),
    ("a week to ten days", ["7..10 day"]),
    ("a fortnite", ["2 week"]),
    ("for the next 3 months", ["3 month"]),
    ("for the next week", ["1 week"]),
    ("coupla weeks", ["2 week"]),
]

NONE = [
    "半天没反应", "每两周一次", "3 days a week", "every 2 weeks", "6 months old baby", "4 weeks pregnant",
    "两百块一天", "罚息0.05%一天", "for months", "第三个月",
]  # fmt: skip


@pytest.mark.parametrize(("text", "lengths"), LENGTHS)
def test_length_of_time(read: Read, text: str, lengths: list[str]) -> None:
    assert read("duration", text) == lengths


@pytest.mark.parametrize("text", NONE)
def test_period_that_is_no_length_of_time(read: Read, text: str) -> None:
    assert read("duration", text) == []
