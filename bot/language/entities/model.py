"""What goes in and out of the extractors, and what they pass among themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

_CLAUSE = 40
_FEW_WORDS = 5
_SHORT = 20
_STOP = re.compile(r"[，。,.!?;:、\n]")
_WORD = re.compile(r"[a-z0-9']+|[一-鿿]")
_OF_VALUE = ("grain", "vague")
EXPECTED = frozenset({"money", "time", "duration", "count", "ordinal"})


@dataclass(frozen=True, slots=True)
class Context:
    """What a message is read against.

    `at` is the instant it was sent (aware), `timezone` the borrower's IANA zone, `currency` ISO 4217,
    `outstanding` the amount owed in major units, `expected` the kind of value the bot has just asked for.
    Raises ValueError for a naive instant, an unknown zone, a malformed currency or an unknown kind.
    """

    at: datetime
    timezone: str
    currency: str
    outstanding: Decimal | None = None
    expected: str | None = None

    def __post_init__(self) -> None:
        if self.at.utcoffset() is None:
            raise ValueError("Context.at must be an aware instant")
        if len(self.currency) != 3 or not (self.currency.isascii() and self.currency.isupper()):
            raise ValueError(f"not an ISO 4217 code: {self.currency!r}")
        if self.expected is not None and self.expected not in EXPECTED:
            raise ValueError(f"unknown expected kind: {self.expected!r}")
        try:
            ZoneInfo(self.timezone)
        except (KeyError, OSError) as error:
            raise ValueError(f"unknown time zone: {self.timezone!r}") from error


@dataclass(frozen=True, slots=True)
class Entity:
    """One value; `start` and `end` are a half-open span of the original text, `text` what stands there."""

    entity: str
    value: Any
    start: int
    end: int
    text: str
    extra: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape: entity, value, start, end, text, then what `extra` adds.

        A value of several parts holds its grain and its vagueness too, as Duckling's do.
        """
        value = self.value
        if isinstance(value, dict):
            value = {**value, **{key: self.extra[key] for key in _OF_VALUE if key in self.extra}}
        shape = {"entity": self.entity, "value": value, "start": self.start, "end": self.end}
        return {**shape, "text": self.text, **self.extra}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reading of a span of the folded text, before overlaps are settled."""

    entity: str
    value: Any
    start: int
    end: int
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """A folded text in its context; every extractor takes one."""

    text: str
    context: Context
    now: datetime
    """The instant of the message on the borrower's clock."""
    han: bool
    latin: bool
    """Which scripts occur: a pattern of the other script need not be tried."""

    @property
    def today(self) -> date:
        """The borrower's date."""
        return self.now.date()

    def chinese(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Find a pattern that needs a Chinese character."""
        return pattern.finditer(self.text) if self.han else iter(())

    def english(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Find a pattern that needs a Latin letter."""
        return pattern.finditer(self.text) if self.latin else iter(())

    def answers(self, start: int, end: int) -> bool:
        """Whether the clause around a span holds little else, as an answer does."""
        left = self.before(start, _CLAUSE)
        right = self.text[end : end + _CLAUSE]
        rest = _STOP.split(left)[-1] + " " + _STOP.split(right)[0]
        return len(_WORD.findall(rest)) <= _FEW_WORDS and len(rest) < _CLAUSE

    def asks(self, kind: str) -> bool:
        """Whether this short message answers a question for `kind`: 2号 may be an option then."""
        return self.context.expected == kind and len(self.text) <= _SHORT

    def before(self, start: int, width: int = 24) -> str:
        """Return at most `width` characters to the left of `start`."""
        return self.text[max(0, start - width) : start]


def plain(number: Decimal) -> int | float:
    """Return a JSON number: an int where nothing is lost."""
    return int(number) if number == number.to_integral_value() else float(number)
