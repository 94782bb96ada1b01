"""The parts of an .xlsx file: reading them, changing single places in their XML, writing them again.

What belongs here: how a workbook is put together (Office Open XML: parts, relations, content types, the order of elements)
and how something is put into it without touching what stands there. What is put in, and why, is decided in
:mod:`outputs.marked`.

Why not openpyxl: it reads a workbook into its own model and writes that back. What the model does not know is gone:
drawings, charts, the results of formulas, extended formats. And a file of 100,000 records takes 80 seconds and 1.4 GB. Here
every part keeps its bytes, but for the few places that change; nothing is calculated, no macro or link is followed.

Files come from strangers: a part with a document type declaration is refused (entities), sheets pass in pieces.
"""

from __future__ import annotations

import io
import posixpath
import re
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
DECLARATION = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_STRICT = {
    MAIN: "http://purl.oclc.org/ooxml/spreadsheetml/main",
    RELATIONS: "http://purl.oclc.org/ooxml/officeDocument/relationships",
}
_PIECE = 1 << 20
_BIG = 1 << 31
_MOST_READ = 1 << 26
"""Bytes of a part that is read as a whole; more is no workbook but somebody's trick (or nothing we could open either)."""
_MOST_ELEMENTS = 200_000
"""Elements of a part that are remembered one by one: no sheet needs more outside its rows, and each takes half a KB."""
_MOST_ALL = 1 << 33
"""Bytes of all parts together: what is written anew must end."""
_TYPES = "[Content_Types].xml"

STYLE_ORDER = [
    "numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs", "tableStyles", "colors",
    "extLst",
]  # fmt: skip
SHEET_ORDER = [
    "sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetCalcPr", "sheetProtection",
    "protectedRanges", "scenarios", "autoFilter", "sortState", "dataConsolidate", "customSheetViews", "mergeCells",
    "phoneticPr", "conditionalFormatting", "dataValidations", "hyperlinks", "printOptions", "pageMargins", "pageSetup",
    "headerFooter", "rowBreaks", "colBreaks", "customProperties", "cellWatches", "ignoredErrors", "smartTags", "drawing",
    "legacyDrawing", "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts",
    "extLst",
]  # fmt: skip
"""The elements of a sheet in the order that the standard demands (ECMA-376 part 1, 18.3.1.99)."""


class Unmarkable(Exception):
    """The file is built in a way in which nothing can be put into it safely."""


@dataclass(frozen=True)
class Element:
    """Where one element stands in its part; all places are offsets of bytes."""

    name: str
    raw: str
    depth: int
    attributes: Mapping[str, str]
    start: int
    opened: int
    close: int
    end: int

    @property
    def is_empty(self) -> bool:
        """Written as ``<x/>``."""
        return self.close == self.end


_TAG = re.compile(rb"""<(?:[^<>"']|"[^"]*"|'[^']*')*>""")


def elements(xml: bytes, deepest: int) -> list[Element]:
    """All elements down to a depth (the root has 0), in order of their start.

    Raises:
        Unmarkable: it is not well-formed, not UTF-8, or declares a document type.
    """
    if xml[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Unmarkable("not UTF-8")
    parser = expat.ParserCreate()
    found: list[Element | None] = []
    open_ones: list[tuple[int, str, Mapping[str, str], int, int]] = []
    depth = 0

    def start(raw: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        if depth <= deepest:
            at = parser.CurrentByteIndex
            tag = _TAG.match(xml, at)
            if tag is None:
                raise Unmarkable(f"no tag at {at}")
            if len(found) >= _MOST_ELEMENTS:
                raise Unmarkable("too many elements")
            open_ones.append((len(found), raw, attributes, at, tag.end()))
            found.append(None)
        depth += 1

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1
        if depth <= deepest:
            place, raw, attributes, at, opened = open_ones.pop()
            if xml[opened - 2 : opened] == b"/>":
                close = finish = opened
            else:
                close = parser.CurrentByteIndex
                finish = xml.index(b">", close) + 1
            name = raw.rpartition(":")[2]
            found[place] = Element(name, raw, depth, attributes, at, opened, close, finish)

    def refuse(*_: object) -> None:
        raise Unmarkable("a document type is declared")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise Unmarkable(str(error)) from error
    return [element for element in found if element is not None]


def _start(element: Element) -> int:
    return element.start


class Edits:
    """Changes to one part, gathered first and made together."""

    def __init__(self, xml: bytes, deepest: int = 2) -> None:
        self.xml = xml
        self.elements = elements(xml, deepest)
        self.root = self.elements[0]
        self.prefix = self.root.raw.rpartition(":")[0]
        self._changes: list[tuple[int, int, int, bytes]] = []
        self._by_name: dict[tuple[str, int], list[Element]] = {}
        for element in self.elements:
            self._by_name.setdefault((element.name, element.depth), []).append(element)

    def named(self, name: str, depth: int) -> list[Element]:
        """The elements of that name (without its prefix) at a depth, in order of their start."""
        return self._by_name.get((name, depth), [])

    def within(self, parent: Element, name: str, depth: int) -> list[Element]:
        """Those of them that stand in another one; found without looking at all of them."""
        found = self.named(name, depth)
        first = bisect_right(found, parent.start, key=_start)
        return found[first : bisect_left(found, parent.end, first, key=_start)]

    def tag(self, name: str) -> str:
        """A name with the prefix that this part uses."""
        return f"{self.prefix}:{name}" if self.prefix else name

    def replace(self, start: int, end: int, new: bytes) -> None:
        """Other bytes at a place; with ``start == end`` an insertion."""
        self._changes.append((start, end, len(self._changes), new))

    def append(self, parent: Element, new: bytes) -> None:
        """As the last child of an element; ``count`` is not touched."""
        if parent.is_empty:
            self.replace(parent.opened - 2, parent.opened, b">" + new + f"</{parent.raw}>".encode())
        else:
            self.replace(parent.close, parent.close, new)

    def place_of(self, name: str, order: Sequence[str], depth: int = 1) -> int:
        """Where an element of that name belongs by the order: before the first that comes after it."""
        later = set(order[order.index(name) + 1 :])
        parents = [e for e in self.elements if e.depth == depth - 1]
        for element in self.elements:
            if element.depth == depth and (element.name in later or element.name not in order):
                return element.start
        if parents[0].is_empty:
            raise Unmarkable(f"{parents[0].name} is empty")
        return parents[0].close

    def attribute(self, element: Element, name: str, value: str) -> None:
        """Another value of an attribute; nothing when the element does not have it."""
        text = self.xml[element.start : element.opened]
        match = re.search(rb"\s" + name.encode() + rb"""\s*=\s*("[^"]*"|'[^']*')""", text)
        if match:
            self.replace(element.start + match.start(1), element.start + match.end(1), f'"{value}"'.encode())

    def done(self) -> bytes:
        """The part with all changes made."""
        pieces, at = [], 0
        for start, end, _, new in sorted(self._changes):
            if start < at:
                raise Unmarkable("two changes at one place")
            pieces += [self.xml[at:start], new]
            at = end
        return b"".join([*pieces, self.xml[at:]])


@dataclass(frozen=True)
class Relation:
    """One relation of a part; ``kind`` is the last word of its type (``worksheet``, ``comments`` …)."""

    id: str
    kind: str
    part: str


class Workbook:
    """An .xlsx file whose parts may be replaced or added before it is written.

    Raises:
        Unmarkable: it is no workbook, or a part that leads to its sheets is missing or unreadable.
    """

    def __init__(self, content: bytes) -> None:
        try:
            self._zip = ZipFile(io.BytesIO(content))
        except BadZipFile as error:
            raise Unmarkable(str(error)) from error
        self._names = {
            name.replace("\\", "/").lstrip("/").lower(): name
            for name in self._zip.namelist()
            if not name.endswith("/")
        }
        parts = [info for info in self._zip.infolist() if not info.is_dir()]
        if len(self._names) < len(parts):
            raise Unmarkable("two parts of one name")
        if sum(info.file_size for info in parts) > _MOST_ALL:
            raise Unmarkable("too large")
        self._new: dict[str, bytes | Iterable[bytes]] = {}
        main = [r.part for r in self.relations("") if r.kind == "officeDocument"]
        if not main:
            raise Unmarkable("no main part")
        self.main = main[0]

    # ------------------------------------------------------------------------------------------ parts

    def has(self, part: str) -> bool:
        """Whether there is such a part."""
        return part.lower() in self._names or part in self._new

    def read(self, part: str) -> bytes:
        """A whole part, as it will be written."""
        if part in self._new:
            new = self._new[part]
            return new if isinstance(new, bytes) else b"".join(new)
        try:
            if self._zip.getinfo(self._names[part.lower()]).file_size > _MOST_READ:
                raise Unmarkable(f"{part} is too large")
            return self._zip.read(self._names[part.lower()])
        except (KeyError, BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
            raise Unmarkable(f"{part}: {error}") from error

    def pieces(self, part: str) -> Iterator[bytes]:
        """A part of the original in pieces."""
        try:
            with self._zip.open(self._names[part.lower()]) as stream:
                while piece := stream.read(_PIECE):
                    yield piece
        except (KeyError, BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
            raise Unmarkable(f"{part}: {error}") from error

    def write(self, part: str, new: bytes | Iterable[bytes]) -> None:
        """Replaces or adds a part."""
        self._new[part] = new

    def free(self, pattern: str) -> str:
        """A part name that is not in use yet; ``{}`` in the pattern is a number."""
        number = 1
        while self.has(pattern.format(number)):
            number += 1
        return pattern.format(number)

    # ------------------------------------------------------------------------------------------ relations

    def relations(self, part: str) -> list[Relation]:
        """The relations of a part (of the package with ``""``) that stay inside the file."""
        where = _relations_part(part)
        if not self.has(where):
            return []
        folder = posixpath.dirname(part)
        found = []
        for element in Edits(self.read(where), 1).named("Relationship", 1):
            told = element.attributes
            if told.get("TargetMode") == "External" or "Id" not in told:
                continue
            target = told.get("Target", "").replace("\\", "/")
            path = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
            kind = told.get("Type", "").rpartition("/")[2]
            found.append(Relation(told["Id"], kind, posixpath.normpath(path)))
        return found

    def relate(self, part: str, kind: str, target: str) -> str:
        """Adds a relation; its id."""
        where = _relations_part(part)
        empty = DECLARATION + f'<Relationships xmlns="{PACKAGE_RELATIONS}"></Relationships>'.encode()
        edits = Edits(self.read(where) if self.has(where) else empty, 1)
        used = {e.attributes.get("Id") for e in edits.named("Relationship", 1)}
        number = 1
        while f"rIdDaicho{number}" in used:
            number += 1
        new = (
            f'<{edits.tag("Relationship")} Id="rIdDaicho{number}" Type="{self.name_of(RELATIONS)}/{kind}"'
            f' Target="/{target}"/>'
        )
        edits.append(edits.root, new.encode())
        self.write(where, edits.done())
        return f"rIdDaicho{number}"

    def declare(self, part: str, content_type: str) -> None:
        """Tells the content type of an added part."""
        edits = Edits(self.read(_TYPES), 1)
        if any(e.attributes.get("PartName") == f"/{part}" for e in edits.named("Override", 1)):
            return
        new = f'<{edits.tag("Override")} PartName="/{part}" ContentType="{content_type}"/>'
        edits.append(edits.root, new.encode())
        self.write(_TYPES, edits.done())

    def name_of(self, namespace: str) -> str:
        """The namespace as this file writes it: workbooks may be of the strict kind."""
        strict = b"http://purl.oclc.org/ooxml/" in self.read(self.main)[:4096]
        return _STRICT[namespace] if strict else namespace

    # ------------------------------------------------------------------------------------------ whole

    def written(self) -> bytes:
        """The file. The same parts give the same bytes: no date of writing is in it."""
        target = io.BytesIO()
        with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=6) as out:
            new = dict(self._new)
            for name in self._zip.namelist():
                if name.endswith("/"):
                    continue
                plain = name.replace("\\", "/").lstrip("/")
                mine = next((part for part in new if part.lower() == plain.lower()), None)
                source = new.pop(mine) if mine is not None else self.pieces(plain)
                _put(out, plain, source, self._zip.getinfo(name).file_size)
            for part, source in new.items():
                _put(out, part, source, 0)
        return target.getvalue()


def _relations_part(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _put(out: ZipFile, name: str, source: bytes | Iterable[bytes], size: int) -> None:
    info = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.compress_type = ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    stream: IO[bytes]
    # Spreadsheet programs grumble about ZIP64, so only where nothing else can hold it.
    with out.open(info, "w", force_zip64=size > _BIG - (1 << 28)) as stream:
        for piece in (source,) if isinstance(source, bytes) else source:
            stream.write(piece)


_SPECIAL = re.compile('[&<>"\r\t\n\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_')
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}


def escaped(text: str) -> str:
    """Text for a cell or attribute; what XML cannot hold is written the spreadsheets' way (``_x000B_``)."""
    return _SPECIAL.sub(_escape, text) if _SPECIAL.search(text) else text


def _escape(match: re.Match[str]) -> str:
    found = match[0]
    if found in _ESCAPES:
        return _ESCAPES[found]
    return f"_x005F{found}" if len(found) > 1 else f"_x{ord(found):04X}_"


def empty_workbook(sheet_name: str) -> bytes:
    """A workbook of one sheet, to put something into: its sheet is ``xl/worksheets/sheet1.xml``."""
    overrides = {
        "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        "xl/worksheets/sheet1.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml",
        "xl/styles.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml",
    }
    types = "".join(
        f'<Override PartName="/{part}" ContentType="{kind}"/>' for part, kind in overrides.items()
    )
    parts = {
        _TYPES: '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{types}</Types>',
        "_rels/.rels": _relations([("officeDocument", "/xl/workbook.xml")]),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><bookViews><workbookView/></bookViews>'
        f'<sheets><sheet name="{escaped(sheet_name)}" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _relations(
            [("worksheet", "/xl/worksheets/sheet1.xml"), ("styles", "/xl/styles.xml")]
        ),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData/></worksheet>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"></styleSheet>',
    }
    target = io.BytesIO()
    with ZipFile(target, "w") as out:
        for name, text in parts.items():
            _put(out, name, DECLARATION + text.encode(), 0)
    return target.getvalue()


def _relations(rows: Sequence[tuple[str, str]]) -> str:
    told = "".join(
        f'<Relationship Id="rId{number}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(rows, start=1)
    )
    return f'<Relationships xmlns="{PACKAGE_RELATIONS}">{told}</Relationships>'


_ROWS_END = re.compile(rb"</(?:[\w.-]+:)?sheetData\s*>|<(?:[\w.-]+:)?sheetData\s*/>")
_LONGEST_END = 200
_SHEET_ROOT = re.compile(rb"<((?:[\w.-]+:)?worksheet)[\s>]")


class Sheet:
    """A sheet in two halves: its rows, which pass in pieces, and what stands after them, which can be changed.

    Raises:
        Unmarkable: no end of the rows is found.
    """

    def __init__(self, body: Iterable[bytes], root: str, tail: bytes) -> None:
        self.body = body
        self._opening = f"<{root}>".encode()
        self.after = Edits(self._opening + tail, 3)

    @classmethod
    def of(cls, book: Workbook, part: str) -> Sheet:
        """A sheet of the file as it is; its rows are read a second time when the file is written."""
        root: str | None = None
        window, at, end, looked = b"", 0, 0, 0
        for piece in book.pieces(part):
            if root is None:
                found = _SHEET_ROOT.search(piece)
                if piece[:2] in (b"\xff\xfe", b"\xfe\xff") or found is None:
                    raise Unmarkable("the sheet cannot be read")
                root = found[1].decode()
            window += piece
            # Once only over each byte, but for so much as could be the start of an end of rows.
            for match in _ROWS_END.finditer(window, looked):
                end = at + match.end()
            # What is kept: all after the rows, or so much as could be the start of their end.
            drop = end - at if end else max(len(window) - _LONGEST_END, 0)
            window, at = window[drop:], at + drop
            looked = max(len(window) - _LONGEST_END, 0)
            if len(window) > _MOST_READ:
                raise Unmarkable("too much after the rows")
        if root is None or not end:
            raise Unmarkable("the rows have no end")
        return cls(_first(book.pieces(part), end), root, window)

    def pieces(self) -> Iterator[bytes]:
        """The sheet with the changes."""
        yield from self.body
        yield self.after.done()[len(self._opening) :]


def _first(pieces: Iterable[bytes], length: int) -> Iterator[bytes]:
    for piece in pieces:
        if length <= len(piece):
            yield piece[:length]
            return
        yield piece
        length -= len(piece)
