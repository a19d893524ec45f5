"""May we contact this borrower, on this channel, now? One pure function, with every reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from bot.domain.model import Case, Hold, HoldKind, Purpose
from bot.domain.policy import Cap, ContactPack, Duty, QuietHours, Scope

# How many days ahead a held message looks for its instant; longer than any cap window (31 days).
_PROBE_DAYS = 62
# Zones reach a day beyond UTC, and the calendar of `datetime` ends with the year 9999.
_CALENDAR_END = datetime(9999, 12, 29, tzinfo=UTC)

# What was agreed is kept up with its own reminders; these holds stop only the ladder.
_AGREED = frozenset({HoldKind.PLAN, HoldKind.PROMISE, HoldKind.HARDSHIP})


@dataclass(frozen=True, slots=True)
class Reason:
    """Why contact is held or blocked: a rule or fact id, and words for an operator."""

    rule: str
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`allowed` with the rule ids that let it through, `held` until an instant, or `blocked`."""

    status: Literal["allowed", "held", "blocked"]
    rule_ids: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    until: datetime | None = None

    @property
    def allowed(self) -> bool:
        """True when the message may go out now."""
        return self.status == "allowed"


def may_contact(case: Case, purpose: Purpose, at: datetime, pack: ContactPack) -> Verdict:
    """Decide whether a message with `purpose` may go to `case.address` at `at` (aware UTC).

    Rules about time and frequency bind what the lender starts; an answer to the borrower's own message is
    bound by the address alone. A hold without an end, or a dead or refused address, blocks; everything else
    holds until the first instant at which all rules agree.
    """
    if not purpose.is_initiated:
        return _answer(case, pack)
    case = replace(case, holds=stopping(case, purpose))
    blocked = tuple(_blocks(case, at))
    if blocked:
        return Verdict("blocked", reasons=blocked)
    assert case.address is not None
    scopes = _scopes(case.address.channel, pack)
    now_reasons = tuple(_holds(case, at, pack, scopes))
    if not now_reasons:
        return Verdict("allowed", rule_ids=_ids(pack, scopes))
    until = _first_allowed(case, at, pack, scopes)
    if until is None:
        return Verdict("blocked", reasons=now_reasons)
    return Verdict("held", reasons=now_reasons, until=until)


def stopping(case: Case, purpose: Purpose) -> tuple[Hold, ...]:
    """Return the holds that bind a purpose: reminders of what was agreed pass the agreement's own holds."""
    return tuple(h for h in case.holds if purpose is not Purpose.INSTALMENT or h.kind not in _AGREED)


def _answer(case: Case, pack: ContactPack) -> Verdict:
    if case.address is None or case.address.dead:
        return Verdict("blocked", reasons=(Reason("address", "no reachable address"),))
    scopes = _scopes(case.address.channel, pack)
    return Verdict(
        "allowed", rule_ids=tuple(r.id for r in pack.rules if isinstance(r, Duty) and r.scope in scopes)
    )


def _scopes(channel: str, pack: ContactPack) -> tuple[Scope, ...]:
    return ("all", "text") if channel in pack.text_channels else ("all", "call")


def _ids(pack: ContactPack, scopes: tuple[Scope, ...]) -> tuple[str, ...]:
    return tuple(rule.id for rule in pack.rules if rule.scope in scopes)


def _blocks(case: Case, at: datetime) -> Iterator[Reason]:
    address = case.address
    if address is None:
        yield Reason("address", "no address on this channel")
        return
    if address.dead:
        yield Reason("address", "the address is dead")
    if not address.consent:
        yield Reason("consent", "no consent for this channel")
    if case.exempt:
        yield Reason("exempt", "the borrower is exempt from reminders")
    if case.automatic_off:
        yield Reason("kill_switch", "automatic messages are switched off")
    for hold in case.holds:
        if hold.until is None and hold.covers(address.channel, case.loan_id, at):
            yield Reason(hold.kind.value, _hold_words(hold.kind))


def _holds(case: Case, at: datetime, pack: ContactPack, scopes: tuple[Scope, ...]) -> Iterator[Reason]:
    assert case.address is not None
    for hold in case.holds:
        if hold.until is not None and hold.covers(case.address.channel, case.loan_id, at):
            yield Reason(hold.kind.value, f"{_hold_words(hold.kind)} until {hold.until.isoformat()}")
    local = at.astimezone(ZoneInfo(case.timezone))
    for rule in pack.rules:
        if rule.scope not in scopes:
            continue
        if isinstance(rule, QuietHours) and not (rule.waived_by_consent and case.night_consent):
            if _in_window(local.time(), rule.start, rule.end):
                yield Reason(rule.id, f"quiet hours {rule.start:%H:%M}-{rule.end:%H:%M} local time")
        elif isinstance(rule, Cap):
            seen = _count(case, rule, local, pack)
            if seen >= rule.count:
                yield Reason(rule.id, f"{seen} of {rule.count} contacts in {rule.days} day(s)")


def _hold_words(kind: HoldKind) -> str:
    return f"{kind.value.replace('_', ' ')} on file"


def _in_window(local: time, start: time, end: time) -> bool:
    if start <= end:
        return start <= local < end
    return local >= start or local < end


def _count(case: Case, cap: Cap, local: datetime, pack: ContactPack) -> int:
    zone = ZoneInfo(case.timezone)
    first_day = local.date() - timedelta(days=cap.days - 1)
    return sum(
        cap.scope in _scopes(contact.channel, pack)
        and first_day <= contact.at.astimezone(zone).date() <= local.date()
        for contact in case.contacts
    )


def _first_allowed(case: Case, at: datetime, pack: ContactPack, scopes: tuple[Scope, ...]) -> datetime | None:
    """Try the instants at which some rule changes its mind, in order."""
    for instant in sorted(set(_turning_points(case, at, pack))):
        if instant > at and not any(_holds(case, instant, pack, scopes)):
            return instant
    return None


def _turning_points(case: Case, at: datetime, pack: ContactPack) -> Iterator[datetime]:
    zone = ZoneInfo(case.timezone)
    ends = {rule.end for rule in pack.rules if isinstance(rule, QuietHours)} | {time(0)}
    holds = [hold.until for hold in case.holds if hold.until is not None and hold.until < _CALENDAR_END]
    yield from holds
    for start in [at, *holds]:
        first = start.astimezone(zone).date().toordinal()
        for day in range(first, min(first + _PROBE_DAYS, _CALENDAR_END.toordinal())):
            yield from _instants(date.fromordinal(day), ends, zone)


def _instants(day: date, clock_times: set[time], zone: ZoneInfo) -> Iterator[datetime]:
    """The instants at which a wall shows one of the times, both of them where an hour comes twice, and the
    instant at which its clocks change.
    """
    for clock_time in clock_times:
        for fold in (0, 1):
            yield datetime.combine(day, clock_time.replace(fold=fold), zone).astimezone(UTC)
    start, end = (datetime.combine(day + timedelta(days=n), time(), zone).astimezone(UTC) for n in (0, 1))
    if _offset(start, zone) != _offset(end, zone):
        yield _clock_change(start, end, zone)


def _clock_change(start: datetime, end: datetime, zone: ZoneInfo) -> datetime:
    before = _offset(start, zone)
    while end - start > timedelta(seconds=1):
        middle = start + (end - start) / 2
        start, end = (middle, end) if _offset(middle, zone) == before else (start, middle)
    return end.replace(microsecond=0)


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta | None:
    return instant.astimezone(zone).utcoffset()
