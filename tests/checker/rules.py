"""The rules of mainland China (pack `cn`), said a second time and in another way: over two lists of rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.checker.files import Row
from tests.checker.stops import Stops

STARTED = ("reminder", "instalment", "notice")
NO_TEXT = ("call", "voice", "letter")


@dataclass(frozen=True)
class Finding:
    """A rule that a contact breaks: its name, the contact's place in the file (from 0), and why."""

    rule: str
    row: int
    why: str


@dataclass
class State:
    """What is known so far while both files are gone through in order of time."""

    stops: Stops = field(default_factory=Stops)
    zones: dict[str, str] = field(default_factory=dict)
    days: dict[str, list[date]] = field(default_factory=lambda: defaultdict(list))
    rungs: set[tuple[str, int, str]] = field(default_factory=set)
    written_to: set[str] = field(default_factory=set)
    heard_from: set[str] = field(default_factory=set)


def check(contacts: list[Row], events: list[Row]) -> list[Finding]:
    """Return every breach in order of time. A stop binds what happens after its own instant."""
    timeline: list[tuple[datetime, int, int, Row]] = [
        *((_at(row), 0, index, row) for index, row in enumerate(events)),
        *((_at(row), 1, index, row) for index, row in _last_outcomes(contacts)),
    ]
    state, found = State(), []
    for at, is_contact, index, row in sorted(timeline, key=lambda one: one[:3]):
        if not is_contact:
            if row["kind"] == "timezone_changed":
                state.zones[row["borrower"]] = row["detail"]["now"]
            state.stops.learn(row, at)
        else:
            found += [Finding(rule, index, why) for rule, why in _breaches(state, row, at)]
            _remember(state, row, at)
    return found


def _at(row: Row) -> datetime:
    return datetime.fromisoformat(row["at_utc"])


def _last_outcomes(contacts: list[Row]) -> Iterator[tuple[int, Row]]:
    """A contact stands in the file again when its outcome changes: the last word counts."""
    last: dict[tuple[Any, ...], tuple[int, Row]] = {}
    for index, row in enumerate(contacts):
        names = ("at_utc", "address_hash", "direction", "initiator", "purpose", "template", "nudge", "text")
        last[tuple(row[name] for name in names)] = (index, row)
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
    first = row["initiator"] == "bot" and row["address_hash"] not in state.written_to
    if first and "自动" not in row["text"] and "automated" not in row["text"]:
        yield "CN19", "the first message does not say that it is automated"
    if not _is_started(state, row):
        return
    yield from _when(state, row, at)
    yield from (("stopped", why) for why in state.stops.against(row, at))
    if row["initiator"] == "bot":
        yield from _documented(state, row)


def _clock_of(state: State, row: Row, at: datetime) -> Iterator[tuple[str, str]]:
    local = datetime.fromisoformat(row["at_local"])
    if local != at or local.utcoffset() != at.astimezone(ZoneInfo(row["timezone"])).utcoffset():
        yield "local_time", f"{row['at_local']} is not {row['at_utc']} in {row['timezone']}"
    known = state.zones.get(row["borrower"], row["timezone"])
    if known != row["timezone"]:
        yield "timezone", f"the borrower has moved to {known}"


def _when(state: State, row: Row, at: datetime) -> Iterator[tuple[str, str]]:
    local = at.astimezone(ZoneInfo(row["timezone"]))
    if not 8 <= local.hour < 22 and not state.stops.allows_night(row["borrower"]):
        yield "CN1", f"sent at {local:%H:%M}"
    if row["channel"] in NO_TEXT:
        return
    day = local.date()
    earlier = state.days[row["borrower"]]
    if day in earlier:
        yield "CN4", f"the second text on {day}"
    if sum(day - timedelta(days=6) <= one <= day for one in earlier) >= 3:
        yield "CN40", f"the fourth text in the seven days to {day}"


def _documented(state: State, row: Row) -> Iterator[tuple[str, str]]:
    if not row["rule_ids"] or not row["pack_version"] or not row["policy_version"]:
        yield "CN10", "the rules that let it through are not on record"
    if row["cycle"] is not None and (row["loans"][0], row["cycle"], row["step"]) in state.rungs:
        yield "ladder", f"step {row['step']} a second time in cycle {row['cycle']}"
    if row["template"] != "utter_reminder_unverified" and not state.stops.is_verified(row["borrower"]):
        yield "CN5", "facts of the debt before identity was verified"


def _remember(state: State, row: Row, at: datetime) -> None:
    if row["direction"] == "in":
        state.heard_from.add(row["address_hash"])
        return
    if row["outcome"] == "failed":
        return
    if _is_started(state, row):
        if row["channel"] not in NO_TEXT:
            state.days[row["borrower"]].append(at.astimezone(ZoneInfo(row["timezone"])).date())
        if row["cycle"] is not None:
            state.rungs.add((row["loans"][0], row["cycle"], row["step"]))
    state.written_to.add(row["address_hash"])
