"""Times and parts of the day: 下午三点半, 晚上, 3pm, half six, noon."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from bot.language.entities import percentages
from bot.language.entities.model import Message
from bot.language.entities.numbers_en import UNITS
from bot.language.entities.numbers_zh import small
from bot.language.entities.pieces import Clock, Piece, single

_HOUR = 60
# Begin and end in hours; morning 06-12, noon 12-14, afternoon 12-18, evening 18-24.
_PARTS = {
    "凌晨": (0, 6), "清晨": (6, 9), "清早": (6, 9), "一早": (6, 12), "早上": (6, 12), "早晨": (6, 12),
    "朝早": (6, 12), "上午": (6, 12), "早": (6, 12), "朝": (6, 12), "中午": (12, 14), "正午": (12, 14),
    "晏昼": (12, 18), "下午": (12, 18), "午后": (12, 18), "傍晚": (17, 19), "晚上": (18, 24),
    "晚间": (18, 24), "夜晚": (18, 24), "夜里": (18, 24), "夜间": (18, 24), "晚": (18, 24),
    "夜": (18, 24), "深夜": (22, 24), "半夜": (22, 24), "午夜": (24, 24), "白天": (6, 18),
    "morning": (6, 12), "afternoon": (12, 18), "evening": (18, 24), "eve": (18, 24), "night": (18, 24),
    "lunchtime": (12, 14), "lunch": (12, 14),
}  # fmt: skip
_PART_ZH = (
    "凌晨|清晨|清早|一早|早上|早晨|朝早|上午|中午|正午|晏昼|下午|午后|傍晚|晚上|晚间|夜晚|夜里|夜间|深夜|"
    "半夜|午夜|白天|(?<!最)早(?![就已些日点]|一点)|(?<=[今明后昨每听琴])晚(?!点|一点)|"
    "(?<!最)晚(?![了于些点]|一点)|朝(?![我他])|夜"
)
_NUMBER = "[0-9]{1,2}|十[一二三四五六七八九]?|二十[一二三四]?|[零一二两三四五六七八九]"
_ZH = re.compile(
    rf"(?P<daily>每天的?|每日|每)?(?:(?P<part>{_PART_ZH})的?\s?)?(?:"
    rf"(?<![0-9第.:])(?P<early>[一二两三四五六七八](?=[二三四五六七八九十]点"
    rf"))?(?P<hour>{_NUMBER})(?:点钟?(?![0-9一二三四五六七八九]*[万千百个倍%])|"
    rf"时(?![候间]))(?:(?P<half>半)|(?P<quarter>一刻|三刻)|整|"
    r"过?(?P<minute>[0-5][0-9]|[0-5零]?[0-9]|[二三四五]?十[一二三四五六七八九]?|"
    r"零?[一二三四五六七八九](?=分))分?(?!期|[0-9块元]))?(?P<about>多|来钟)?"
    r"|(?<![0-9:])(?P<hour2>[0-9]{1,2}):(?P<minute2>[0-5][0-9])(?![0-9:])(?!\s*(?:[ap]\.?m\b)))"
    rf"|(?P<daily2>每天的?|每日|每)?(?P<only>{_PART_ZH})(?!茶|饭|餐|班|安)",
    re.A,
)
# 两点要求, 三点原因: points made, not hours.
_POINTS = re.compile(r"(?:要求|建议|原因|理由|意见|问题|想法|说明|希望|一线|几点|疑问|[钱也都儿点])")
_A_LITTLE = re.compile(r"(?:一|1)点(?!钟|半|整|[0-9]|[一二三四五]?十|前|后|之|以|左右|到|至)")
_NUMBER_EN = "|".join(word for word in UNITS if word != "zero" and UNITS[word] <= 12)
_HOURS_EN = rf"[0-9]{{1,2}}|{_NUMBER_EN}"
_AM = r"(?:a\.?m\b\.?|p\.?m\b\.?)"
_EN = re.compile(
    rf"\b(?:(?P<hour>{_HOURS_EN})(?:[:.](?P<minute>[0-5][0-9]))?\s?(?P<ampm>{_AM})(?!\s?(?:each|per|i)\b)"
    r"|(?<![:.])(?P<hour2>[0-9]{1,2}):(?P<minute2>[0-5][0-9])(?![0-9:])"
    rf"|(?P<from>[0-9]{{1,2}})(?::(?P<fromminute>[0-5][0-9]))?\s?(?:-|to|and|until|"
    rf"till)\s?(?P<to>[0-9]{{1,2}})(?::(?P<tominute>[0-5][0-9]))?\s?(?P<rangeampm>{_AM})"
    rf"|(?P<oclock>{_HOURS_EN})\s?o'?\s?clock\b"
    rf"|half(?:\s+past)?\s+(?P<half>{_HOURS_EN})\b(?!\s*(?:%|k\b|grand|hundred|thousand|dollars|quid|"
    rf"bucks|of|months?|weeks?|days?|years?))"
    rf"|(?<!from )(?P<shift>(?:a\s+)?quarter|five|ten|twenty|twenty[ -]five|5|10|20|"
    rf"25)(?:\s+min(?:ute)?s?)?\s+(?P<way>past|to)\s+(?P<base>{_HOURS_EN})\b(?!\s*(?:%|k\b|grand|"
    rf"hundred|thousand|dollars|quid|bucks|days?|weeks?|months?|payments?))"
    r"|(?P<noon>noon|midday|mid-day|12\s?noon)\b|(?P<midnight>midnight)\b"
    rf"|(?P<at>(?:at|by|before|after|from|until|till)\s+)(?P<bare>[0-9]{{1,2}}|"
    rf"{_NUMBER_EN})(?P<ish>\s?-?ish)?(?=\s*(?:$|[,!?;)]|\.(?![0-9]))|\s+(?:on|today|tonight|tomorrow|"
    rf"tmrw|tmr|this|next|please|pls|in the|sharp|mon|tue|wed|thu|fri|sat|sun|if|and|when|ok|or so|"
    rf"i'll|i will|when))"
    r"|(?P<plain>[0-9]{1,2})\s?-?(?:ish\b(?! percent)|(?=\s(?:tonight|this (?:morning|afternoon|"
    r"evening)|in the (?:morning|afternoon|evening))\b))"
    r"|(?P<tonight>tonight|tonite|2nite|2night|2nyt)\b|(?P<lastnight>last night)\b"
    r"|(?P<by>in the |at |during the |this )?(?P<part>morning|afternoon|evening|eve|night|lunchtime|"
    r"lunch)(?P<plural>s)?\b)(?P<sharp>\s?-?ish\b)?",
    re.A,
)
_SHORT = 6
_SIGNS = ("$", "£", "€", "¥", "₹", "/", ".", ",", "-", ":", "#")
_SHIFTS = {"five": 5, "5": 5, "ten": 10, "10": 10, "twenty": 20, "20": 20, "25": 25}


def find_zh(message: Message) -> Iterator[Piece]:
    """Yield Chinese times of day; parts that need a day beside them (周五晚) are marked."""
    for match in _ZH.finditer(message.text) if message.han or not message.latin else ():
        clock = _chinese(message, match)
        if clock is not None:
            yield Piece(*match.span(), clock=clock)


def _chinese(message: Message, match: re.Match[str]) -> Clock | None:
    daily = bool(match["daily"] or match["daily2"])
    if match["only"]:
        begin, end = _PARTS[match["only"]]
        return Clock(begin * _HOUR, end * _HOUR, attached=len(match["only"]) == 1 and not daily, daily=daily)
    hour = int(match["hour2"]) if match["hour2"] else small(match["hour"])
    if hour is None or hour > 24:
        return None
    part = match["part"]
    if match["hour"] and part is None and _is_no_hour(message, match):
        return None
    minute = _minute(match)
    begin, loose = _on_the_clock(hour, part)
    vague = bool(match["about"])
    if match["early"]:
        if (small(match["early"]) or 0) + 1 != hour:
            return None
        begin, vague, minute = begin - 1, True, 0
    attached = part is not None and len(part) == 1 and not daily
    finish = (begin + 1) * _HOUR if match["early"] else None
    return Clock(
        begin * _HOUR + minute, finish, "minute" if minute else "hour", loose, attached, vague, daily
    )


def _is_no_hour(message: Message, match: re.Match[str]) -> bool:
    if _POINTS.match(message.text, match.end()) or percentages.RATE.search(message.before(match.start(), 8)):
        return True
    # 一点 alone is "a little"; with a day before it, the caller has the day to tell.
    return (
        bool(_A_LITTLE.match(message.text, match.start("hour")))
        and not (message.context.expected == "time" and len(message.text) <= _SHORT)
        and (not _near_day(message, match.start()))
    )


def _near_day(message: Message, start: int) -> bool:
    return message.before(start, 2).endswith(
        ("到", "至", "-", "~", "天", "日", "号", "周一", "周二", "周三", "周四", "周五", "周六")
    )


def _minute(match: re.Match[str]) -> int:
    if match["minute2"]:
        return int(match["minute2"])
    if match["half"]:
        return 30
    if match["quarter"]:
        return 15 if match["quarter"] == "一刻" else 45
    written = match["minute"]
    if not written:
        return 0
    return small(written.lstrip("零") or "零") or 0


def _on_the_clock(hour: int, part: str | None) -> tuple[int, bool]:
    """Return the hour of 24 (past 24: the small hours after) and whether the half of the day is open."""
    if part is None:
        return hour, 1 <= hour <= 12
    begin = _PARTS[part][0]
    if begin >= 17:
        if hour == 12:
            return 24, False
        return (hour + 24 if hour <= 4 and begin >= 18 else hour + 12 if hour < 12 else hour), False
    if begin == 12:
        return (hour + 12 if hour < (11 if part in ("中午", "正午") else 12) else hour), False
    return (0 if begin == 0 and hour == 12 else hour), False


def find_en(message: Message) -> Iterator[Piece]:
    """Yield English times of day; a bare "morning" is marked as needing a day."""
    for match in message.english(_EN):
        if match["tonight"] or match["lastnight"]:
            day = single(message.today - timedelta(days=bool(match["lastnight"])))
            yield Piece(*match.span(), day=day, clock=Clock(18 * _HOUR, 24 * _HOUR))
            continue
        clock = _english(match)
        if clock is not None:
            start = match.start("bare") if match["bare"] else match.start()
            yield Piece(start, match.end(), single(message.today) if match["by"] == "this " else None, clock)


def _english(match: re.Match[str]) -> Clock | None:
    vague = bool(match["sharp"] or match["ish"])
    if match["noon"]:
        return Clock(12 * _HOUR, vague=vague)
    if match["midnight"]:
        return Clock(24 * _HOUR, vague=vague)
    if match["part"]:
        begin, end = _PARTS[match["part"]]
        return Clock(
            begin * _HOUR, end * _HOUR, attached=not match["by"], vague=vague, daily=bool(match["plural"])
        )
    if match["ampm"]:
        return _half_of_day(match["hour"], match["minute"], match["ampm"], vague)
    if match["rangeampm"]:
        return _range(match)
    if match["hour2"]:
        hour, minute = int(match["hour2"]), int(match["minute2"])
        return _open(hour, minute, vague, loose=1 <= hour <= 12 and not match["hour2"].startswith("0"))
    if match["half"]:
        return _open(_hour(match["half"]), 30, vague)
    if match["base"]:
        shift = _SHIFTS.get(match["shift"].split()[-1].split("-")[-1], 15)
        shift = 25 if match["shift"].startswith("twenty") and len(match["shift"]) > 6 else shift
        base = _hour(match["base"])
        return (
            _open(base, shift, vague) if match["way"] == "past" else _open(base - 1 or 12, 60 - shift, vague)
        )
    if match["bare"] and _hour(match["bare"]) > 12:
        return None
    if match["plain"]:
        hour = int(match["plain"])
        return (
            _open(hour, 0, "ish" in match.group())
            if hour <= 12 and match.string[match.start() - 1 : match.start()] not in _SIGNS
            else None
        )
    return _open(_hour(match["oclock"] or match["bare"]), 0, vague)


def _hour(word: str) -> int:
    return int(word) if word.isdigit() else UNITS[word]


def _open(hour: int, minute: int, vague: bool, *, loose: bool | None = None) -> Clock | None:
    if hour > 24:
        return None
    if loose is None:
        loose = 1 <= hour <= 12
    return Clock(hour * _HOUR + minute, None, "minute" if minute else "hour", loose, vague=vague)


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
    start = begin.begin if begin.begin < end.begin else begin.begin - 12 * _HOUR
    if start < 0 or start >= end.begin:
        return None
    return Clock(start, end.begin, "minute" if start % _HOUR or end.begin % _HOUR else "hour")
