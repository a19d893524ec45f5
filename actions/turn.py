"""One turn as actions see it: who, what was said, and a way to answer in the borrower's language."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from rasa_sdk import Tracker
from rasa_sdk.events import ActionExecuted, EventType
from rasa_sdk.executor import CollectingDispatcher

from bot.bootstrap import Grace
from bot.domain.money import Money
from bot.language import formats
from bot.language.acts import read_with, still_to_serve

_DAYS = {"day": 1, "week": 7, "month": 30}
_BINDING = 0.6
# After these no form asks its question again in the same breath: it would press, or talk past the borrower.
_NO_MOMENT = (
    "utter_anger",
    "utter_goodbye",
    "utter_protect_contact_time",
    "utter_protect_contact_time_ask",
)


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
    def base(self) -> str:
        """The id of the borrower's message itself, of which acts brought forward make turns of their own."""
        return self.id.partition(":")[0]

    @property
    def locale(self) -> str:
        """The borrower's locale in this turn, as the message came or as it has switched it."""
        switched = self.tracker.get_slot("turn_locale") or {}
        if switched.get("turn") == self.base:
            return str(switched["locale"])
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

    @property
    def form(self) -> str | None:
        """The form that is running."""
        name = (self.tracker.active_loop or {}).get("name")
        return None if name is None else str(name)

    @property
    def is_ended(self) -> bool:
        """True when earlier in this message people took over, or the writer turned out to be a stranger."""
        return bool(self.base) and self.tracker.get_slot("turn_ended") == self.base

    def waiting(self, form: str | None) -> list[dict[str, Any]]:
        """Return the acts of this message that are served after the present one while `form` runs."""
        forms = answers(self.grace.kit.settings.home)
        read = read_with(
            forms.get(form or ""),
            self.act,
            opened=self._opened(form),
            ran=not self._done().isdisjoint(forms),
        )
        return still_to_serve(self.acts, read, protection_only=self.is_ended)

    def quiet(self, form: str) -> bool:
        """Tell whether a form keeps its question back: it comes once, after all else that was said."""
        return self.is_ended or bool(self.waiting(form)) or self.said(*_NO_MOMENT)

    def said(self, *keys: str) -> bool:
        """Tell whether any of these responses was said since the borrower's message."""
        for event in reversed(self.tracker.events):
            if event.get("event") == "user" and ":" not in str((event.get("metadata") or {}).get("turn", "")):
                return False
            if event.get("event") == "bot" and (event.get("metadata") or {}).get("utter_action") in keys:
                return True
        return False

    def follows(self, *keys: str) -> bool:
        """Tell whether the borrower answers one of these responses, the last thing that they have read."""
        return self.context.get("said") in keys

    def has(self, *acts: str) -> bool:
        """Tell whether the message holds any of these acts."""
        return any(act["intent"] in acts for act in self.acts)

    def agrees(self, *acts: str) -> bool:
        """Tell whether the message holds one of these acts surely enough to bind somebody by it."""
        return any(act["intent"] in acts and act["confidence"] >= _BINDING for act in self.acts)

    def asked(self, *slots: str) -> str | None:
        """Return which of a form's slots was asked for; None when the form is just being opened."""
        requested = self.tracker.get_slot("requested_slot")
        return requested if requested in slots else None

    def interrupted(self, form: str) -> bool:
        """Tell whether this turn's message was served by another action, so that the form only asks again."""
        return bool(self._done() - {form})

    def _opened(self, form: str | None) -> bool:
        """Tell whether this message, or act brought forward, opened the form."""
        for event in reversed(self.tracker.events):
            if event.get("event") == "user":
                return False
            if event.get("event") == "active_loop":
                return form is not None and event.get("name") == form
        return False

    def _done(self) -> set[str]:
        """The actions run since the message, or the act brought forward, that is being served."""
        names: set[str] = set()
        for event in reversed(self.tracker.events):
            if event.get("event") == "user":
                break
            if event.get("event") == "action" and event.get("name"):
                names.add(str(event["name"]))
        return names - {"action_listen"}

    @property
    def today(self) -> date:
        """The borrower's local day."""
        zone = ZoneInfo(self.context.get("timezone") or "Asia/Shanghai")
        return datetime.fromisoformat(self.context["at"]).astimezone(zone).date()

    def say(self, key: str, **values: object) -> None:
        """Answer with a response; values are strings already written for the locale."""
        self._dispatcher.utter_message(response=key, locale=self.locale, **values)

    def say_once(self, key: str, **values: object) -> None:
        """Say a response that need not be said twice in one answer."""
        if not self.said(key):
            self.say(key, **values)

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

    def own_value(self, name: str) -> Any:
        """Like `value`, but what stands in the present act's own clause comes first."""
        span = next((str(act.get("text") or "") for act in self.acts if act["intent"] == self.act), "")
        start = self.text.find(span) if span else -1
        for one in self.entities:
            inside = start >= 0 and start <= one.get("start", -1) < start + len(span)
            if one.get("entity") == name and inside:
                return one.get("value")
        return self.value(name)

    def within(self, entity: str, *acts: str) -> bool:
        """Tell whether the first entity of a kind stands in the clause of one of these acts."""
        found = self.entity(entity)
        for act in self.acts if found is not None else ():
            span = str(act.get("text") or "")
            start = self.text.find(span) if span else -1
            at = -1 if found is None else found.get("start", -1)
            # What was kept without its words has no place in them.
            if act["intent"] in acts and (start < 0 or at < 0 or start <= at < start + len(span)):
                return True
        return False

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
                "metadata": {
                    **self.context,
                    "locale": self.locale,
                    **context,
                    "turn": f"{self.id}:{suffix}",
                },
            },
        ]


@lru_cache(maxsize=4)
def answers(home: Path) -> dict[str, list[str]]:
    """Return which acts each form takes as its answer, as `config.yml` tells the policy."""
    config = yaml.safe_load((home / "config.yml").read_text("utf-8"))
    found: dict[str, list[str]] = config["policies"][0]["answers"]
    return found


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
