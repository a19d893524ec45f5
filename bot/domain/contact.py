"""May we contact this borrower, on this channel, now? One pure function, with every reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from bot.domain.calendars import closed_days
from bot.domain.model import Case, Contact, Hold, HoldKind, Initiator, Purpose, Window
from bot.domain.openings import Span, first_open, outside, since_midnight, spans
from bot.domain.policy import WEEKDAYS, Cap, ClosedDays, ContactPack, Duty, Notice, QuietHours, Timed

# How many days ahead a held message looks for its instant; longer than any cap window (31 days).
_PROBE_DAYS = 62

# What was agreed is kept up with its own reminders; these holds stop only the ladder.
_AGREED = frozenset({HoldKind.PLAN, HoldKind.PROMISE, HoldKind.HARDSHIP})
# People have the conversation: it is the bot that is silent.
_THE_BOTS = frozenset({HoldKind.HANDOFF})


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
    """Decide whether a contact with `purpose` may go to `case.address` at `at` (aware UTC).

    Rules about time and frequency bind what the lender starts; an answer to the borrower's own message is
    bound by the address alone. A hold without an end, or a dead or refused address, blocks; everything else
    holds until the first instant at which all rules agree, and blocks where there is none. Every reason that
    applies at `at` is named, those that only hold beside those that block. A notice that the law asks for
    (`case.basis`) passes the caps and stops that the pack says, and an exemption; it cites its ground.
    """
    if not purpose.is_initiated:
        return _answer(case, pack)
    notice = pack.demanded(case.basis) if purpose is Purpose.NOTICE else None
    holds = stopping(case, purpose, pack)
    blocked = tuple(_blocks(case, holds, at, pack, notice))
    if case.address is None:
        return Verdict("blocked", reasons=blocked)
    bound = _Bound(case, holds, pack, notice)
    held = tuple(bound.reasons(at))
    if blocked:
        return Verdict("blocked", reasons=(*blocked, *held))
    if not held:
        grounds = () if notice is None else (f"{notice.rule}:{notice.ground}",)
        return Verdict("allowed", rule_ids=pack.ids_for(case.address.channel) + grounds)
    until = bound.first_allowed(at)
    if until is None:
        return Verdict("blocked", reasons=held)
    return Verdict("held", reasons=held, until=until)


def stopping(case: Case, purpose: Purpose, pack: ContactPack | None = None) -> tuple[Hold, ...]:
    """Return the holds that bind a contact.

    Reminders of what was agreed pass the agreement's own holds, people pass the hold of a hand-off, and a
    notice passes a stop that the pack excepts on its statutory ground (12 CFR 1006.6(c)(2)).
    """
    return tuple(
        hold
        for hold in case.holds
        if not (purpose is Purpose.INSTALMENT and hold.kind in _AGREED)
        and not (case.initiator is not Initiator.BOT and hold.kind in _THE_BOTS)
        and not (
            pack is not None
            and purpose is Purpose.NOTICE
            and case.basis is not None
            and case.basis in pack.exceptions(hold.kind)
        )
    )


def _answer(case: Case, pack: ContactPack) -> Verdict:
    if case.address is None or case.address.dead:
        return Verdict("blocked", reasons=(Reason("address", "no reachable address"),))
    rules = pack.rules_for(case.address.channel)
    return Verdict("allowed", rule_ids=tuple(rule.id for rule in rules if isinstance(rule, Duty)))


def _blocks(
    case: Case, holds: tuple[Hold, ...], at: datetime, pack: ContactPack, notice: Notice | None
) -> Iterator[Reason]:
    address = case.address
    if address is None:
        yield Reason("address", "no address on this channel")
        return
    if address.dead:
        yield Reason("address", "the address is dead")
    if not address.consent:
        yield Reason("consent", "no consent for this channel")
    if case.exempt and notice is None:
        yield Reason("exempt", "the borrower is exempt from reminders")
    if case.automatic_off and case.initiator is Initiator.BOT:
        yield Reason("kill_switch", "automatic messages are switched off")
    if case.wish.channels and address.channel not in case.wish.channels:
        yield Reason(
            "contact_window", f"the borrower wants contact on {', '.join(sorted(case.wish.channels))}"
        )
    for hold in holds:
        if hold.until is None and hold.covers(address.channel, case.loan_id, at):
            yield Reason(hold.kind.value, _hold_words(hold.kind))
            yield from (Reason(rule.id, rule.text) for rule in pack.stops(hold.kind))


def _hold_words(kind: HoldKind) -> str:
    return f"{kind.value.replace('_', ' ')} on file"


class _Bound:
    """The rules and facts that bind one contact, made ready to be asked about many instants."""

    __slots__ = ("_counted", "_ending", "_pack", "case", "rules", "zone")

    def __init__(self, case: Case, holds: tuple[Hold, ...], pack: ContactPack, notice: Notice | None) -> None:
        assert case.address is not None
        channel = case.address.channel
        self.case, self._pack = case, pack
        self.zone = ZoneInfo(case.timezone)
        passed = () if notice is None else notice.passes
        self.rules: tuple[Timed, ...] = tuple(
            rule for rule in pack.timed_for(channel) if rule.id not in passed
        )
        self._counted: dict[str, tuple[tuple[int, ...], ...]] = {}
        self._ending = [
            (hold, hold.until)
            for hold in holds
            if hold.until is not None
            and hold.covers(channel, case.loan_id, hold.until - timedelta.resolution)
        ]

    def reasons(self, at: datetime) -> Iterator[Reason]:
        """Yield every reason to wait that applies at an instant."""
        for hold, until in self._ending:
            if at < until:
                yield Reason(hold.kind.value, f"{_hold_words(hold.kind)} until {until.isoformat()}")
                yield from (Reason(rule.id, rule.text) for rule in self._pack.stops(hold.kind))
        local = at.astimezone(self.zone)
        wall, day = local.time(), local.date()
        windows = self.case.wish.windows
        if windows and not any(_is_within(window, day, wall) for window in windows):
            yield Reason("contact_window", "outside the hours that the borrower asked for")
        for rule in self.rules:
            if isinstance(rule, QuietHours):
                if self._is_quiet(rule, wall):
                    yield Reason(rule.id, f"quiet hours {rule.start:%H:%M}-{rule.end:%H:%M} local time")
            elif isinstance(rule, Cap):
                seen = self._seen(rule, day)
                if seen >= rule.count:
                    yield Reason(rule.id, f"{seen} of {rule.count} contacts in {rule.days} day(s)")
            elif isinstance(rule, ClosedDays) and is_closed(rule, day):
                yield Reason(rule.id, f"{day.isoformat()} is a closed day")

    def first_allowed(self, at: datetime) -> datetime | None:
        """Return the first instant after `at` at which nothing makes the contact wait."""
        floor = max([at, *(until for _, until in self._ending)])
        quiet = [
            span
            for rule in self.rules
            if isinstance(rule, QuietHours) and not self._is_waived(rule)
            for span in spans(rule.start, rule.end)
        ]
        return first_open(floor, self.zone, self._is_open, self._closed(quiet), _PROBE_DAYS)

    def _closed(self, quiet: list[Span]) -> list[list[Span]]:
        windows = self.case.wish.windows
        if not windows:
            return [quiet] * 7
        return [
            [
                *quiet,
                *outside(
                    (since_midnight(one.start), since_midnight(one.end))
                    for one in windows
                    if not one.weekdays or weekday in one.weekdays
                ),
            ]
            for weekday in range(7)
        ]

    def _is_open(self, day: date) -> bool:
        return not any(
            (isinstance(rule, Cap) and self._seen(rule, day) >= rule.count)
            or (isinstance(rule, ClosedDays) and is_closed(rule, day))
            for rule in self.rules
        )

    def _is_waived(self, rule: QuietHours) -> bool:
        return rule.waived_by_consent and self.case.night_consent

    def _is_quiet(self, rule: QuietHours, wall: time) -> bool:
        if rule.start <= rule.end:
            inside = rule.start <= wall < rule.end
        else:
            inside = wall >= rule.start or wall < rule.end
        return inside and not self._is_waived(rule)

    def _seen(self, cap: Cap, day: date) -> int:
        """Count the contacts that a cap sees on a local day: those of its window, that day included.

        Whoever has moved was contacted on two days, that of the old wall and that of the new one: a contact
        counts as long as one of them is in the window.
        """
        if not self.case.contacts:
            return 0
        days = self._counted.get(cap.id)
        if days is None:
            days = self._counted[cap.id] = tuple(
                tuple(day.toordinal() for day in one.days(self.zone))
                for one in self.case.contacts
                if self._counts(cap, one)
            )
        today = day.toordinal()
        return sum(any(today - cap.days < one <= today for one in either) for either in days)

    def _counts(self, cap: Cap, contact: Contact) -> bool:
        case = self.case
        if cap.scope not in self._pack.scopes(contact.channel):
            return False
        if cap.outcome is not None and cap.outcome != contact.outcome:
            return False
        if cap.per == "loan" and contact.loan_ids and case.loan_id is not None:
            return case.loan_id in contact.loan_ids
        if cap.per == "address" and contact.address is not None and case.address is not None:
            return contact.address == case.address.address
        return True


def is_closed(rule: ClosedDays, day: date) -> bool:
    """Tell whether a rule closes a local day."""
    if WEEKDAYS[day.weekday()] in rule.weekdays:
        return True
    return rule.holidays is not None and closed_days(rule.holidays)(day)


def _is_within(window: Window, day: date, wall: time) -> bool:
    return (not window.weekdays or day.weekday() in window.weekdays) and window.start <= wall < window.end
