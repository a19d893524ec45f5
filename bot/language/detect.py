"""Which language a message is plainly written in."""

from __future__ import annotations

import re

_HAN = re.compile(r"[㐀-鿿豈-﫿]")
_WORD = re.compile(r"[A-Za-z][A-Za-z']+")
_ENOUGH_HAN = 2
_ENOUGH_WORDS = 3


def plain_language(text: str) -> str | None:
    """Return "zh" or "en" when the message leaves no doubt, else None ("ok", "800", mixed)."""
    han = len(_HAN.findall(text[:2000]))
    words = len(_WORD.findall(text[:2000]))
    if han >= _ENOUGH_HAN and han >= words:
        return "zh"
    if han == 0 and words >= _ENOUGH_WORDS:
        return "en"
    return None


def script_language(text: str) -> str:
    """Return the language whose script dominates: "zh" when there is any Han character, else "en"."""
    return "zh" if _HAN.search(text) else "en"
