"""Values in syllables for characters, and in the homophones that voice input writes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from bot.language.entities import Context, extract

Read = Callable[..., list[Any]]

PINYIN = [
    ("time", "hou天还", ["01-17"]),
    ("time", "ming晚给", ["01-16T18:00..01-17T00:00"]),
    ("time", "下zhou五", ["01-24"]),
    ("time", "下ge月", ["02-01 month"]),
    ("time", "周wu", ["01-17"]),
    ("time", "15hao还", ["01-15"]),
    ("time", "月di还", ["01-31"]),
    ("time", "mingtian huan", ["01-16"]),
    ("time", "xiazhouwu huan", ["01-24"]),
    ("time", "xia ge yue di", ["02-28"]),
    ("time", "zhoumo", ["01-18..01-19"]),
    ("duration", "kuan限5tian", ["5 day"]),
    ("duration", "两ge月", ["2 month"]),
    ("count", "分9qi 可以吗", [9]),
    ("count", "fen 3 qi", [3]),
    ("money", "huan wubai", ["500"]),
    ("money", "liang qian kuai", ["2000"]),
    ("money", "还一ban", ["=0.5"]),
    ("money", "quan部还", ["=1"]),
    ("ordinal", "di三个", [3]),
    ("ordinal", "第er个", [2]),
    ("language", "说yingwen", ["en"]),
]

VOICE = [
    ("ordinal", "地二个", [2]),
    ("ordinal", "弟三种吧", [3]),
    ("ordinal", "第而个", [2]),
    ("ordinal", "方按一", [1]),
    ("ordinal", "方案Ⅱ", [2]),
    ("ordinal", "选像二", [2]),
    ("money", "还五白块", ["500"]),
    ("money", "两前块", ["2000"]),
    ("money", "先还一办", ["=0.5"]),
    ("money", "一月八白块", ["800"]),
    ("time", "下州五还", ["01-24"]),
    ("time", "名天还", ["01-16"]),
    ("time", "月低还清", ["01-31"]),
    ("duration", "宽县一周可以吗", ["1 week"]),
    ("percentage", "百分只二十", [20]),
    ("percentage", "减三层行吗", [30]),
]

NONE = [
    "我弟三个孩子",
    "当地二个人",
    "一个月一个月地给",
    "ben is my friend",
    "my name is Zhou Wu",
    "房暗",
    "shang hai",
]


@pytest.mark.parametrize(("kind", "text", "found"), [*PINYIN, *VOICE])
def test_value_spelt_otherwise(read: Read, kind: str, text: str, found: list[Any]) -> None:
    assert read(kind, text) == found


@pytest.mark.parametrize("kind", ["time", "money", "ordinal", "count"])
@pytest.mark.parametrize("text", NONE)
def test_like_spelling_without_a_value(read: Read, kind: str, text: str) -> None:
    assert read(kind, text) == []


def test_span_is_of_what_was_typed() -> None:
    context = Context(datetime.fromisoformat("2025-01-15T10:00:00+08:00"), "Asia/Shanghai", "CNY")
    (entity,) = extract("我 xia ge yue di 还", context)
    assert (entity.text, entity.start, entity.end) == ("xia ge yue di", 2, 15)
