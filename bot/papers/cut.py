"""The font cut down to what papers have shown so far: it has thirty thousand glyphs, a paper needs 200."""

from __future__ import annotations

import string
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from fontTools import subset
from fontTools.ttLib import TTFont

from bot.papers.font import covered, path
from bot.papers.outlines import make_quadratic

_MOST = 3000
"""Characters that are kept: past that their number slows every paper, and it begins anew."""


class _Cut:
    """A file of the font's glyphs for some characters, cut anew whenever others are asked for."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._folder: TemporaryDirectory[str] | None = None
        self._holds: frozenset[str] = frozenset()
        self._file = Path()
        self._cuts = 0

    def file(self, characters: frozenset[str]) -> Path:
        """Return a file that can draw these characters."""
        with self._lock:
            if not characters <= self._holds:
                self._cut(characters)
            return self._file

    def _cut(self, characters: frozenset[str]) -> None:
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="grace-font-")
        wanted = self._holds | characters | frozenset(string.printable)
        if len(wanted) > _MOST:
            wanted = characters | frozenset(string.printable)
        self._cuts += 1
        # A new name: another thread may be reading the one before.
        file = Path(self._folder.name) / f"{self._cuts}.ttf"
        options = subset.Options(
            notdef_outline=True,
            recommended_glyphs=True,
            layout_features=[],
            hinting=False,
        )
        # Box and date stay those of the whole font: a paper does not tell what was cut before it, or when.
        with TTFont(path(), lazy=True, recalcBBoxes=False, recalcTimestamp=False) as font:
            cutter = subset.Subsetter(options)
            cutter.populate(unicodes=[ord(one) for one in wanted if ord(one) in covered()])
            cutter.subset(font)
            make_quadratic(font)
            font.save(file)
        self._holds, self._file = wanted, file


_cut = _Cut()


def path_for(characters: frozenset[str]) -> Path:
    """Return a font file that has these characters, as far as the font does, ASCII and perhaps others.

    The same characters of it are drawn, and embedded, alike, whatever else it holds.
    """
    return _cut.file(characters)
