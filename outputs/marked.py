"""The exporter's own workbook with the findings written into it (検査結果を書き込んだExcel).

What belongs here: how findings look in a workbook – a coloured cell with a comment, and the sheet 「検査結果」 that lists
them. The parts of the file are put together in :mod:`outputs.workbook`; which findings there are is no matter of this room.

Nothing of the original is changed: every cell keeps its value, type and format (leading zeros, dates, results of
formulas), and widths, drawings, charts, other sheets, macros and links stay as they are; nothing is run. The colour is a
conditional format laid over the cells, so that it goes away without a trace. What the file does lose: a digital signature
no longer fits, since it is no longer the file that was signed.

The sheet comes last. So the marked workbook can be corrected and handed in as it is (the first sheet that is seen is read), and
when it is checked again the marks of the first time are taken out before the new ones are put in.

All added text is text to a spreadsheet, whatever it begins with. The same input gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from itertools import groupby
from unicodedata import east_asian_width

import polars as pl

from outputs.workbook import (
    DECLARATION,
    MAIN,
    RELATIONS,
    SHEET_ORDER,
    STYLE_ORDER,
    Edits,
    Element,
    Sheet,
    Unmarkable,
    Workbook,
    empty_workbook,
    escaped,
)
from schemas.cells import column_letter
from schemas.sheets import RESULT_SHEET, RESULT_TITLE, first_visible

MAX_MARKS = 20_000
"""Cells that are marked; beyond that a spreadsheet program becomes slow. The list goes on."""
MAX_LISTED = 200_000
"""Findings in the list; the CSV has all."""
MAX_ROWS = 200_000
"""Rows of a CSV that are made into a sheet; beyond that the workbook has the list only."""
SEVERITIES = {"error": "エラー", "warning": "警告"}
_FILLS = {"error": "FFFFC7CE", "warning": "FFFFEB9C"}
_AUTHOR = "daicho"
_HEADING = "送る前の検査"
"""First line of our comments: by it they are known again, since not every program keeps who wrote one."""
_SIGN = "daicho"
_LINE = 18.75
"""Height of a line of text in points."""
_COLUMNS = (
    ("レコード", 10),
    ("行", 8),
    ("セル", 9),
    ("項目", 28),
    ("区分", 9),
    ("コード", 24),
    ("内容と直し方", 96),
    ("値", 24),
)
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_CELL = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_END_OF_SHAPES = re.compile(rb"</(?:[\w.-]+:)?xml\s*>\s*$")
_SHAPE_TAG = re.compile(rb"<(?P<end>/?)(?P<prefix>(?:[\w.-]+:)?)shape(?:\s|>)")
_SHAPE_ROW = re.compile(rb"<(?:[\w.-]+:)?Row>\s*(\d{1,7})\s*<")
_SHAPE_COLUMN = re.compile(rb"<(?:[\w.-]+:)?Column>\s*(\d{1,5})\s*<")
_VML_NAMES = (
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    ' xmlns:x="urn:schemas-microsoft-com:office:excel"'
)


@dataclass(frozen=True)
class Mark:
    """What is put on one cell."""

    cell: str
    severity: str
    text: str

    @property
    def column(self) -> int:
        """Counted from 0."""
        return _place(self.cell)[1]

    @property
    def row(self) -> int:
        """Counted from 0."""
        return _place(self.cell)[0]


def marked_workbook(
    content: bytes, findings: pl.DataFrame, labels: Mapping[str, str], facts: Mapping[str, str]
) -> bytes:
    """The workbook ``content`` with the sheet that is read marked and the sheet 「検査結果」 added.

    ``findings`` as ``schemas.findings.SCHEMA``; ``labels``: layout field → Japanese name; ``facts``: what stands above
    the list (file, counts, premium …), name → text. A workbook that is built too strangely to be marked is
    answered with the list alone, which says so.
    """
    marks, more = _marks(findings)
    try:
        book = Workbook(content)
        part, name = _first_sheet(book)
        return _finished(book, part, name, Sheet.of(book, part), marks, more, findings, labels, facts)
    except Unmarkable:
        note = "お送りのExcelには印を付けられない作りがあるため、検査結果の一覧だけをお返しします。"
        return _list_alone(findings, labels, facts, note)


def marked_rows(
    rows: Sequence[Sequence[str]],
    findings: pl.DataFrame,
    labels: Mapping[str, str],
    facts: Mapping[str, str],
    sheet_name: str = "データ",
) -> bytes:
    """A new workbook of the cells of a CSV, all as text, marked like :func:`marked_workbook`.

    ``rows``: the header first, which stays in sight; every record is one row. ``cell`` of the findings
    tells places in these rows.
    """
    if len(rows) > MAX_ROWS:
        note = f"データが{MAX_ROWS:,}行を超えるため、検査結果の一覧だけをお返しします。"
        return _list_alone(findings, labels, facts, note)
    marks, more = _marks(findings)
    book = Workbook(empty_workbook(sheet_name))
    part, name = _first_sheet(book)
    text_style = _styles(book).text
    after = (
        b'<pageMargins left="0.5" right="0.5" top="0.5" bottom="0.5" header="0.3" footer="0.3"/></worksheet>'
    )
    sheet = Sheet(_text_sheet(rows, text_style), "worksheet", after)
    return _finished(book, part, name, sheet, marks, more, findings, labels, facts)


# ---------------------------------------------------------------------------------------------- marks


def _marks(findings: pl.DataFrame) -> tuple[list[Mark], int]:
    """One mark per cell, errors first in it; the number of cells that get none because there are too many."""
    told = findings.filter(pl.col("cell").str.contains(rf"^{_CELL.pattern}$")).select(
        "cell", "severity", "message"
    )
    by_cell: dict[str, list[tuple[str, str]]] = {}
    more: set[str] = set()
    for cell, severity, message in told.iter_rows():
        if cell in by_cell or len(by_cell) < MAX_MARKS:
            by_cell.setdefault(cell, []).append((severity, message))
        else:
            more.add(cell)
    marks = []
    for cell, found in by_cell.items():
        lines = dict.fromkeys(
            f"【{SEVERITIES[severity]}】{message}" for severity, message in sorted(found, key=lambda f: f[0])
        )
        text = "\n".join([_HEADING, *lines])
        marks.append(Mark(cell, min(severity for severity, _ in found), text))
    return sorted(marks, key=lambda mark: _place(mark.cell)), len(more)


def _place(cell: str) -> tuple[int, int]:
    """Row and column from 0."""
    match = _CELL.fullmatch(cell)
    if match is None:
        raise ValueError(f"no cell: {cell}")
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return int(match[2]) - 1, column - 1


def _areas(marks: Iterable[Mark]) -> list[str]:
    """The cells as areas, neighbours below each other together (``F5:F9``)."""
    areas = []
    by_column = sorted(marks, key=lambda mark: (mark.column, mark.row))
    for column, cells in groupby(by_column, key=lambda mark: mark.column):
        rows = [mark.row for mark in cells]
        for _, run in groupby(enumerate(rows), key=lambda pair: pair[1] - pair[0]):
            numbers = [row for _, row in run]
            first, last = (f"{column_letter(column)}{row + 1}" for row in (numbers[0], numbers[-1]))
            areas.append(first if first == last else f"{first}:{last}")
    return areas


# ---------------------------------------------------------------------------------------------- whole


def _finished(
    book: Workbook,
    part: str,
    name: str,
    sheet: Sheet,
    marks: list[Mark],
    more: int,
    findings: pl.DataFrame,
    labels: Mapping[str, str],
    facts: Mapping[str, str],
) -> bytes:
    styles = _styles(book)
    _colour(sheet.after, marks, styles)
    _comment(book, part, sheet.after, marks)
    book.write(part, sheet.pieces())
    notes = []
    if more:
        notes.append(
            f"印は{MAX_MARKS:,}セルまで付けました。ほかに{more:,}セルに検出事項があります(下の一覧またはCSVをご覧ください)。"
        )
    _add_list(book, name, styles, findings, labels, facts, notes)
    return book.written()


def _list_alone(
    findings: pl.DataFrame, labels: Mapping[str, str], facts: Mapping[str, str], note: str
) -> bytes:
    book = Workbook(empty_workbook(RESULT_SHEET))
    part, _ = _first_sheet(book)
    book.write(part, _list_sheet(book, "", _styles(book), findings, labels, facts, [note]))
    return book.written()


def _first_sheet(book: Workbook) -> tuple[str, str]:
    """Part and name of the sheet that is read: the first worksheet that is not hidden."""
    worksheets = [(part, sheet.attributes) for sheet, part in _worksheets(book)]
    place = first_visible([told.get("state", "visible") != "visible" for _, told in worksheets])
    if place is None:
        raise Unmarkable("no sheet that is seen")
    part, told = worksheets[place]
    return part, told.get("name", "")


def _worksheets(book: Workbook) -> Iterator[tuple[Element, str]]:
    """The sheets that the workbook names and has, in their order, with their parts."""
    parts: dict[str, str] = {}
    for relation in book.relations(book.main):
        if relation.kind == "worksheet" and book.has(relation.part):
            parts.setdefault(relation.id, relation.part)
    for sheet in Edits(book.read(book.main)).named("sheet", 2):
        ids = [value for key, value in sheet.attributes.items() if key == "id" or key.endswith(":id")]
        if found := next((parts[name] for name in ids if name in parts), None):
            yield sheet, found


# ---------------------------------------------------------------------------------------------- colour


def _colour(after: Edits, marks: list[Mark], styles: _Styles) -> None:
    """Conditional formats over the cells: always true, and with a formula that tells whose they are."""
    kept = []
    for block in after.named("conditionalFormatting", 1):
        rules = after.within(block, "cfRule", 2)
        mine = [rule for rule in rules if _is_mine(after, rule)]
        if rules and len(mine) == len(rules):
            after.replace(block.start, block.end, b"")
            continue
        for rule in mine:
            after.replace(rule.start, rule.end, b"")
        kept += [rule for rule in rules if rule not in mine]
    new, number = [], 0
    rule_tag, block_tag, formula_tag = (after.tag(n) for n in ("cfRule", "conditionalFormatting", "formula"))
    for severity, style in (("error", styles.error_mark), ("warning", styles.warning_mark)):
        areas = _areas(mark for mark in marks if mark.severity == severity)
        # Spreadsheet programs read long lists of areas slowly, so a rule has a few hundred.
        for start in range(0, len(areas), 500):
            number += 1
            new.append(
                f'<{block_tag} sqref="{" ".join(areas[start : start + 500])}"><{rule_tag} type="expression"'
                f' dxfId="{style}" priority="{number}"><{formula_tag}>N("{_SIGN}")=0</{formula_tag}></{rule_tag}></{block_tag}>'
            )
    if number:
        # Ours on top, the sender's in their order behind them.
        for rule in kept:
            priority = rule.attributes.get("priority", "")
            if priority.isdigit():
                after.attribute(rule, "priority", str(int(priority) + number))
        at = after.place_of("conditionalFormatting", SHEET_ORDER)
        after.replace(at, at, "".join(new).encode())


def _is_mine(after: Edits, rule: Element) -> bool:
    formulas = after.within(rule, "formula", 3)
    return any(
        re.fullmatch(
            rf'N\("{_SIGN}"\)=0',
            after.xml[e.opened : e.close].decode(errors="replace").replace("&quot;", '"').strip(),
        )
        for e in formulas
    )


# ---------------------------------------------------------------------------------------------- comments


def _comment(book: Workbook, part: str, after: Edits, marks: list[Mark]) -> None:
    """Comments on the cells: those of the sender stay, ours of an earlier check go."""
    related = {r.kind: r.part for r in book.relations(part) if book.has(r.part)}
    taken: set[str] = set()
    gone: set[str] = set()
    name = related.get("comments")
    if name:
        new, taken, gone = _with_comments(book.read(name), marks)
        book.write(name, new)
    elif marks:
        name = book.free("xl/daicho_comments{}.xml")
        empty = f'<comments xmlns="{book.name_of(MAIN)}"><authors></authors><commentList></commentList></comments>'
        book.write(name, _with_comments(DECLARATION + empty.encode(), marks)[0])
        book.relate(part, "comments", name)
        book.declare(name, f"{_TYPES}.comments+xml")
    if not marks and not gone:
        return
    drawing = after.named("legacyDrawing", 1)
    shapes = related.get("vmlDrawing") if drawing else None
    # A sheet may have two such drawings, one for its header; the one for comments is named by legacyDrawing.
    if drawing:
        ids = {value for key, value in drawing[0].attributes.items() if key.endswith(":id")}
        shapes = next((r.part for r in book.relations(part) if r.id in ids and book.has(r.part)), shapes)
    if shapes:
        book.write(shapes, _with_shapes(book.read(shapes), marks, taken, gone))
        return
    if not marks:
        return
    shapes = book.free("xl/drawings/daichoDrawing{}.vml")
    book.write(shapes, _new_shapes(marks))
    book.declare(shapes, "application/vnd.openxmlformats-officedocument.vmlDrawing")
    relation = book.relate(part, "vmlDrawing", shapes)
    new_tag = (
        f'<{after.tag("legacyDrawing")} xmlns:r="{book.name_of(RELATIONS)}" r:id="{relation}"/>'.encode()
    )
    if drawing:
        after.replace(drawing[0].start, drawing[0].end, new_tag)
    else:
        at = after.place_of("legacyDrawing", SHEET_ORDER)
        after.replace(at, at, new_tag)


def _with_comments(xml: bytes, marks: list[Mark]) -> tuple[bytes, set[str], set[str]]:
    """The comments with ours; cells that keep a comment of the sender; cells whose old comment of ours went."""
    edits = Edits(xml, 4)
    authors, lists = edits.named("authors", 1), edits.named("commentList", 1)
    if not authors or not lists:
        raise Unmarkable("comments without authors or list")
    gone, foreign = set(), {}
    for comment in edits.named("comment", 2):
        cell = comment.attributes.get("ref", "").replace("$", "")
        if _words(xml, comment).startswith(f"{_HEADING}\n"):
            gone.add(cell)
            edits.replace(comment.start, comment.end, b"")
            continue
        foreign[cell] = comment
    names = edits.named("author", 2)
    mine = [n for n, e in enumerate(names) if _words(xml, e) == _AUTHOR]
    author = mine[0] if mine else len(names)
    if not mine:
        edits.append(authors[0], f"<{edits.tag('author')}>{_AUTHOR}</{edits.tag('author')}>".encode())
    comment_tag, text_tag = edits.tag("comment"), edits.tag("text")
    told = {mark.cell: mark.text for mark in marks}
    for cell, comment in foreign.items():
        _say_in_foreign(edits, comment, told.pop(cell, ""))
    new = [
        f'<{comment_tag} ref="{cell}" authorId="{author}"><{text_tag}>{_run(edits, text)}</{text_tag}></{comment_tag}>'
        for cell, text in told.items()
    ]
    if new:
        edits.append(lists[0], "".join(new).encode())
    return edits.done(), set(foreign), gone


def _say_in_foreign(edits: Edits, comment: Element, text: str) -> None:
    """Our words behind those of a comment of the sender, instead of ours of an earlier check."""
    texts = edits.within(comment, "text", 3)
    if not texts:
        return
    mine = f"\n{_HEADING}\n"
    added = _run(edits, f"\n{text}").encode() if text else b""
    old = [run for run in edits.within(comment, "r", 4) if _words(edits.xml, run).startswith(mine)]
    words = _words(edits.xml, texts[0])
    if mine in words and not old:  # saved by a program that makes one piece of all
        tag = edits.tag("text")
        whole = f"<{tag}>{_run(edits, words[: words.index(mine)])}".encode() + added + f"</{tag}>".encode()
        edits.replace(texts[0].start, texts[0].end, whole)
        return
    for run in old:
        edits.replace(run.start, run.end, b"")
    if added:
        edits.append(texts[0], added)


def _run(edits: Edits, text: str) -> str:
    run, t = edits.tag("r"), edits.tag("t")
    return f'<{run}><{t} xml:space="preserve">{escaped(text)}</{t}></{run}>'


def _words(xml: bytes, element: Element) -> str:
    """All text within an element."""
    return unescape(
        re.sub(rb"<[^>]*>", b"", xml[element.opened : element.close]).decode(errors="replace")
    ).replace("\r\n", "\n")


def _shape(mark: Mark, names: str = "") -> str:
    """The box of a comment, hidden until the cell is pointed at; ``names``: the namespaces, if nothing around tells."""
    lines = sum(1 + len(line) // 22 for line in mark.text.split("\n"))
    rows = min(max(4, lines + 1), 24)
    row, column = mark.row, mark.column
    anchor = f"{column + 1}, 15, {max(row - 1, 0)}, 10, {column + 5}, 15, {max(row - 1, 0) + rows}, 4"
    return (
        f'<v:shape {names} id="daicho_{mark.cell}" type="#_x0000_t202" style="position:absolute;margin-left:60pt;margin-top:2pt;'
        f'width:260pt;height:{rows * 14}pt;z-index:1;visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto">'
        '<v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>'
        '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
        f'<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{anchor}</x:Anchor>'
        f"<x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
    )


def _new_shapes(marks: list[Mark]) -> bytes:
    head = f'<xml {_VML_NAMES}><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/></o:shapelayout>{_SHAPE_TYPE}'
    return (head + "".join(map(_shape, marks)) + "</xml>").encode()


_SHAPE_TYPE = (
    '<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)


def _with_shapes(vml: bytes, marks: list[Mark], taken: set[str], gone: set[str]) -> bytes:
    """The drawing with boxes for our comments; a drawing by Excel need not be XML, so it is cut by its tags."""

    ours, pieces, at = gone - taken, [], 0
    for start, stop in _shapes(vml):
        shape = vml[start:stop]
        row, column = _SHAPE_ROW.search(shape), _SHAPE_COLUMN.search(shape)
        if row and column and f"{column_letter(int(column[1]))}{int(row[1]) + 1}" in ours:
            pieces.append(vml[at:start])
            at = stop
    vml = b"".join([*pieces, vml[at:]])
    end = _END_OF_SHAPES.search(vml)
    if end is None:
        raise Unmarkable("the drawing of the comments has no end")
    new = "".join(_shape(mark, _VML_NAMES) for mark in marks if mark.cell not in taken)
    if b'"_x0000_t202"' not in vml:
        new = _SHAPE_TYPE.replace("<v:shapetype", f"<v:shapetype {_VML_NAMES}") + new
    return vml[: end.start()] + new.encode() + vml[end.start() :]


def _shapes(vml: bytes) -> Iterator[tuple[int, int]]:
    """Where the boxes begin and end, in one pass over the tags: a pattern from a start to its end would look for the end
    of every start anew.
    """
    began: dict[bytes, int] = {}
    for tag in _SHAPE_TAG.finditer(vml):
        if not tag["end"]:
            began.setdefault(tag["prefix"], tag.start())
        elif tag["prefix"] in began:
            close = vml.find(b">", tag.end() - 1)
            if close < 0:
                return
            yield began[tag["prefix"]], close + 1
            began.clear()


# ---------------------------------------------------------------------------------------------- styles


@dataclass(frozen=True)
class _Styles:
    """Numbers of the formats that we use: of cells, and of what is laid over cells."""

    text: int
    wrapped: int
    head: int
    title: int
    link: int
    error: int
    warning: int
    error_mark: int
    warning_mark: int


def _styles(book: Workbook) -> _Styles:
    """Adds our formats behind those of the file, which keep their numbers."""
    part = next((r.part for r in book.relations(book.main) if r.kind == "styles"), None)
    if part is None or not book.has(part):
        part = book.free("xl/daichoStyles{}.xml")
        book.write(part, DECLARATION + f'<styleSheet xmlns="{book.name_of(MAIN)}"></styleSheet>'.encode())
        book.relate(book.main, "styles", part)
        book.declare(part, f"{_TYPES}.styles+xml")
    xml = book.read(part)
    root = Edits(xml, 0).root
    if root.is_empty:
        xml = xml[: root.opened - 2] + f"></{root.raw}>".encode() + xml[root.end :]

    def solid(colour: str) -> str:
        return f'<{{p}}fill><{{p}}patternFill patternType="solid"><{{p}}fgColor rgb="{colour}"/><{{p}}bgColor rgb="{colour}"/></{{p}}patternFill></{{p}}fill>'

    font = '<{p}sz val="11"/><{p}name val="Yu Gothic"/><{p}family val="3"/><{p}charset val="128"/>'
    fonts, xml = _into(
        xml,
        "fonts",
        [
            f"<{{p}}font>{font}</{{p}}font>",
            f"<{{p}}font><{{p}}b/>{font}</{{p}}font>",
            f"<{{p}}font><{{p}}b/>{font.replace('11', '14')}</{{p}}font>",
            f'<{{p}}font><{{p}}u/>{font.replace("<{p}name", """<{p}color rgb="FF0017C1"/><{p}name""")}</{{p}}font>',
        ],
        [f"<{{p}}font>{font}</{{p}}font>"],
    )
    fills, xml = _into(
        xml,
        "fills",
        [solid("FFE8F1FE"), solid(_FILLS["error"]), solid(_FILLS["warning"])],
        [f'<{{p}}fill><{{p}}patternFill patternType="{kind}"/></{{p}}fill>' for kind in ("none", "gray125")],
    )
    _, xml = _into(
        xml,
        "borders",
        [],
        ["<{p}border><{p}left/><{p}right/><{p}top/><{p}bottom/><{p}diagonal/></{p}border>"],
    )
    _, xml = _into(xml, "cellStyleXfs", [], ['<{p}xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'])

    def xf(font: int, fill: int = 0, more: str = "", align: str = 'vertical="top"') -> str:
        return (
            f'<{{p}}xf numFmtId="49" fontId="{font}" fillId="{fill}" borderId="0" xfId="0" quotePrefix="1"'
            f' applyNumberFormat="1" applyFont="1" applyFill="1" applyAlignment="1"{more}><{{p}}alignment {align}/></{{p}}xf>'
        )

    wrap = 'vertical="top" wrapText="1"'
    cells, xml = _into(
        xml,
        "cellXfs",
        [
            # Without the sign of typed text: these are the sender's cells, and only their format says text.
            f'<{{p}}xf numFmtId="49" fontId="{fonts}" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>',
            xf(fonts, align=wrap),
            xf(fonts + 1, fills),
            xf(fonts + 2),
            xf(fonts + 3),
            xf(fonts, fills + 1),
            xf(fonts, fills + 2),
        ],
        ['<{p}xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'],
    )
    _, xml = _into(xml, "cellStyles", [], ['<{p}cellStyle name="Normal" xfId="0" builtinId="0"/>'])
    over, xml = _into(
        xml,
        "dxfs",
        [f"<{{p}}dxf>{solid(_FILLS[severity])}</{{p}}dxf>" for severity in ("error", "warning")],
        [],
    )
    book.write(part, xml)
    text, wrapped, head, title, link, error, warning = range(cells, cells + 7)
    return _Styles(text, wrapped, head, title, link, error, warning, over, over + 1)


def _into(xml: bytes, section: str, new: Sequence[str], defaults: Sequence[str]) -> tuple[int, bytes]:
    """Entries behind those of a section of the styles, which is made with its defaults if there is none or it is empty."""
    edits = Edits(xml, 2)
    prefix = f"{edits.prefix}:" if edits.prefix else ""
    found = edits.named(section, 1)
    children = [
        e for e in edits.elements if found and e.depth == 2 and found[0].start < e.start < found[0].end
    ]
    added = [*(() if children else defaults), *new]
    first = len(children) + len(added) - len(new)
    text = "".join(added).replace("{p}", prefix)
    if not added:
        return first, xml
    if found:
        edits.attribute(found[0], "count", str(len(children) + len(added)))
        edits.append(found[0], text.encode())
    else:
        at = edits.place_of(section, STYLE_ORDER)
        tag = edits.tag(section)
        edits.replace(at, at, f'<{tag} count="{len(added)}">{text}</{tag}>'.encode())
    return first, edits.done()


# ---------------------------------------------------------------------------------------------- the list


def _old_list(book: Workbook) -> str | None:
    """The part of the sheet 「検査結果」 of an earlier check, if the workbook has been corrected and is checked again."""
    first = Edits(book.read(book.main)).named("sheet", 2)[:1]
    named = [
        part
        for sheet, part in _worksheets(book)
        if sheet not in first and sheet.attributes.get("name") == RESULT_SHEET
    ]
    if not named:
        return None
    strings = [r.part for r in book.relations(book.main) if r.kind == "sharedStrings" and book.has(r.part)]
    # A sheet of the sender that happens to be called so is not ours to replace; names are there once.
    is_ours = any(RESULT_TITLE.encode() in book.read(name) for name in [named[0], *strings])
    return named[0] if is_ours else None


def _add_list(
    book: Workbook,
    data_sheet: str,
    styles: _Styles,
    findings: pl.DataFrame,
    labels: Mapping[str, str],
    facts: Mapping[str, str],
    notes: Sequence[str],
) -> None:
    old = _old_list(book)
    if old is not None:
        # In its place: names and links of the workbook count sheets.
        book.write(old, _list_sheet(book, data_sheet, styles, findings, labels, facts, notes))
        return
    edits = Edits(book.read(book.main))
    sheets = edits.named("sheet", 2)
    parent = edits.named("sheets", 1)[0]
    part = book.free("xl/worksheets/daichoResult{}.xml")
    book.write(part, _list_sheet(book, data_sheet, styles, findings, labels, facts, notes))
    book.declare(part, f"{_TYPES}.worksheet+xml")
    relation = book.relate(book.main, "worksheet", part)
    numbers = [int(e.attributes["sheetId"]) for e in sheets if e.attributes.get("sheetId", "").isdigit()]
    names = {e.attributes.get("name", "").lower() for e in sheets}
    name, again = RESULT_SHEET, 2
    while name in names:
        name, again = f"{RESULT_SHEET}({again})", again + 1
    edits.append(
        parent,
        f'<{edits.tag("sheet")} xmlns:r="{book.name_of(RELATIONS)}" name="{name}" sheetId="{max([0, *numbers]) + 1}"'
        f' r:id="{relation}"/>'.encode(),
    )
    book.write(book.main, edits.done())


def _list_sheet(
    book: Workbook,
    data_sheet: str,
    styles: _Styles,
    findings: pl.DataFrame,
    labels: Mapping[str, str],
    facts: Mapping[str, str],
    notes: Sequence[str],
) -> bytes:
    """The sheet 「検査結果」: facts, notes, then one row per finding whose cell leads to the place."""
    if findings.height > MAX_LISTED:
        notes = [
            *notes,
            f"検出事項は{findings.height:,}件あります。ここには{MAX_LISTED:,}件までを示します(CSVには全件があります)。",
        ]
    rows: list[str] = []

    def row(*cells: tuple[str, int], height: float = 0) -> None:
        number = len(rows) + 1
        # Told, since not every program reckons heights of wrapped text when it opens a file.
        high = f' ht="{height}" customHeight="1"' if height else ""
        rows.append(
            f'<row r="{number}"{high}>'
            + "".join(
                _text_cell(f"{column_letter(n)}{number}", text, style)
                for n, (text, style) in enumerate(cells)
            )
            + "</row>"
        )

    row((RESULT_TITLE, styles.title), height=24)
    for name, text in facts.items():
        row((name, styles.head), ("", styles.head), ("", styles.head), (text, styles.text))
    for note in notes:
        row((note, styles.text))
    rows.append(f'<row r="{len(rows) + 1}"/>')
    row(*((title, styles.head) for title, _ in _COLUMNS))
    top = len(rows)
    links: list[str] = []
    place = "'" + data_sheet.replace("'", "''") + "'!"
    for record, line, cell, field, code, severity, message, value in findings.head(MAX_LISTED).iter_rows():
        linked = bool(cell and data_sheet and len(links) < MAX_MARKS and _CELL.fullmatch(cell))
        row(
            ("" if record is None else str(record), styles.wrapped),
            ("" if line is None else str(line), styles.wrapped),
            (cell or "", styles.link if linked else styles.wrapped),
            (labels.get(field, field) or "", styles.wrapped),
            (SEVERITIES.get(severity, severity), styles.error if severity == "error" else styles.warning),
            (code, styles.wrapped),
            (message, styles.wrapped),
            (value or "", styles.wrapped),
            height=_LINE
            * max(_lines(message, 92), _lines(value or "", 22), _lines(labels.get(field, ""), 26)),
        )
        if linked:
            links.append(
                f'<hyperlink ref="C{len(rows)}" location="{escaped(place + cell)}" display="{cell}"/>'
            )
    if findings.is_empty():
        row(("検出事項はありません。", styles.text))
    columns = "".join(
        f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>'
        for n, (_, width) in enumerate(_COLUMNS, start=1)
    )
    last = f"{column_letter(len(_COLUMNS) - 1)}{max(len(rows), top + 1)}"
    return (
        DECLARATION
        + (
            f'<worksheet xmlns="{book.name_of(MAIN)}"><sheetPr><tabColor rgb="FFD32F2F"/><pageSetUpPr fitToPage="1"/></sheetPr>'
            f'<sheetViews><sheetView workbookViewId="0"><pane ySplit="{top}" topLeftCell="A{top + 1}" activePane="bottomLeft"'
            f' state="frozen"/></sheetView></sheetViews><cols>{columns}</cols><sheetData>{"".join(rows)}</sheetData>'
            f'<autoFilter ref="A{top}:{last}"/>'
            + (f"<hyperlinks>{''.join(links)}</hyperlinks>" if links else "")
            + '<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.5" header="0.3" footer="0.3"/>'
            '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/></worksheet>'
        ).encode()
    )


def _width(text: str) -> int:
    """In half-width characters."""
    return len(text) + sum(east_asian_width(letter) in "WF" for letter in text)


def _lines(text: str, width: int) -> int:
    return min(8, sum(1 + _width(line) // width for line in text.split("\n")))


def _text_cell(place: str, text: str, style: int) -> str:
    if not text:
        return f'<c r="{place}" s="{style}"/>'
    return (
        f'<c r="{place}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{escaped(text)}</t></is></c>'
    )


# ---------------------------------------------------------------------------------------------- CSV as sheet


def _text_sheet(rows: Sequence[Sequence[str]], style: int) -> Iterator[bytes]:
    """The rows as a sheet up to the end of its rows, in pieces; its columns are as wide as what stands in them."""
    width = max(map(len, rows), default=1)
    names = [column_letter(n) for n in range(width)]
    widths = [8] * width
    for row in rows[:200]:
        for n, cell in enumerate(row):
            widths[n] = max(widths[n], min(40, 2 + _width(cell)))
    columns = "".join(
        f'<col min="{n}" max="{n}" width="{wide}" style="{style}" customWidth="1"/>'
        for n, wide in enumerate(widths, start=1)
    )
    yield (
        DECLARATION
        + (
            f'<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2"'
            f' activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>{columns}</cols><sheetData>'
        ).encode()
    )
    for start in range(0, len(rows), 1000):
        pieces = []
        for number, row in enumerate(rows[start : start + 1000], start=start + 1):
            cells = "".join(
                f'<c r="{names[n]}{number}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{escaped(cell)}</t></is></c>'
                for n, cell in enumerate(row)
                if cell
            )
            pieces.append(f'<row r="{number}">{cells}</row>')
        yield "".join(pieces).encode()
    yield b"</sheetData>"
