"""Times and parts of the day in Chinese: 下午三点半, 晚上, 两三点, 听朝九点, 3-5点."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.language.entities import percentages
from bot.language.entities.model import Message
from bot.language.entities.numbers_zh import small
from bot.language.entities.pieces import HOUR, Clock, Piece

# Begin and end in hours; morning 06-12, noon 12-14, afternoon 12-18, evening 18-24.
_PARTS = {
    "凌晨": (0, 6), "清晨": (6, 9), "清早": (6, 9), "一早": (6, 12), "早上": (6, 12), "早晨": (6, 12),
    "朝早": (6, 12), "上午": (6, 12), "上昼": (6, 12), "早": (6, 12), "朝": (6, 12), "中午": (12, 14),
    "正午": (12, 14), "晌午": (12, 14), "晏昼": (12, 18), "下昼": (12, 18), "下午": (12, 18),
    "午后": (12, 18), "傍晚": (17, 19), "挨晚": (17, 19), "晚上": (18, 24), "晚间": (18, 24),
    "夜晚": (18, 24), "夜里": (18, 24), "夜间": (18, 24), "晚": (18, 24), "夜": (18, 24), "深夜": (22, 24),
    "半夜": (22, 24), "午夜": (24, 24), "白天": (6, 18),
}  # fmt: skip
_PART = (
    "凌晨|清晨|清早|一早|早上|早晨|朝早|上午|上昼|中午|正午|晌午|晏昼|下昼|下午|午后|傍晚|挨晚|晚上|晚间|"
    "夜晚|夜里|"
    "夜间|深夜|半夜|午夜|白天|(?<!最)早(?![就已些日点]|一点)|(?<=[今明后昨每听琴寻])晚(?!点|一点)|"
    "(?<!最)晚(?![了于些点]|一点)|朝(?![我他])|夜"
)
_NUMBER = "[0-9]{1,2}|十[一二三四五六七八九]?|二十[一二三四]?|[零一二两三四五六七八九]"
_PATTERN = re.compile(
    rf"(?P<daily>每天的?|每日|每)?(?:(?P<part>{_PART})的?\s?)?(?:"
    rf"(?<![0-9第.:])(?P<early>[一二两三四五六七八](?=[二三四五六七八九十]点"
    rf"))?(?P<hour>{_NUMBER})(?:点钟?(?![0-9一二三四五六七八九]*[万千百个倍%])|"
    rf"时(?![候间])|(?P<first>(?=\s?[到至~-]\s?(?:{_NUMBER})点(?![0-9]))))"
    rf"(?:(?P<half>半)|(?P<quarter>一刻|三刻)|整|"
    r"过?(?P<minute>[0-5][0-9]|[0-5零]?[0-9]|[二三四五]?十[一二三四五六七八九]?|"
    r"零?[一二三四五六七八九](?=分))分?(?!期|[0-9块元]))?(?P<about>多|来钟)?"
    r"|(?<![0-9:])(?P<hour2>[0-9]{1,2}):(?P<minute2>[0-5][0-9])(?![0-9:])(?!\s*(?:[ap]\.?m\b)))"
    rf"|(?P<daily2>每天的?|每日|每)?(?P<only>{_PART})(?!茶|饭|餐|班|安)",
    re.A,
)
# 两点要求, 三点原因: points made, not hours.
_POINTS = re.compile(r"(?:要求|建议|原因|理由|意见|问题|想法|说明|希望|一线|几点|疑问|[钱也都儿点])")
_A_LITTLE = re.compile(r"(?:一|1)点(?!钟|半|整|[0-9]|[一二三四五]?十|前|后|之|以|左右|到|至)")
_SHORT = 6


def find(message: Message) -> Iterator[Piece]:
    """Yield Chinese times of day; parts that need a day beside them (周五晚) are marked."""
    for match in _PATTERN.finditer(message.text) if message.han or not message.latin else ():
        clock = _clock(message, match)
        if clock is not None:
            yield Piece(*match.span(), clock=clock)


def _clock(message: Message, match: re.Match[str]) -> Clock | None:
    daily = bool(match["daily"] or match["daily2"])
    if match["only"]:
        begin, end = _PARTS[match["only"]]
        return Clock(begin * HOUR, end * HOUR, attached=len(match["only"]) == 1 and not daily, daily=daily)
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
    # The 3 of 3-5点 is an hour only together with the 5.
    attached = match["first"] is not None or (part is not None and len(part) == 1 and not daily)
    finish = (begin + 1) * HOUR if match["early"] else None
    return Clock(begin * HOUR + minute, finish, "minute" if minute else "hour", loose, attached, vague, daily)


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
        return (hour + 12 if hour < (11 if part in ("中午", "正午", "晌午") else 12) else hour), False
    return (0 if begin == 0 and hour == 12 else hour), False
