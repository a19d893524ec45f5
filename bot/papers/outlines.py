"""Outlines as TrueType draws them, in quadratic curves: cutting them for a paper takes half the time."""

from __future__ import annotations

from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable

_OFF = 1.0
"""How far a curve may lie from the one that was drawn, in units of which an em has a thousand."""
# Bounds that no glyph comes near, the same for every cut: a paper does not tell what was cut before it.
_LIMITS = {
    "maxPoints": 4096,
    "maxContours": 512,
    "maxCompositePoints": 0,
    "maxCompositeContours": 0,
    "maxComponentDepth": 0,
    "maxZones": 1,
    "maxTwilightPoints": 0,
    "maxStorage": 0,
    "maxFunctionDefs": 0,
    "maxInstructionDefs": 0,
    "maxStackElements": 0,
    "maxSizeOfInstructions": 0,
    "maxComponentElements": 0,
}


def make_quadratic(font: TTFont) -> None:
    """Replace a font's cubic outlines; one that has none is left as it is."""
    if "CFF " not in font:
        return
    drawn, order = font.getGlyphSet(), font.getGlyphOrder()
    outlines = font["glyf"] = newTable("glyf")
    font["loca"] = newTable("loca")
    outlines.glyphOrder, outlines.glyphs = order, {}
    for name in order:
        pen = TTGlyphPen(None)
        drawn[name].draw(Cu2QuPen(pen, _OFF, reverse_direction=True))
        outlines.glyphs[name] = glyph = pen.glyph()
        glyph.recalcBounds(outlines)
        font["hmtx"][name] = (font["hmtx"][name][0], glyph.xMin)
    for table in ("CFF ", "VORG"):
        if table in font:
            del font[table]
    outlines.compile(font)
    limits = font["maxp"]
    limits.tableVersion = 0x00010000
    vars(limits).update(_LIMITS)
    font["post"].formatType = 3.0
    font.sfntVersion = "\0\1\0\0"
