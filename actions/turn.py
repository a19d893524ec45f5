"""One turn as actions see it: who, what was said, and a way to answer in the borrower's language."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from rasa_sdk import Tracker
from rasa_sdk.events import ActionExecuted, EventType
from rasa_sdk.executor import CollectingDispatcher

from bot.bootstrap import Grace
from bot.domain.money import Money
from bot.language import formats

_DAYS = {"day": 1, "week": 7, "month": 30}


class Turn:
    """Reads the latest message and its context; says responses by key."""

    def __init__(self, grace: Grace, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        self.grace = grace
        self.tracker = tracker
        self._dispatcher = dispatcher
        message = tracker.latest_message or {}
        self.message: dict[str, Any] = dict(message)
        self.context: dict[str, Any] = message.get("metadata") or {}
        self.entities: list[dict[str, Any]] = message.get("entities") or []

    @property
    def conversation(self) -> str:
        """The conversation's id, which is Rasa's sender id."""
        return str(self.tracker.sender_id)

    @property
    def id(self) -> str:
        """The turn's id: what makes its effects happen once."""
        return str(self.context.get("turn") or self.message.get("message_id") or "")

    @property
    def locale(self) -> str:
        """The borrower's locale in this turn."""
        return str(self.context.get("locale") or formats.LOCALES[0])

    @property
    def text(self) -> str:
        """What was written."""
        return self.message.get("text") or ""

    @property
    def act(self) -> str:
        """The act that this turn serves first."""
        return (self.message.get("intent") or {}).get("name") or ""

    @property
    def acts(self) -> list[dict[str, Any]]:
        """Every act of the message; a tapped button carries just its intent."""
        return self.message.get("acts") or [{"intent": self.act, "confidence": 1.0, "text": self.text}]

    def has(self, *acts: str) -> bool:
        """Tell whether the message holds any of these acts."""
        return any(act["intent"] in acts for act in self.acts)

    def asked(self, *slots: str) -> str | None:
        """Return which of a form's slots was asked for; None when the form is just being opened."""
        requested = self.tracker.get_slot("requested_slot")
        return requested if requested in slots else None

    def interrupted(self, form: str) -> bool:
        """Tell whether this turn's message was served by another action, so that the form only asks again."""
        for event in reversed(self.tracker.events):
            if event.get("event") == "user":
                return False
            if event.get("event") == "action" and event.get("name") not in ("action_listen", form, None):
                return True
        return False

    @property
    def today(self) -> date:
        """The borrower's local day."""
        zone = ZoneInfo(self.context.get("timezone") or "Asia/Shanghai")
        return datetime.fromisoformat(self.context["at"]).astimezone(zone).date()

    def say(self, key: str, **values: object) -> None:
        """Answer with a response; values are strings already written for the locale."""
        self._dispatcher.utter_message(response=key, locale=self.locale, **values)

    def ask(self, key: str, buttons: list[dict[str, str]], **values: object) -> None:
        """Answer with a response and buttons made for this case."""
        self._dispatcher.utter_message(response=key, buttons=buttons, locale=self.locale, **values)

    def words(self, key: str, **values: Any) -> str:
        """Render a text that becomes part of another."""
        return self.grace.kit.texts.render(key, self.locale, values).text

    def money(self, amount: Money) -> str:
        """Write money for the borrower."""
        return formats.money(amount.amount, amount.currency, self.locale)

    def day(self, value: date) -> str:
        """Write a day for the borrower."""
        return formats.day(value, self.locale, self.today)

    def entity(self, name: str) -> dict[str, Any] | None:
        """Return the first entity of a kind."""
        return next((one for one in self.entities if one.get("entity") == name), None)

    def value(self, name: str) -> Any:
        """Return the value of the first entity of a kind."""
        found = self.entity(name)
        return None if found is None else found.get("value")

    def resumed(self, parse: dict[str, Any], suffix: str, **context: Any) -> list[EventType]:
        """Return the events that bring a message, or a part of one, forward as if it were said now."""
        message = {key: value for key, value in parse.items() if key not in ("metadata", "message_id")}
        return [
            ActionExecuted("action_listen"),
            {
                "event": "user",
                "timestamp": None,
                "text": message.get("text"),
                "parse_data": message,
                "metadata": {**self.context, **context, "turn": f"{self.id}:{suffix}"},
            },
        ]


def days_of(duration: dict[str, Any]) -> int | None:
    """Return a duration's length in days; months count 30."""
    unit = _DAYS.get(duration.get("unit", ""))
    value = duration.get("value")
    return None if unit is None or value is None else int(Decimal(str(value)) * unit)


def day_of(value: Any) -> date | None:
    """Return the day of a time value; of a range, the later end: what is asked for is time."""
    if isinstance(value, dict):
        value = value.get("value") or value.get("to") or value.get("from")
    return None if not value else date.fromisoformat(str(value)[:10])
