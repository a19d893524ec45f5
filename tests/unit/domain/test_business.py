"""Business time: it stands still while a team is away, whatever clocks and calendars do."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.business import BusinessHours, countdown
from bot.domain.calendars import CalendarPolicy, closed_days
from bot.domain.openings import spans

NEW_YORK, SHANGHAI, LONDON = "America/New_York", "Asia/Shanghai", "Europe/London"
NOBODY_IS_OFF = closed_days(None)


def hours(
    start: str = "09:00",
    end: str = "18:00",
    *,
    zone: str = SHANGHAI,
    days: str = "1234567",
    country: str | None = None,
) -> BusinessHours:
    """Return the hours of a team that is there on the days (1 is Monday), but for a country's holidays."""
    day = spans(time.fromisoformat(start), time.fromisoformat(end))
    closed = NOBODY_IS_OFF if country is None else closed_days(CalendarPolicy(country=country))
    return BusinessHours(
        ZoneInfo(zone), tuple(day if str(number) in days else () for number in range(1, 8)), closed
    )


def at(text: str, zone: str = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def minutes(team: BusinessHours, start: datetime, end: datetime) -> float:
    return team.between(start, end).total_seconds() / 60


class TestOrdinaryDays:
    def test_the_night_counts_nothing(self) -> None:
        assert minutes(hours(), at("2026-03-02 17:50"), at("2026-03-03 09:10")) == 20

    def test_a_case_that_comes_at_night_is_due_so_long_after_opening(self) -> None:
        assert hours().after(at("2026-03-02 23:00"), 15) == at("2026-03-03 09:15")

    def test_what_does_not_fit_into_today_goes_on_tomorrow(self) -> None:
        assert hours().after(at("2026-03-02 17:50"), 30) == at("2026-03-03 09:20")

    def test_the_minute_of_closing_is_not_open_and_that_of_opening_is(self) -> None:
        assert not hours().is_open(at("2026-03-02 18:00"))
        assert hours().is_open(at("2026-03-02 09:00"))

    def test_a_weekend_is_passed_over(self) -> None:
        friday = at("2026-03-06 17:30")
        assert hours(days="12345").after(friday, 60) == at("2026-03-09 09:30")

    def test_a_night_shift_spans_midnight(self) -> None:
        team = hours("22:00", "06:00")
        assert minutes(team, at("2026-03-02 20:00"), at("2026-03-03 07:00")) == 480
        assert team.after(at("2026-03-02 23:30"), 60) == at("2026-03-03 00:30")

    def test_a_team_that_is_never_there_is_never_due(self) -> None:
        assert hours(days="").after(at("2026-03-02 09:00"), 1) is None
        assert hours(days="").opening(at("2026-03-02 09:00")) is None
        assert minutes(hours(days=""), at("2026-03-02 09:00"), at("2026-03-12 09:00")) == 0


class TestClocksThatChange:
    def test_a_day_of_23_hours_has_an_hour_less_of_night_and_none_less_of_work(self) -> None:
        # New York, 8 March 2026: 02:00 becomes 03:00.
        start, end = at("2026-03-07 12:00", NEW_YORK), at("2026-03-09 12:00", NEW_YORK)
        assert end - start == timedelta(hours=47)
        assert minutes(hours(zone=NEW_YORK), start, end) == 2 * 9 * 60

    def test_an_hour_that_is_skipped_is_not_worked(self) -> None:
        team = hours("01:00", "04:00", zone=NEW_YORK)
        assert minutes(team, at("2026-03-08 00:00", NEW_YORK), at("2026-03-08 12:00", NEW_YORK)) == 120

    def test_an_hour_that_comes_twice_is_worked_twice(self) -> None:
        # New York, 1 November 2026: 02:00 becomes 01:00.
        team = hours("01:00", "04:00", zone=NEW_YORK)
        assert minutes(team, at("2026-11-01 00:00", NEW_YORK), at("2026-11-01 12:00", NEW_YORK)) == 240

    @pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
    def test_a_team_opens_at_nine_by_its_wall_on_both_days_of_change(self, day: str) -> None:
        assert hours(zone=LONDON).opening(at(f"{day} 00:30", LONDON)) == at(f"{day} 09:00", LONDON)


class TestHolidays:
    def test_a_holiday_counts_nothing(self) -> None:
        # 3 April 2026 is Good Friday.
        team = hours(zone=LONDON, days="12345", country="GB")
        start = at("2026-04-02 17:00", LONDON)
        assert minutes(team, start, at("2026-04-04 12:00", LONDON)) == 60
        assert hours(zone=LONDON, days="12345").between(start, at("2026-04-04 12:00", LONDON)) == timedelta(
            hours=10
        )

    def test_a_saturday_that_china_works_is_worked(self) -> None:
        closed = closed_days(CalendarPolicy(country="CN"))
        worked = [
            day
            for day in (date(2025, 1, 1) + timedelta(days=number) for number in range(365))
            if day.weekday() >= 5 and not closed(day)
        ]
        assert worked, "the calendar of 2025 knows weekends that are worked"
        team = hours(country="CN")
        assert team.is_open(at(f"{worked[0]} 10:00"))


TEAMS = st.builds(
    hours,
    start=st.sampled_from(["00:00", "06:30", "09:00", "22:00"]),
    end=st.sampled_from(["05:00", "12:15", "18:00", "23:59"]),
    zone=st.sampled_from([NEW_YORK, SHANGHAI, LONDON, "Australia/Lord_Howe", "Asia/Kathmandu"]),
    days=st.sampled_from(["1234567", "12345", "3", "37"]),
    country=st.sampled_from([None, "CN", "GB", "US"]),
)
INSTANTS = st.datetimes(datetime(2025, 12, 20), datetime(2027, 1, 10)).map(
    lambda one: one.replace(tzinfo=UTC, microsecond=0)
)
QUICK = settings(derandomize=True, deadline=None, max_examples=60)


@QUICK
@given(TEAMS, INSTANTS, st.integers(1, 2000))
def test_what_is_due_after_so_many_minutes_is_so_many_minutes_away(
    team: BusinessHours, start: datetime, wanted: int
) -> None:
    due = team.after(start, wanted)
    assert due is not None
    assert minutes(team, start, due) == wanted
    assert minutes(team, start, due - timedelta(seconds=1)) < wanted


@QUICK
@given(TEAMS, st.lists(INSTANTS, min_size=3, max_size=3))
def test_time_adds_up_and_never_exceeds_what_has_passed(team: BusinessHours, points: list[datetime]) -> None:
    first, middle, last = sorted(points)
    parts = team.between(first, middle) + team.between(middle, last)
    assert parts == team.between(first, last) == -team.between(last, first)
    assert timedelta() <= team.between(first, last) <= last - first


@QUICK
@given(TEAMS, INSTANTS)
def test_the_team_is_there_at_its_opening_and_not_before_it(team: BusinessHours, start: datetime) -> None:
    opening = team.opening(start)
    assert opening is not None
    assert team.is_open(opening)
    assert team.between(start, opening) == timedelta()
    assert next(team.open_spans(start))[0] == opening


@QUICK
@given(TEAMS, INSTANTS, st.integers(1, 600), st.integers(0, 3000))
def test_a_countdown_stands_still_while_the_team_is_away_and_is_late_from_its_instant_on(
    team: BusinessHours, start: datetime, wanted: int, passed: int
) -> None:
    due = team.after(start, wanted)
    assert due is not None
    now = start + timedelta(minutes=passed)
    shown = countdown(team, due, now)
    assert shown.left + team.between(start, now) == timedelta(minutes=wanted)
    assert shown.is_late == (now >= due or team.between(now, due) == timedelta())
