"""Times and parts of the day in English: 3pm, half six, from 9 to 11, noon, this arvo."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from bot.language.entities.model import Message
from bot.language.entities.numbers_en import UNITS
from bot.language.entities.pieces import HOUR, Clock, Piece, single

_PARTS = {
    "morning": (6, 12), "afternoon": (12, 18), "arvo": (12, 18), "evening": (18, 24), "eve": (18, 24),
    "night": (18, 24), "nite": (18, 24), "lunchtime": (12, 14), "lunch": (12, 14),
}  # fmt: skip
_PART = "morning|afternoon|arvo|evening|eve|night|nite|lunchtime|lunch"
_WORDS = "|".join(word for word in UNITS if word != "zero" and UNITS[word] <= 12)
_HOUR = rf"[0-9]{{1,2}}|{_WORDS}"
_SPOKEN = {
    "fifteen": 15, "thirty": 30, "forty five": 45, "forty-five": 45, "ten": 10, "twenty": 20, "forty": 40,
    "fifty": 50, "oh five": 5,
}  # fmt: skip
_AM = r"(?:a\.?m\b\.?|p\.?m\b\.?)"
_WITHIN = r"\s+(?:in the (?:morning|afternoon|evening)|at night|tonight|this (?:afternoon|evening))\b"
_NOT_COUNTED = (
    r"(?!\s*(?:%|k\b|grand|hundred|thousand|dollars|quid|bucks|pounds|rupees|naira|of\b|months?|weeks?|days?|"
    r"years?|payments?|"
    r"instal|percent|times|people|calls|hours?|hrs?|mins?|minutes?|[ap]\.?m\b|[.,:/-]?[0-9]))"
)
_PATTERN = re.compile(
    rf"\b(?:(?P<hour>{_HOUR})(?:[:.](?P<minute>[0-5][0-9]))?\s?(?P<ampm>{_AM})(?!\s?(?:each|per|i)\b)"
    r"|(?P<military>[01][0-9]|2[0-3])(?P<military2>[0-5][0-9])\s?(?:hrs|hours|h)\b"
    r"|(?<![:.])(?P<hour2>[0-9]{1,2}):(?P<minute2>[0-5][0-9])(?![0-9:])"
    rf"|(?P<from>[0-9]{{1,2}})(?::(?P<fromminute>[0-5][0-9]))?\s?(?:-|to|and|until|"
    rf"till)\s?(?P<to>[0-9]{{1,2}})(?::(?P<tominute>[0-5][0-9]))?\s?(?P<rangeampm>{_AM})"
    rf"|(?P<open>(?:between|from)\s+)?(?<![£$€₹.,])(?P<low>{_HOUR})\s?(?:-|to|and|until|"
    rf"till)\s?(?P<high>{_HOUR})\b{_NOT_COUNTED}(?P<within>{_WITHIN})?"
    rf"|(?P<oclock>{_HOUR})\s?o'?\s?clock\b"
    rf"|half(?:\s+pas(?:t|sed))?\s+(?P<half>{_HOUR})\b(?!\s*(?:%|k\b|grand|hundred|thousand|dollars|quid|"
    rf"bucks|of|months?|weeks?|days?|years?))"
    rf"|(?<!from )(?P<shift>(?:a\s+)?quarter|five|ten|twenty|twenty[ -]five|5|10|20|"
    rf"25)(?:\s+min(?:ute)?s?)?\s+(?P<way>pas(?:t|sed)|to)\s+(?P<base>{_HOUR})\b(?!\s*(?:%|k\b|grand|"
    rf"hundred|thousand|dollars|quid|bucks|of\b|days?|weeks?|months?|payments?))"
    r"|(?P<noon>noon|midday|mid-day|12\s?noon)\b|(?P<midnight>(?:12\s?)?midnight)\b"
    rf"|(?P<at>(?:at|by|before|after|from|until|till|around|about|round)\s+)(?:(?P<spoken>{_WORDS})[ "
    rf"-](?P<past>{'|'.join(_SPOKEN)})\b|"
    rf"(?P<bare>[0-9]{{1,2}}|{_WORDS})(?P<ish>\s?-?ish)?)(?=\s*(?:$|[,!?;)]|\.(?![0-9]))|\s+(?:on|today|"
    rf"tonight|tomorrow|"
    rf"tmrw|tmr|this|next|please|pls|in the|sharp|mon|tue|wed|thu|fri|sat|sun|if|and|when|ok|or so|"
    rf"i'll|i will|when|can|lah|each|every))"
    r"|(?P<plain>[0-9]{1,2})\s?-?(?:ish\b(?! percent)|(?=\s(?:tonight|this (?:morning|afternoon|"
    r"evening)|in the (?:morning|afternoon|evening))\b))"
    r"|(?P<tonight>tonight|tonite|2nite|2night|2nyt|tnite)\b|(?P<lastnight>last (?:night|nite))\b"
    rf"|(?P<by>in the |at |during the |this |d |(?<=\bby )|(?<=before )|(?<=after )|(?<=until )|(?<=till "
    rf"))?(?P<part>{_PART})"
    r"(?P<plural>s)?\b)(?P<sharp>\s?-?ish\b)?",
    re.A,
)
# A bare hour counts where being reached is spoken of.
_CONTACT = re.compile(
    r"\b(?:call|ring|phone|text|message|msg|contact|reach|speak|talk|free|available|avail|best|home|buzz|"
    r"dial|back|me|anytime|time)\b"
    r"[^.!?;]{0,30}$",
    re.A,
)
_DIVIDED = re.compile(r"\b(?:divided?|split|multipl(?:y|ied)|times)\s+(?:it\s+)?$", re.A)
_SIGNS = ("$", "£", "€", "¥", "₹", "/", ".", ",", "-", ":", "#")
_SHIFTS = {"five": 5, "5": 5, "ten": 10, "10": 10, "twenty": 20, "20": 20, "25": 25}
_EARLIEST = 7
"""An hour before that, in the morning or the evening left open, is one of the evening."""


def find(message: Message) -> Iterator[Piece]:
    """Yield English times of day; a bare "morning" is marked as needing a day."""
    for match in message.english(_PATTERN):
        if match["tonight"] or match["lastnight"]:
            day = single(message.today - timedelta(days=bool(match["lastnight"])))
            yield Piece(*match.span(), day=day, clock=Clock(18 * HOUR, 24 * HOUR))
            continue
        if match["at"] and _DIVIDED.search(message.before(match.start(), 16)):
            continue
        roughly = match["at"] and match["at"].startswith(("around", "about", "round"))
        if roughly and not match["ish"] and not _spoken_of(message, match):
            continue
        clock = _clock(message, match)
        if clock is not None:
            start = match.end("at") if match["at"] else match.start()
            yield Piece(start, match.end(), single(message.today) if match["by"] == "this " else None, clock)


def _spoken_of(message: Message, match: re.Match[str]) -> bool:
    return _CONTACT.search(message.before(match.start(), 40)) is not None


def _clock(message: Message, match: re.Match[str]) -> Clock | None:
    vague = bool(match["sharp"] or match["ish"])
    if match["noon"]:
        return Clock(12 * HOUR, vague=vague)
    if match["midnight"]:
        return Clock(24 * HOUR, vague=vague)
    if match["part"]:
        begin, end = _PARTS[match["part"]]
        attached = match["by"] is None
        return Clock(begin * HOUR, end * HOUR, attached=attached, vague=vague, daily=bool(match["plural"]))
    if match["ampm"]:
        return _half_of_day(match["hour"], match["minute"], match["ampm"], vague)
    if match["military"]:
        return _open(int(match["military"]), int(match["military2"]), vague, loose=False)
    if match["rangeampm"]:
        return _range(match)
    if match["low"]:
        return _open_range(message, match)
    if match["hour2"]:
        hour, minute = int(match["hour2"]), int(match["minute2"])
        return _open(hour, minute, vague, loose=1 <= hour <= 12 and not match["hour2"].startswith("0"))
    return _in_words(match, vague)


def _in_words(match: re.Match[str], vague: bool) -> Clock | None:
    """Read half six, quarter to five, "at six thirty", "by 3", "8 tonight"."""
    if match["half"]:
        return _open(_hour(match["half"]), 30, vague)
    if match["base"]:
        shift = _SHIFTS.get(match["shift"].split()[-1].split("-")[-1], 15)
        shift = 25 if match["shift"].startswith("twenty") and len(match["shift"]) > 6 else shift
        base = _hour(match["base"])
        return _open(base, shift, vague) if match["way"] != "to" else _open(base - 1 or 12, 60 - shift, vague)
    if match["spoken"]:
        return _open(_hour(match["spoken"]), _SPOKEN[match["past"]], vague)
    if match["bare"] and _hour(match["bare"]) > 12:
        return None
    if match["plain"]:
        hour, before = int(match["plain"]), match.string[match.start() - 1 : match.start()]
        return _open(hour, 0, "ish" in match.group()) if hour <= 12 and before not in _SIGNS else None
    return _open(_hour(match["oclock"] or match["bare"]), 0, vague)


def _hour(word: str) -> int:
    return int(word) if word.isdigit() else UNITS[word]


def _open(hour: int, minute: int, vague: bool, *, loose: bool | None = None) -> Clock | None:
    if hour > 24:
        return None
    if loose is None:
        loose = 1 <= hour <= 12
    return Clock(hour * HOUR + minute, None, "minute" if minute else "hour", loose, vague=vague)


def _half_of_day(hour: str, minute: str | None, half: str, vague: bool) -> Clock | None:
    number = _hour(hour)
    if number > 24 or number == 0:
        return None
    if number <= 12:
        number = number % 12 + (12 if half.startswith("p") else 0)
    return _open(number, int(minute or 0), vague, loose=False)


def _range(match: re.Match[str]) -> Clock | None:
    """Read "2-4pm"; "10-2pm" begins in the morning."""
    end = _half_of_day(match["to"], match["tominute"], match["rangeampm"], False)
    begin = _half_of_day(match["from"], match["fromminute"], match["rangeampm"], False)
    if begin is None or end is None:
        return None
    start = begin.begin if begin.begin < end.begin else begin.begin - 12 * HOUR
    if start < 0 or start >= end.begin:
        return None
    return Clock(start, end.begin, "minute" if start % HOUR or end.begin % HOUR else "hour")


def _open_range(message: Message, match: re.Match[str]) -> Clock | None:
    """Read "between 2 and 4" and, beside a day, "9-11"."""
    low, high = _hour(match["low"]), _hour(match["high"])
    if not 1 <= low <= 12 or not 1 <= high <= 12 or low == high:
        return None
    within = match["within"]
    late = low < _EARLIEST if within is None else "morning" not in within
    begin = low + 12 if late and low < 12 else low
    end = high + 12 if high <= begin else high
    if end <= begin:
        return None
    contact = match["open"] is not None and _spoken_of(message, match)
    return Clock(begin * HOUR, end * HOUR, loose=within is None, attached=not (contact or within))
