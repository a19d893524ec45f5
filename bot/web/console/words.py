"""Every word of the console, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from bot.domain.money import Money
from bot.language import formats
from bot.language.texts import TextError, Texts
from bot.web.console.terms import PRIORITIES, TABLES

log = structlog.get_logger()

CONTEXT = "console"
"""The message context of these strings in the catalogues."""

PHRASES = frozenset(
    {
        # Everywhere.
        "Queue",
        "Sign out",
        "Sound on",
        "Sound off",
        "Dismiss",
        "Cancel",
        "Open case",
        "Your role does not open this page. Please ask your supervisor.",
        "Back to the queue",
        "The database does not answer just now. Please try again in a moment.",
        "Not identified",
        # Signing in.
        "Agents' console",
        "Login",
        "Password",
        "Sign in",
        "That login and password do not match.",
        # The queue.
        "All",
        "Mine",
        "Priority",
        "Reason",
        "Channel",
        "Open for",
        "Handled by",
        "Take",
        "Nobody is waiting. New conversations appear here by themselves.",
        "You have no conversations. Take one from the queue.",
        "{name} was faster and has this conversation now.",
        "This conversation is closed.",
        "{count} waiting",
        "just now",
        "{minutes} min",
        "{hours} h {minutes} min",
        "{days} d {hours} h",
        # A case.
        "Case {number}",
        "There is no such case.",
        "Conversation",
        "Account",
        "No messages yet.",
        "Show earlier messages",
        "New messages",
        "You have this conversation.",
        "{name} has this conversation.",
        "Waiting for someone to take it.",
        "Closed: {outcome}",
        "Reply to {name}",
        "Ctrl+Enter sends",
        "Send",
        "Take over again",
        "Tapped",
        # Closing.
        "Close conversation",
        "Outcome",
        "Please choose an outcome.",
        "Note for colleagues",
        "Hand back to the assistant",
        "The assistant may speak again and tells the borrower so.",
        "The assistant stays silent; the borrower's next message comes back to the queue.",
        "Close it",
        # The account.
        "Confirm identity",
        "From then on the debt may be spoken of in this chat.",
        "How was it checked?",
        "Confirm",
        "Identity confirmed",
        "Identity not confirmed: tell nothing of the debt.",
        "Local time",
        "Language",
        "Reference",
        "Loan",
        "Product",
        "Overdue",
        "Outstanding",
        "Next payment",
        "{days} days past due",
        "due in {days} days",
        "due today",
        "Nothing is open.",
        "No loan on file.",
        "agreed {day}",
        "{paid} paid",
        "Promises",
        "{amount} by {day}",
        "Hardship",
        "Cause",
        "Expected to last",
        "{days} days",
        "Can pay a month",
        "Money comes in on",
        "day {day} of the month",
        "Files sent for it",
        "Review on",
        "Does not want private facts kept: do not ask for the cause.",
        "No reminders because",
        "until {time}",
        "Lift",
        "Lift: {hold}",
        "Reminders may go out again once nothing else stands in their way.",
        "This is the borrower's own wish. Undo it only if they have asked for that themself.",
        "The borrower has asked for this themself.",
        "Please give a reason.",
        "What happened",
        "Nothing yet.",
    }
)

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
                log.warning("console_untranslated", source=source, locale=locale)
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

    def of(self, table: Mapping[str, str], code: str) -> str:
        """Return the word for a code; one that the table lacks shows as it is."""
        source = table.get(code)
        return code.replace("_", " ") if source is None else self(source)

    def priority(self, level: int) -> str:
        """Return the word for a priority: 0 is the most urgent."""
        return self(PRIORITIES[max(0, min(level, len(PRIORITIES) - 1))])

    def elapsed(self, since: datetime, now: datetime) -> str:
        """Return how long ago an instant was, in minutes, hours or days."""
        minutes = max(0, int((now - since) / timedelta(minutes=1)))
        if minutes < 1:
            return self("just now")
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
