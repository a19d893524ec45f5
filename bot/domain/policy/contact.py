"""Contact packs: the rules of one jurisdiction as validated data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from functools import reduce
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, PrivateAttr, model_validator

from bot.domain.calendars import CalendarPolicy
from bot.domain.model import CallOutcome, HoldKind
from bot.domain.policy.base import Certainty, Consent, Frozen, Scope, WallTime, misplaced

Disclosure = Literal["lender", "automated", "verify", "person", "complaint", "opt_out", "collector"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)


class _Rule(Frozen):
    id: str = Field(pattern=r"^[A-Z]{1,3}\d+[a-z]?$", description="such as CN4 or US2a")
    text: str = Field(min_length=8)
    source: str = Field(min_length=3)
    certainty: Certainty
    scope: Scope = "all"


class QuietHours(_Rule):
    """No contact between `start` and `end`, borrower's local time; may span midnight."""

    kind: Literal["quiet_hours"]
    start: WallTime
    end: WallTime
    waived_by_consent: bool = False

    @model_validator(mode="after")
    def _has_a_length(self) -> Self:
        if self.start == self.end:
            raise ValueError(f"rule {self.id} begins and ends at {self.start:%H:%M}: it binds at no hour")
        return self


class ClosedDays(_Rule):
    """No contact on these weekdays, nor on the weekends and holidays of a calendar, borrower's local day."""

    kind: Literal["closed_days"]
    weekdays: tuple[Weekday, ...] = ()
    holidays: CalendarPolicy | None = None

    @model_validator(mode="after")
    def _closes_something(self) -> Self:
        if not self.weekdays and self.holidays is None:
            raise ValueError(f"rule {self.id} closes no day: it needs weekdays or holidays")
        if len(set(self.weekdays)) == len(WEEKDAYS):
            raise ValueError(f"rule {self.id} closes every day")
        return self


class Cap(_Rule):
    """At most `count` contacts in the last `days` local calendar days, today included.

    `outcome` counts only calls that ended so; `per` counts them by borrower, by loan or by address.
    """

    kind: Literal["cap"]
    scope: Scope
    count: int = Field(ge=1)
    days: int = Field(ge=1, le=31)
    outcome: CallOutcome | None = None
    per: Literal["borrower", "loan", "address"] = "borrower"

    @model_validator(mode="after")
    def _outcomes_are_of_calls(self) -> Self:
        if self.outcome is not None and self.scope != "call":
            raise ValueError(f"rule {self.id}: only calls are {self.outcome}; its scope is {self.scope}")
        return self


class Stop(_Rule):
    """Facts that stop contact, by law: `days` long where the law says so, `extension_days` more once.

    A notice on one of `exceptions`, the statutory grounds, passes it.
    """

    kind: Literal["stop"]
    holds: tuple[HoldKind, ...] = Field(min_length=1)
    days: int | None = Field(default=None, ge=1, le=366)
    extension_days: int | None = Field(default=None, ge=1, le=366)
    exceptions: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _extends_something(self) -> Self:
        if self.extension_days is not None and self.days is None:
            raise ValueError(f"rule {self.id}: extension_days without days")
        return self


class Duty(_Rule):
    """A duty that texts and people fulfil, and each send cites.

    `says` are what a message has to say: the first to an address, the first and others, or the later ones.
    """

    kind: Literal["duty"]
    says: tuple[Disclosure, ...] = ()
    when: Literal["first", "every", "later"] = "first"


class FollowUp(_Rule):
    """What people have to send within `within_days` calendar days of the first contact about a debt."""

    kind: Literal["follow_up"]
    task: Literal["validation_notice"]
    within_days: int = Field(ge=1, le=60)


class Notice(Frozen):
    """A notice that the law asks for, on its ground; the caps that it `passes` do not stop it.

    `rule` is the one that asks for it. A stop that lists the ground as an exception lets it pass too.
    """

    ground: str = Field(pattern=r"^[a-z_]{3,24}$", description="such as agency_takeover")
    rule: str
    template: str = Field(pattern=r"^utter_[a-z_]+$")
    passes: tuple[str, ...] = ()
    approval: Consent | None = Field(default=Consent(), description="whose yes it needs; null: nobody's")


Rule = Annotated[QuietHours | ClosedDays | Cap | Stop | Duty | FollowUp, Field(discriminator="kind")]

Timed = QuietHours | ClosedDays | Cap
"""The rules whose answer depends on the instant."""


class _Bound(NamedTuple):
    """What binds contact on one channel, sorted out once."""

    rules: tuple[Rule, ...]
    timed: tuple[Timed, ...]
    ids: tuple[str, ...]


class ComplaintTerms(Frozen):
    """By when a complaint is answered: days from its receipt, calendar or business, and what may be added."""

    days: int = Field(ge=1)
    unit: Literal["calendar", "business"] = "calendar"
    extensions: tuple[int, ...] = Field(default=(), description="days that may be added, one after another")
    summary_business_days: int | None = Field(
        default=None, ge=1, description="solved within so many business days, a short summary is enough"
    )
    calendar: CalendarPolicy | None = None

    @model_validator(mode="after")
    def _business_has_a_calendar(self) -> Self:
        if self.calendar is None and (self.unit == "business" or self.summary_business_days is not None):
            raise ValueError("business days need a calendar")
        return self


class ContactPack(Frozen):
    """The contact rules of one jurisdiction, and its help lines."""

    pack: str
    version: int = Field(ge=1)
    notice: str
    countries: tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], ...] = Field(
        default=(), description="ISO 3166 codes: whoever lives there is protected by this pack too"
    )
    crisis_lines: tuple[str, ...] = Field(min_length=1)
    complaint_days: int = Field(ge=1)
    complaint: ComplaintTerms | None = None
    agent_hours: tuple[WallTime, WallTime]
    text_channels: tuple[str, ...] = Field(min_length=1)
    strangers: bool = Field(
        default=False, description="true in the one pack that holds for a chat of nobody known"
    )
    rules: tuple[Rule, ...] = Field(min_length=1)
    notices: tuple[Notice, ...] = Field(default=(), description="what the law asks to tell, by its ground")
    _bound: dict[str, _Bound] = PrivateAttr(default_factory=dict)
    _bound_of: tuple[Rule, ...] | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        ids = [rule.id for rule in self.rules]
        twice = sorted({one for one in ids if ids.count(one) > 1})
        if twice:
            raise ValueError(f"rule ids stand more than once: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _notices_fit(self) -> Self:
        caps = {rule.id for rule in self.rules if isinstance(rule, Cap)}
        ids, grounds = {rule.id for rule in self.rules}, [one.ground for one in self.notices]
        for place, one in enumerate(self.notices):
            if grounds.index(one.ground) < place:
                raise misplaced(("notices", place, "ground"), f"{one.ground!r} stands more than once")
            if one.rule not in ids:
                raise misplaced(
                    ("notices", place, "rule"), f"{one.rule!r} is none of {', '.join(sorted(ids))}"
                )
            for name in one.passes:
                if name not in caps:
                    known = ", ".join(sorted(caps)) or "nothing"
                    raise misplaced(("notices", place, "passes"), f"{name!r} is no cap: {known}")
        for place, rule in enumerate(self.rules):
            named = rule.exceptions if isinstance(rule, Stop) else ()
            if isinstance(rule, FollowUp):
                named = (rule.task,)
            for ground in named:
                if ground not in grounds:
                    field = "exceptions" if isinstance(rule, Stop) else "task"
                    known = ", ".join(sorted(grounds)) or "nothing"
                    raise misplaced(
                        ("rules", place, rule.kind, field), f"there is no notice on {ground!r}: {known}"
                    )
        return self

    @model_validator(mode="after")
    def _people_are_there(self) -> Self:
        start, end = self.agent_hours
        if start == end:
            raise misplaced(("agent_hours",), f"begin and end at {start:%H:%M}: nobody is ever there")
        return self

    @model_validator(mode="after")
    def _terms_agree(self) -> Self:
        if self.complaint is not None and self.complaint.days != self.complaint_days:
            raise misplaced(
                ("complaint", "days"),
                f"{self.complaint.days} differs from complaint_days {self.complaint_days}",
            )
        return self

    def scopes(self, channel: str) -> tuple[Scope, ...]:
        """Return the scopes that a channel falls under."""
        if channel in self.text_channels:
            return ("all", "text")
        return ("all", "letter") if channel == "letter" else ("all", "call")

    def rules_for(self, channel: str) -> tuple[Rule, ...]:
        """Return the rules that bind contact on a channel, in the pack's order."""
        return self._for(channel).rules

    def timed_for(self, channel: str) -> tuple[Timed, ...]:
        """Return those of them that say when and how often."""
        return self._for(channel).timed

    def ids_for(self, channel: str) -> tuple[str, ...]:
        """Return their ids."""
        return self._for(channel).ids

    def _for(self, channel: str) -> _Bound:
        if self._bound_of is not self.rules:
            # A copy with other rules is another pack; the dictionary it came with is not its own.
            self._bound_of, self._bound = self.rules, {}
        found = self._bound.get(channel)
        if found is None:
            scopes = self.scopes(channel)
            rules = tuple(rule for rule in self.rules if rule.scope in scopes)
            timed = tuple(rule for rule in rules if isinstance(rule, QuietHours | Cap | ClosedDays))
            found = self._bound[channel] = _Bound(rules, timed, tuple(rule.id for rule in rules))
        return found

    def stops(self, kind: HoldKind) -> tuple[Stop, ...]:
        """Return the rules by which a fact stops contact."""
        return tuple(rule for rule in self.rules if isinstance(rule, Stop) and kind in rule.holds)

    def exceptions(self, kind: HoldKind) -> frozenset[str]:
        """Return the statutory grounds on which a notice may pass a fact that stops contact."""
        grants = [frozenset(rule.exceptions) for rule in self.stops(kind)]
        return reduce(frozenset.intersection, grants) if grants else frozenset()

    def demanded(self, ground: str | None) -> Notice | None:
        """Return the notice that the law asks for on a ground."""
        return next((one for one in self.notices if one.ground == ground), None)

    def follow_ups(self) -> tuple[FollowUp, ...]:
        """Return what has to follow the first contact about a debt."""
        return tuple(rule for rule in self.rules if isinstance(rule, FollowUp))

    def disclosures(self, *, first: bool) -> frozenset[Disclosure]:
        """Return what the first message to an address has to say, or every later one."""
        fitting = ("first", "every") if first else ("every", "later")
        return frozenset(
            one for rule in self.rules if isinstance(rule, Duty) and rule.when in fitting for one in rule.says
        )


def combined(packs: Sequence[ContactPack]) -> ContactPack:
    """Return the pack under which all of the packs hold at once, so that the stricter rule wins.

    The first is the product's; what is of the place (crisis lines) comes first from the last, the borrower's
    home. A statutory exception is left only where every one of the packs grants it.
    """
    unique = list({pack.pack: pack for pack in packs}.values())
    if len(unique) == 1:
        return unique[0]
    rules: dict[str, Rule] = {}
    for pack in unique:
        for rule in pack.rules:
            rules.setdefault(rule.id, _without_privileges(rule, [one for one in unique if one is not pack]))
    strictest = min(unique, key=lambda pack: pack.complaint_days)
    return ContactPack(
        pack="+".join(pack.pack for pack in unique),
        version=max(pack.version for pack in unique),
        notice=unique[0].notice,
        countries=tuple(dict.fromkeys(one for pack in unique for one in pack.countries)),
        crisis_lines=tuple(dict.fromkeys(line for pack in reversed(unique) for line in pack.crisis_lines)),
        complaint_days=strictest.complaint_days,
        complaint=strictest.complaint,
        agent_hours=_shared_hours(unique) or unique[-1].agent_hours,
        text_channels=tuple(dict.fromkeys(one for pack in unique for one in pack.text_channels)),
        rules=tuple(rules.values()),
        notices=tuple({one.ground: one for pack in reversed(unique) for one in pack.notices}.values()),
    )


def _without_privileges(rule: Rule, others: Sequence[ContactPack]) -> Rule:
    if not isinstance(rule, Stop) or not rule.exceptions:
        return rule
    left = tuple(
        one
        for one in rule.exceptions
        if all(one in other.exceptions(kind) for other in others for kind in rule.holds)
    )
    return rule.model_copy(update={"exceptions": left})


def _shared_hours(packs: Sequence[ContactPack]) -> tuple[time, time] | None:
    start = max(pack.agent_hours[0] for pack in packs)
    end = min(pack.agent_hours[1] for pack in packs)
    return (start, end) if start < end else None
