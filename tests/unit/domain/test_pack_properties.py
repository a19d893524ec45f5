"""Packs combined at will: never more is allowed, nothing sooner, and every reason is given."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time
from itertools import combinations
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.contact import may_contact
from bot.domain.model import Case, Contact, Hold, HoldKind, Purpose, Window, Wish
from bot.domain.policy import combined
from tests.unit.domain.test_packs import MINUTE, PACKS, TEXT, ZONES, case, reasons

many = settings(derandomize=True, deadline=None, max_examples=100)
few = settings(many, max_examples=25)
NAMES = tuple(PACKS)
SETS = [names for size in range(1, len(NAMES) + 1) for names in combinations(NAMES, size)]
# The tables once more. Local hours in which each pack lets anything out; Chinese nights may be consented to.
HOURS = {"CN1": (8, 22), "US1": (8, 21), "UK1": (8, 21), "IN1": (8, 19)}
# Texts on a day and in seven days; calls by what came of them: how many, in how many days.
TEXTS = {"CN4": (1, 1), "CN40": (3, 7), "US3": (1, 1), "US30": (3, 7), "UK9": (1, 1), "UK10": (3, 7)}
TEXTS |= {"IN3": (1, 1), "IN4": (3, 7)}
CALLS: dict[str, tuple[int, int, str | None]] = {
    "CN2": (3, 1, "answered"),
    "CN3": (6, 1, "unanswered"),
    "US2": (7, 7, None),
    "US20": (1, 7, "answered"),
}
STOPS: dict[HoldKind, set[str]] = {
    HoldKind.WRONG_PERSON: {"CN50", "IN20"},
    HoldKind.DISPUTE: {"UK5", "US80"},
    HoldKind.OPT_OUT: {"US5"},
    HoldKind.REPRESENTED: {"US6"},
    HoldKind.BREATHING_SPACE: {"UK6"},
    HoldKind.DEBT_ADVISER: {"UK7"},
    HoldKind.CONTACT_WINDOW: {"UK11", "US40"},
    HoldKind.PAUSE: set(),
}


@st.composite
def asked(draw: st.DrawFn) -> tuple[Case, Purpose, datetime]:
    """A case with contacts, holds with and without an end, and wishes, often where clocks change."""
    days = [datetime(2026, 3, 8), datetime(2026, 3, 29), datetime(2026, 10, 25), datetime(2026, 11, 1)]
    near = st.builds(
        lambda day, minutes: day.replace(tzinfo=UTC) + minutes * MINUTE,
        st.sampled_from(days),
        st.integers(-2880, 1440),
    )
    at = draw(near | st.integers(0, 525_600).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + n * MINUTE))
    ago = st.integers(0, 9 * 1440).map(lambda n: at - n * MINUTE)
    texted = st.builds(Contact, st.sampled_from(TEXT), ago)
    outcomes = st.sampled_from(["answered", "unanswered"])
    called = st.builds(lambda then, outcome: Contact("voice", then, outcome=outcome), ago, outcomes)
    ends = st.none() | st.integers(1, 4320).map(lambda n: at + n * MINUTE)
    window = st.builds(
        lambda start, hours, weekdays: Window(time(start), time(start + hours), weekdays),
        st.integers(6, 18),
        st.integers(1, 5),
        st.frozensets(st.integers(0, 6), max_size=4),
    )
    found = case(
        zone=draw(st.sampled_from(ZONES)),
        channel=draw(st.sampled_from(["webchat", "telegram", "voice"])),
        contacts=draw(st.lists(texted | called, max_size=8)),
        holds=draw(st.lists(st.builds(Hold, st.sampled_from(list(STOPS)), until=ends), max_size=2)),
        wish=Wish(tuple(draw(st.lists(window, max_size=2)))),
        night_consent=draw(st.booleans()),
        exempt=draw(st.sampled_from([False, False, False, True])),
    )
    return found, draw(st.sampled_from([Purpose.REMINDER, Purpose.INSTALMENT])), at


@many
@given(st.permutations(NAMES), st.integers(1, len(NAMES) - 1), asked())
def test_one_pack_more_never_allows_more_nor_sooner_and_drops_no_reason(
    names: list[str], size: int, drawn: tuple[Case, Purpose, datetime]
) -> None:
    found, purpose, at = drawn
    fewer = may_contact(found, purpose, at, combined([PACKS[name] for name in names[:size]]))
    more = may_contact(found, purpose, at, combined([PACKS[name] for name in names[: size + 1]]))
    strictness = ["allowed", "held", "blocked"]
    assert strictness.index(more.status) >= strictness.index(fewer.status)
    assert reasons(fewer) <= reasons(more)
    if fewer.until is not None and more.until is not None:
        assert more.until >= fewer.until


@many
@given(st.permutations(NAMES), asked())
def test_in_which_order_packs_are_combined_does_not_matter(
    names: list[str], drawn: tuple[Case, Purpose, datetime]
) -> None:
    found, purpose, at = drawn
    one = may_contact(found, purpose, at, combined([PACKS[name] for name in NAMES]))
    other = may_contact(found, purpose, at, combined([PACKS[name] for name in names]))
    assert (one.status, one.until, reasons(one)) == (other.status, other.until, reasons(other))


def plainly(names: tuple[str, ...], found: Case, at: datetime) -> Iterator[str]:
    """Every reason for which these packs keep a contact from going out at an instant, by the tables."""
    ids = {rule.id for name in names for rule in PACKS[name].rules}
    local = at.astimezone(ZoneInfo(found.timezone))
    spoken = found.address is not None and found.address.channel == "voice"
    ago = [
        (one, (local.date() - one.at.astimezone(local.tzinfo).date()).days)
        for one in found.contacts
        if (one.channel == "voice") is spoken
    ]
    if found.exempt:
        yield "exempt"
    for hold in found.holds:
        if hold.until is None or at < hold.until:
            yield hold.kind.value
            yield from STOPS[hold.kind] & ids
    wished = found.wish.windows
    if wished and not any(
        (not one.weekdays or local.weekday() in one.weekdays) and one.start <= local.time() < one.end
        for one in wished
    ):
        yield "contact_window"
    for rule in HOURS.keys() & ids:
        opens, closes = HOURS[rule]
        if not opens <= local.hour < closes and not (rule == "CN1" and found.night_consent):
            yield rule
    if spoken:
        for rule in CALLS.keys() & ids:
            most, days, outcome = CALLS[rule]
            if sum(0 <= n < days and outcome in (None, one.outcome) for one, n in ago) >= most:
                yield rule
    else:
        for rule in TEXTS.keys() & ids:
            most, days = TEXTS[rule]
            if sum(0 <= n < days for _, n in ago) >= most:
                yield rule


@many
@given(st.sampled_from(SETS), asked())
def test_every_reason_that_applies_is_given_and_no_other(
    names: tuple[str, ...], drawn: tuple[Case, Purpose, datetime]
) -> None:
    found, purpose, at = drawn
    verdict = may_contact(found, purpose, at, combined([PACKS[name] for name in names]))
    expected = set(plainly(names, found, at))
    assert reasons(verdict) == expected
    assert verdict.allowed is not bool(expected)


@few
@given(st.sampled_from(SETS), asked())
def test_a_held_contact_waits_for_the_first_minute_that_all_packs_allow(
    names: tuple[str, ...], drawn: tuple[Case, Purpose, datetime]
) -> None:
    found, purpose, at = drawn
    verdict = may_contact(found, purpose, at, combined([PACKS[name] for name in names]))
    if verdict.until is None:
        return
    assert not list(plainly(names, found, verdict.until))
    minutes = (at + n * MINUTE for n in range(int((verdict.until - at) / MINUTE)))
    assert all(any(plainly(names, found, minute)) for minute in minutes)
