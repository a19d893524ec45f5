"""Which of the options is meant, in the words of many regions, and ordinals that choose nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Read = Callable[..., list[Any]]

CHINESE = [
    ("头一个", [1]),
    ("我想要头一种", [1]),
    ("要頭嗰個", [1]),
    ("首个", [1]),
    ("我选最前面那个", [1]),
    ("末尾那个", [-1]),
    ("末了那个", [-1]),
    ("揀最尾嗰個啦", [-1]),
    ("拣最后嗰个", [-1]),
    ("最后那种吧", [-1]),
    ("还是最后那种合适", [-1]),
    ("最下面那个", [-1]),
    ("俺相中后头那个了", [-1]),
    ("最后的", [-1]),
    ("俺要恁说的第二样", [2]),
    ("第三类", [3]),
    ("就第二", [2]),
    ("要第二", [2]),
    ("第二好了", [2]),
    ("揀第一個唔該", [1]),
    ("揀一", [1]),
    ("方案②", [2]),
    ("就B", [2]),
    ("要第一个，不要第二个", [1, 2]),
]

ENGLISH = [
    ("#2", [2]),
    ("opt 2", [2]),
    ("no 3", [3]),
    ("option no. 4", [4]),
    ("proposal no. 1", [1]),
    ("letter B", [2]),
    ("A please", [1]),
    ("B lah", [2]),
    ("I want B lah", [2]),
    ("first can", [1]),
    ("second lah", [2]),
    ("second is better", [2]),
    ("third please", [3]),
    ("give me the second", [2]),
    ("I opt for the first.", [1]),
    ("take 2nd one can", [2]),
    ("2nd 1", [2]),
    ("the very first one", [1]),
    ("the top plan please", [1]),
    ("the bottom one", [-1]),
    ("very last one", [-1]),
    ("second to last", [-2]),
    ("pick two", [2]),
]

NONE = [
    "第一个链接打不开", "最后一条短信", "最后一个电话", "第一个月", "头一次", "头一胎", "头一天", "头个月",
    "最后那个月", "第一份工资", "还剩多少尾款", "139开头那个", "前头那个号", "唔好轉第二個號碼嚟",
    "粤B那辆车", "余e", "我有两个头疼的事", "was my last one counted", "the first one you sent",
    "the second one bounced", "Pick one.", "second hand", "third party", "my last name", "first class",
    "one last thing", "I am b", "the third week", "at first",
]  # fmt: skip


@pytest.mark.parametrize(("text", "places"), [*CHINESE, *ENGLISH])
def test_option(read: Read, text: str, places: list[int]) -> None:
    assert read("ordinal", text) == places


@pytest.mark.parametrize("text", NONE)
def test_ordinal_that_chooses_nothing(read: Read, text: str) -> None:
    assert read("ordinal", text) == []


@pytest.mark.parametrize(("text", "place"), [("后面那个", -1), ("上面那个", 1), ("要二", 2), ("the 2nd", 2)])
def test_short_answer_to_the_question_which(read: Read, text: str, place: int) -> None:
    assert read("ordinal", text, expected="ordinal") == [place]
    assert read("ordinal", text) == []
