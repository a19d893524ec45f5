"""Days beside their week, month or year, told from one another, of the past, and names that are no days."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Read = Callable[..., list[Any]]

INSIDE = [
    ("下个月 20th i pay", ["02-20"]),
    ("下个月 5号", ["02-05"]),
    ("20号 下个月", ["02-20"]),
    ("next month 5号", ["02-05"]),
    ("下周 Friday", ["01-24"]),
    ("next周五", ["01-24"]),
    ("3 月 20 日", ["03-20"]),
    ("2025年 4月 8日", ["04-08"]),
    ("月初三号", ["02-03"]),
    ("下月十五还", ["02-15"]),
    ("明年 5月1号", ["2026-05-01"]),
    ("next month 10th", ["02-10"]),
    ("10th next month", ["02-10"]),
    ("5th of coming month", ["02-05"]),
    ("Saturday last week", ["01-11"]),
    ("last week's Friday", ["01-10"]),
    ("Monday of next week", ["01-20"]),
    ("nxt week fri", ["01-24"]),
    ("next year january", ["2026-01-01 month"]),
    ("5 may next year", ["2026-05-05"]),
    ("first friday of may", ["05-02"]),
    ("second week of april", ["04-08..04-14"]),
    ("last week of the month", ["01-25..01-31"]),
    ("下个月第一个周五", ["02-07"]),
    ("这个月最后一个周五", ["01-31"]),
    ("3月第二周", ["03-08..03-14"]),
    ("月底，19号我就能还", ["01-31", "01-19"]),
]

EDGES = [
    ("next month end", ["02-28"]),
    ("by next month end", ["..02-28"]),
    ("april end", ["04-30"]),
    ("EOW", ["01-19"]),
    ("by cob friday", ["..01-17"]),
    ("thru the end of november", ["..11-30"]),
    ("through Friday", ["..01-17"]),
    ("money comes thru friday", ["01-17"]),
    ("季度末", ["03-31"]),
    ("下旬", ["01-21..01-31 ~"]),
    ("下半月", ["01-16..01-31"]),
    ("每个月的最后一天", ["01-31"]),
    ("明年再还", ["2026-01-01 year"]),
    ("next year", ["2026-01-01 year"]),
    ("before 2027", ["..2027-01-01 year"]),
    ("from next month", ["02-01.. month"]),
    ("今年内", ["..12-31"]),
    ("年前还清", ["..01-29"]),
    ("过完年再还", ["01-29.."]),
    ("下周三开始", ["01-22"]),
    ("从下周三开始", ["01-22.."]),
]

SEVERAL = [
    ("周一周二", ["01-20", "01-21"]),
    ("周一、三、五", ["01-20", "01-22", "01-24"]),
    ("下周一或二", ["01-20", "01-21"]),
    ("周一到五", ["01-20..01-24"]),
    ("3、4号", ["02-03..02-04"]),
    ("10、20号", ["02-10", "01-20"]),
    ("10号和25号", ["02-10", "01-25"]),
    ("mon, wed, fri", ["01-20", "01-22", "01-17"]),
    ("sat/sun", ["01-18", "01-19"]),
    ("from april to june", ["04-01..06-30"]),
    ("28 dec to 3 jan", ["12-28..2026-01-03"]),
]

TOLD = [
    ("two weeks from friday", ["01-31"]),
    ("a week tomorrow", ["01-23"]),
    ("3 days after the 5th", ["02-08"]),
    ("2 days before christmas", ["12-23"]),
    ("next tomorrow", ["01-17"]),
    ("tomorrow or day after", ["01-16", "01-17"]),
    ("tml", ["01-16"]),
    ("ytd i pay", ["01-14"]),
    ("nxt tusday", ["01-21"]),
    ("dis friday", ["01-17"]),
    ("april ok?", ["04-01 month"]),
    ("five instalments, may works", ["05-01 month"]),
    ("下拜五", ["01-24"]),
    ("呢個月尾", ["01-31"]),
    ("每月十五还", ["01-15"]),
    ("逢十五", ["01-15"]),
]

PAST = [
    ("I paid on Friday", ["01-10"]),
    ("it went through on Monday", ["01-13"]),
    ("sent it on the 20th", ["2024-12-20"]),
    ("I cleared this in October", ["2024-10-01 month"]),
    ("paid on 3 December", ["2024-12-03"]),
    ("he died on sunday", ["01-12"]),
    ("周五已经转了", ["01-10"]),
    ("20号就还清了", ["2024-12-20"]),
    ("已于十月十二日病故", ["2024-10-12"]),
    # spoken of as still to come
    ("I get paid on Friday", ["01-17"]),
    ("it will be settled on the 20th", ["01-20"]),
    ("he said he'd have it thursday", ["01-16"]),
    ("周五还", ["01-17"]),
    ("周五还了再说", ["01-17"]),
    ("what if I paid on the 20th", ["01-20"]),
]

HOURS = [
    ("monday between 9am and 11am", ["01-20T09:00..01-20T11:00"]),
    ("tomorrow between 2 and 4", ["01-16T14:00..01-16T16:00"]),
    ("monday from 9 to 11", ["01-20T09:00..01-20T11:00"]),
    ("from 5 to 7 in the evening", ["01-15T17:00..01-15T19:00"]),
    ("tonight between 7 and 9", ["01-15T19:00..01-15T21:00"]),
    ("call me between 5 and 7", ["01-15T17:00..01-15T19:00"]),
    ("tomorrow afternoon after 3", ["01-16T15:00.."]),
    ("by evening", ["..01-16T00:00"]),
    ("after six thirty", ["01-15T18:30.."]),
    ("1730hrs", ["01-15T17:30"]),
    ("ring me around eight", ["01-15T20:00 ~"]),
    ("sunday arvo", ["01-19T12:00..01-19T18:00"]),
    ("听日下昼", ["01-16T12:00..01-16T18:00"]),
    ("明天3-5点", ["01-16T15:00..01-16T17:00"]),
]

NONE = [
    "my last name is Monday, like the day", "my name is Friday", "Mr Friday", "sunday is my name",
    "my wife June handles the bills", "this is April", "my son is in 10th standard", "9th grade",
    "my 30th birthday", "APR?", "night night", "5 to 10 of us", "between 5 and 7 payments", "score was 3-2",
    "每月初五",
]  # fmt: skip


@pytest.mark.parametrize(("text", "when"), [*INSIDE, *EDGES, *SEVERAL, *TOLD, *PAST, *HOURS])
def test_time(read: Read, text: str, when: list[str]) -> None:
    assert read("time", text, "GBP") == when


@pytest.mark.parametrize("text", NONE)
def test_name_of_a_day_that_is_none(read: Read, text: str) -> None:
    assert read("time", text, "GBP") == []
