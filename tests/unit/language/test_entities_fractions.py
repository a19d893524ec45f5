"""Parts of what is owed: beside which words they are meant, and beside which they are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Read = Callable[..., list[Any]]
WHOLE, HALF = ["=1"], ["=0.5"]

CHINESE = [
    ("20号之前还清全部", WHOLE),
    ("30号结清全部", WHOLE),
    ("十五號前俾晒全部", WHOLE),
    ("全部", WHOLE),
    ("下周五全部", WHOLE),
    ("全部给你们", WHOLE),
    ("一次性全部付清", WHOLE),
    ("剩下的全部还", WHOLE),
    ("余下的钱都还了", WHOLE),
    ("全额一次付", WHOLE),
    ("所有的钱一起还", WHOLE),
    ("全都还掉", WHOLE),
    ("全给你", WHOLE),
    ("上星期全给清了", WHOLE),
    ("全部本息都付了", WHOLE),
    ("我全还，全部还清", WHOLE),  # the whole is owed once
    ("还了一半了", HALF),
    ("还大半", ["=0.5 ~"]),
    ("一半先", HALF),
    ("先一半，月底再一半", ["=0.5", "=0.5"]),
    ("先还1/3行吗", ["=0.3333"]),
    ("给你们2/3", ["=0.6667"]),
    ("先还五分之二", ["=0.4"]),
]

ENGLISH = [
    ("full amount i settle", WHOLE),
    ("entire amount", WHOLE),
    ("my boss agreed to an advance, so the 11th, whole amount", WHOLE),
    ("The outstanding amount will be settled by Friday", WHOLE),
    ("the remaining balance next friday", WHOLE),
    ("full payment on the 5th", WHOLE),
    ("i will clear the whole balance", WHOLE),
    ("clear all dues by friday", WHOLE),
    ("you'll get every penny", WHOLE),
    ("pay full next month", WHOLE),
    ("settle everything", WHOLE),
    ("all of it, i wanna pay all of it", WHOLE),
    ("half amount on Monday sir", HALF),
    ("half payment now", HALF),
    ("half my balance now", HALF),
    ("half can?", HALF),
    ("half now, half later", ["=0.5", "=0.5"]),
    ("half of what I owe", HALF),
    ("I can pay a third", ["=0.3333"]),
    ("one third first", ["=0.3333"]),
    ("three-fourths of the amount", ["=0.75"]),
    ("two fifths of it", ["=0.4"]),
]

NONE = [
    "看到一半就睡着了", "我多半还不上", "安全还款吗", "全部都是骗子", "把我全部资料删了",
    "我把全部积蓄都投进去了", "我全部都跟你说了", "你们全部人都烦", "全额是多少", "一半的人都欠钱",
    "钱全交医院了", "我全交给律师了", "罚息是按全部欠款算吗", "所有债务打包进破产程序了",
    "所有的钱都花完了", "1/3的时候再说", "what is the full amount", "tell me the total amount",
    "the total amount is wrong", "outstanding balance?", "kindly share my outstanding amount",
    "reduce the total amount", "half my salary goes on rent", "a third of my salary",
    "My income has fallen by a third", "the third of us", "a whole lot of trouble",
    "every penny goes on rent", "thief took all my money", "everything will be fine", "half asleep",
    "I was 17 and a half when I signed", "full english breakfast", "you lot",
]  # fmt: skip


@pytest.mark.parametrize(("text", "parts"), [*CHINESE, *ENGLISH])
def test_part_of_what_is_owed(read: Read, text: str, parts: list[str]) -> None:
    assert read("money", text, "GBP") == parts


@pytest.mark.parametrize("text", NONE)
def test_word_for_a_part_that_is_not_of_the_debt(read: Read, text: str) -> None:
    assert read("money", text) == []


def test_part_written_like_a_date_is_a_date_without_a_word_for_paying(read: Read) -> None:
    assert read("time", "1/3还") == ["2026-01-03"]
    assert read("time", "还1/3") == []
