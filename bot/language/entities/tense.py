"""Whether a day named without its week, month or year is past: "I paid on Friday", 3号转的."""

from __future__ import annotations

import re
from datetime import date, timedelta

from bot.language.entities import days
from bot.language.entities.model import Message
from bot.language.entities.pieces import Day

_FILL = (
    r"it|you|u|ya|them|that|this|the|my|a|an|on|in|at|off|back|already|through|thru|by|via|to|into|online|"
    r"card|bank|"
    r"transfer|app|money|payment|loan|job|instal\w*|cash|half|all|some|full|last|late|due|account|and|one|"
    r"early|out|"
    r"morning|evening|of|your|his|her|their|our|dad|mum|office|[£$€₹₦]?[0-9][0-9.,k]*|quid|pounds|dollars|"
    r"rupees|naira"
)
_PAST_EN = re.compile(
    r"(?<!be )(?<!being )(?:(?<!if i )(?<!if we )(?<!'s )(?<!get )(?<!gets )(?<!getting )(?<!am )(?<!i'm "
    r")(?<!im )(?<!is )(?<!are )(?<!'re )(?<!not )"
    r"\bpaid|\b(?:sent|cleared|settled|transferred|deposited|wired|remitted|lost|died|passed|called|rang|"
    r"phoned|texted|"
    r"messaged|emailed|spoke|went|came|borrowed|took|signed|started|stopped|received|bounced|debited|charged|"
    r"collected|left|"
    r"cancelled|moved|happened|made|did|got paid|was paid|been|posted|emptied|failed))\b"
    rf"(?:\s+(?:{_FILL})){{0,7}}\s*$",
    re.A,
)
_PAST_AFTER_EN = re.compile(
    r"\s*,?\s*(?:i|we|he|she|they|my \w+)\s+(?:have\s+|had\s+|already\s+|just\s+)?(?:paid|sent|transferred|"
    r"cleared|settled|lost|"
    r"deposited|wired|called|spoke|died|passed)\b",
    re.A,
)
_PAST_ZH = re.compile(
    r"(?:的时候|那天|晚上|早上|上午|下午|中午)?(?:我|就|已经?|都|早|才|刚|又|给你们?|你们|从[^，。]{0,6}?|"
    r"用[^，。]{0,6}?)*"
    r"(?:[还付转打交缴划扣汇存结清充](?:了(?![吧就再你才也行可])|过(?![去来])|的(?!时候|话|钱|款|那)|完了|"
    r"清了|走了|上了|进去了)|"
    r"(?:去世|走了|没了|到账了|失业|被裁|住的院|下葬))"
)
_ALREADY_ZH = re.compile(r"(?:已经?|早)(?:在|于)?$")


def settled(message: Message, day: Day, start: int, end: int) -> Day:
    """Return the day as it is meant: its last occurrence where what is told of it is past, else as it is."""
    if (
        day.bare is None
        or day.recurring is not None
        or day.last < message.today
        or not _is_past(message, start, end)
    ):
        return day
    first = _before(message.today, day)
    return Day(first, first + (day.last - day.first), day.grain, None, None, day.vague, day.side)


def _is_past(message: Message, start: int, end: int) -> bool:
    left = message.before(start, 60)
    return (
        _PAST_EN.search(left) is not None
        or _PAST_AFTER_EN.match(message.text, end) is not None
        or _PAST_ZH.match(message.text, end) is not None
        or _ALREADY_ZH.search(left) is not None
    )


def _before(today: date, day: Day) -> date:
    kind, number = day.bare or ("day", day.first.day)
    if kind == "weekday":
        return day.first - timedelta(days=7)
    if kind == "month":
        return day.first if day.first <= today else day.first.replace(year=day.first.year - 1)
    if day.first == today:
        return today
    if kind == "date":
        return days.add_months(day.first, -12)
    earlier = days.add_months(day.first.replace(day=1), -1)
    return days.valid(earlier.year, earlier.month, number) or days.add_months(earlier, -1).replace(day=number)
