"""Money, times, durations, counts, percentages, options and languages in a message, as machine values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from bot.language.entities import (
    answers,
    counts,
    durations,
    fractions,
    languages,
    merge,
    money,
    numbers,
    options,
    percentages,
    pinyin,
    times,
    traps,
    voice,
    weeks_zh,
)
from bot.language.entities.model import Candidate, Context, Entity, Message
from bot.language.normalise import normalise

__all__ = ["LONGEST", "Context", "Entity", "extract"]

LONGEST = 2000
"""Characters read of one message, as many as its clauses are sought in: a page of a letter."""
_HAN = re.compile(r"[一-鿿〇]")
_LATIN = re.compile(r"[a-z]")


def extract(text: str, context: Context) -> list[Entity]:
    """Return the entities of a message by start, without overlaps; offsets are into `text` as given.

    Reads the first LONGEST characters. Never raises, whatever the text holds.
    """
    folded = pinyin.read(normalise(text[:LONGEST]))
    plain = voice.heard(folded.text)
    han, latin = _HAN.search(plain) is not None, _LATIN.search(plain) is not None
    now = context.at.astimezone(ZoneInfo(context.timezone))
    # Nigerians write #5000 for naira.
    none = traps.find(plain, han=han, latin=latin, hashes=context.currency != "NGN")
    message = Message(traps.blank(plain, none), context, now, han, latin)
    entities = []
    for candidate in merge.settle(_candidates(message)):
        start, end = folded.origin(candidate.start, candidate.end)
        if end == LONGEST < len(text):
            continue  # cut off by the limit: 12 of 1200 would be a wrong amount
        entities.append(
            Entity(candidate.entity, candidate.value, start, end, text[start:end], candidate.extra)
        )
    return entities


def _candidates(message: Message) -> Iterator[Candidate]:
    # The 五 of 周五 belongs to the day: 下周五六百 is Friday and 600.
    weekdays = [match.span() for match in message.chinese(weeks_zh.WEEKDAYS)]
    found = numbers.scan(traps.blank(message.text, weekdays), han=message.han, latin=message.latin)
    lengths = durations.find(message, found)
    dates = list(times.find(message, lengths))
    yield from dates
    yield from money.find(message, found, dated=bool(dates))
    yield from fractions.find(message)
    yield from durations.candidates(message, lengths)
    yield from counts.find(message, found)
    yield from percentages.find(message, found)
    yield from options.find(message)
    yield from languages.find(message)
    yield from answers.find(message, found)
