"""Dates, times of day and spans of them, read on Wednesday 15 January 2025 at ten in Shanghai."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from bot.language.entities import Context, extract

NOW = "2025-01-15T10:00:00+08:00"


def context(
    at: str = NOW, *, currency: str = "CNY", expected: str | None = None, zone: str = "Asia/Shanghai"
) -> Context:
    return Context(datetime.fromisoformat(at), zone, currency, None, expected)


def instant(text: str) -> str:
    return text.removesuffix(":00+08:00").replace("2025-", "")


def shown(value: dict[str, str], extra: dict[str, Any]) -> str:
    """Write a time short: "01-24", "..01-24", "01-16T15:00", with "week" or "month", "every month", "~"."""
    if "value" in value:
        when = instant(value["value"])
    else:
        when = f"{instant(value.get('from', ''))}..{instant(value.get('to', ''))}"
    grain = extra["grain"] if extra["grain"] in ("week", "month") else ""
    every = f"every {extra['recurring']}" if "recurring" in extra else ""
    return " ".join(filter(None, [when, grain, every, "~" if extra.get("vague") else ""]))


def times(text: str, **changes: Any) -> list[str]:
    found = extract(text, context(**changes))
    return [shown(entity.value, dict(entity.extra)) for entity in found if entity.entity == "time"]


CHINESE_DAYS = [
    ("今天还", ["01-15"]),
    ("明天", ["01-16"]),
    ("明儿还", ["01-16"]),
    ("后天", ["01-17"]),
    ("大后天", ["01-18"]),
    ("昨天已经还了", ["01-14"]),
    ("前天", ["01-13"]),
    ("明后天", ["01-16..01-17"]),
    ("这两天就还", ["01-15..01-16 ~"]),
    ("听日还", ["01-16"]),
    ("聽日還", ["01-16"]),
    ("琴日已經過咗數", ["01-14"]),
    # weekdays and weeks
    ("周五", ["01-17"]),
    ("周三", ["01-22"]),
    ("这周五", ["01-17"]),
    ("下周五", ["01-24"]),
    ("下周一", ["01-20"]),
    ("下下周一", ["01-27"]),
    ("上周五", ["01-10"]),
    ("下下下周五", ["02-07"]),
    ("大下周三", ["01-29"]),
    ("下周的周五", ["01-24"]),
    ("星期天", ["01-19"]),
    ("礼拜六", ["01-18"]),
    ("下個禮拜二", ["01-21"]),
    ("下周3还5百", ["01-22"]),
    ("下周", ["01-20 week"]),
    ("这周", ["01-13 week"]),
    ("上周", ["01-06 week"]),
    ("下周一定还", ["01-20 week"]),
    ("下周一起还", ["01-20 week"]),
    ("下周一下班后还", ["01-20"]),
    ("下周一直接扣", ["01-20"]),
    ("下周五百块", ["01-20 week"]),
    ("下周五六百", ["01-24"]),
    ("周末", ["01-18..01-19"]),
    ("下周末", ["01-25..01-26"]),
    ("这周内", ["..01-19"]),
    ("每周五", ["01-17 every week"]),
    ("撞上周末", ["01-18..01-19"]),
    # months and their parts
    ("月底", ["01-31"]),
    ("月末", ["01-31"]),
    ("月尾清", ["01-31"]),
    ("月初", ["02-01"]),
    ("月中", ["01-15"]),
    ("下月底", ["02-28"]),
    ("下个月底", ["02-28"]),
    ("下月初", ["02-01"]),
    ("下月中旬", ["02-11..02-20 ~"]),
    ("下个月", ["02-01 month"]),
    ("这个月", ["01-01 month"]),
    ("下下个月", ["03-01 month"]),
    ("下个月5号", ["02-05"]),
    ("下月十号", ["02-10"]),
    ("下个月15", ["02-15"]),
    ("本月28日", ["01-28"]),
    ("上月十八号", ["2024-12-18"]),
    ("这个月最后一天", ["01-31"]),
    ("剩下月底再给", ["01-31"]),
    ("四月底", ["04-30"]),
    ("十月中", ["10-15"]),
    ("年底", ["12-31"]),
    ("明年年底", ["2026-12-31"]),
    ("去年十二月", ["2024-12-01 month"]),
    ("九月", ["09-01 month"]),
    ("三月份开始", ["03-01 month"]),
    ("从三月份开始", ["03-01.. month"]),
    # days of the month and dates
    ("15号", ["01-15"]),
    ("14号", ["02-14"]),
    ("20号", ["01-20"]),
    ("二十六号", ["01-26"]),
    ("廿号", ["01-20"]),
    ("31号", ["01-31"]),
    ("22日", ["01-22"]),
    ("15号发工资", ["01-15"]),
    ("12月15号", ["12-15"]),
    ("3月5号", ["03-05"]),
    ("3月5", ["03-05"]),
    ("1月5号", ["2026-01-05"]),
    ("三月十二日", ["03-12"]),
    ("2025年3月5日", ["03-05"]),
    ("26年3月5日", ["2026-03-05"]),
    ("明年三月", ["2026-03-01 month"]),
    ("2月30号", []),
    ("13月1号", []),
    ("2025-02-10", ["02-10"]),
    ("12/15还", ["12-15"]),
    ("五六号还", ["02-05..02-06"]),
    ("10到15号", ["02-10..02-15"]),
    ("10号到15号", ["02-10..02-15"]),
    ("28号到3号", ["01-28..02-03"]),
    ("周一到周五", ["01-20..01-24"]),
    ("下周一到周三", ["01-20..01-22"]),
    ("每月15号", ["01-15 every month"]),
    ("每个月5号", ["02-05 every month"]),
    ("每月底", ["01-31 every month"]),
    ("8号或者20号", ["02-08", "01-20"]),
    ("下周二、周四都可以", ["01-21", "01-23"]),
    # holidays
    ("国庆后", ["10-01.."]),
    ("春节前", ["..01-29"]),
    ("过年前", ["..01-29"]),
    ("除夕", ["01-28"]),
    ("大年初三", ["01-31"]),
    ("端午节后", ["05-31.."]),
    ("中秋以后", ["10-06.."]),
    ("元旦", ["2026-01-01"]),
    ("五一之前", ["..05-01"]),
    ("清明", ["04-04"]),
    # before, after, about
    ("月底前", ["..01-31"]),
    ("下周五之前", ["..01-24"]),
    ("最晚周五", ["..01-17"]),
    ("最迟20号", ["..01-20"]),
    ("20号以后", ["01-20.."]),
    ("从周一开始", ["01-20.."]),
    ("截止到31号", ["..01-31"]),
    ("15号左右", ["01-15 ~"]),
    ("可能下周五", ["01-24 ~"]),
    ("大概下周吧", ["01-20 week ~"]),
    ("周五前妻来", ["01-17"]),
    # from now
    ("三天后", ["01-18"]),
    ("两周后", ["01-29"]),
    ("三个月后", ["04-15"]),
    ("半个月后", ["01-30"]),
    ("三天内", ["..01-18"]),
    ("一个礼拜之内", ["..01-22"]),
    ("过两天", ["01-17 ~"]),
    ("过几天", ["01-17..01-24 ~"]),
    ("三天前", ["01-12"]),
    ("两三天后", ["01-17..01-18"]),
    ("三周后的周五", ["02-07"]),
    ("两个星期之后的那个周一", ["01-27"]),
    ("三周後的禮拜五", ["02-07"]),
    ("半个月后的周一", ["01-27"]),
    ("十天后的礼拜五", ["01-24"]),
    ("两个月后的15号", ["03-15"]),
    ("两周后的周五下午三点", ["01-31T15:00"]),
    ("三天后，周五再说", ["01-18", "01-17"]),
]

CHINESE_HOURS = [
    ("下午三点", ["01-15T15:00"]),
    ("三点半", ["01-15T15:30"]),
    ("明天下午三点", ["01-16T15:00"]),
    ("后天上午十点半", ["01-17T10:30"]),
    ("明早八点", ["01-16T08:00"]),
    ("明天两点", ["01-16T14:00"]),
    ("8点", ["01-15T20:00"]),
    ("晚上8点后", ["01-15T20:00.."]),
    ("晚上八点后再说", ["01-15T20:00.."]),
    ("晚上十二点", ["01-16T00:00"]),
    ("今晚十二点之前", ["..01-16T00:00"]),
    ("凌晨三点", ["01-16T03:00"]),
    ("中午十二点半", ["01-15T12:30"]),
    ("下午三点一刻", ["01-15T15:15"]),
    ("8：30", ["01-15T20:30"]),
    ("下午3点20", ["01-15T15:20"]),
    ("两点零五分", ["01-15T14:05"]),
    ("今晚", ["01-15T18:00..01-16T00:00"]),
    ("明天下午", ["01-16T12:00..01-16T18:00"]),
    ("周五晚上8点", ["01-17T20:00"]),
    ("周五晚", ["01-17T18:00..01-18T00:00"]),
    ("明天早上", ["01-16T06:00..01-16T12:00"]),
    ("中午", ["01-15T12:00..01-15T14:00"]),
    ("每晚8点", ["01-15T20:00 every day"]),
    ("8点到10点", ["01-15T20:00..01-15T22:00"]),
    ("下午2点到4点", ["01-15T14:00..01-15T16:00"]),
    ("中午十二点到一点", ["01-15T12:00..01-15T13:00"]),
    ("下午两三点", ["01-15T14:00..01-15T15:00 ~"]),
    ("五点前", ["..01-15T17:00"]),
    ("九点左右", ["01-15T21:00 ~"]),
    ("半小时后", ["01-15T10:30"]),
    ("两个小时后", ["01-15T12:00"]),
    ("五分钟内", ["..01-15T10:05"]),
]

ENGLISH_DAYS = [
    ("today", ["01-15"]),
    ("tomorrow", ["01-16"]),
    ("tmrw for sure", ["01-16"]),
    ("tommorow", ["01-16"]),
    ("the day after tomorrow", ["01-17"]),
    ("I paid yesterday", ["01-14"]),
    # weekdays and weeks
    ("Friday", ["01-17"]),
    ("this Friday", ["01-17"]),
    ("next Friday", ["01-24"]),
    ("next Monday", ["01-20"]),
    ("Wednesday", ["01-22"]),
    ("this Wednesday", ["01-15"]),
    ("last Friday", ["01-10"]),
    ("Friday week", ["01-24"]),
    ("a week on Friday", ["01-24"]),
    ("next week Friday", ["01-24"]),
    ("Friday next week", ["01-24"]),
    ("Fri 17th", ["01-17"]),
    ("Fri 5th", ["02-05 ~"]),
    ("pay u on sat", ["01-18"]),
    ("next week", ["01-20 week"]),
    ("this week", ["01-13 week"]),
    ("week after next", ["01-27 week"]),
    ("next week or so", ["01-20 week ~"]),
    ("sometime next week", ["01-20 week ~"]),
    ("early next week", ["01-20..01-22 ~"]),
    ("this weekend", ["01-18..01-19"]),
    ("at the weekend", ["01-18..01-19"]),
    ("next weekend", ["01-25..01-26"]),
    ("every Friday", ["01-17 every week"]),
    ("the second Wednesday", ["02-12"]),
    ("next Wednesday or Thursday", ["01-22", "01-23"]),
    ("the last Friday of the month", ["01-31"]),
    # months and their edges
    ("next month", ["02-01 month"]),
    ("in March", ["03-01 month"]),
    ("by September", ["..09-30 month"]),
    ("end of the month", ["01-31"]),
    ("month-end", ["01-31"]),
    ("EOM", ["01-31"]),
    ("the end of next month", ["02-28"]),
    ("end of Jan", ["01-31"]),
    ("start of next month", ["02-01"]),
    ("mid March", ["03-15"]),
    ("the end of the week", ["01-19"]),
    ("end of the year", ["12-31"]),
    ("every month end", ["01-31 every month"]),
    # dates
    ("on the 15th", ["01-15"]),
    ("on the 14th", ["02-14"]),
    ("the 31st", ["01-31"]),
    ("15 Dec", ["12-15"]),
    ("Dec 15", ["12-15"]),
    ("15th of December", ["12-15"]),
    ("December 15th, 2026", ["2026-12-15"]),
    ("3rd May", ["05-03"]),
    ("5 Jan", ["2026-01-05"]),
    ("30 Feb", []),
    ("2025-02-10", ["02-10"]),
    ("20th of next month", ["02-20"]),
    ("the 3rd of last month", ["2024-12-03"]),
    ("every 15th", ["01-15 every month"]),
    ("the 1st of every month", ["02-01 every month"]),
    ("the twenty fifth of this month", ["01-25"]),
    ("on the fourteenth", ["02-14"]),
    ("10th-15th", ["02-10..02-15"]),
    ("between Monday and Wednesday", ["01-20..01-22"]),
    ("Mon-Wed", ["01-20..01-22"]),
    ("14/06 to 30/06", ["06-14..06-30"]),
    # holidays
    ("before Christmas", ["..12-25"]),
    ("after the new year", ["2026-01-01.."]),
    ("Easter", ["04-20"]),
    ("Thanksgiving", ["11-27"]),
    # before, after, about
    ("before Friday", ["..01-17"]),
    ("by Friday", ["..01-17"]),
    ("by the end of next month", ["..02-28"]),
    ("until the 20th", ["..01-20"]),
    ("no later than the 14th", ["..02-14"]),
    ("after the 18th", ["01-18.."]),
    ("after the weekend", ["01-19.."]),
    ("starting the 1st", ["02-01.."]),
    ("Friday latest", ["..01-17"]),
    ("around the 20th", ["01-20 ~"]),
    ("maybe Friday", ["01-17 ~"]),
    # from now
    ("in two weeks", ["01-29"]),
    ("in two weeks' time", ["01-29"]),
    ("in a fortnight", ["01-29"]),
    ("in three months", ["04-15"]),
    ("two weeks from now", ["01-29"]),
    ("within 10 days", ["..01-25"]),
    ("in the next week", ["..01-22"]),
    ("in a few days", ["01-17..01-24 ~"]),
    ("two weeks ago", ["01-01"]),
    ("after two weeks", ["01-29.."]),
]

ENGLISH_HOURS = [
    ("3pm", ["01-15T15:00"]),
    ("9 am", ["01-16T09:00"]),
    ("12pm", ["01-15T12:00"]),
    ("3.30pm", ["01-15T15:30"]),
    ("15:00", ["01-15T15:00"]),
    ("at 6", ["01-15T18:00"]),
    ("6 o'clock", ["01-15T18:00"]),
    ("6ish", ["01-15T18:00 ~"]),
    ("half six", ["01-15T18:30"]),
    ("half past six", ["01-15T18:30"]),
    ("quarter to five", ["01-15T16:45"]),
    ("ten past three", ["01-15T15:10"]),
    ("noon", ["01-15T12:00"]),
    ("midnight", ["01-16T00:00"]),
    ("tonight", ["01-15T18:00..01-16T00:00"]),
    ("tonight at 8", ["01-15T20:00"]),
    ("8 tonight", ["01-15T20:00"]),
    ("this afternoon", ["01-15T12:00..01-15T18:00"]),
    ("tomorrow morning", ["01-16T06:00..01-16T12:00"]),
    ("in the morning", ["01-16T06:00..01-16T12:00"]),
    ("tomorrow at 3pm", ["01-16T15:00"]),
    ("3pm tomorrow", ["01-16T15:00"]),
    ("Friday at noon", ["01-17T12:00"]),
    ("4 o'clock on Thursday", ["01-16T16:00"]),
    ("9am sharp tomorrow", ["01-16T09:00"]),
    ("after 6pm", ["01-15T18:00.."]),
    ("before noon", ["..01-15T12:00"]),
    ("tomorrow before noon", ["..01-16T12:00"]),
    ("Friday after 5", ["01-17T17:00.."]),
    ("until tomorrow night", ["..01-17T00:00"]),
    ("2-4pm", ["01-15T14:00..01-15T16:00"]),
    ("from 2 to 4pm", ["01-15T14:00..01-15T16:00"]),
    ("9am to 5pm", ["01-16T09:00..01-16T17:00"]),
    ("in an hour", ["01-15T11:00"]),
    ("in ten mins", ["01-15T10:10"]),
    ("an hour ago", ["01-15T09:00"]),
]


@pytest.mark.parametrize(("text", "when"), CHINESE_DAYS)
def test_day_in_chinese(text: str, when: list[str]) -> None:
    assert times(text) == when


@pytest.mark.parametrize(("text", "when"), CHINESE_HOURS)
def test_hour_in_chinese(text: str, when: list[str]) -> None:
    assert times(text) == when


@pytest.mark.parametrize(("text", "when"), ENGLISH_DAYS)
def test_day_in_english(text: str, when: list[str]) -> None:
    assert times(text, currency="GBP") == when


@pytest.mark.parametrize(("text", "when"), ENGLISH_HOURS)
def test_hour_in_english(text: str, when: list[str]) -> None:
    assert times(text, currency="GBP") == when


@pytest.mark.parametrize(
    ("currency", "when"),
    [("USD", ["05-06"]), ("GBP", ["06-05"]), ("INR", ["06-05"]), ("CNY", ["06-05"])],
)
def test_slashed_date_is_month_first_only_for_us_dollars(currency: str, when: list[str]) -> None:
    assert times("5/6", currency=currency) == when


def test_slashed_date_in_a_chinese_sentence_is_month_first() -> None:
    assert times("5/6还") == ["05-06"]


@pytest.mark.parametrize("currency", ["USD", "GBP", "CNY"])
def test_slashed_date_that_fits_one_way_only_is_read_that_way(currency: str) -> None:
    assert times("12/15", currency=currency) == times("15/12", currency=currency) == ["12-15"]


@pytest.mark.parametrize(
    ("at", "text", "when"),
    [
        ("2025-01-31T10:00:00+08:00", "月底", ["01-31"]),
        ("2025-01-31T10:00:00+08:00", "30号", ["03-30"]),
        ("2025-01-31T10:00:00+08:00", "每月31号", ["01-31 every month"]),
        ("2025-02-01T10:00:00+08:00", "每月31号", ["02-28 every month"]),
        ("2025-01-31T10:00:00+08:00", "一个月后", ["02-28"]),
        ("2025-12-31T10:00:00+08:00", "明天", ["2026-01-01"]),
        ("2025-12-20T10:00:00+08:00", "月初", ["2026-01-01"]),
        ("2025-12-20T10:00:00+08:00", "1月5号", ["2026-01-05"]),
        ("2025-01-19T10:00:00+08:00", "周末", ["01-19"]),
        ("2025-01-19T10:00:00+08:00", "下周一", ["01-20"]),
        ("2025-01-17T10:00:00+08:00", "Friday", ["01-24"]),
        ("2025-01-17T10:00:00+08:00", "周五", ["01-24"]),
        ("2025-01-17T10:00:00+08:00", "this friday", ["01-17"]),
        ("2025-01-17T10:00:00+08:00", "next friday", ["01-24"]),
        ("2025-01-15T19:00:00+08:00", "下午三点", ["01-16T15:00"]),
        ("2025-01-15T19:00:00+08:00", "下午", ["01-16T12:00..01-16T18:00"]),
        ("2025-01-15T19:00:00+08:00", "今晚", ["01-15T18:00..01-16T00:00"]),
        ("2025-02-20T10:00:00+08:00", "春节", ["2026-02-17"]),
        ("2024-02-28T10:00:00+08:00", "2月29号", ["2024-02-29"]),
        ("2025-02-28T10:00:00+08:00", "2月29号", ["2028-02-29"]),
        ("2036-03-01T10:00:00+08:00", "春节", ["2037-02-15"]),
        ("2046-03-01T10:00:00+08:00", "春节", []),
    ],
)
def test_calendar_edge(at: str, text: str, when: list[str]) -> None:
    assert times(text, at=at) == when


def test_day_is_the_borrowers_not_the_servers() -> None:
    late = "2025-01-15T18:30:00+00:00"
    assert times("明天", at=late) == ["01-17"]
    assert times("tomorrow", at=late, zone="America/New_York") == ["01-16"]


def test_hours_from_now_survive_the_change_of_the_clocks() -> None:
    (entity,) = extract("in two hours", context("2025-03-30T00:30:00+00:00", zone="Europe/London"))
    assert entity.value == {"value": "2025-03-30T03:30:00+01:00"}


def test_grain_is_reported() -> None:
    grains = {
        text: extract(text, context())[0].extra["grain"]
        for text in ("明天", "下周", "下个月", "三点", "三点半")
    }
    assert grains == {"明天": "day", "下周": "week", "下个月": "month", "三点": "hour", "三点半": "minute"}


def test_span_holds_the_words_that_set_the_limit() -> None:
    (entity,) = extract("I'll pay by the end of next month ok", context())
    assert entity.text == "by the end of next month"


def test_spring_festivals_of_the_table_are_new_moons_of_winter() -> None:
    for year in range(2024, 2036):
        (entity,) = extract("春节", context(f"{year}-01-02T10:00:00+08:00"))
        feast = date.fromisoformat(entity.value["value"])
        assert date(year, 1, 21) <= feast <= date(year, 2, 20)
