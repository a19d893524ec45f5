"""The agreement as PDF: parties, schedule, sums and what else there is to know, on A4."""

from __future__ import annotations

from datetime import datetime

from fpdf import FPDF
from fpdf.enums import TextMode
from fpdf.fonts import TTFFont

from bot.papers.cut import path_for
from bot.papers.lines import wrap
from bot.papers.sheet import Sheet

_FONT = "sans"
_MARGIN, _TOP, _BOTTOM = 20.0, 24.0, 24.0
_INK, _QUIET, _ACCENT = (29, 42, 38), (85, 100, 95), (47, 111, 94)
_ZEBRA, _RULE = (239, 244, 241), (213, 223, 218)
_ROW = 7.4
_LEAD = 1.55
"""Line height over size."""
_POINT = 25.4 / 72


def agreement(sheet: Sheet, agreed_at: datetime) -> bytes:
    """Return the agreement as PDF, the font embedded with just the characters used."""
    made = _Agreement(sheet, agreed_at)
    made.add_page()
    made.opening()
    made.schedule()
    made.sums()
    made.sections()
    return bytes(made.output())


class _Agreement(FPDF):
    def __init__(self, sheet: Sheet, agreed_at: datetime) -> None:
        super().__init__(format="A4")
        self.sheet = sheet
        self.set_margins(_MARGIN, _TOP, _MARGIN)
        self.set_auto_page_break(False)
        self.c_margin = 0
        self.add_font(_FONT, fname=path_for(sheet.characters))
        for font in self.fonts.values():
            # Following every outline once more would only find the boxes that the font states; with the hour
            # of the making in it, the same terms would not make the same file.
            if isinstance(font, TTFFont):
                font.ttfont.recalcBBoxes = font.ttfont.recalcTimestamp = False
        self.set_font(_FONT, size=10)
        self.set_title(sheet.title)
        self.set_author(sheet.lender)
        self.set_lang(sheet.locale.replace("_", "-"))
        # The day of the agreement, so that the same terms make the same file.
        self.set_creation_date(agreed_at)

    def header(self) -> None:
        """Say on each page after the first whose paper it is."""
        self.set_fill_color(*_ACCENT)
        self.rect(0, 0, self.w, 3, style="F")
        if self.page_no() > 1:
            self._place(self.sheet.lender, _MARGIN, 12, 9, _QUIET, most=self.epw * 0.55)
            self._place_right(self.sheet.title, 12, 9, _QUIET)
        self.set_y(_TOP)

    def footer(self) -> None:
        """Write the policy and the page's number on every page."""
        self.set_draw_color(*_RULE)
        self.line(_MARGIN, self.h - 17, self.w - _MARGIN, self.h - 17)
        self._place(self.sheet.policy, _MARGIN, self.h - 14, 7.5, _QUIET, most=self.epw * 0.7)
        self._place_right(
            self.sheet.numbered(self.page_no(), self.str_alias_nb_pages or ""), self.h - 14, 7.5, _QUIET
        )

    def opening(self) -> None:
        """Write the title, what was agreed in a sentence, and the facts."""
        self._paragraph(self.sheet.lender, 10.5, _ACCENT)
        self._paragraph(self.sheet.title, 22, _INK, bold=True)
        self.ln(3)
        self._paragraph(self.sheet.intro, 10, _INK)
        self.ln(4)
        self._facts()
        self.ln(5)

    def _facts(self) -> None:
        self._set(10, _QUIET)
        labels = min(70.0, max(self.get_string_width(label) for label, _ in self.sheet.facts) + 8)
        for label, value in self.sheet.facts:
            self._set(10, _INK)
            lines = wrap(value, self.epw - labels, self.get_string_width)
            self._room(6 * len(lines))
            self._place(label, _MARGIN, self.y, 10, _QUIET)
            for line in lines:
                self._place(line, _MARGIN + labels, self.y, 10, _INK)
                self.y += 6
        self.x = self.l_margin

    def schedule(self) -> None:
        """Draw the table; its head stands on every page that it reaches."""
        self._table_head()
        for place, row in enumerate(self.sheet.rows):
            if self._full(_ROW):
                self.add_page()
                self._table_head()
            if place % 2:
                self.set_fill_color(*_ZEBRA)
                self.rect(_MARGIN, self.y, self.epw, _ROW, style="F")
            self._row(row, 10, _INK)
        self.set_draw_color(*_INK)
        self.line(_MARGIN, self.y, self.w - _MARGIN, self.y)
        self.ln(3)

    def _table_head(self) -> None:
        self._row(self.sheet.columns, 9, _QUIET)
        self.set_draw_color(*_RULE)
        self.line(_MARGIN, self.y, self.w - _MARGIN, self.y)

    def _row(self, row: tuple[str, str, str], size: float, colour: tuple[int, int, int]) -> None:
        top = self.y + (_ROW - size * _POINT * 1.2) / 2
        self._place(row[0], _MARGIN + 2, top, size, _QUIET)
        self._place(row[1], _MARGIN + 22, top, size, colour)
        self._place_right(row[2], top, size, colour, inset=2)
        self.set_xy(_MARGIN, self.y + _ROW)

    def sums(self) -> None:
        """Write cost and rate, then the total larger; they stay together."""
        self._room(len(self.sheet.sums) * 7.0 + 4)
        for label, value in self.sheet.sums:
            last = (label, value) == self.sheet.sums[-1]
            size = 13 if last else 10
            self._place(label, _MARGIN + 2, self.y, size, _INK if last else _QUIET, bold=last)
            self._place_right(value, self.y, size, _INK, inset=2, bold=last)
            self.set_xy(_MARGIN, self.y + (9 if last else 6.4))
        self.ln(4)

    def sections(self) -> None:
        """Write what else there is to know; a heading never stands alone at the foot of a page."""
        for heading, text in self.sheet.sections:
            self._set(10, _INK)
            lines = wrap(text, self.epw, self.get_string_width)
            self._room((len(lines) + 1) * 10 * _LEAD * _POINT)
            self._paragraph(heading, 10, _ACCENT, bold=True)
            self._paragraph(text, 10, _INK)
            self.ln(3)

    def _paragraph(self, text: str, size: float, colour: tuple[int, int, int], *, bold: bool = False) -> None:
        self._set(size, colour)
        for line in wrap(text, self.epw, self.get_string_width):
            self._room(size * _LEAD * _POINT)
            self._place(line, _MARGIN, self.y, size, colour, bold=bold)
            self.set_xy(_MARGIN, self.y + size * _LEAD * _POINT)

    def _full(self, height: float) -> bool:
        return bool(self.y + height > self.h - _BOTTOM)

    def _room(self, height: float) -> None:
        if self._full(height):
            self.add_page()

    def _set(self, size: float, colour: tuple[int, int, int]) -> None:
        self.set_font(_FONT, size=size)
        self.set_text_color(*colour)

    def _place(
        self,
        text: str,
        left: float,
        top: float,
        size: float,
        colour: tuple[int, int, int],
        *,
        bold: bool = False,
        most: float = 0,
    ) -> None:
        """Write one line; `most` is the width into which it is made to fit by its size."""
        y = self.y
        self._set(size, colour)
        if most and (wide := self.get_string_width(text)) > most:
            self._set(size * most / wide, colour)
        # The font has one weight: its outline drawn as well stands for bold.
        mode = TextMode.FILL_STROKE if bold else TextMode.FILL
        with self.local_context(text_mode=mode, line_width=size * 0.01, draw_color=colour):
            self.set_xy(left, top)
            self.cell(text=text, h=size * _POINT * 1.2)
        self.set_xy(_MARGIN, y)

    def _place_right(
        self,
        text: str,
        top: float,
        size: float,
        colour: tuple[int, int, int],
        *,
        inset: float = 0,
        bold: bool = False,
    ) -> None:
        self._set(size, colour)
        # Until the last page is made, its number is a stand-in of another width.
        wide = self.get_string_width(text.replace(self.str_alias_nb_pages or "", "9"))
        self._place(text, self.w - _MARGIN - inset - wide, top, size, colour, bold=bold)
