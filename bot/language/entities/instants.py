"""Which instants a time of day means: the hour said without its half of the day, the part that is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from bot.language.entities import days
from bot.language.entities.model import Message
from bot.language.entities.pieces import Piece

DAY_MINUTES = 24 * 60
_MORNING = 6 * 60
_WAKING = (7 * 60, 22 * 60)


def of(message: Message, piece: Piece) -> tuple[datetime, datetime]:
    """Return the first and last instant of a piece with a time of day, in the borrower's zone."""
    if piece.instant is not None:
        return piece.instant
    said, day = piece.clock, piece.day
    if said is None:
        return message.now, message.now
    begin = said.begin
    if said.loose and said.finish is None:
        choices = [
            minutes for minutes in (begin, begin + 12 * 60) if _WAKING[0] <= minutes <= _WAKING[1]
        ] or [begin]
        if day is None:
            return _coming(message, choices)
        begin = choices[0]
        if day.first == message.today:
            begin = next(
                (minutes for minutes in choices if _at(day.first, minutes, message) > message.now),
                choices[-1],
            )
    on = day.first if day is not None else message.today
    # "In the morning", said in the morning, is the next one.
    ahead = begin if said.finish is None or begin == _MORNING else said.finish
    if day is None and _at(on, ahead, message) <= message.now:
        on += days.DAY
    first = _at(on, begin, message)
    return first, _at(on, said.finish, message) if said.finish is not None else first


def hours(message: Message, left: Piece, right: Piece) -> Piece:
    """Return the hours from one clock time to the next one that reads as the other."""
    first = of(message, _settled(left, right))[0]
    last = of(message, replace(right, day=right.day or left.day))[1]
    loose = right.clock is not None and right.clock.loose
    for _ in range(4):
        if last > first:
            break
        last += timedelta(hours=12) if loose else timedelta(days=1)
    return Piece(left.start, right.end, instant=(first, last))


def _settled(left: Piece, right: Piece) -> Piece:
    """Let "2 to 4pm" be both in the afternoon."""
    mine, other = left.clock, right.clock
    if mine is None or other is None or not mine.loose or other.loose or mine.begin >= 12 * 60:
        return left
    later = mine.begin + 12 * 60
    return replace(left, clock=replace(mine, begin=later if later < other.begin else mine.begin, loose=False))


def _coming(message: Message, choices: list[int]) -> tuple[datetime, datetime]:
    """Return the next instant of an hour said without its half of the day, at waking hours."""
    moments = [
        _at(day, minutes, message) for day in (message.today, message.today + days.DAY) for minutes in choices
    ]
    moment = next((moment for moment in moments if moment > message.now), moments[-1])
    return moment, moment


def _at(day: date, minutes: int, message: Message) -> datetime:
    whole, rest = divmod(minutes, DAY_MINUTES)
    return datetime.combine(day + timedelta(days=whole), time(rest // 60, rest % 60), message.now.tzinfo)
