"""When a borrower may be written to: never at night, never too often, never against a hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bot.domain.contact import Verdict, may_contact, stopping
from bot.domain.model import Address, Case, Contact, Hold, HoldKind, Purpose
from bot.domain.policy import Cap, ContactPack, Duty, QuietHours

fixed = settings(derandomize=True, deadline=None, max_examples=150)

TEXT = ("telegram", "webchat", "sms", "email")
_SAID = {"text": "A rule for a test.", "source": "test", "certainty": "project"}
NIGHT = QuietHours(id="CN1", kind="quiet_hours", start=time(22), end=time(8), waived_by_consent=True, **_SAID)
DAILY = Cap(id="CN4", kind="cap", scope="text", count=1, days=1, **_SAID)
WEEKLY = Cap(id="CN40", kind="cap", scope="text", count=3, days=7, **_SAID)
CALLS = Cap(id="CN2", kind="cap", scope="call", count=3, days=1, **_SAID)
DUTY = Duty(id="CN5", kind="duty", **_SAID)
LETTER = Duty(id="CN9", kind="duty", scope="letter", **_SAID)

AGREED = {HoldKind.PLAN, HoldKind.PROMISE, HoldKind.HARDSHIP}
INITIATED = [Purpose.REMINDER, Purpose.INSTALMENT, Purpose.NOTICE]
ANSWERS = [Purpose.REPLY, Purpose.CONFIRMATION, Purpose.HANDOFF]
# Half hours, quarter hours, both sides of the date line, clocks that change, some of them at midnight.
ZONES = [
    "Asia/Shanghai",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Beirut",
    "Africa/Cairo",
    "America/New_York",
    "America/Havana",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Europe/London",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
]
ANYWHERE = sorted(available_timezones() - {"Factory", "localtime"})


def pack_of(*rules: QuietHours | Cap | Duty) -> ContactPack:
    return ContactPack(
        pack="test",
        version=1,
        notice="A pack for tests.",
        crisis_lines=("112",),
        complaint_days=15,
        agent_hours=(time(9), time(20)),
        text_channels=TEXT,
        rules=rules,
    )


PACK = pack_of(NIGHT, DAILY, WEEKLY, CALLS, DUTY, LETTER)


def case_of(
    *,
    timezone: str = "Asia/Shanghai",
    channel: str = "webchat",
    holds: Sequence[Hold] = (),
    contacts: Sequence[Contact] = (),
    loan_id: int | None = 1,
    night_consent: bool = False,
) -> Case:
    address = Address(channel, "T1", verified=True)
    return Case(timezone, address, holds, contacts, loan_id, night_consent=night_consent)


def at_wall(timezone: str, day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), ZoneInfo(timezone)).astimezone(UTC)


def reasons_of(verdict: Verdict) -> set[str]:
    return {reason.rule for reason in verdict.reasons}


def plain_rules(case: Case, pack: ContactPack) -> Callable[[datetime], bool]:
    """The rules once more in the plainest way, for text: tells of an instant whether they forbid it."""
    zone = ZoneInfo(case.timezone)
    # Whoever has moved since saw a contact on two days: one of them in the window is enough.
    texted = [
        {c.at.astimezone(ZoneInfo(name)).date() for name in (case.timezone, c.timezone or case.timezone)}
        for c in case.contacts
        if c.channel in TEXT
    ]
    ends = [hold.until for hold in case.holds if hold.until is not None]
    nights = [
        (rule.start, rule.end)
        for rule in pack.rules
        if isinstance(rule, QuietHours) and not (rule.waived_by_consent and case.night_consent)
    ]
    caps = [(rule.count, rule.days) for rule in pack.rules if isinstance(rule, Cap) and rule.scope != "call"]

    def forbidden(at: datetime) -> bool:
        local = at.astimezone(zone)
        wall, today = local.time(), local.date()
        return (
            any(at < end for end in ends)
            or any(
                start <= wall < end if start <= end else wall >= start or wall < end for start, end in nights
            )
            or any(
                sum(any(0 <= (today - day).days < days for day in either) for either in texted) >= count
                for count, days in caps
            )
        )

    return forbidden


def first_minute_allowed(case: Case, at: datetime, pack: ContactPack, days: int = 20) -> datetime | None:
    forbidden = plain_rules(case, pack)
    minutes = (at + n * MINUTE for n in range(1, days * 24 * 60))
    return next((minute for minute in minutes if not forbidden(minute)), None)


MINUTE = timedelta(minutes=1)
minutes_of_2026 = st.integers(0, 365 * 24 * 60).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + n * MINUTE)


@fixed
@given(st.sampled_from(ANYWHERE), minutes_of_2026)
def test_no_message_between_22_and_08_borrower_time_in_any_zone(timezone: str, at: datetime) -> None:
    verdict = may_contact(case_of(timezone=timezone), Purpose.REMINDER, at, PACK)
    local = at.astimezone(ZoneInfo(timezone)).time()
    if time(8) <= local < time(22):
        assert verdict.allowed
    else:
        assert verdict.status == "held"
        assert reasons_of(verdict) == {"CN1"}
        assert verdict.until is not None
        assert verdict.until.utcoffset() == timedelta(0)
        assert verdict.until.astimezone(ZoneInfo(timezone)).time() == time(8)


@st.composite
def held_cases(draw: st.DrawFn) -> tuple[Case, datetime]:
    """A case with past contacts and holds that end, near a change of the clocks as often as not."""
    changes = [datetime(2026, 3, 8), datetime(2026, 3, 29), datetime(2026, 4, 5), datetime(2026, 9, 6)]
    changes += [datetime(2026, 10, 24), datetime(2026, 11, 1), datetime(2026, 4, 24)]
    near = st.sampled_from(changes).flatmap(
        lambda day: st.integers(-3 * 24 * 60, 24 * 60).map(lambda n: day.replace(tzinfo=UTC) + n * MINUTE)
    )
    at = draw(near | minutes_of_2026)
    past = st.builds(
        Contact,
        st.sampled_from([*TEXT, "voice"]),
        st.integers(0, 9 * 24 * 60).map(lambda n: at - n * MINUTE),
        timezone=st.none() | st.sampled_from(ZONES),
    )
    ending = st.builds(
        Hold,
        st.sampled_from([HoldKind.PAUSE, HoldKind.PAID_CLAIM, HoldKind.CONTACT_WINDOW]),
        until=st.integers(1, 4 * 24 * 60).map(lambda n: at + n * MINUTE),
    )
    return (
        case_of(
            timezone=draw(st.sampled_from(ZONES)),
            holds=draw(st.lists(ending, max_size=2)),
            contacts=draw(st.lists(past, max_size=5)),
            night_consent=draw(st.booleans()),
        ),
        at,
    )


@settings(fixed, max_examples=80)
@given(held_cases())
def test_a_held_message_waits_for_the_first_minute_at_which_all_rules_agree(
    drawn: tuple[Case, datetime],
) -> None:
    case, at = drawn
    verdict = may_contact(case, Purpose.REMINDER, at, PACK)
    assert verdict.allowed is not plain_rules(case, PACK)(at)
    if not verdict.allowed:
        assert verdict.until == first_minute_allowed(case, at, PACK)


times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))


@fixed
@given(st.sampled_from(ZONES), times, times, st.integers(-600, 400), st.sampled_from([3, 4, 9, 10, 11]))
@example("America/New_York", time(22), time(2, 30), 90, 3)  # ends in the hour that spring skips
@example("America/New_York", time(22), time(1, 30), 130, 11)  # ends in the hour that autumn repeats
@example("America/New_York", time(1, 30), time(3), 105, 11)  # the repeated hour begins outside it
def test_quiet_hours_of_any_pack_end_at_the_first_minute_past_them_even_where_clocks_change(
    timezone: str, start: time, end: time, offset: int, month: int
) -> None:
    assume(start != end)  # hours of no length are refused where they are read
    zone = ZoneInfo(timezone)
    days = [date(2026, month, day) for day in range(1, 29)]
    changing = [day for day in days if _offset(zone, day) != _offset(zone, day + timedelta(days=1))]
    midnight = datetime.combine((changing or days)[0], time(), zone).astimezone(UTC)
    at = midnight + offset * MINUTE
    pack = pack_of(QuietHours(id="X1", kind="quiet_hours", start=start, end=end, **_SAID))
    verdict = may_contact(case_of(timezone=timezone), Purpose.REMINDER, at, pack)
    assert verdict.allowed is not plain_rules(case_of(timezone=timezone), pack)(at)
    if not verdict.allowed:
        assert verdict.until == first_minute_allowed(case_of(timezone=timezone), at, pack, days=3)


def _offset(zone: ZoneInfo, day: date) -> timedelta | None:
    return datetime.combine(day, time(), zone).utcoffset()


@pytest.mark.parametrize(
    ("timezone", "evening", "morning_utc"),
    [
        # New York: the night loses an hour in spring and gains one in autumn; eight is eight all the same.
        ("America/New_York", date(2026, 3, 7), datetime(2026, 3, 8, 12, tzinfo=UTC)),
        ("America/New_York", date(2026, 10, 31), datetime(2026, 11, 1, 13, tzinfo=UTC)),
        ("Asia/Kolkata", date(2026, 3, 2), datetime(2026, 3, 3, 2, 30, tzinfo=UTC)),
        # UTC+14: the local morning comes while it is still the day before elsewhere.
        ("Pacific/Kiritimati", date(2026, 3, 2), datetime(2026, 3, 2, 18, tzinfo=UTC)),
        ("Pacific/Pago_Pago", date(2026, 3, 2), datetime(2026, 3, 3, 19, tzinfo=UTC)),
        # Samoa went from the evening of the 29th straight to the morning of the 31st.
        ("Pacific/Apia", date(2011, 12, 29), datetime(2011, 12, 30, 18, tzinfo=UTC)),
    ],
)
def test_a_late_message_waits_until_eight_on_the_borrowers_wall(
    timezone: str, evening: date, morning_utc: datetime
) -> None:
    verdict = may_contact(case_of(timezone=timezone), Purpose.REMINDER, at_wall(timezone, evening, 23), PACK)
    assert (verdict.status, verdict.until) == ("held", morning_utc)


def test_who_agreed_to_the_night_is_written_to_at_night_if_the_rule_allows_that() -> None:
    at = at_wall("Asia/Shanghai", date(2026, 3, 2), 23)
    strict = pack_of(NIGHT.model_copy(update={"waived_by_consent": False}))
    assert may_contact(case_of(night_consent=True), Purpose.REMINDER, at, PACK).allowed
    assert not may_contact(case_of(night_consent=True), Purpose.REMINDER, at, strict).allowed


NOON = at_wall("Asia/Shanghai", date(2026, 3, 10), 12)


@pytest.mark.parametrize("channel", TEXT)
def test_the_daily_cap_pools_all_text_channels(channel: str) -> None:
    contacts = [Contact(channel, NOON - timedelta(hours=2))]
    verdict = may_contact(case_of(channel="telegram", contacts=contacts), Purpose.REMINDER, NOON, PACK)
    assert reasons_of(verdict) == {"CN4"}
    assert verdict.until == at_wall("Asia/Shanghai", date(2026, 3, 11), 8)


def test_a_call_does_not_use_up_the_texts_nor_a_text_the_calls() -> None:
    called = [Contact("voice", NOON - timedelta(hours=n)) for n in range(3)]
    texted = [Contact("sms", NOON - timedelta(hours=1))]
    assert may_contact(case_of(contacts=called), Purpose.REMINDER, NOON, PACK).allowed
    assert may_contact(case_of(channel="voice", contacts=texted), Purpose.REMINDER, NOON, PACK).allowed
    refused = may_contact(case_of(channel="voice", contacts=called), Purpose.REMINDER, NOON, PACK)
    assert reasons_of(refused) == {"CN2"}


@pytest.mark.parametrize(
    ("hours_ago", "allowed"),
    [(11, False), (13, True)],
    ids=["one in the morning is today", "eleven at night was yesterday"],
)
def test_the_cap_counts_the_borrowers_own_calendar_days(hours_ago: int, allowed: bool) -> None:
    contacts = [Contact("sms", NOON - timedelta(hours=hours_ago))]
    assert may_contact(case_of(contacts=contacts), Purpose.REMINDER, NOON, PACK).allowed is allowed


def test_the_week_rolls_until_the_oldest_of_three_is_seven_days_back() -> None:
    days = [date(2026, 3, 4), date(2026, 3, 6), date(2026, 3, 9)]
    contacts = [Contact("sms", at_wall("Asia/Shanghai", day, 20)) for day in days]
    verdict = may_contact(case_of(contacts=contacts), Purpose.REMINDER, NOON, PACK)
    assert reasons_of(verdict) == {"CN40"}
    assert verdict.until == at_wall("Asia/Shanghai", date(2026, 3, 11), 8)


def test_who_moved_west_keeps_the_day_on_which_the_old_wall_saw_a_contact() -> None:
    """Nine in Shanghai on the 5th is the evening of the 4th in California: the later day ends the week."""
    moved = [
        Contact("sms", at_wall("Asia/Shanghai", date(2026, 3, day), 9), timezone="Asia/Shanghai")
        for day in (5, 7, 9)
    ]
    case = case_of(timezone="America/Los_Angeles", contacts=moved)
    verdict = may_contact(case, Purpose.REMINDER, at_wall("America/Los_Angeles", date(2026, 3, 11), 12), PACK)
    assert reasons_of(verdict) == {"CN40"}
    assert verdict.until == at_wall("America/Los_Angeles", date(2026, 3, 12), 8)


@pytest.mark.parametrize("kind", HoldKind)
@pytest.mark.parametrize("purpose", INITIATED)
def test_every_hold_stops_reminders_but_what_was_agreed_keeps_its_own(
    purpose: Purpose, kind: HoldKind
) -> None:
    passes = purpose is Purpose.INSTALMENT and kind in AGREED
    without_end = may_contact(case_of(holds=[Hold(kind)]), purpose, NOON, PACK)
    assert without_end.status == ("allowed" if passes else "blocked")
    assert reasons_of(without_end) == (set() if passes else {kind.value})
    until = NOON + timedelta(days=2)
    with_end = may_contact(case_of(holds=[Hold(kind, until=until)]), purpose, NOON, PACK)
    assert with_end.status == ("allowed" if passes else "held")
    assert with_end.until == (None if passes else until)


def test_an_opt_out_outweighs_a_plan() -> None:
    holds = (Hold(HoldKind.PLAN), Hold(HoldKind.HARDSHIP), Hold(HoldKind.OPT_OUT))
    assert stopping(case_of(holds=holds), Purpose.INSTALMENT) == (Hold(HoldKind.OPT_OUT),)
    verdict = may_contact(case_of(holds=holds), Purpose.INSTALMENT, NOON, PACK)
    assert (verdict.status, reasons_of(verdict)) == ("blocked", {"opt_out"})


@pytest.mark.parametrize("purpose", ANSWERS)
def test_an_answer_always_reaches_who_wrote_at_any_hour_and_under_any_hold(purpose: Purpose) -> None:
    night = at_wall("Asia/Shanghai", date(2026, 3, 2), 3)
    case = Case(
        "Asia/Shanghai",
        Address("webchat", "T1", consent=False),
        [Hold(kind) for kind in HoldKind],
        [Contact("sms", night - timedelta(hours=1))] * 9,
        exempt=True,
        automatic_off=True,
    )
    verdict = may_contact(case, purpose, night, PACK)
    assert verdict.allowed
    assert verdict.rule_ids == ("CN5",)


@pytest.mark.parametrize("address", [None, Address("webchat", "T1", dead=True)])
@pytest.mark.parametrize("purpose", Purpose)
def test_nothing_goes_to_no_address_or_a_dead_one(purpose: Purpose, address: Address | None) -> None:
    verdict = may_contact(Case("Asia/Shanghai", address), purpose, NOON, PACK)
    assert (verdict.status, reasons_of(verdict)) == ("blocked", {"address"})


def test_a_block_names_every_fact_that_says_so() -> None:
    case = Case(
        "Asia/Shanghai",
        Address("webchat", "T1", consent=False, dead=True),
        [Hold(HoldKind.DEATH), Hold(HoldKind.DISPUTE), Hold(HoldKind.PAUSE, until=NOON)],
        exempt=True,
        automatic_off=True,
    )
    verdict = may_contact(case, Purpose.REMINDER, NOON, PACK)
    assert verdict.status == "blocked"
    assert reasons_of(verdict) == {"address", "consent", "exempt", "kill_switch", "death", "dispute"}
    assert verdict.until is None


def test_a_hold_names_every_rule_that_says_so_with_its_number() -> None:
    night = at_wall("Asia/Shanghai", date(2026, 3, 10), 23)
    contacts = [Contact("sms", night - timedelta(days=n, hours=2)) for n in range(3)]
    holds = [Hold(HoldKind.PROMISE, until=night + timedelta(days=3))]
    verdict = may_contact(case_of(holds=holds, contacts=contacts), Purpose.REMINDER, night, PACK)
    assert reasons_of(verdict) == {"CN1", "CN4", "CN40", "promise"}
    details = {reason.rule: reason.detail for reason in verdict.reasons}
    assert "22:00-08:00" in details["CN1"]
    assert "3 of 3" in details["CN40"]
    assert "7 day" in details["CN40"]


def test_a_send_cites_every_rule_of_its_scope_and_no_other() -> None:
    assert may_contact(case_of(), Purpose.REMINDER, NOON, PACK).rule_ids == ("CN1", "CN4", "CN40", "CN5")
    voice = may_contact(case_of(channel="voice"), Purpose.REMINDER, NOON, PACK)
    assert voice.rule_ids == ("CN1", "CN2", "CN5")


@pytest.mark.parametrize(
    ("hold", "stops"),
    [
        (Hold(HoldKind.OPT_OUT, channel="webchat"), True),
        (Hold(HoldKind.OPT_OUT, channel="telegram"), False),
        (Hold(HoldKind.DISPUTE, loan_id=1), True),
        (Hold(HoldKind.DISPUTE, loan_id=2), False),
        (Hold(HoldKind.PAUSE, until=NOON), False),
        (Hold(HoldKind.PAUSE, until=NOON + MINUTE), True),
    ],
)
def test_a_hold_stops_only_its_channel_its_loan_and_its_time(hold: Hold, stops: bool) -> None:
    assert may_contact(case_of(holds=[hold]), Purpose.REMINDER, NOON, PACK).allowed is not stops


def test_a_case_of_no_loan_is_stopped_by_a_hold_on_any() -> None:
    case = case_of(holds=[Hold(HoldKind.DISPUTE, loan_id=2)], loan_id=None)
    assert not may_contact(case, Purpose.REMINDER, NOON, PACK).allowed


def test_a_hold_to_the_end_of_the_calendar_is_a_hold_and_no_crash() -> None:
    case = case_of(holds=[Hold(HoldKind.CONTACT_WINDOW, until=datetime(9999, 12, 31, 15, tzinfo=UTC))])
    verdict = may_contact(case, Purpose.REMINDER, NOON, PACK)
    assert not verdict.allowed
    assert reasons_of(verdict) == {"contact_window"}
