"""What looks like a value and is none, and messages that hold several."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from bot.language.entities import Context, extract

AT = datetime.fromisoformat("2025-01-15T10:00:00+08:00")


def kinds(text: str, currency: str = "CNY") -> list[tuple[str, str]]:
    found = extract(text, Context(AT, "Asia/Shanghai", currency, Decimal(12000)))
    return [(entity.entity, entity.text) for entity in found]


@pytest.mark.parametrize(
    "text",
    [
        # idioms and function words with numerals in them
        "一点钱都没有", "手头一点也没有", "十分抱歉", "万分感谢", "我一定还", "等一下", "都一样",
        "一起还", "万一还不上呢", "千万别打电话", "一直在还", "一般都还", "一些钱", "乱七八糟的",
        "三番五次打来", "十有八九还不上", "一毛钱都没有", "一分钱也没有", "我一万个不愿意",
        "你个二百五", "真是二百五", "250吧你", "早一点说", "一会儿再说", "要钱没有，要命一条",
        "三天两头打电话", "半死不活", "百分百", "一五一十告诉你", "我和老公一块儿来", "砍一刀",
        # ages and family
        "我今年58岁", "我今年58", "我今年五十八了", "才17岁", "三十多岁的人了", "我有两个孩子",
        "家里三口人",
        # phone, card, order and reference numbers
        "我手机13812345678", "打138-1234-5678", "卡号尾号1234", "订单号202501150001",
        "合同编号20250115", "打12378投诉", "我要打110", "验证码是482913", "微信号12345678",
        "一三八零零一三八零零零",
        # times that are none
        "发工资那天", "发工资后", "几号还", "几点截止", "3号楼", "12号客服", "两点要求", "早上好",
        "晚上好啊", "晚安", "周末愉快", "听天由命", "第三方",
    ],
)  # fmt: skip
def test_trap_in_chinese_yields_nothing(text: str) -> None:
    assert kinds(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "third time lucky", "at the end of the day it's your problem", "good morning",
        "have a nice weekend", "first of all no", "my other half lost his job", "half asleep",
        "give me a minute", "one day you'll see", "thanks a million", "24/7", "I'm 17", "I'm only 17",
        "I'm 42 years old", "a 58-year-old widow", "I'm under 18", "aged 60",
        "call me on 07700 900123", "my number is 555-123-4567", "order 12345678", "card ending 4242",
        "ref #99812", "account number 12345678", "500 people", "I've got 3 kids",
        "they called 5 times a day", "once a week", "after payday", "when I get paid", "I may pay",
        "no one told me", "one of you", "you're grand", "since Tuesday", "soon", "later",
        "she is dead. d e a d", "do y'all take cards", "sick of all of it", "my wife and I",
        "it's me again",
    ],
)  # fmt: skip
def test_trap_in_english_yields_nothing(text: str) -> None:
    assert kinds(text, "GBP") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("我失业了，能分三期吗，别再打给我妈了", [("count", "三期")]),
        ("下周五还两千", [("time", "下周五"), ("money", "两千")]),
        ("15号发工资，到时候还三千五", [("time", "15号"), ("money", "三千五")]),
        ("八百分6期", [("money", "八百"), ("count", "6期")]),
        ("分三个月，每月八百", [("duration", "三个月"), ("money", "每月八百")]),
        ("给我一个月，我还八百", [("duration", "一个月"), ("money", "八百")]),
        ("罚息打九折，选第二个", [("percentage", "九折"), ("ordinal", "第二个")]),
        ("每月15号还八百", [("time", "每月15号"), ("money", "八百")]),
        ("晚上八点后用英文打给我", [("time", "晚上八点后"), ("language", "英文")]),
        ("I'll pay 500 on Friday", [("money", "500"), ("time", "Friday")]),
        ("200 a month for 6 months", [("money", "200 a month"), ("duration", "6 months")]),
        ("six monthly payments of 200", [("count", "six monthly payments"), ("money", "200")]),
        (
            "half on monday, rest in two weeks",
            [("money", "half"), ("time", "monday"), ("time", "in two weeks")],
        ),
        ("OK明天transfer 500给你", [("time", "明天"), ("money", "500")]),
        ("I am 42 and can pay 200", [("money", "200")]),
        ("我今年58，能还五百", [("money", "五百")]),
        ("尾号1234的卡还了500元", [("money", "500元")]),
        ("二百五十块", [("money", "二百五十块")]),
        ("还二百五", [("money", "二百五")]),
        ("在医院陪护，十分抱歉，下周一再还", [("time", "下周一")]),
    ],
)
def test_message_with_several_values(text: str, found: list[tuple[str, str]]) -> None:
    assert kinds(text) == found


def test_offsets_point_into_the_original_text() -> None:
    text = "👌 １\u200b５號 還 ￥１，２００ \ufe0f谢谢"
    for entity in extract(text, Context(AT, "Asia/Shanghai", "CNY")):
        assert text[entity.start : entity.end] == entity.text
    assert [entity for entity, _ in kinds(text)] == ["time", "money"]


@pytest.mark.parametrize(
    "changes",
    [
        {"at": datetime(2025, 1, 15)},
        {"timezone": "Mars/Olympus"},
        {"currency": "yuan"},
        {"expected": "colour"},
    ],
)
def test_context_refuses_what_is_a_bug(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Context(**{"at": AT, "timezone": "Asia/Shanghai", "currency": "CNY", **changes})
