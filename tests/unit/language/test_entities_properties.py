"""What holds of every message; how long the worst ones take is measured by `bench.entities`."""

from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import fuzz
from bench.entities import SIZE, UNITS
from bot.language.entities import LONGEST, Context, extract
from bot.language.entities.merge import MOST
from bot.language.entities.model import EXPECTED

AT = datetime.fromisoformat("2025-01-15T10:00:00+08:00")
_TALK = (
    "下 上 这 个 周 一 二 三 五 六 七 十 百 千 万 两 半 几 多 月 日 号 底 初 年 点 分 天 后 前 内 期 成 "
    "折 块 元 毛 还 每 最多 大概 到 至 晚上 明天 下午 第 选 方案 英文 全部 一半 next this last friday "
    "monday week month half two hundred and a the of at by before after in 3 15 5th jan may per pay 500 "
    "300-400 1,200 $ £ % pm : / - , . maybe or so every option b 1.5k 3万8 １５號"
)

contexts = st.builds(
    Context,
    at=st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),
    timezone=st.sampled_from(["Asia/Shanghai", "Europe/London", "America/New_York", "Pacific/Auckland"]),
    currency=st.sampled_from(["CNY", "USD", "GBP", "JPY", "KWD", "HKD"]),
    outstanding=st.none() | st.decimals(0, 10**7, places=2),
    expected=st.none() | st.sampled_from(sorted(EXPECTED)),
)
messages = st.text(max_size=80) | st.lists(st.sampled_from(_TALK.split()), max_size=24).flatmap(
    lambda words: st.sampled_from(["", " "]).map(lambda gap: gap.join(words))
)


@settings(max_examples=600, deadline=None)
@given(messages, contexts)
def test_entities_are_sorted_apart_and_lie_in_the_text(text: str, context: Context) -> None:
    end = 0
    for entity in extract(text, context):
        assert end <= entity.start < entity.end <= len(text)
        assert text[entity.start : entity.end] == entity.text
        end = entity.end


@settings(max_examples=400, deadline=None)
@given(messages, contexts)
def test_entities_are_json_and_repeat(text: str, context: Context) -> None:
    found = [entity.as_dict() for entity in extract(text, context)]
    assert json.loads(json.dumps(found)) == found
    assert [entity.as_dict() for entity in extract(text, context)] == found


@settings(max_examples=400, deadline=None)
@given(messages, contexts)
def test_amounts_are_positive_and_in_order(text: str, context: Context) -> None:
    for entity in extract(text, context):
        if entity.entity == "money":
            numbers = [Decimal(entity.value[key]) for key in ("from", "to", "value") if key in entity.value]
            assert all(number >= 0 for number in numbers)
            assert numbers == sorted(numbers)


@settings(max_examples=400, deadline=None)
@given(messages, contexts)
def test_a_range_of_time_runs_forward(text: str, context: Context) -> None:
    for entity in extract(text, context):
        if entity.entity == "time" and {"from", "to"} <= entity.value.keys():
            ends = [datetime.fromisoformat(entity.value[key]) for key in ("from", "to")]
            assert ends[0] <= ends[1]


bare_days = st.one_of(
    st.integers(1, 31).map(lambda day: f"{day}号"),
    st.integers(4, 20).map(lambda day: f"the {day}th"),
    st.sampled_from("一二三四五六日").map(lambda day: f"周{day}"),
    st.sampled_from(["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]),
    st.sampled_from(
        [
            "月底",
            "月初",
            "月中",
            "年底",
            "end of the month",
            "国庆",
            "christmas",
            "3月5号",
            "15 Dec",
            "2月29号",
            "每月31号",
        ]
    ),
)


@settings(max_examples=600, deadline=None)
@given(bare_days, contexts)
def test_a_bare_day_is_never_in_the_past(text: str, context: Context) -> None:
    if context.expected == "ordinal":
        return
    (entity,) = extract(text, context)
    today = context.at.astimezone(ZoneInfo(context.timezone)).date()
    assert today <= date.fromisoformat(entity.value["value"]) <= today + timedelta(days=8 * 366)


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS.keys())
def test_hostile_message_is_read_like_any_other(unit: str) -> None:
    text = (unit * SIZE)[:SIZE]
    found = extract(text, Context(AT, "Asia/Shanghai", "CNY", Decimal(12000)))
    assert len(found) <= MOST
    assert all(entity.end <= LONGEST for entity in found)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_no_random_message_raises(seed: int) -> None:
    ((text, context),) = fuzz.messages(random.Random(seed), 1)
    for entity in extract(text, context):
        assert text[entity.start : entity.end] == entity.text


def test_a_value_cut_by_the_limit_is_not_reported() -> None:
    text = "好" * (LONGEST - 3) + "500000元"
    assert extract(text, Context(AT, "Asia/Shanghai", "CNY")) == []
