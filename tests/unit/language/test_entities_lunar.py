"""Days of the lunar calendar, against dates that almanacs print."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language.entities import lunar

Read = Callable[..., list[Any]]


@pytest.mark.parametrize(
    ("lunar_day", "day"),
    [
        ((2024, 1, 1), date(2024, 2, 10)),
        ((2025, 6, 1), date(2025, 6, 25)),
        ((2025, 7, 1), date(2025, 8, 23)),
        ((2025, 8, 15), date(2025, 10, 6)),
        ((2026, 5, 5), date(2026, 6, 19)),
        ((2026, 12, 23), date(2027, 1, 30)),
        ((2027, 1, 15), date(2027, 2, 20)),
        ((2033, 8, 15), date(2033, 9, 8)),
        ((2045, 1, 1), date(2045, 2, 17)),
    ],
)
def test_a_lunar_day_is_the_date_that_the_almanac_gives(lunar_day: tuple[int, int, int], day: date) -> None:
    assert lunar.solar(*lunar_day) == day


def test_a_leap_month_follows_its_namesake() -> None:
    assert lunar.solar(2025, 6, 1, leap=True) == date(2025, 7, 25)
    assert lunar.solar(2025, 5, 1, leap=True) is None
    assert lunar.month_start(date(2025, 8, 22)) == date(2025, 7, 25)


@given(st.integers(2024, 2044))
def test_years_follow_one_another_without_a_gap(year: int) -> None:
    eve, new_year = lunar.solar(year, 12, 30), lunar.solar(year + 1, 1, 1)
    assert eve is not None
    assert new_year == eve + timedelta(days=1)


@given(st.dates(date(2024, 3, 1), date(2044, 12, 31)), st.integers(1, 12), st.integers(1, 29))
def test_the_next_such_day_is_within_thirteen_months(today: date, month: int, day: int) -> None:
    found = lunar.next_yearly(today, month, day)
    assert found is not None
    assert today <= found <= today + timedelta(days=385)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("腊月二十三之前", ["..01-22"]),
        ("农历十一月初一还", ["12-20"]),
        ("農曆腊月初八給", ["2026-01-26"]),
        ("正月十五以后", ["02-12.."]),
        ("年初六开工", ["02-03"]),
        ("三月初五", ["04-02"]),
        ("三月初五号", ["03-05"]),
        ("阴历七月", ["08-23..09-21"]),
        ("腊月底", ["01-28"]),
        ("农历闰六月初一", ["07-25"]),
        ("农历闰五月初一", []),
        ("农历初十", ["02-07"]),
    ],
)
def test_a_lunar_day_is_read_as_its_date(read: Read, text: str, when: list[str]) -> None:
    assert read("time", text) == when
