"""Every word of the console, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from bot.domain.money import Money
from bot.language import formats
from bot.language.texts import TextError, Texts
from bot.observing.masking import Ours
from bot.web.console.phrases import PHRASES
from bot.web.console.terms import PRIORITIES, TABLES

log = structlog.get_logger()

CONTEXT = "console"
"""The message context of these strings in the catalogues."""

SOURCES = PHRASES | frozenset(PRIORITIES) | {source for table in TABLES for source in table.values()}
"""Every English string that a catalogue must translate."""


class Phrasebook:
    """The catalogues as the console reads them: a gap is logged once and shows English, never an error."""

    def __init__(self, texts: Texts) -> None:
        self.texts = texts
        self._gaps: set[tuple[str, str]] = set()

    def translate(self, source: str, locale: str) -> str:
        """Return `source` in `locale`, or as it is when the catalogue lacks it."""
        try:
            return self.texts.translate(CONTEXT, source, locale)
        except TextError:
            if (source, locale) not in self._gaps:
                self._gaps.add((source, locale))
                log.warning("console_untranslated", source=Ours(source), locale=locale)
            return source


class Words:
    """Words, amounts and times in one reader's language."""

    def __init__(self, book: Phrasebook, locale: str) -> None:
        self._book = book
        self.locale = locale

    def __call__(self, source: str, **values: object) -> str:
        """Return one of `SOURCES` in the reader's language with its values filled in."""
        text = self._book.translate(source, self.locale)
        return text.format(**values) if values else text

    def of(self, table: Mapping[str, str], code: str, **values: object) -> str:
        """Return the word for a code; one that the table lacks shows as it is."""
        source = table.get(code)
        return code.replace("_", " ") if source is None else self(source, **values)

    def priority(self, level: int) -> str:
        """Return the word for a priority: 0 is the most urgent."""
        return self(PRIORITIES[max(0, min(level, len(PRIORITIES) - 1))])

    def elapsed(self, since: datetime, now: datetime) -> str:
        """Return how long ago an instant was, in minutes, hours or days."""
        passed = now - since
        return self("just now") if passed < timedelta(minutes=1) else self.span(passed)

    def span(self, time: timedelta) -> str:
        """Write a length of time, in minutes, hours or days; what is under a minute counts as one."""
        minutes = max(1, int(time / timedelta(minutes=1)))
        if minutes < 60:
            return self("{minutes} min", minutes=minutes)
        hours, rest = divmod(minutes, 60)
        if hours < 24:
            return self("{hours} h {minutes} min", hours=hours, minutes=rest)
        return self("{days} d {hours} h", days=hours // 24, hours=hours % 24)

    def money(self, amount: Money) -> str:
        """Write an amount."""
        return formats.money(amount.amount, amount.currency, self.locale)

    def day(self, value: date, today: date) -> str:
        """Write a day."""
        return formats.day(value, self.locale, today)

    def instant(self, at: datetime, zone: str) -> str:
        """Write day and time on the wall of `zone`."""
        return formats.instant(at.astimezone(ZoneInfo(zone)), self.locale)

    def clock(self, at: datetime, zone: str) -> str:
        """Write the time on the wall of `zone`."""
        return formats.clock(at.astimezone(ZoneInfo(zone)), self.locale)
