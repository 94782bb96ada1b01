"""The typeface of all papers, IPAex Gothic: read once per process, cut down once per document.

What belongs here: the file, the face that a document is written with, and the font of only the glyphs in use that goes
into its bytes. Where text stands and what is shown for a character the typeface lacks is the matter of ``outputs.paper``.

fpdf2 by itself reads all 12,239 glyphs for every document and lets fontTools cut the whole font: more than a tenth of a
second for a receipt of one page. Here fontTools is given a font that holds no more than what will be left over, so that
it does the same work – and writes the same bytes – on a hundred glyphs.

Whatever a document changes is its own: codes, missing characters, the font that is cut. What is shared is never changed
after it was made, so documents may be written in several threads at once, and none sees what was written before it.
"""

from __future__ import annotations

import copy
import importlib.util
import threading
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables._g_l_y_f import Glyph
from fontTools.ttLib.tables.DefaultTable import DefaultTable
from fpdf import FPDF
from fpdf.fonts import SubsetMap, TTFFont

FAMILY = "ipaexg"
"""The name under which a document knows the typeface."""

_FIXED = ("fpgm", "prep", "cvt ", "gasp", "BASE")
"""Tables that do not depend on which glyphs there are."""
_HEADS = ("head", "hhea", "vhea", "maxp", "OS/2", "name", "post")
"""Small tables whose figures fontTools works out anew for the glyphs that are left."""
_ALWAYS = 4
"""The first glyphs of the file stay in every cut, as fpdf2 asks of fontTools (``recommended_glyphs``)."""


@cache
def font_path() -> Path:
    """The typeface file in the package that carries it; the package (it pulls in plots) is not imported."""
    found = importlib.util.find_spec("matplotlib_fontja")
    if found is None or found.origin is None:
        raise FileNotFoundError("Japanese typeface not found: install matplotlib-fontja")
    return Path(found.origin).parent / "fonts" / "ipaexg.ttf"


class Outline(Glyph):
    """A glyph in its final form: what fontTools would pack it into for any document, and its extent.

    Args:
        data: the glyph as it stands in the file.

    Raises:
        ValueError: for a glyph made of other glyphs, whose bytes depend on the document. The typeface has none.
    """

    def __init__(self, data: bytes) -> None:
        if int.from_bytes(data[:2], signed=True) < 0:
            raise ValueError("the typeface has a glyph made of other glyphs: it cannot be packed beforehand")
        whole = Glyph(data)
        whole.trim()
        self.packed: bytes = whole.compile(None)
        self.numberOfContours: int = whole.numberOfContours
        if self.numberOfContours:
            self.xMin, self.yMin, self.xMax, self.yMax = whole.xMin, whole.yMin, whole.xMax, whole.yMax
            self._size: tuple[int, int] = whole.getMaxpValues()

    def compile(self, *_: Any, **__: Any) -> bytes:
        """The bytes of the glyph."""
        return self.packed

    def getMaxpValues(self) -> tuple[int, int]:  # noqa: N802 – the name that fontTools calls
        """Number of points and of contours."""
        return self._size


class Typeface:
    """A TrueType file as it was read, and what of it documents have needed so far."""

    def __init__(self, path: Path) -> None:
        self._face = TTFFont(FPDF(), path, FAMILY, "")
        # Read only: the dictionary of fpdf2 would take up every character that it is asked for.
        self._face.cw = MappingProxyType(dict(self._face.cw))  # type: ignore[assignment]
        font = self._face.ttfont
        self._order: list[str] = font.getGlyphOrder()
        self._numbers = {name: number for number, name in enumerate(self._order)}
        self._metrics: dict[str, dict[str, tuple[int, int]]] = {
            tag: font[tag].metrics for tag in ("hmtx", "vmtx")
        }
        self._cmap = font["cmap"]
        self._characters = [_by_glyph(table) for table in self._cmap.tables]
        self._fixed = {tag: font[tag].compile(font) for tag in _FIXED}
        self._heads = {tag: font.reader[tag] for tag in _HEADS}
        # Format 3, without the names of glyphs: a document has no use for them.
        self._heads["post"] = b"\0\3\0\0" + self._heads["post"][4:32]
        self._glyf: bytes = font.reader["glyf"]
        self._places: list[int] = list(font["loca"])
        self._outlines: dict[str, Outline] = {}
        # No open file: it would be shared with processes that fork from here.
        font.close()
        del self._face.ttfont

    def face(self) -> TTFFont:
        """A face for one new document, in which no character has a code yet."""
        face = copy.copy(self._face)
        # fpdf2 numbers the descriptor as an object of the document.
        face.desc = copy.copy(self._face.desc)
        face.missing_glyphs = []
        face.subset = SubsetMap(face)
        return face

    def cut(self, face: TTFFont) -> None:
        """Give ``face`` the font with all glyphs that have a code by now, for fpdf2 to embed.

        The font equals the file in all that fontTools' subsetter leaves of it for these glyphs.
        """
        wanted = {*face.subset.get_all_glyph_names(), *self._order[:_ALWAYS]}
        order = sorted(wanted, key=self._numbers.__getitem__)
        font = TTFont(recalcTimestamp=False, lazy=True)
        font.setGlyphOrder(order)
        for tag, data in self._fixed.items():
            font[tag] = DefaultTable(tag)
            font[tag].data = data
        for tag, data in self._heads.items():
            font[tag] = newTable(tag)
            font[tag].decompile(data, font)
        for tag, metrics in self._metrics.items():
            font[tag] = newTable(tag)
            font[tag].metrics = {name: metrics[name] for name in order}
        font["cmap"] = self._cmap_of(order)
        font["loca"] = newTable("loca")
        font["glyf"] = newTable("glyf")
        font["glyf"].glyphs = {name: self._outline(name) for name in order}
        font["glyf"].glyphOrder = order
        face.ttfont = font

    def _outline(self, name: str) -> Outline:
        outline = self._outlines.get(name)
        if outline is None:
            number = self._numbers[name]
            # Two threads may both make it: it is the same.
            outline = Outline(self._glyf[self._places[number] : self._places[number + 1]])
            self._outlines[name] = outline
        return outline

    def _cmap_of(self, order: Iterable[str]) -> Any:
        cmap = newTable("cmap")
        cmap.tableVersion = self._cmap.tableVersion
        cmap.tables = []
        for table, characters in zip(self._cmap.tables, self._characters, strict=True):
            few = copy.copy(table)
            few.cmap = {code: name for name in order for code in characters.get(name, ())}
            if hasattr(table, "uvsDict"):
                few.uvsDict = {}
            cmap.tables.append(few)
        return cmap


def _by_glyph(table: Any) -> Mapping[str, list[int]]:
    """Glyph → the characters that a subtable shows with it."""
    characters: dict[str, list[int]] = {}
    for code, name in getattr(table, "cmap", {}).items():
        characters.setdefault(name, []).append(code)
    return characters


_reading = threading.Lock()
_typefaces: dict[Path, Typeface] = {}


def typeface() -> Typeface:
    """The typeface of this process; the first call reads it."""
    path = font_path()
    with _reading:
        if path not in _typefaces:
            _typefaces[path] = Typeface(path)
        return _typefaces[path]
