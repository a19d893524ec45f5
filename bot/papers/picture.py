"""The schedule as pictures for a telephone: 1080 pixels wide, in one column, or in two when long."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, starmap
from math import ceil

from PIL import Image, ImageColor, ImageDraw

from bot.papers.font import sized
from bot.papers.lines import wrap
from bot.papers.sheet import Pair, Sheet
from bot.papers.terms import picture_pages

WIDTH = 1080
_ONE_COLUMN = 14
_MARGIN = 64
_GAP = 40
_INNER = WIDTH - 2 * _MARGIN
_TALLEST = 6000

_PAPER, _INK, _QUIET, _ACCENT = "#fcfbf8", "#1d2a26", "#55645f", "#2f6f5e"
_ZEBRA, _RULE = "#eff4f1", "#d5dfda"
# What is drawn: each ground, each ink on it, and how many shades an edge between them may have.
_BLENDS = (
    (_PAPER, _INK, 16),
    (_PAPER, _QUIET, 12),
    (_PAPER, _ACCENT, 12),
    (_ZEBRA, _INK, 12),
    (_ZEBRA, _QUIET, 10),
    (_RULE, _RULE, 1),
)


def picture(sheet: Sheet, page: int = 1) -> bytes:
    """Return one page, counted from 1, as PNG: the same bytes for the same sheet."""
    pages = picture_pages(len(sheet.rows))
    share = ceil(len(sheet.rows) / pages)
    canvas = _Canvas()
    canvas.head(sheet, page, pages)
    canvas.table(sheet.columns, sheet.rows[(page - 1) * share : page * share])
    if page == pages:
        canvas.sums(sheet.sums)
        canvas.sections(sheet.sections)
    canvas.foot(sheet, page, pages)
    return canvas.png()


@lru_cache(maxsize=1)
def _palette() -> Image.Image:
    """Return an image whose palette has all colours that are drawn: looking for them in each takes longer."""
    colours = list(dict.fromkeys(chain.from_iterable(starmap(_shades, _BLENDS))))
    palette = Image.new("P", (1, 1))
    # Filled up with the first one, so that nothing else is taken for the nearest.
    palette.putpalette([part for one in (colours + colours[:1] * 256)[:256] for part in one])
    return palette


def _shades(ground: str, ink: str, count: int) -> list[tuple[int, ...]]:
    """Return so many colours from one to the other, both among them where there are several."""
    ends = list(zip(ImageColor.getrgb(ground), ImageColor.getrgb(ink), strict=True))
    steps = [place / max(count - 1, 1) for place in range(count)]
    return [tuple(round(low + (high - low) * step) for low, high in ends) for step in steps]


class _Canvas:
    """Draws from the top down; `_y` is how far it has come."""

    def __init__(self) -> None:
        self._image = Image.new("RGB", (WIDTH, _TALLEST), _PAPER)
        self._draw = ImageDraw.Draw(self._image)
        self._draw.rectangle((0, 0, WIDTH, 12), fill=_ACCENT)
        self._y = 64

    def png(self) -> bytes:
        """Return what was drawn, cut to its height, in few colours: it goes over mobile networks."""
        cut = self._image.crop((0, 0, WIDTH, min(self._y, _TALLEST)))
        buffer = io.BytesIO()
        cut.quantize(palette=_palette(), dither=Image.Dither.NONE).save(buffer, "PNG")
        return buffer.getvalue()

    def head(self, sheet: Sheet, page: int, pages: int) -> None:
        """Write who it is from, what it is, and which loan it is about; shorter on later pages."""
        self._lines(sheet.lender, 32, _ACCENT)
        self._y += 4
        self._lines(sheet.title, 60 if page == 1 else 44, _INK, bold=1)
        self._y += 12
        if page == 1:
            self._pairs(sheet.facts)
        self._y += 28

    def _pairs(self, pairs: Sequence[Pair]) -> None:
        for label, value in pairs:
            labels = wrap(label, _INNER * 0.4, sized(30).getlength)
            at = _MARGIN + max(190, int(max(map(sized(30).getlength, labels))) + 28)
            top = self._y
            self._column(labels, _MARGIN, 30, _QUIET)
            low, self._y = self._y, top
            self._column(wrap(value, WIDTH - _MARGIN - at, sized(30).getlength), at, 30, _INK)
            self._y = max(low, self._y)

    def table(self, columns: tuple[str, str, str], rows: Sequence[tuple[str, str, str]]) -> None:
        """Draw the payments: number and day on the left, amount on the right, every second row shaded."""
        halves = 1 if len(rows) <= _ONE_COLUMN else 2
        width = (_INNER - _GAP * (halves - 1)) / halves
        each = ceil(len(rows) / halves)
        size = self._table_size([columns, *rows], width, 34 if halves == 1 else 27)
        top = self._y
        for half in range(halves):
            self._y = top
            self._block(
                columns, rows[half * each : (half + 1) * each], _MARGIN + half * (width + _GAP), width, size
            )
        self._y = top + (each + 1) * self._row_height(size) + 24

    def _table_size(self, rows: Sequence[tuple[str, str, str]], width: float, largest: int) -> int:
        """Return the largest size at which every row fits its width; amounts are never cut."""

        def fits(size: int) -> bool:
            number, day, amount = (max(sized(size).getlength(row[n]) for row in rows) for n in range(3))
            return bool(number + day + amount + 64 <= width)

        return next((size for size in range(largest, 14, -1) if fits(size)), 14)

    @staticmethod
    def _row_height(size: int) -> int:
        return int(size * 1.9)

    def _block(
        self,
        columns: tuple[str, str, str],
        rows: Sequence[tuple[str, str, str]],
        left: float,
        width: float,
        size: int,
    ) -> None:
        height, right = self._row_height(size), left + width
        numbers = max(sized(size).getlength(row[0]) for row in (columns, *rows))
        for place, row in enumerate((columns, *rows)):
            head = place == 0
            if not head and place % 2 == 0:
                self._draw.rounded_rectangle((left, self._y, right, self._y + height), 10, fill=_ZEBRA)
            colour, middle = (_QUIET if head else _INK), self._y + height / 2
            small = max(14, size - 5) if head else size
            self._text((left + 12 + numbers, middle), row[0], small, _QUIET, "rm")
            self._text((left + 12 + numbers + 24, middle), row[1], small, colour, "lm")
            self._text((right - 12, middle), row[2], small, colour, "rm")
            self._y += height
            if head:
                self._draw.line((left, self._y, right, self._y), fill=_RULE, width=2)

    def sums(self, pairs: Sequence[Pair]) -> None:
        """Write cost and rate small, the total large."""
        self._draw.line((_MARGIN, self._y, WIDTH - _MARGIN, self._y), fill=_INK, width=3)
        self._y += 20
        for place, (label, value) in enumerate(pairs):
            last = place == len(pairs) - 1
            size = 40 if last else 30
            self._text(
                (_MARGIN + 12, self._y + size * 0.8),
                label,
                size,
                _INK if last else _QUIET,
                "lm",
                bold=int(last),
            )
            self._text((WIDTH - _MARGIN - 12, self._y + size * 0.8), value, size, _INK, "rm", bold=int(last))
            self._y += int(size * 1.65)
        self._y += 28

    def sections(self, sections: Sequence[Pair]) -> None:
        """Write what else there is to know."""
        for heading, text in sections:
            self._lines(heading, 28, _ACCENT, bold=1)
            self._lines(text, 28, _INK)
            self._y += 22

    def foot(self, sheet: Sheet, page: int, pages: int) -> None:
        """Write the policy, and which page this is when there are several."""
        self._y += 6
        self._draw.line((_MARGIN, self._y, WIDTH - _MARGIN, self._y), fill=_RULE, width=2)
        self._y += 16
        top = self._y
        if pages > 1:
            self._text((WIDTH - _MARGIN, top + 17), sheet.numbered(page, pages), 22, _QUIET, "rm")
        self._column(wrap(sheet.policy, _INNER - 240, sized(22).getlength), _MARGIN, 22, _QUIET)
        self._y += 40

    def _lines(self, text: str, size: int, colour: str, *, bold: int = 0) -> None:
        self._column(wrap(text, _INNER, sized(size).getlength), _MARGIN, size, colour, bold=bold)

    def _column(self, lines: Sequence[str], left: float, size: int, colour: str, *, bold: int = 0) -> None:
        for line in lines:
            self._text((left, self._y + size * 0.75), line, size, colour, "lm", bold=bold)
            self._y += int(size * 1.5)

    def _text(
        self, at: tuple[float, float], text: str, size: int, colour: str, anchor: str, *, bold: int = 0
    ) -> None:
        # The font has one weight: a thin stroke of the same colour stands for bold.
        self._draw.text(at, text, colour, sized(size), anchor, stroke_width=bold, stroke_fill=colour)
