"""The rules of every pack, said a second time and in another way: over two lists of rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.checker.files import Row
from tests.checker.numbers import (
    COLLECTOR_FIRST,
    COLLECTOR_LATER,
    FIRST,
    PACKS,
    STOP_WORDS,
    Cap,
    Numbers,
)
from tests.checker.stops import Stops

STARTED = ("reminder", "instalment", "notice")
NO_TEXT = ("call", "voice", "letter")


@dataclass(frozen=True)
class Finding:
    """A rule that a contact breaks: its name, the contact's place in the file (from 0), and why."""

    rule: str
    row: int
    why: str


@dataclass(frozen=True)
class Seen:
    """A contact that counts: its local day; of a call also its end, its number and its loans."""

    day: date
    is_text: bool
    outcome: str
    address: str
    loans: tuple[str, ...]


@dataclass
class State:
    """What is known so far while both files are gone through in order of time."""

    stops: Stops = field(default_factory=Stops)
    zones: dict[str, str] = field(default_factory=dict)
    seen: dict[str, list[Seen]] = field(default_factory=lambda: defaultdict(list))
    packs: dict[str, str] = field(default_factory=dict)
    collectors: set[str] = field(default_factory=set)
    complaints: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    rungs: set[tuple[str, int, str]] = field(default_factory=set)
    written_to: set[str] = field(default_factory=set)
    heard_from: set[str] = field(default_factory=set)


def check(contacts: list[Row], events: list[Row], end: datetime | None = None) -> list[Finding]:
    """Return every breach in order of time. A stop binds what happens after its own instant.

    What is broken by an event (a complaint that waits too long, a pause that is too short) names the event's
    place in its own file. `end` is how far the records reach, where these are only some of them; such rows
    may carry their place in the whole file as `#`.
    """
    timeline: list[tuple[datetime, int, int, Row]] = [
        *((_at(row), 0, row.get("#", index), row) for index, row in enumerate(events)),
        *((_at(row), 1, index, row) for index, row in _last_outcomes(contacts)),
    ]
    state, found = State(), []
    # The pack of whoever has one on record: what an agent writes names none.
    for row in contacts:
        if row["pack"] and row["borrower"]:
            state.packs.setdefault(row["borrower"], row["pack"])
    last = None
    for at, is_contact, index, row in sorted(timeline, key=lambda one: one[:3]):
        last = end or at
        if not is_contact:
            if row["kind"] == "timezone_changed":
                state.zones[row["borrower"]] = row["detail"]["now"]
            found += [Finding(rule, index, why) for rule, why in _told(state, row, at, index)]
            state.stops.learn(row, at)
        else:
            found += [Finding(rule, index, why) for rule, why in _breaches(state, row, at)]
            _remember(state, row, at)
    for who, (index, opened) in state.complaints.items():
        if last is not None:
            found += [Finding(rule, index, why) for rule, why in _answered(state, who, opened, last)]
    return found


def _told(state: State, row: Row, at: datetime, index: int) -> Iterator[tuple[str, str]]:
    """What an event itself breaks: a complaint answered too late, a statutory pause of another length."""
    who, kind, detail = row["borrower"], row["kind"], row["detail"]
    if who is None:
        return
    if kind == "complaint":
        state.complaints.setdefault(who, (index, at))
    elif kind == "complaint_closed" and who in state.complaints:
        yield from _answered(state, who, state.complaints.pop(who)[1], at)
    elif kind == "pause" and detail.get("until"):
        days = datetime.fromisoformat(detail["until"]) - at
        for pack in _numbers(state, row):
            for rule, fact, least, most in pack.pauses:
                if detail.get("hold") == fact and not timedelta(least) <= days <= timedelta(most):
                    yield rule, f"{fact} for {days.days} days"


def _answered(state: State, who: str, opened: datetime, at: datetime) -> Iterator[tuple[str, str]]:
    for pack in _numbers(state, {"borrower": who, "pack": None}):
        rule, days = pack.complaint
        if (at - opened) > timedelta(days + 1):
            yield rule, f"a complaint had no answer for {(at - opened).days} days"


def _numbers(state: State, row: Row) -> list[Numbers]:
    """Every pack that a contact is under: a combined one names its parts."""
    name = row.get("pack") or state.packs.get(row["borrower"]) or "cn"
    return [PACKS[part] for part in name.split("+")]


def _at(row: Row) -> datetime:
    return datetime.fromisoformat(row["at_utc"])


def _last_outcomes(contacts: list[Row]) -> Iterator[tuple[int, Row]]:
    """A contact stands in the file again when its outcome changes: the last word counts."""
    last: dict[tuple[Any, ...], tuple[int, Row]] = {}
    for index, row in enumerate(contacts):
        names = ("at_utc", "address_hash", "direction", "initiator", "purpose", "template", "nudge", "text")
        last[tuple(row[name] for name in names)] = (row.get("#", index), row)
    yield from last.values()


def _is_started(state: State, row: Row) -> bool:
    """Whether the lender speaks first: its own purposes, or an agent where the borrower never wrote."""
    if row["direction"] != "out" or row["outcome"] == "failed":
        return False
    unasked = row["initiator"] in ("agent", "agency") and row["address_hash"] not in (
        state.heard_from | state.written_to
    )
    return row["purpose"] in STARTED or unasked


def _breaches(state: State, row: Row, at: datetime) -> Iterator[tuple[str, str]]:
    yield from _clock_of(state, row, at)
    if row["direction"] != "out" or row["outcome"] == "failed":
        return
    if row["initiator"] == "bot":
        yield from _said(state, row)
    if not _is_started(state, row):
        return
    yield from _when(state, row, at)
    passed = _passed(state, row)
    yield from (("stopped", why) for why in state.stops.against(row, at) if why not in passed)
    if row["initiator"] == "bot":
        yield from _documented(state, row)


def _clock_of(state: State, row: Row, at: datetime) -> Iterator[tuple[str, str]]:
    local = datetime.fromisoformat(row["at_local"])
    if local != at or local.utcoffset() != at.astimezone(ZoneInfo(row["timezone"])).utcoffset():
        yield "local_time", f"{row['at_local']} is not {row['at_utc']} in {row['timezone']}"
    known = state.zones.get(row["borrower"], row["timezone"])
    if known != row["timezone"]:
        yield "timezone", f"the borrower has moved to {known}"


def _said(state: State, row: Row) -> Iterator[tuple[str, str]]:
    """What a message of the bot leaves unsaid."""
    text, address = row["text"], row["address_hash"]
    if address not in state.written_to:
        missing = [name for name, words in FIRST.items() if not words.search(text)]
        if missing:
            yield (
                "CN19" if missing == ["automated"] else "GR1",
                f"the first message lacks {', '.join(missing)}",
            )
    elif any(pack.stop_words_in_each for pack in _numbers(state, row)) and not STOP_WORDS.search(text):
        yield "US4", "it does not say how to end these messages"
    if row["purpose"] not in STARTED or row["template"] == "utter_reminder_unverified":
        return
    for pack in _numbers(state, row):
        if pack.debt_collector is None:
            continue
        first, later = pack.debt_collector
        if address not in state.collectors and not COLLECTOR_FIRST.search(text):
            yield first, "it does not say that it is an attempt to collect a debt"
        elif address in state.collectors and not COLLECTOR_LATER.search(text):
            yield later, "it does not say that it is from a debt collector"


def _when(state: State, row: Row, at: datetime) -> Iterator[tuple[str, str]]:
    local = at.astimezone(ZoneInfo(row["timezone"]))
    earlier = state.seen[row["borrower"]]
    calls = [one for one in earlier if not one.is_text]
    about = [one for one in calls if not row["loans"] or not one.loans or set(one.loans) & set(row["loans"])]
    for pack in _numbers(state, row):
        rule, opens, closes = pack.hours
        consents = pack.consent_opens_night and state.stops.allows_night(row["borrower"])
        if not opens <= local.hour < closes and not consents:
            yield rule, f"sent at {local:%H:%M}"
        if row["channel"] not in NO_TEXT and _ground(row) not in pack.grounds:
            yield from _over(pack.texts, [one for one in earlier if one.is_text], local.date())
        elif row["channel"] in ("call", "voice"):
            talks = [one for one in calls if one.outcome == "answered"]
            rings = [
                one for one in calls if one.outcome == "unanswered" and one.address == row["address_hash"]
            ]
            yield from _over(pack.talks, talks, local.date())
            yield from _over(pack.rings_per_number, rings, local.date())
            yield from _over(pack.calls_per_loan, about, local.date())
            answered = [one for one in about if one.outcome == "answered"]
            yield from _over(pack.talks_per_loan, answered, local.date())


def _ground(row: Row) -> str | None:
    """What the law asks to tell by a notice, as its record cites it: `CN13:agency_takeover`."""
    if row["purpose"] != "notice":
        return None
    return next((rule.partition(":")[2] for rule in row["rule_ids"] if ":" in rule), None)


def _passed(state: State, row: Row) -> frozenset[str]:
    """The stops that a notice on its ground passes, where every pack that it is under lets it."""
    ground, packs = _ground(row), _numbers(state, row)
    exempt = {"exempt"} if all(ground in pack.grounds for pack in packs) else set()
    cease = {"opt_out"} if all(ground in pack.cease for pack in packs) else set()
    return frozenset(exempt | cease)


def _over(caps: tuple[Cap, ...], earlier: list[Seen], day: date) -> Iterator[tuple[str, str]]:
    for rule, most, days in caps:
        first = day - timedelta(days=days - 1)
        if sum(first <= one.day <= day for one in earlier) >= most:
            yield rule, f"number {most + 1} in the {days} days to {day}"


def _documented(state: State, row: Row) -> Iterator[tuple[str, str]]:
    if not row["rule_ids"] or not row["pack_version"] or not row["policy_version"]:
        yield "CN10", "the rules that let it through are not on record"
    if any(rung in state.rungs for rung in _rungs(row)):
        yield "ladder", f"step {row['step']} a second time in cycle {row['cycle']}"
    if row["template"] != "utter_reminder_unverified" and not state.stops.is_verified(row["borrower"]):
        yield "CN5", "facts of the debt before identity was verified"


def _rungs(row: Row) -> Iterator[tuple[str, int, str]]:
    """Loan, cycle and rung of each debt that a message speaks of: `D+7,D+3@2` is of two, one in cycle 2."""
    if row["cycle"] is None:
        return
    for loan, step in zip(row["loans"], row["step"].split(","), strict=True):
        rung, _, cycle = step.partition("@")
        yield loan, int(cycle or row["cycle"]), rung


def _remember(state: State, row: Row, at: datetime) -> None:
    if row["direction"] == "in":
        state.heard_from.add(row["address_hash"])
        return
    if row["outcome"] == "failed":
        return
    if _is_started(state, row):
        state.seen[row["borrower"]].append(
            Seen(
                at.astimezone(ZoneInfo(row["timezone"])).date(),
                row["channel"] not in NO_TEXT,
                row["outcome"],
                row["address_hash"],
                tuple(row["loans"]),
            )
        )
        state.rungs.update(_rungs(row))
    state.written_to.add(row["address_hash"])
    if COLLECTOR_FIRST.search(row["text"]):
        state.collectors.add(row["address_hash"])
