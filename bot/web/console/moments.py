"""Choosing an instant to come, in the time of the borrower: soon, in the morning, or one of their own."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from nicegui import ui

from bot.web.console.desk import Visit
from bot.web.console.layout import box

_MORNING = 9


class Moment:
    """The fields; times are read on the borrower's wall."""

    def __init__(self, visit: Visit, zone: str) -> None:
        self.visit = visit
        self.words = words = visit.words
        self._zone = ZoneInfo(zone)
        now = visit.desk.now()
        morning = self._at(now, 1)
        self._presets = {
            "hour": now + timedelta(hours=1),
            "later": now + timedelta(hours=3),
            "morning": morning,
            "week": self._at(now, 7),
        }
        names = {
            "hour": words("In one hour"),
            "later": words("In three hours"),
            "morning": words("Tomorrow, {time}", time=words.clock(morning, zone)),
            "week": words("In a week"),
            "other": words("Another time"),
        }
        self.choice = ui.radio(names, value="hour")
        local = morning.astimezone(self._zone)
        with box("div", "moment") as self.fields:
            self.day = ui.input(words("Day"), value=local.date().isoformat()).props(
                "type=date outlined dense stack-label"
            )
            self.hour = ui.input(words("Their time"), value=f"{local:%H:%M}").props(
                "type=time outlined dense stack-label"
            )
        self.fields.bind_visibility_from(self.choice, "value", value="other")

    def at(self) -> datetime | None:
        """Return the instant (aware UTC); None when what is written is no time, which is said."""
        if self.choice.value in self._presets:
            return self._presets[self.choice.value]
        try:
            written = datetime.fromisoformat(f"{self.day.value}T{self.hour.value}")
        except ValueError:
            self.visit.say(self.words("Please give a day and a time."), "warning")
            return None
        return written.replace(tzinfo=self._zone).astimezone(UTC)

    def _at(self, now: datetime, days: int) -> datetime:
        day = now.astimezone(self._zone).date() + timedelta(days=days)
        return datetime.combine(day, time(_MORNING), self._zone).astimezone(UTC)
