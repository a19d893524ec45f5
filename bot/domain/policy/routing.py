"""Where hand-offs go: teams with their hours, and for each reason a team, an urgency and a time to answer."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from itertools import pairwise
from typing import Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator, model_validator

from bot.domain.business import BusinessHours
from bot.domain.calendars import CalendarPolicy, closed_days
from bot.domain.handoff import HandoffReason
from bot.domain.money import Money, MoneyError
from bot.domain.openings import spans
from bot.domain.policy.base import Frozen, Said, WallTime, misplaced
from bot.domain.policy.contact import WEEKDAYS, Weekday

LEAST_URGENT = 6


class Team(Frozen):
    """People who serve some hand-offs: when they are there, what they speak, how many cases each may have.

    Without a zone the hours are read on the borrower's wall, without hours they are those of the borrower's
    contact rules.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$", description="lower-case letters, digits and _")
    name: dict[str, Said] = Field(min_length=1, description="a name for each locale")
    languages: tuple[str, ...] = Field(min_length=1, description="such as [zh, en]")
    capacity: int = Field(default=5, ge=1, le=100, description="cases an agent may have at once, 1 to 100")
    timezone: str | None = Field(default=None, description="an IANA zone such as Asia/Shanghai")
    hours: tuple[WallTime, WallTime] | None = Field(default=None, description='such as ["09:00", "18:00"]')
    days: tuple[Weekday, ...] = Field(default=WEEKDAYS, min_length=1, description=", ".join(WEEKDAYS))
    calendar: CalendarPolicy | None = None
    escalates_to: str | None = Field(default=None, description="another team")

    @field_validator("timezone")
    @classmethod
    def _zone_is_known(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in available_timezones():
            raise ValueError("there is no such time zone")
        return zone

    @model_validator(mode="after")
    def _opens(self) -> Self:
        if self.hours is not None and self.hours[0] == self.hours[1]:
            raise misplaced(("hours",), "a team opens and closes at different hours")
        return self

    def business_hours(self, pack_hours: tuple[time, time], borrower_zone: str) -> BusinessHours:
        """Return when it is there for a borrower, whose pack and zone fill in what the team leaves open."""
        start, end = self.hours or pack_hours
        day = spans(start, end)
        zone = ZoneInfo(self.timezone or borrower_zone)
        by_day = tuple(day if name in self.days else () for name in WEEKDAYS)
        return BusinessHours(zone, by_day, closed_days(self.calendar))

    def named(self, locale: str) -> str:
        """Return its name in a locale, or in the first one that it has."""
        return self.name.get(locale) or next(iter(self.name.values()))


class Unclaimed(Frozen):
    """What happens to a hand-off that nobody takes, in business minutes since it began to wait."""

    alert_minutes: int = Field(ge=1, description="when agents are alerted again, and how often from then on")
    escalate_minutes: int | None = Field(default=None, ge=1, description="when the next team gets it too")
    return_minutes: int | None = Field(default=None, ge=1, description="when the assistant takes it back")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        order = [
            ("alert_minutes", self.alert_minutes),
            ("escalate_minutes", self.escalate_minutes),
            ("return_minutes", self.return_minutes),
        ]
        given = [(name, value) for name, value in order if value is not None]
        for (before, low), (name, high) in pairwise(given):
            if high <= low:
                raise misplaced((name,), f"must be more than {before}, {low}")
        return self


class Route(Frozen):
    """Where the hand-offs of some reasons go, and how soon they are answered; 0 is the most urgent."""

    reasons: tuple[HandoffReason, ...] = Field(min_length=1)
    team: str
    by_language: dict[str, str] = Field(default_factory=dict, description="another team for a language")
    priority: int = Field(ge=0, le=LEAST_URGENT, description=f"0 (most urgent) to {LEAST_URGENT}")
    first_reply_minutes: int = Field(ge=1, description="business minutes to the first reply")
    warn_percent: int = Field(default=75, ge=1, le=99, description="of that time, when agents are warned")
    callback: bool = Field(default=False, description="true: out of hours it becomes a call to make")
    unclaimed: Unclaimed


class PaidRule(Frozen):
    """Marks that something was paid: how long they hold reminders, from what amount two people decide."""

    hold_days: int = Field(default=7, ge=1, le=60, description="days, 1 to 60")
    two_person_from: dict[str, Decimal] = Field(
        default_factory=dict, description="an amount for each currency; without one nobody else is asked"
    )

    @model_validator(mode="after")
    def _are_amounts(self) -> Self:
        for currency, amount in self.two_person_from.items():
            try:
                Money.of(str(amount), currency)
            except MoneyError as error:
                raise misplaced(("two_person_from", currency), str(error)) from error
            if amount < 0:
                raise misplaced(("two_person_from", currency), f"{amount} is less than nothing")
        return self

    def needs_two(self, paid: Money) -> bool:
        """Tell whether a second person has to confirm a payment."""
        least = self.two_person_from.get(paid.currency)
        return least is not None and paid.amount >= least


class Routing(Frozen):
    """The routing file: teams and routes, one for each reason."""

    routing: str = Field(min_length=1)
    version: int = Field(ge=1)
    offline_minutes: int = Field(ge=1, le=120, description="without a sign of life an agent counts as gone")
    longest_snooze_days: int = Field(default=14, ge=1, le=90)
    paid: PaidRule = PaidRule()
    teams: tuple[Team, ...] = Field(min_length=1)
    routes: tuple[Route, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        self._check_teams()
        seen: set[HandoffReason] = set()
        for place, route in enumerate(self.routes):
            self._check_team(("routes", place, "team"), route.team)
            for language, team in route.by_language.items():
                self._check_team(("routes", place, "by_language", language), team)
            for number, reason in enumerate(route.reasons):
                if reason in seen:
                    raise misplaced(("routes", place, "reasons", number), f"{reason} is routed twice")
                seen.add(reason)
                if reason.protects and route.unclaimed.return_minutes is not None:
                    raise misplaced(
                        ("routes", place, "unclaimed", "return_minutes"),
                        f"{reason} is never given back to the assistant by itself",
                    )
        missing = [reason.value for reason in HandoffReason if reason not in seen]
        if missing:
            raise misplaced(("routes",), f"no route for {', '.join(missing)}")
        return self

    def _check_teams(self) -> None:
        for place, team in enumerate(self.teams):
            if team.id in [other.id for other in self.teams[:place]]:
                raise misplaced(("teams", place, "id"), f"{team.id!r} stands twice")
            chain, up = [team.id], team.escalates_to
            while up is not None:
                self._check_team(("teams", place, "escalates_to"), up)
                if up in chain:
                    raise misplaced(("teams", place, "escalates_to"), f"leads back to {up!r}")
                chain.append(up)
                up = self.team(up).escalates_to

    def _check_team(self, path: tuple[str | int, ...], name: str) -> None:
        known = [team.id for team in self.teams]
        if name not in known:
            raise misplaced(path, f"{name!r} is none of {', '.join(known)}")

    def route(self, reason: HandoffReason) -> Route:
        """Return the route of a reason."""
        return next(route for route in self.routes if reason in route.reasons)

    def team(self, name: str) -> Team:
        """Return a team. Raises LookupError for one that the file does not have."""
        for team in self.teams:
            if team.id == name:
                return team
        raise LookupError(f"there is no team {name!r}; there are {', '.join(one.id for one in self.teams)}")

    def team_for(self, reason: HandoffReason, language: str) -> Team:
        """Return the team that serves a reason in a language."""
        route = self.route(reason)
        return self.team(route.by_language.get(language, route.team))

    def current(self, name: str, reason: HandoffReason, language: str) -> Team:
        """Return the team of a stored hand-off; a team that the file no longer has gives way to its route."""
        known = any(team.id == name for team in self.teams)
        return self.team(name) if known else self.team_for(reason, language)
