"""Durations, counts of instalments, percentages, options and languages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from bot.language.entities import Context, extract

AT = datetime.fromisoformat("2025-01-15T10:00:00+08:00")


def values(kind: str, text: str, expected: str | None = None) -> list[Any]:
    found = extract(text, Context(AT, "Asia/Shanghai", "CNY", None, expected))
    return [
        (entity.value, "~") if entity.extra.get("vague") else entity.value
        for entity in found
        if entity.entity == kind
    ]


def length(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit}


def span(low: float, high: float, unit: str) -> dict[str, Any]:
    return {"from": low, "to": high, "unit": unit}


DURATIONS = [
    ("三个月", [length(3, "month")]),
    ("三個月", [length(3, "month")]),
    ("宽限十天", [length(10, "day")]),
    ("宽限十日", [length(10, "day")]),
    ("俾多三日我", [length(3, "day")]),
    ("半个月", [length(15, "day")]),
    ("半年", [length(6, "month")]),
    ("一个半月", [length(1.5, "month")]),
    ("两个半月", [length(2.5, "month")]),
    ("两年半", [length(2.5, "year")]),
    ("两个礼拜", [length(2, "week")]),
    ("兩個星期", [length(2, "week")]),
    ("3周", [length(3, "week")]),
    ("48小时", [length(48, "hour")]),
    ("半小时", [length(30, "minute")]),
    ("俩月", [length(2, "month")]),
    ("两月", [length(2, "month")]),
    ("一年半载", [(span(6, 12, "month"), "~")]),
    ("十天半个月", [(span(10, 15, "day"), "~")]),
    ("五个工作日", [length(5, "day")]),
    ("三五天", [span(3, 5, "day")]),
    ("两三个月", [span(2, 3, "month")]),
    ("3-5天", [span(3, 5, "day")]),
    ("五到七个工作日", [span(5, 7, "day")]),
    ("能宽限几天吗", [(span(2, 9, "day"), "~")]),
    ("好几个月", [(span(2, 9, "month"), "~")]),
    ("十来天", [(length(10, "day"), "~")]),
    ("三个多月", [(span(3, 4, "month"), "~")]),
    ("个把月", [(length(1, "month"), "~")]),
    ("十天左右", [(length(10, "day"), "~")]),
    ("二十四个月", [length(24, "month")]),
    ("can I have two more weeks", [length(2, "week")]),
    ("a couple of weeks", [length(2, "week")]),
    ("two and a half months", [length(2.5, "month")]),
    ("a month and a half", [length(1.5, "month")]),
    ("a year and a half", [length(1.5, "year")]),
    ("half a month", [length(15, "day")]),
    ("half a year", [length(6, "month")]),
    ("half an hour", [length(30, "minute")]),
    ("a fortnight", [length(2, "week")]),
    ("gimme a week", [length(1, "week")]),
    ("another week", [length(1, "week")]),
    ("an extra fortnight", [length(2, "week")]),
    ("one more day", [length(1, "day")]),
    ("a few days", [(span(2, 9, "day"), "~")]),
    ("a few more days", [(span(2, 9, "day"), "~")]),
    ("a week or two", [span(1, 2, "week")]),
    ("a month or so", [(length(1, "month"), "~")]),
    ("3-4 days", [span(3, 4, "day")]),
    ("three to five days", [span(3, 5, "day")]),
    ("three-month extension", [length(3, "month")]),
    ("a 14-day extension", [length(14, "day")]),
    ("15 business days", [length(15, "day")]),
    ("over 12 months", [length(12, "month")]),
    ("across the next nine months", [length(9, "month")]),
    ("6mths", [length(6, "month")]),
]

COUNTS = [
    ("分6期", [6]),
    ("分三期", [3]),
    ("分期12期", [12]),
    ("分成四次", [4]),
    ("拆成三笔", [3]),
    ("分两回还", [2]),
    ("十二期", [12]),
    ("分6妻", [6]),
    ("24期可以吗", [24]),
    ("分个五六期吧", [{"from": 5, "to": 6}]),
    ("3-6期", [{"from": 3, "to": 6}]),
    ("3期或者6期", [3, 6]),
    ("split it into four", [4]),
    ("can you split in 3", [3]),
    ("pay in 3 instalments", [3]),
    ("3 payments", [3]),
    ("six monthly payments", [6]),
    ("three equal payments", [3]),
    ("6 installments plz", [6]),
    ("four lots", [4]),
    ("a few payments", [({"from": 2, "to": 9}, "~")]),
    # no number of instalments asked for
    ("还剩几期", []),
    ("第三期", []),
    ("逾期两期了", []),
    ("最后一期", []),
    ("I missed 2 payments", []),
]

PERCENTAGES = [
    ("三成", [30]),
    ("首付两成", [20]),
    ("20%", [20]),
    ("２０％", [20]),
    ("百分之二十", [20]),
    ("百分之15", [15]),
    ("打九折", [90]),
    ("八五折", [85]),
    ("8.5折", [85]),
    ("对折", [50]),
    ("两三成", [{"from": 20, "to": 30}]),
    ("大概三成", [({"value": 30}, "~")]),
    ("15.4%", [15.4]),
    ("20 percent", [20]),
    ("sixty per cent", [60]),
    ("about 30%", [({"value": 30}, "~")]),
    ("八成是骗子", []),
    ("百分百会还", []),
    ("一成不变", []),
    ("折腾我", []),
    ("100% sure", []),
]

ORDINALS = [
    ("第二个", [2]),
    ("選第一個方案", [1]),
    ("第2个👌", [2]),
    ("第三种", [3]),
    ("最后一个", [-1]),
    ("倒数第二个", [-2]),
    ("选2", [2]),
    ("选二", [2]),
    ("选B", [2]),
    ("选③", [3]),
    ("方案一", [1]),
    ("方案B", [2]),
    ("选项D", [4]),
    ("2号方案", [2]),
    ("后者", [-1]),
    ("B", [2]),
    ("b.", [2]),
    ("C吧", [3]),
    ("option 2", [2]),
    ("option b", [2]),
    ("Plan A", [1]),
    ("the second one", [2]),
    ("first option", [1]),
    ("the last one", [-1]),
    ("no.2", [2]),
    ("number three", [3]),
    ("I'd take the first", [1]),
    ("pick 1", [1]),
    ("the former", [1]),
    # not an option
    ("第二个月开始还", []),
    ("第一次", []),
    ("第三天", []),
    ("最后一次", []),
    ("third time lucky", []),
    ("I'm on a plane", []),
    ("NOC please", []),
    ("first of all", []),
    ("that's my final offer", []),
    ("the second payment", []),
]

LANGUAGES = [
    ("说英文", ["en"]),
    ("中文可以吗", ["zh"]),
    ("讲国语", ["zh"]),
    ("普通话", ["zh"]),
    ("粤语", ["yue"]),
    ("可唔可以用廣東話", ["yue"]),
    ("西班牙语", ["es"]),
    ("用繁體", ["zh-Hant"]),
    ("别整英文，说中文", ["en", "zh"]),
    ("Mandarin", ["zh"]),
    ("English please", ["en"]),
    ("do you speak Spanish", ["es"]),
    ("can you do Hindi", ["hi"]),
    ("in Cantonese", ["yue"]),
    ("Traditional Chinese", ["zh-Hant"]),
    ("I'm Chinese", []),
    ("a chinese restaurant", []),
    ("中国文件", []),
]


@pytest.mark.parametrize(("text", "expected"), DURATIONS)
def test_duration(text: str, expected: list[Any]) -> None:
    assert values("duration", text) == expected


@pytest.mark.parametrize(("text", "expected"), COUNTS)
def test_count(text: str, expected: list[Any]) -> None:
    assert values("count", text) == expected


@pytest.mark.parametrize(("text", "expected"), PERCENTAGES)
def test_percentage(text: str, expected: list[Any]) -> None:
    assert values("percentage", text) == expected


@pytest.mark.parametrize(("text", "expected"), ORDINALS)
def test_ordinal(text: str, expected: list[Any]) -> None:
    assert values("ordinal", text) == expected


@pytest.mark.parametrize(("text", "expected"), LANGUAGES)
def test_language(text: str, expected: list[Any]) -> None:
    assert values("language", text) == expected


@pytest.mark.parametrize(
    ("asked", "text", "found"),
    [
        ("money", "800", [("money", {"value": "800.00", "unit": "CNY"})]),
        ("money", "3", [("money", {"value": "3.00", "unit": "CNY"})]),
        ("money", "八十吧", [("money", {"value": "80.00", "unit": "CNY"})]),
        ("money", "二百五", [("money", {"value": "250.00", "unit": "CNY"})]),
        ("money", "all", [("money", {"fraction": "1", "unit": "CNY"})]),
        ("money", "13812345678", []),
        ("time", "15", [("time", {"value": "2025-01-15"})]),
        ("time", "15号", [("time", {"value": "2025-01-15"})]),
        ("time", "the 14th", [("time", {"value": "2025-02-14"})]),
        ("time", "sat", [("time", {"value": "2025-01-18"})]),
        ("duration", "10", [("duration", {"value": 10, "unit": "day"})]),
        ("duration", "十天", [("duration", {"value": 10, "unit": "day"})]),
        ("count", "3", [("count", 3)]),
        ("count", "三", [("count", 3)]),
        ("count", "6吧", [("count", 6)]),
        ("count", "six please", [("count", 6)]),
        ("count", "我有两个孩子", []),
        ("count", "三星手机", []),
        ("ordinal", "2", [("ordinal", 2)]),
        ("ordinal", "第二", [("ordinal", 2)]),
        ("ordinal", "2号", [("ordinal", 2)]),
        ("ordinal", "the second", [("ordinal", 2)]),
        ("ordinal", "就1吧", [("ordinal", 1)]),
        ("ordinal", "最后一个", [("ordinal", -1)]),
        (None, "800", []),
        (None, "3", []),
        (None, "第二", [("ordinal", 2)]),
    ],
)
def test_bare_answer_is_read_by_what_was_asked(asked: str | None, text: str, found: list[Any]) -> None:
    entities = extract(text, Context(AT, "Asia/Shanghai", "CNY", None, asked))
    assert [(entity.entity, entity.value) for entity in entities] == found
