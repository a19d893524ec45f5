"""Whether the bare name of an English month is the month: "may" and "june" are other things as well."""

from __future__ import annotations

import re

from bot.language.entities.model import Message

_SURE_MONTHS = ("january", "february", "july", "september", "sept", "october", "november", "december")
_BEFORE_MONTH = re.compile(
    r"\b(?:in|by|until|till|til|before|after|since|for|next|this|last|during|mid|early|late|from|to|"
    r"through|thru|across|of|end|start|starting|beginning|around|about|maybe|sometime|coming)\s+$",
    re.A,
)
_BOUNDARY = re.compile(r"(?:[,.!?;:，。、]\s*|\b(?:or|and|maybe|then|so)\s+|[一-鿿]\s*)$", re.A)
_FINE = re.compile(
    r"\s*(?:is |sounds |would be |will be )?(?:ok|okay|fine|good|works?|possible|can\b|latest|please|pls|"
    r"instead|maybe|then|end|"
    r"or (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|lah|i (?:will |can |shall )?(?:pay|clear|settle|"
    r"start)|行|可以)|\s*\?",
    re.A,
)
_END = re.compile(r"\s*(?:$|[,.!;，。])")
_LONG = 3
"""More letters than an abbreviation has."""


def is_meant(message: Message, start: int, end: int, name: str) -> bool:
    """Whether "april" is the month at this span: "in april", "five instalments, april ok?"."""
    if name in _SURE_MONTHS or message.asks("time") or _BEFORE_MONTH.search(message.before(start, 12)):
        return True
    if start > 0 and _BOUNDARY.search(message.text[:start]) is None:
        return False
    if name != "apr" and _FINE.match(message.text, end):
        return True
    return len(name) > _LONG and name != "march" and _END.match(message.text, end) is not None
