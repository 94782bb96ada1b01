"""Random workbooks as people have them, drawn once and written by two programs: formats, days, zeros, hidden parts.

What is drawn is a plain description; ``by_openpyxl`` and ``by_xlsxwriter`` write it. Which cells mean what is nobody's
matter here.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

import openpyxl
import xlsxwriter
from hypothesis import strategies as st
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.formatting.rule import Rule
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from schemas.layouts import Layout

NUMBERS = (
    *("General", "0", "00", "000000", "0.00", "#,##0", "#,##0.00", '"¥"#,##0', '#,##0"円"', "0%", "0.00%", "#,##0,"),
    *('"¥"#,##0;[Red]"¥"-#,##0', "#,##0;[Red]-#,##0", '_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ ;_ @_ ', "@", "0.00E+00"),
    *('"A"000', "000-0000", "#", "0;;", ";;;", '0"千円"', "# ?/?", "0.0#", "###,###", '[>=1000]#,##0;0', "[$¥-411]#,##0"),
    *('0;-0;;@', '@"様"', "0_ ", "0.", "#,##0.00_);(#,##0.00)", "[Blue]0", '0"."00', '"US$"#,##0', "[$$-409]#,##0.00"),
    *("[<100]0;0.0", "#,##0;[<100]0;0", "[DBNum1]0", "##0.0E+0", "# ??/??", 'General"円"', "#,##0.00,,", '"千"0', "[$USD] 0.00"),
    *('0"MIO"', "[>100]0;[<0]-0;0.0", "[Red][<0]0;0", "0;-0;-", '""', "0.00;;0.00", "???0", "\\A0"),
)  # fmt: skip
DAYS = (
    *("yyyy/m/d", "yyyy-mm-dd", 'yyyy"年"m"月"d"日"', "[$-411]ge.m.d", '[$-411]ggge"年"m"月"d"日"', "yyyymmdd", "m/d/yy"),
    *("yyyy/m/d h:mm", "d-mmm-yy", 'm"月"d"日"', 'yyyy"年"m"月"', "h:mm", "yyyy/mm/dd;@", "dddd, mmmm d, yyyy", "aaaa"),
    *("[$-411]yyyy/m/d;@", "yyyy.m.d", "[$-F800]dddd, mmmm dd, yyyy", "ge/m/d"),
)  # fmt: skip
WORDS = (
    "NEW-0001",
    "000123",
    "00",
    "JPY",
    "USD",
    "平成30年12月6日",
    "20181206",
    "2018/12/6",
    "1",
    "0",
    " ",
    "A&B<C>\"'",
    "１２３",
)


Edit = Callable[[str, str], str]
"""The name of a part and its XML → the XML."""


def _with_guides(name: str, xml: str) -> str:
    guide = '<rPh sb="0" eb="1"><t>カナ</t></rPh><phoneticPr fontId="0"/></si>'
    return xml.replace("</si>", guide) if "sharedStrings" in name else xml


def _strict(name: str, xml: str) -> str:
    old = "http://schemas.openxmlformats.org"
    return xml.replace(
        f"{old}/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main"
    ).replace(
        f"{old}/officeDocument/2006/relationships", "http://purl.oclc.org/ooxml/officeDocument/relationships"
    )


def _absolute(name: str, xml: str) -> str:
    if name != "xl/_rels/workbook.xml.rels":
        return xml
    return re.sub(r'Target="/?(?:xl/)?([^"]+)"', r'Target="/xl/\1"', xml)


def _quoted(name: str, xml: str) -> str:
    if "styles" not in name:
        return xml
    return re.sub(r"<xf (?=[^>]*numFmtId)", '<xf quotePrefix="1" ', re.sub(r' quotePrefix="\d"', "", xml))


def _rows_hidden_by_default(name: str, xml: str) -> str:
    return re.sub(r"<sheetFormatPr ", '<sheetFormatPr zeroHeight="1" ', xml) if "/sheet" in name else xml


def _array_formulas(name: str, xml: str) -> str:
    return xml.replace("<f>", '<f t="array" ref="A1">') if "/sheet" in name else xml


def _escaped(name: str, xml: str) -> str:
    return xml.replace("NEW-0001", "NEW_x002D_0001_x000D_") if "sharedStrings" in name else xml


EDITS: Mapping[str, Edit] = {
    "guides": _with_guides,
    "strict": _strict,
    "absolute": _absolute,
    "quoted": _quoted,
    "rows": _rows_hidden_by_default,
    "arrays": _array_formulas,
    "escaped": _escaped,
}
"""Ways of writing that neither program has: phonetic guides, the strict kind, targets from the root, …"""


def edited(content: bytes, edits: list[str]) -> bytes:
    """The workbook with its XML changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            part = old.read(info)
            if info.filename.endswith((".xml", ".rels")):
                xml = part.decode()
                for edit in edits:
                    xml = EDITS[edit](info.filename, xml)
                part = xml.encode()
            new.writestr(info, part)
    return out.getvalue()


@dataclass
class Cell:
    """``value``: text, number, truth, day or a formula with its result."""

    value: Any
    form: str = "General"
    result: Any = None
    rich: bool = False

    @property
    def is_formula(self) -> bool:
        return isinstance(self.value, str) and self.value.startswith("=")


@dataclass
class Grid:
    name: str
    hidden: bool
    rows: list[list[Cell | None]]
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    flat_rows: list[int] = field(default_factory=list)
    grouped_rows: list[int] = field(default_factory=list)
    widths: dict[int, int] = field(default_factory=dict)
    conditions: dict[int, str] = field(default_factory=dict)
    """By column a format that is always laid over its cells."""


@dataclass
class Book:
    grids: list[Grid]
    from_1904: bool
    edits: list[str] = field(default_factory=list)
    """What is changed in the XML afterwards (:data:`EDITS`)."""


_integers = st.one_of(
    st.integers(0, 9), st.integers(0, 999_999), st.integers(0, 10**12), st.integers(-999, -1)
)
_cents = st.integers(0, 10**12).map(lambda n: float(f"{n // 100}.{n % 100:02d}"))
_odd = st.one_of(
    st.floats(0, 1e6, allow_nan=False),
    st.sampled_from([0.1 + 0.2, 1e15, 1.5, 0.5, 1e-7, 12345678901234567890.0, 1e21]),
)
_days = st.dates(date(1905, 1, 1), date(2099, 12, 31))
_times = st.sampled_from([time(0), time(0), time(0), time(10, 30), time(23, 59, 59)])


@st.composite
def _cells(draw: st.DrawFn) -> Cell | None:
    kind = draw(
        st.sampled_from(
            ["none", "text", "text", "integer", "integer", "cents", "odd", "day", "truth", "formula", "rich"]
        )
    )
    if kind == "none":
        return None
    if kind in ("text", "rich"):
        text = draw(st.one_of(st.sampled_from(WORDS), st.text("ABC012 あ_x", min_size=1, max_size=9)))
        if not text.strip():
            return Cell(text)
        return Cell(
            text,
            draw(st.sampled_from(["General", "@", "0", '@"様"', ";;;", "0;-0;;@"])),
            rich=kind == "rich" and bool(text.strip()),
        )
    if kind == "truth":
        return Cell(draw(st.booleans()))
    if kind == "day":
        day = datetime.combine(draw(_days), draw(_times))
        return Cell(day, draw(st.sampled_from(DAYS)))
    if kind == "formula":
        return Cell("=1+1", draw(st.sampled_from(["General", "0.00"])), draw(st.sampled_from([2, None])))
    number = draw({"integer": _integers, "cents": _cents, "odd": _odd}[kind])
    return Cell(number, draw(st.sampled_from(NUMBERS)))


@st.composite
def _grids(draw: st.DrawFn, name: str, hidden: bool, titles: list[str]) -> Grid:
    columns = draw(st.lists(st.sampled_from(titles), min_size=2, max_size=9, unique=True))
    height = draw(st.integers(1, 5))
    rows: list[list[Cell | None]] = [[Cell(title) for title in columns]]
    rows += [[draw(_cells()) for _ in columns] for _ in range(height)]
    grid = Grid(name, hidden, rows)
    if draw(st.integers(0, 9)) == 0:
        column, row = draw(st.integers(0, len(columns) - 1)), draw(st.integers(1, height))
        grid.merged.append((row, column, height, column))
        if row == height:
            grid.merged.clear()
    if draw(st.integers(0, 9)) == 0:
        grid.hidden_rows.append(draw(st.integers(1, height)))
    for some in (grid.flat_rows, grid.grouped_rows):
        if draw(st.integers(0, 19)) == 0:
            some.append(draw(st.integers(1, height)))
    if draw(st.integers(0, 4)) == 0:
        grid.widths[draw(st.integers(0, len(columns) - 1))] = draw(st.sampled_from([1, 3, 8, 12, 40]))
    if draw(st.integers(0, 9)) == 0:
        grid.conditions[draw(st.integers(0, len(columns) - 1))] = draw(st.sampled_from(NUMBERS + DAYS))
    if draw(st.integers(0, 9)) == 0:
        grid.hidden_columns.append(draw(st.integers(0, len(columns) - 1)))
    return grid


@st.composite
def books(draw: st.DrawFn, layout: Layout) -> Book:
    """A workbook of one to three sheets, one of them seen at least."""
    titles = [*layout.names, "備考"]
    count = draw(st.sampled_from([1, 1, 1, 2, 3]))
    hidden = [draw(st.integers(0, 3)) == 0 for _ in range(count)]
    hidden[draw(st.integers(0, count - 1))] = False
    grids = [draw(_grids(f"s{n}", unseen, titles)) for n, unseen in enumerate(hidden)]
    edits = draw(st.lists(st.sampled_from(sorted(EDITS)), max_size=2, unique=True))
    return Book(grids, draw(st.integers(0, 4)) == 0, edits)


def by_openpyxl(book: Book) -> bytes:
    """The workbook as openpyxl writes it; formulas have no results."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    if book.from_1904:
        made.epoch = CALENDAR_MAC_1904
    for grid in book.grids:
        sheet = made.create_sheet(grid.name)
        for r, row in enumerate(grid.rows, 1):
            for c, cell in enumerate(row, 1):
                if cell is None:
                    continue
                target = sheet.cell(r, c)
                if cell.rich:
                    target.value = CellRichText(TextBlock(InlineFont(b=True), cell.value[:1]), cell.value[1:])
                elif isinstance(cell.value, str) and not cell.is_formula:
                    target.value, target.data_type = cell.value, "s"
                else:
                    target.value = cell.value
                target.number_format = cell.form
        for first, left, last, right in grid.merged:
            sheet.merge_cells(
                start_row=first + 1, start_column=left + 1, end_row=last + 1, end_column=right + 1
            )
        for n in grid.hidden_rows:
            sheet.row_dimensions[n + 1].hidden = True
        for n in grid.flat_rows:
            sheet.row_dimensions[n + 1].height = 0
        for n in grid.grouped_rows:
            sheet.row_dimensions.group(n + 1, n + 1, outline_level=1, hidden=True)
        for n, width in grid.widths.items():
            sheet.column_dimensions[get_column_letter(n + 1)].width = width
        for n in grid.hidden_columns:
            sheet.column_dimensions[get_column_letter(n + 1)].hidden = True
        for n, code in grid.conditions.items():
            letter = get_column_letter(n + 1)
            form = NumberFormat(numFmtId=300 + n, formatCode=code)
            rule = Rule(type="expression", dxf=DifferentialStyle(numFmt=form), formula=["TRUE"])
            sheet.conditional_formatting.add(f"{letter}2:{letter}{len(grid.rows)}", rule)
        sheet.sheet_state = "hidden" if grid.hidden else "visible"
    made.active = next(n for n, grid in enumerate(book.grids) if not grid.hidden)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def by_xlsxwriter(book: Book) -> bytes:
    """The workbook as XlsxWriter writes it; formulas have results, and all are to be reckoned again."""
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"date_1904": book.from_1904, "in_memory": True})
    forms: dict[str, Any] = {}
    seen = False
    for grid in book.grids:
        sheet = made.add_worksheet(grid.name)
        merged = {(first, left) for first, left, _, _ in grid.merged}
        covered = {
            (r, c)
            for first, left, last, right in grid.merged
            for r in range(first, last + 1)
            for c in range(left, right + 1)
        }
        for first, left, last, right in grid.merged:
            sheet.merge_range(first, left, last, right, "")
        for r, row in enumerate(grid.rows):
            for c, cell in enumerate(row):
                if cell is None or ((r, c) in covered and (r, c) not in merged):
                    continue
                form = forms.setdefault(cell.form, made.add_format({"num_format": cell.form}))
                if cell.rich and len(cell.value) > 1:
                    bold = forms.setdefault("bold", made.add_format({"bold": True}))
                    sheet.write_rich_string(r, c, bold, cell.value[:1], cell.value[1:], form)
                elif cell.is_formula:
                    sheet.write_formula(r, c, cell.value, form, 2 if cell.result is None else cell.result)
                elif isinstance(cell.value, str):
                    sheet.write_string(r, c, cell.value, form)
                elif isinstance(cell.value, bool):
                    sheet.write_boolean(r, c, cell.value, form)
                elif isinstance(cell.value, datetime):
                    sheet.write_datetime(r, c, cell.value, form)
                else:
                    sheet.write_number(r, c, cell.value, form)
        for n in grid.hidden_rows:
            sheet.set_row(n, None, None, {"hidden": True})
        for n in grid.flat_rows:
            sheet.set_row(n, 0)
        for n in grid.grouped_rows:
            sheet.set_row(n, None, None, {"level": 1, "hidden": True})
        for n, width in grid.widths.items():
            sheet.set_column(n, n, width)
        for n in grid.hidden_columns:
            sheet.set_column(n, n, None, None, {"hidden": True})
        for n, code in grid.conditions.items():
            laid_over = {
                "type": "formula",
                "criteria": "=TRUE",
                "format": made.add_format({"num_format": code}),
            }
            sheet.conditional_format(1, n, len(grid.rows) - 1, n, laid_over)
        if grid.hidden:
            sheet.hide()
        elif not seen:
            sheet.activate()
            sheet.set_first_sheet()
            seen = True
    made.close()
    return out.getvalue()
