"""Two weeks of contacts break no rule, as a checker finds that knows nothing but two exported files;
and whatever is made to break a rule in those files is found.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.bootstrap import Grace, build
from bot.services.kit import MovableClock
from bot.services.ledger import CHAINS
from bot.services.ledger.files import write
from tests.checker.files import Row, breaks, load
from tests.checker.rules import STARTED, check
from tests.conftest import MORNING, settings_for
from tests.integration import fortnight

Files = tuple[list[Row], list[Row]]


def exported(grace: Grace, folder: Path) -> Files:
    grace.ledger.append()
    files = []
    for chain in CHAINS:
        path = folder / f"{chain}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            write(grace.ledger.read(chain, grace.ledger.period(chain)), chain, "csv", file)
        files.append(load(path))
    return files[0], files[1]


def started(contacts: list[Row], **where: Any) -> list[Row]:
    return [
        row
        for row in contacts
        if row["purpose"] in STARTED and all(row[name] == value for name, value in where.items())
    ]


@pytest.fixture(scope="module")
def weeks(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The files of two weeks, made once; a test changes its own copy."""
    folder = tmp_path_factory.mktemp("weeks")
    path = folder / "grace.db"
    path.write_bytes(sqlite_template.read_bytes())
    clock = MovableClock(MORNING)
    grace = build(settings_for(f"sqlite:///{path}"), clock, migrate=False)
    fortnight.live(grace, clock, folder)
    files = exported(grace, folder)
    grace.close()
    return files


@pytest.fixture
def files(weeks: Files) -> Files:
    return copy.deepcopy(weeks)


class TestTwoWeeks:
    def test_they_break_no_rule(self, grace: Grace, clock: MovableClock, tmp_path: Path) -> None:
        fortnight.live(grace, clock, tmp_path)
        contacts, events = exported(grace, tmp_path)
        assert check(contacts, events) == []
        assert [*breaks(contacts), *breaks(events)] == []
        assert all(grace.ledger.verify(chain).broken is None for chain in CHAINS)

    def test_they_are_full_enough_to_mean_something(self, files: Files) -> None:
        contacts, events = files
        assert len(started(contacts)) > 30
        assert len({row["timezone"] for row in started(contacts)}) >= 4
        assert {row["purpose"] for row in contacts} >= {"reminder", "instalment", "reply"}
        assert {row["kind"] for row in events} >= {
            *("due", "payment", "promise", "promise_kept", "promise_broken", "plan_offered", "plan_accepted"),
            *("opt_out", "opt_in", "dispute", "dispute_closed", "complaint", "hardship", "pause"),
            *("handoff_opened", "handoff_claimed", "handoff_closed", "wrong_person", "third_party", "death"),
            *("self_harm", "contact_window", "timezone_changed", "exempt", "consent", "kill_switch"),
        }


def at(row: Row, moment: datetime) -> None:
    """Date a contact anew, so that its own fields agree."""
    row["at_utc"] = moment.isoformat()
    row["at_local"] = moment.astimezone(ZoneInfo(row["timezone"])).isoformat()


def instant(row: Row) -> datetime:
    return datetime.fromisoformat(row["at_utc"])


def again(contacts: list[Row], row: Row, moment: datetime, **more: Any) -> None:
    """Add a contact like another one, at another time, as a step of its own."""
    made = {**copy.deepcopy(row), "step": f"{row['step']} {moment}", **more}
    at(made, moment)
    contacts.append(made)


def plain(contacts: list[Row], events: list[Row]) -> Row:
    """A reminder to somebody in China of whom nothing but dues and payments is on record."""
    special = {
        row["borrower"]
        for row in events
        if row["kind"] not in ("due", "payment", "identity_verified", "tier")
    }
    return next(row for row in started(contacts, timezone="Asia/Shanghai") if row["borrower"] not in special)


def event(like: Row, kind: str, moment: datetime, loan: str | None = None, **detail: Any) -> Row:
    who = like["borrower"]
    return {"at_utc": moment.isoformat(), "borrower": who, "loan": loan, "kind": kind, "detail": detail}


def found(files: Files) -> set[str]:
    return {f"{one.rule} {one.why}" if one.rule == "stopped" else one.rule for one in check(*files)}


class TestViolations:
    @pytest.mark.parametrize("hour", [22, 23, 0, 7])
    def test_a_message_at_night(self, files: Files, hour: int) -> None:
        row = plain(*files)
        at(row, instant(row).astimezone(ZoneInfo(row["timezone"])).replace(hour=hour, minute=30))
        assert found(files) == {"CN1"}

    def test_night_is_the_borrowers_and_not_chinas(self, files: Files) -> None:
        row = started(files[0], timezone="America/New_York")[0]
        at(row, instant(row).astimezone(ZoneInfo("Asia/Shanghai")).replace(hour=12))
        assert "CN1" in found(files)

    def test_a_night_that_the_borrower_agreed_to_is_no_violation(self, files: Files) -> None:
        row = started(files[0], borrower="B0067")[0]
        at(row, instant(row).astimezone(ZoneInfo(row["timezone"])).replace(hour=23))
        assert found(files) == set()

    def test_a_second_text_on_a_day(self, files: Files) -> None:
        row = plain(*files)
        again(files[0], row, instant(row) + timedelta(hours=1))
        assert found(files) == {"CN4"}

    def test_texts_of_all_channels_and_initiators_count_together(self, files: Files) -> None:
        row = plain(*files)
        more = {"channel": "sms", "initiator": "agent", "purpose": "notice"}
        again(files[0], row, instant(row) + timedelta(hours=1), **more)
        assert found(files) == {"CN4"}

    def test_a_failed_text_does_not_count(self, files: Files) -> None:
        row = plain(*files)
        again(files[0], row, instant(row) + timedelta(hours=1), outcome="failed")
        assert found(files) == set()

    def test_a_fourth_text_in_seven_days(self, files: Files) -> None:
        row = plain(*files)
        files[0][:] = [one for one in files[0] if one is row or one["borrower"] != row["borrower"]]
        for days in (2, 4, 6):
            again(files[0], row, instant(row) + timedelta(days=days))
        assert found(files) == {"CN40"}

    def test_a_step_a_second_time_in_a_cycle(self, files: Files) -> None:
        row = plain(*files)
        files[0][:] = [one for one in files[0] if one is row or one["borrower"] != row["borrower"]]
        again(files[0], row, instant(row) + timedelta(days=1), step=row["step"])
        assert found(files) == {"ladder"}

    @pytest.mark.parametrize(
        ("kind", "detail"),
        [
            ("opt_out", {"scope": "all", "channel": "webchat"}),
            ("opt_out", {"scope": "channel", "channel": "webchat"}),
            ("wrong_person", {"scope": "all", "channel": "webchat"}),
            ("third_party", {"scope": "all", "channel": "webchat"}),
            *(
                (kind, {"scope": "all", "channel": "webchat"})
                for kind in (
                    *("dispute", "complaint", "self_harm", "vulnerable", "death", "underage"),
                    *("represented", "bankrupt", "pause"),
                )
            ),
            ("handoff_opened", {"reason": "asked"}),
            ("hardship", {"until": "2026-12-01T00:00:00+00:00"}),
            ("contact_window", {"until": "2026-12-01T00:00:00+00:00"}),
            ("promise", {"amount": "1.00 CNY"}),
            ("plan_accepted", {"plan": 1}),
            ("exempt", {"scope": "exempt", "given": True}),
            ("kill_switch", {"on": True}),
        ],
    )
    def test_a_reminder_after_a_fact_that_stops_it(
        self, files: Files, kind: str, detail: dict[str, Any]
    ) -> None:
        row = plain(*files)
        if kind == "kill_switch":
            files[0][:] = [one for one in files[0] if one is row or one["borrower"] != row["borrower"]]
            last = max(instant(one) for one in files[0])
            again(files[0], row, (last + timedelta(days=9)).replace(hour=3))
            files[1].append({**event(row, kind, last + timedelta(seconds=1), **detail), "borrower": None})
        else:
            files[1].append(event(row, kind, instant(row) - timedelta(hours=1), **detail))
        word = {"handoff_opened": "handoff", "plan_accepted": "plan"}.get(kind, kind)
        assert found(files) == {f"stopped {word}"}

    @pytest.mark.parametrize(
        ("kind", "detail"),
        [
            ("opt_out", {"scope": "channel", "channel": "telegram"}),
            ("opt_out", {"scope": "third_party", "channel": "webchat"}),
            ("wrong_person", {"scope": "all", "channel": "sms"}),
        ],
    )
    def test_a_stop_of_another_channel_or_person_stops_nothing_here(
        self, files: Files, kind: str, detail: dict[str, Any]
    ) -> None:
        row = plain(*files)
        files[1].append(event(row, kind, instant(row) - timedelta(hours=1), **detail))
        assert found(files) == set()

    @pytest.mark.parametrize(
        ("kind", "lifted", "hold"),
        [
            ("opt_out", "opt_in", "opt_out"),
            ("dispute", "dispute_closed", "dispute"),
            ("complaint", "complaint_closed", "complaint"),
            ("vulnerable", "resume", "threat"),
        ],
    )
    def test_what_was_lifted_stops_nothing(self, files: Files, kind: str, lifted: str, hold: str) -> None:
        row = plain(*files)
        told = {"scope": "all", "channel": "webchat"}
        files[1].append(event(row, kind, instant(row) - timedelta(hours=2), **told))
        files[1].append(event(row, lifted, instant(row) - timedelta(hours=1), hold=hold, channel=None))
        assert found(files) == set()

    def test_a_reminder_of_what_is_paid(self, files: Files) -> None:
        row = plain(*files)
        (loan,) = row["loans"]
        paid = event(row, "payment", instant(row) - timedelta(hours=1), loan, amount="999999.00 CNY")
        files[1].append(paid)
        assert found(files) == {f"stopped paid: {loan}"}

    def test_facts_of_the_debt_before_identity_is_verified(self, files: Files) -> None:
        row = next(one for one in started(files[0]) if one["template"] == "utter_reminder_unverified")
        row["template"] = "utter_reminder_options"
        assert found(files) == {"CN5"}

    def test_a_first_message_that_does_not_say_it_is_automated(self, files: Files) -> None:
        row = plain(*files)
        files[0][:] = [one for one in files[0] if one is row or one["borrower"] != row["borrower"]]
        row["text"] = "您好，我是小助。核实真伪请来电。人工、投诉、停止都可以回复。"
        assert found(files) == {"CN19"}

    @pytest.mark.parametrize("field", ["rule_ids", "pack_version", "policy_version"])
    def test_a_message_without_the_rules_that_let_it_through(self, files: Files, field: str) -> None:
        plain(*files)[field] = None
        assert found(files) == {"CN10"}

    def test_a_local_time_that_is_not_the_instants(self, files: Files) -> None:
        row = plain(*files)
        row["at_local"] = row["at_local"].replace("+08:00", "+07:00")
        assert found(files) == {"local_time"}

    def test_a_time_zone_that_the_borrower_has_left(self, files: Files) -> None:
        row = plain(*files)
        moved = event(row, "timezone_changed", instant(row) - timedelta(hours=1), now="Asia/Tokyo")
        files[1].append(moved)
        assert found(files) == {"timezone"}

    @pytest.mark.parametrize(
        ("pack", "hour", "rule"),
        [
            ("us-regf", 21, "US1"),
            ("uk-conc", 21, "UK1"),
            ("in-rbi", 19, "IN1"),
            ("uk-conc+in-rbi", 19, "IN1"),
        ],
    )
    def test_the_hours_of_every_pack_and_the_stricter_of_two(
        self, files: Files, pack: str, hour: int, rule: str
    ) -> None:
        row = self.alone(files, pack)
        at(row, instant(row).astimezone(ZoneInfo(row["timezone"])).replace(hour=hour, minute=0))
        assert found(files) == {rule}

    @pytest.mark.parametrize(
        ("pack", "daily", "weekly"),
        [("us-regf", "US3", "US30"), ("uk-conc", "UK9", "UK10"), ("in-rbi", "IN3", "IN4")],
    )
    def test_the_caps_of_every_pack(self, files: Files, pack: str, daily: str, weekly: str) -> None:
        row = self.alone(files, pack)
        for days in (2, 4):
            again(files[0], row, instant(row) + timedelta(days=days))
        assert found(files) == set()
        again(files[0], row, instant(row) + timedelta(days=6))
        assert found(files) == {weekly}
        again(files[0], row, instant(row) + timedelta(days=2, minutes=5))
        assert found(files) == {daily, weekly}

    @pytest.mark.parametrize(
        ("pack", "outcome", "most", "apart", "rule"),
        [
            ("cn", "answered", 3, timedelta(minutes=5), "CN2"),
            ("cn", "unanswered", 6, timedelta(minutes=5), "CN3"),
            ("us-regf", "unanswered", 7, timedelta(hours=20), "US2"),
            ("us-regf", "answered", 1, timedelta(days=6), "US20"),
        ],
    )
    def test_one_call_too_many(
        self, files: Files, pack: str, outcome: str, most: int, apart: timedelta, rule: str
    ) -> None:
        row = self.alone(files, pack)
        call = {
            "channel": "call",
            "initiator": "agent",
            "purpose": "notice",
            "outcome": outcome,
            "cycle": None,
        }
        start = instant(row).astimezone(ZoneInfo(row["timezone"])).replace(hour=12, minute=0) + timedelta(
            days=1
        )
        moments = [start + apart * n for n in range(most + 1)]
        if apart == timedelta(hours=20):
            moments = [start + timedelta(days=n * 6 // most, minutes=n) for n in range(most + 1)]
        for moment in moments[:-1]:
            again(files[0], row, moment, **call)
        assert found(files) == set()
        again(files[0], row, moments[-1], **call)
        assert found(files) == {rule}

    def test_a_call_about_another_debt_is_not_counted_with_this_one(self, files: Files) -> None:
        row = self.alone(files, "us-regf")
        call = {
            "channel": "call",
            "initiator": "agent",
            "purpose": "notice",
            "outcome": "answered",
            "cycle": None,
        }
        again(files[0], row, instant(row) + timedelta(days=1), **call)
        again(files[0], row, instant(row) + timedelta(days=2), **{**call, "loans": ["another"]})
        assert found(files) == set()

    @pytest.mark.parametrize(
        ("cut", "rule"),
        [("stop", "US4"), ("debt collector", "US70"), ("attempt to collect a debt", "US7")],
    )
    def test_a_duty_of_each_message_that_is_not_kept(self, files: Files, cut: str, rule: str) -> None:
        row = self.alone(files, "us-regf")
        if rule == "US7":
            row["text"] = row["text"].replace(cut, "…")
            row["text"] += " 停止"
        else:
            text = "Hello. This message is from a debt collector. Write “stop” to end these messages."
            again(files[0], row, instant(row) + timedelta(days=2), text=text)
            assert found(files) == set()
            files[0][-1]["text"] = text.replace(cut, "…")
        assert found(files) == {rule}

    @pytest.mark.parametrize("cut", ["核实真伪", "人工", "投诉", "停止"])
    def test_a_first_message_that_leaves_a_duty_out(self, files: Files, cut: str) -> None:
        row = plain(*files)
        files[0][:] = [one for one in files[0] if one is row or one["borrower"] != row["borrower"]]
        row["text"] = "您好，我是智能助手（自动回复）。核实真伪请来电。人工、投诉、停止都可以回复。".replace(
            cut, "…"
        )
        assert found(files) == {"GR1"}

    def test_a_contact_outside_the_hours_or_channels_that_the_borrower_named(self, files: Files) -> None:
        row = plain(*files)
        before, local = instant(row) - timedelta(hours=1), instant(row).astimezone(ZoneInfo(row["timezone"]))
        window: dict[str, Any] = {
            "start": f"{local.hour:02}:00",
            "end": f"{local.hour + 1:02}:00",
            "weekdays": [],
        }
        files[1].append(event(row, "contact_window", before, windows=[window], channels=[row["channel"]]))
        only = [one for one in files[0] if one is row or one["borrower"] != row["borrower"]]
        files[0][:] = only
        assert found(files) == set()
        window["weekdays"] = [(local.weekday() + 1) % 7]
        assert found(files) == {f"stopped contact_window: not at {local:%a %H:%M}"}
        window["weekdays"] = []
        files[1][-1]["detail"]["channels"] = ["letter"]
        assert found(files) == {f"stopped contact_window: not by {row['channel']}"}

    @pytest.mark.parametrize(
        ("pack", "days", "rule"), [("cn", 77, "CN15"), ("uk-conc", 58, "UK8"), ("in-rbi", 32, "complaint")]
    )
    def test_a_complaint_that_is_answered_too_late(
        self, files: Files, pack: str, days: int, rule: str
    ) -> None:
        row = self.alone(files, pack)
        opened = instant(row) + timedelta(hours=1)
        told = {"scope": "all", "channel": "webchat"}
        files[1].append(event(row, "complaint", opened, **told))
        closed = event(
            row, "complaint_closed", opened + timedelta(days=days - 2), hold="complaint", channel=None
        )
        files[1].append(closed)
        assert found(files) == set()
        closed["at_utc"] = (opened + timedelta(days=days)).isoformat()
        assert found(files) == {rule}

    @pytest.mark.parametrize(
        ("hold", "days", "rule"), [("breathing_space", 59, "UK6"), ("debt_adviser", 29, "UK7")]
    )
    def test_a_statutory_pause_that_is_too_short(self, files: Files, hold: str, days: int, rule: str) -> None:
        row = self.alone(files, "uk-conc")
        since = instant(row) + timedelta(hours=1)
        until = (since + timedelta(days=days)).isoformat()
        files[1].append(event(row, "pause", since, hold=hold, until=until, channel=None))
        assert found(files) == {rule}

    @staticmethod
    def alone(files: Files, pack: str) -> Row:
        """A reminder as the only contact of its borrower, under a pack."""
        row = plain(*files)
        files[0][:] = [one for one in files[0] if one is row or one["borrower"] != row["borrower"]]
        row["pack"] = pack
        row["template"] = "utter_reminder_options"
        files[1].append(event(row, "identity_verified", instant(row) - timedelta(days=1)))
        row["text"] = (
            "This is the automated assistant. To check that it is really us, call. Write “agent” for a "
            "person, “complaint” to complain, “stop” to end. This is an attempt to collect a debt."
        )
        return row

    def test_an_agent_who_writes_first_counts(self, files: Files) -> None:
        row = plain(*files)
        files[0][:] = [one for one in files[0] if one["borrower"] != row["borrower"]]
        night = instant(row).astimezone(ZoneInfo(row["timezone"])).replace(hour=23)
        again(files[0], row, night, initiator="agent", purpose="reply", cycle=None)
        assert found(files) == {"CN1"}

    @pytest.mark.parametrize("doctor", [lambda row: row.update(text="…"), lambda row: row.update(step="x")])
    def test_a_doctored_row_is_named_by_its_hash(self, files: Files, doctor: Callable[[Row], object]) -> None:
        doctor(files[0][7])
        assert list(breaks(files[0])) == [7]
        del files[0][3]
        assert next(breaks(files[0])) == 3
