"""The one font of all papers: Noto Sans SC, and which characters it has."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path

from fontTools.ttLib import TTFont
from PIL.ImageFont import FreeTypeFont, truetype
from pylopdf_fonts_zh_cn import sans_path

MISSING = "〓"
"""What Chinese printers set for a character that they lack."""

# Letters that no normal form takes apart into a plain one and a mark.
_PLAIN = str.maketrans("ŁłĐđØøıĦħŦŧŊŋĸ", "LlDdOoiHhTtNnk")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me", "Zl", "Zp"})
_SPACES = {"\t": " ", "\xa0": " ", "\u202f": " ", "\u3000": " "}


def path() -> Path:
    """Return where the font file is."""
    return Path(sans_path())


@lru_cache(maxsize=1)
def covered() -> frozenset[int]:
    """Return every code point that the font can draw."""
    with TTFont(path(), lazy=True) as font:
        return frozenset(font.getBestCmap())


@lru_cache(maxsize=32)
def sized(size: int) -> FreeTypeFont:
    """Return the font at a size in pixels."""
    return truetype(path(), size)


def printable(text: str) -> str:
    """Return a text of which every character can be drawn, so that no empty box ever stands on a paper.

    A character that the font lacks is written in its plain form where it has one, else as `MISSING`; what
    cannot be seen is left out.
    """
    return "".join(_drawn(one) for one in unicodedata.normalize("NFC", text))


def _drawn(one: str) -> str:
    one = _SPACES.get(one, one)
    if ord(one) in covered() and (one.isprintable() or one == " "):
        return one
    if unicodedata.category(one) in _UNSEEN:
        return ""
    apart = unicodedata.normalize("NFKD", one).translate(_PLAIN)
    plain = "".join(each for each in apart if unicodedata.category(each) not in _UNSEEN)
    return plain if plain and all(ord(each) in covered() for each in plain) else MISSING
