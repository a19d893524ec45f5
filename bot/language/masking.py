"""Takes what could name a person out of a message, so that product teams may read it."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "▇"
_PATTERNS = (
    re.compile(r"https?://\S+|www\.\S+"),
    re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    re.compile(r"@\w{4,}"),
    # Telephone, card and identity numbers, with the blanks and hyphens that people put into them.
    re.compile(r"(?<!\d)(?!20[2-9]\d-\d\d-\d\d\b)\+?\d(?:[ -]?[\dxX]){6,}"),
    # Days of birth: a full date before this century's third decade.
    re.compile(r"(?:19\d\d|20[01]\d)\s*[年/.-]\s*\d{1,2}\s*[月/.-]\s*\d{1,2}日?"),
)
_SHORTEST_LATIN = 3


def mask(text: str, names: Iterable[str] = ()) -> str:
    """Replace links, addresses, long numbers, days of birth and the given names by one mark each."""
    for pattern in _PATTERNS:
        text = pattern.sub(MASK, text)
    for part in sorted({part for name in names for part in _parts(name)}, key=len, reverse=True):
        bounded = rf"\b{re.escape(part)}\b" if part.isascii() else re.escape(part)
        text = re.sub(bounded, MASK, text, flags=re.IGNORECASE)
    return text


def _parts(name: str) -> list[str]:
    """A name as a whole and, in Latin letters, each word of it; in Chinese also the given name."""
    whole = name.strip()
    if not whole:
        return []
    if whole.isascii():
        return [part for part in [whole, *whole.split()] if len(part) >= _SHORTEST_LATIN]
    return [whole, whole[1:]] if len(whole) > 2 else [whole]
