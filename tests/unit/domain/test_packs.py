"""The shipped packs, two of them at once, and the first instant that all their rules allow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.calendars import CalendarPolicy
from bot.domain.complaints import answer_by, summary_by
from bot.domain.contact import may_contact
from bot.domain.model import Address, Case, Contact, Hold, HoldKind, Initiator, Purpose, Window, Wish
from bot.domain.policy import ClosedDays, ContactPack, Duty, Stop, combined
from bot.storage.policies import Policies
from bot.storage.policy_files import read

fixed = settings(derandomize=True, deadline=None, max_examples=60)
HOME = Path(__file__).parents[3]
PACKS = {file.stem: read(file, ContactPack) for file in sorted((HOME / "policies/contact").glob("*.yml"))}
MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 3, 10, 12, tzinfo=ZoneInfo("America/Chicago")).astimezone(UTC)
# The numbers once more, from the tables: opens, closes, texts a day and in seven.
HOURS = {"cn": (8, 22), "us-regf": (8, 21), "uk-conc": (8, 21), "in-rbi": (8, 19)}
SAID = {"text": "A rule for a test.", "source": "test", "certainty": "project"}
SUNDAYS = ClosedDays(
    id="T1",
    kind="closed_days",
    weekdays=("sunday",),
    holidays=CalendarPolicy(country="GB", subdivision="ENG"),
    **SAID,
)
ZONES = [
    *("Asia/Shanghai", "Asia/Kolkata", "Asia/Kathmandu", "Africa/Cairo", "America/New_York", "Europe/London"),
    *("America/Havana", "America/Santiago", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham"),
    *("Pacific/Kiritimati", "Pacific/Pago_Pago"),
]
TEXT = ("telegram", "webchat", "sms", "email")


def case(*, zone: str = "America/Chicago", channel: str = "webchat", **more: object) -> Case:
    address = Address(channel, "A1", verified=True)
    return Case(zone, address, **{"loan_id": 1, **more})  # type: ignore[arg-type]


def reasons(verdict: object) -> set[str]:
    return {one.rule for one in verdict.reasons}  # type: ignore[attr-defined]


@pytest.mark.parametrize("names", list(combinations(PACKS, 2)), ids="+".join)
def test_two_packs_hold_at_once_and_both_are_cited(names: tuple[str, str]) -> None:
    both = combined([PACKS[name] for name in names])
    cited = set(may_contact(case(), Purpose.REMINDER, NOON, both).rule_ids)
    for name in names:
        assert set(may_contact(case(), Purpose.REMINDER, NOON, PACKS[name]).rule_ids) <= cited
    assert both.complaint_days == min(PACKS[name].complaint_days for name in names)


@fixed
@given(st.sampled_from(list(combinations(PACKS, 2))), st.integers(0, 60 * 24 * 365), st.booleans())
def test_what_two_packs_allow_each_of_them_allows(names: tuple[str, str], minutes: int, night: bool) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC) + minutes * MINUTE
    asked = case(night_consent=night, contacts=[Contact("sms", at - timedelta(days=2))])
    each = [may_contact(asked, Purpose.REMINDER, at, PACKS[name]).allowed for name in names]
    assert may_contact(asked, Purpose.REMINDER, at, combined([PACKS[n] for n in names])).allowed is all(each)


@st.composite
def held(draw: st.DrawFn) -> tuple[tuple[str, ...], Case, datetime]:
    """A case of one or two packs near a change of the clocks, a holiday or the date line, with wishes."""
    days = [datetime(2026, 3, 8), datetime(2026, 3, 29), datetime(2026, 4, 3), datetime(2026, 4, 5)]
    days += [datetime(2026, 10, 25), datetime(2026, 11, 1), datetime(2026, 12, 25), datetime(2011, 12, 29)]
    at = draw(st.sampled_from(days)).replace(tzinfo=UTC) + draw(st.integers(-2880, 1440)) * MINUTE
    past = st.builds(
        Contact, st.sampled_from([*TEXT, "call"]), st.integers(0, 9 * 1440).map(lambda n: at - n * MINUTE)
    )
    windows = st.tuples(
        st.integers(7, 17), st.integers(1, 4), st.frozensets(st.integers(0, 6), max_size=3)
    ).map(lambda one: Window(time(one[0], 30), time(one[0] + one[1]), one[2]))
    ends = st.integers(1, 2880).map(lambda n: Hold(HoldKind.PAUSE, until=at + n * MINUTE))
    return (
        draw(st.sampled_from([(name,) for name in PACKS] + list(combinations(PACKS, 2)))),
        case(
            zone=draw(st.sampled_from(ZONES)),
            contacts=draw(st.lists(past, max_size=4)),
            holds=draw(st.lists(ends, max_size=1)),
            wish=Wish(tuple(draw(st.lists(windows, max_size=2)))),
            night_consent=draw(st.booleans()),
        ),
        at,
    )


def plainly(names: tuple[str, ...], asked: Case) -> Callable[[datetime], bool]:
    """Every rule on time once more, in the slowest and plainest way: whether an instant is forbidden."""
    zone = ZoneInfo(asked.timezone)
    texted = [one.at.astimezone(zone).date() for one in asked.contacts if one.channel in TEXT]
    bank = holidays.country_holidays("GB", subdiv="ENG")

    def forbidden(at: datetime) -> bool:
        local = at.astimezone(zone)
        wall, today = local.time(), local.date()
        ago = [(today - day).days for day in texted]
        wished = asked.wish.windows
        return (
            any(
                not time(HOURS[name][0]) <= wall < time(HOURS[name][1])
                and not (name == "cn" and asked.night_consent)
                for name in names
            )
            or any(one == 0 for one in ago)
            or sum(0 <= one < 7 for one in ago) >= 3
            or any(one.until is not None and at < one.until for one in asked.holds)
            or today.weekday() == 6
            or not bank.is_working_day(today)
            or (
                bool(wished)
                and not any(
                    (not one.weekdays or today.weekday() in one.weekdays) and one.start <= wall < one.end
                    for one in wished
                )
            )
        )

    return forbidden


@fixed
@given(held())
def test_the_first_instant_is_exact_across_clocks_date_line_holidays_and_wishes(
    drawn: tuple[tuple[str, ...], Case, datetime],
) -> None:
    names, asked, at = drawn
    pack = combined([PACKS[name] for name in names])
    pack = pack.model_copy(update={"rules": (*pack.rules, SUNDAYS)})
    forbidden = plainly(names, asked)
    verdict = may_contact(asked, Purpose.REMINDER, at, pack)
    assert verdict.allowed is not forbidden(at)
    if not verdict.allowed:
        minutes = (at + n * MINUTE for n in range(1, 25 * 1440))
        assert verdict.until == next((one for one in minutes if not forbidden(one)), verdict.until)


def test_a_wish_that_no_rule_ever_allows_blocks_and_says_why() -> None:
    asked = case(wish=Wish((Window(time(22), time(23)),)))
    verdict = may_contact(asked, Purpose.REMINDER, NOON, PACKS["us-regf"])
    assert (verdict.status, reasons(verdict)) == ("blocked", {"contact_window"})


def test_another_channel_than_the_borrower_wants_is_blocked() -> None:
    verdict = may_contact(
        case(wish=Wish(channels=frozenset({"email"}))), Purpose.REMINDER, NOON, PACKS["us-regf"]
    )
    assert (verdict.status, reasons(verdict)) == ("blocked", {"contact_window"})


def calls(count: int, outcome: str, **more: object) -> list[Contact]:
    return [Contact("call", NOON - n * timedelta(minutes=5), outcome, **more) for n in range(count)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pack", "outcome", "most", "rule"),
    [
        ("cn", "answered", 3, "CN2"),
        ("cn", "unanswered", 6, "CN3"),
        ("us-regf", "unanswered", 7, "US2"),
        ("us-regf", "answered", 1, "US20"),
    ],
)
def test_one_call_more_than_the_rule_allows_is_held(pack: str, outcome: str, most: int, rule: str) -> None:
    def verdict(count: int) -> object:
        asked = case(channel="call", contacts=calls(count, outcome), initiator=Initiator.AGENT)
        return may_contact(asked, Purpose.NOTICE, NOON, PACKS[pack])

    assert reasons(verdict(most - 1)) == set()
    assert reasons(verdict(most)) == {rule}


def test_calls_are_counted_by_debt_in_the_us_and_by_number_in_china() -> None:
    about_another = case(channel="call", contacts=calls(9, "unanswered", loan_ids=frozenset({2})))
    assert may_contact(about_another, Purpose.NOTICE, NOON, PACKS["us-regf"]).allowed
    at_another = case(channel="call", contacts=calls(9, "unanswered", address="B2"))
    assert may_contact(at_another, Purpose.NOTICE, NOON, PACKS["cn"]).allowed


def test_after_a_conversation_the_phone_rests_until_the_eighth_day() -> None:
    asked = case(channel="call", contacts=calls(1, "answered"))
    verdict = may_contact(asked, Purpose.NOTICE, NOON, PACKS["us-regf"])
    morning = datetime(2026, 3, 17, 8, tzinfo=ZoneInfo("America/Chicago"))
    assert verdict.until == morning


@pytest.mark.parametrize("basis", ["collection_ends", "remedy_possible", "remedy_intended"])
def test_three_notices_pass_a_written_cease_in_the_us_and_nowhere_else(basis: str) -> None:
    asked = case(holds=[Hold(HoldKind.OPT_OUT)], basis=basis, initiator=Initiator.AGENT)
    us, cn = PACKS["us-regf"], PACKS["cn"]
    assert may_contact(asked, Purpose.NOTICE, NOON, us).allowed
    assert reasons(may_contact(asked, Purpose.REMINDER, NOON, us)) == {"opt_out", "US5"}
    assert not may_contact(asked, Purpose.NOTICE, NOON, cn).allowed
    assert not may_contact(asked, Purpose.NOTICE, NOON, combined([us, cn])).allowed


def test_no_other_ground_passes_a_stop() -> None:
    asked = case(holds=[Hold(HoldKind.OPT_OUT)], basis="because")
    assert not may_contact(asked, Purpose.NOTICE, NOON, PACKS["us-regf"]).allowed
    represented = case(holds=[Hold(HoldKind.REPRESENTED)], basis="remedy_possible")
    verdict = may_contact(represented, Purpose.NOTICE, NOON, PACKS["us-regf"])
    assert reasons(verdict) == {"represented", "US6"}


def test_a_block_names_what_only_holds_as_well() -> None:
    night = NOON.replace(hour=4)
    verdict = may_contact(case(holds=[Hold(HoldKind.DISPUTE)]), Purpose.REMINDER, night, PACKS["us-regf"])
    assert reasons(verdict) == {"dispute", "US80", "US1"}


def test_the_kill_switch_and_a_hand_off_silence_the_bot_and_leave_people_working() -> None:
    facts: dict[str, Any] = {"automatic_off": True, "holds": [Hold(HoldKind.HANDOFF)]}
    assert reasons(may_contact(case(**facts), Purpose.NOTICE, NOON, PACKS["cn"])) == {
        "kill_switch",
        "handoff",
    }
    person = case(**facts, initiator=Initiator.AGENT, zone="Asia/Shanghai")
    day = NOON - timedelta(hours=12)
    assert may_contact(person, Purpose.NOTICE, day, PACKS["cn"]).allowed


def test_where_somebody_lives_adds_the_rules_of_that_place() -> None:
    policies = Policies.load(HOME / "policies")
    product = policies.product("loan-us", date(2026, 3, 2))
    assert policies.pack(product, "US") is policies.pack(product) is policies.pack(product, "FR")
    indian = policies.pack(product, "IN")
    assert indian.pack == "us-regf+in-rbi"
    assert indian is policies.pack(product, "IN")
    assert indian.crisis_lines[0] == PACKS["in-rbi"].crisis_lines[0]
    evening = datetime(2026, 3, 10, 19, 30, tzinfo=ZoneInfo("Asia/Kolkata"))
    verdict = may_contact(case(zone="Asia/Kolkata"), Purpose.REMINDER, evening, indian)
    assert reasons(verdict) == {"IN1"}


@pytest.mark.parametrize("name", PACKS)
def test_every_pack_has_the_first_message_say_what_it_must(name: str) -> None:
    said = PACKS[name].disclosures(first=True)
    assert said >= {"lender", "automated", "verify", "person", "complaint", "opt_out"}
    assert ("collector" in said) is (name == "us-regf")
    later = PACKS[name].disclosures(first=False)
    assert later == ({"opt_out", "collector"} if name == "us-regf" else set())


@pytest.mark.parametrize("name", PACKS)
def test_every_rule_of_a_pack_has_its_source_and_says_what_it_is(name: str) -> None:
    assert all(rule.source and rule.text for rule in PACKS[name].rules)
    assert any(isinstance(rule, Duty) for rule in PACKS[name].rules)
    assert any(isinstance(rule, Stop) for rule in PACKS[name].rules)


def test_complaints_have_the_days_of_their_pack() -> None:
    day = date(2026, 4, 1)
    assert answer_by(PACKS["cn"], day) == date(2026, 4, 16)
    assert answer_by(PACKS["cn"], day, 2) == date(2026, 6, 15)
    assert answer_by(PACKS["uk-conc"], day) == date(2026, 5, 27)
    # Good Friday and Easter Monday are no business days.
    assert summary_by(PACKS["uk-conc"], day) == date(2026, 4, 8)
    assert summary_by(PACKS["cn"], day) is None
    with pytest.raises(ValueError, match="2 extensions"):
        answer_by(PACKS["cn"], day, 3)
