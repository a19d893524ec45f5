"""How sure the borrower sounds about a value: maybe, 大概, or so, at most, 至少, under, 以上."""

from __future__ import annotations

import re

_FILL_ZH = (
    r"(?:我|就|也|还|能|可以|会|要|得|只|先|再|是|在|到|有|付|给|交|打|凑|拿|出|每个?月|一个月|每期|"
    r"每周|多|下|了|的|,|，|\s)"
)
_FILL_EN = (
    r"(?:i|we|can|could|will|would|do|pay|send|manage|afford|give|get|have|put|you|it|on|by|the|like|"
    r"around|about|only|just|"
    r"say|in|for|to|be|able|have|until|till|before|after|a|need|take)"
)
_VAGUE_LEFT = re.compile(
    rf"(?:大概|大约|差不多|(?<![我预签们])约(?=$|[0-9一二两三四五六七八九十几])|估计|"
    rf"(?<!不)可能|也许|或许|没准|说不定|应该|左不过|大致|顶多也就|将近|接近|小(?=[一两]?[百千万])|"
    rf"~){_FILL_ZH}{{0,6}}$"
    rf"|\b(?:maybe|mayb|perhaps|"
    rf"(?<!how )(?<!what )(?<!ask )(?<!me )(?<!you )(?<!us )(?<!talk )(?<!speak )(?<!worry "
    rf")(?<!worried )(?<!sorry )about|around|roughly|approx(?:imately|\.)?|probably|prob|possibly|"
    rf"circa|somewhere|something like|"
    rf"ish|i think|i guess|i reckon|hopefully|sometime|some time|"
    rf"might)(?:,?\s+{_FILL_EN}){{0,6}}\s*[~$£€¥₹]?$"
    r"|~\s*[$£€¥₹]?$",
    re.A,
)
_VAGUE_RIGHT = re.compile(
    r"\s*(?:左右|出头|挂零|上下|前后(?!\w)|附近|的样子|这样子?(?!的)|吧可能|大概|差不多|可能)|\s*-?ish\b|"
    r"\s*(?:or so|or thereabouts|give or take|"
    r"or something|roughly|approx|ish|maybe|probably|i think|i guess|sometime)\b",
    re.A,
)
_MOST_LEFT = re.compile(
    rf"(?:最多|顶多|至多|不能?超过|不[要可]超过|别超过|不多于|封顶|最高|撑死){_FILL_ZH}{{0,5}}$|"
    rf"\b(?:at most|up to|at (?:the )?max(?:imum)?|max(?:imum)?|no more than|"
    rf"not more than|"
    rf"at the most)(?:\s+(?:of|is|i|can|do|pay)){{0,3}}\s*[$£€¥₹]?$",
    re.A,
)
_LEAST_LEFT = re.compile(
    rf"(?:至少|最少|起码|最低|不少于|不低于){_FILL_ZH}{{0,5}}$|\b(?:at least|min(?:imum)?|"
    rf"no less than|not less than)"
    rf"(?:\s+(?:of|is))?\s*[$£€¥₹]?$",
    re.A,
)
_MOST_RIGHT = re.compile(r"\s*(?:封顶|max\b|maximum\b|tops\b|at (?:the )?most\b)", re.A)
_LEAST_RIGHT = re.compile(r"\s*(?:起步|min\b|minimum\b|at least\b)", re.A)
_UNDER = re.compile(r"(?:不到|不足|少于|低于|小于)$|\b(?:under|less than|below|fewer than)\s*[$£€¥₹]?$", re.A)
_OVER = re.compile(
    r"(?<!不)(?<!不[能要可])(?<!别)(?:超过|多于|高于|大于)$|\b(?:over|more than|above)\s*[$£€¥₹]?$", re.A
)
_UNDER_RIGHT = re.compile(r"\s*(?:以内|之内|以下|不到)|\s*or less\b", re.A)
_OVER_RIGHT = re.compile(r"\s*(?:以上|往上)|\s*or more\b", re.A)


def vague(text: str, start: int, end: int) -> bool:
    """Whether the value at a span is hedged: "maybe 300", 八百左右."""
    if _VAGUE_RIGHT.match(text, end):
        return True
    return _VAGUE_LEFT.search(text[max(0, start - 40) : start]) is not None


def bound(text: str, start: int, end: int) -> str | None:
    """Return "max" for 最多 and "at most", "min" for 至少 and "at least", which still name an amount."""
    left = text[max(0, start - 24) : start]
    if _MOST_RIGHT.match(text, end) or _MOST_LEFT.search(left):
        return "max"
    if _LEAST_RIGHT.match(text, end) or _LEAST_LEFT.search(left):
        return "min"
    return None


def side(text: str, start: int, end: int) -> str | None:
    """Return "to" for "under 500", 五百以内, and "from" for "over 500", 五百以上: one end of a range."""
    left = text[max(0, start - 16) : start]
    if _UNDER_RIGHT.match(text, end) or _UNDER.search(left):
        return "to"
    if _OVER_RIGHT.match(text, end) or (
        _OVER.search(left) and not left.rstrip().endswith(("no more than", "not more than"))
    ):
        return "from"
    return None
