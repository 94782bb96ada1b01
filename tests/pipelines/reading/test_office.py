"""What daicho reads of random workbooks is what LibreOffice shows of them, or there is a finding.

LibreOffice was written by others, and reads and shows by its own means: its CSV "as shown" is the oracle. Many workbooks
pass in one run of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from pipelines.judge import judge
from pipelines.reading.decode import decode
from schemas.layouts import LayoutField, layout_of
from schemas.products import Product
from schemas.submission import Refusal
from tests.office import converted_together, shown_together
from tests.pipelines.reading.random_books import Book, Cell, Grid, books, by_openpyxl, by_xlsxwriter, edited

LAYOUT = layout_of(Product.ENTERPRISE)
_ERAS = {
    "明治": 1867,
    "M": 1867,
    "平成": 1988,
    "昭和": 1925,
    "令和": 2018,
    "大正": 1911,
    "H": 1988,
    "S": 1925,
    "R": 2018,
    "T": 1911,
}
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_LOT = 4
_MONTHS = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"]


def drawn(count: int, start: int) -> list[Book]:
    """Random workbooks, always the same for a start. In small lots, since later examples of a lot vary earlier ones."""
    found: list[Book] = []
    for lot in range(0, count, _LOT):

        @seed(start * 1_000_000 + lot)
        @settings(
            max_examples=_LOT,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(books(LAYOUT))
        def collect(book: Book) -> None:
            found.append(book)

        collect()
    return found[:count]


def day_shown(text: str) -> date | None:
    """A day in one of the ways in which it may stand on the screen."""
    text = unicodedata.normalize("NFKC", text).strip()
    text = re.sub(r"[ T]0{1,2}:00(:00)?$|\(.曜日\)$", "", text)
    try:
        if found := re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", text):
            return date(*map(int, found.groups()))
        if found := re.fullmatch(r"(\d{4})(\d\d)(\d\d)", text):
            return date(*map(int, found.groups()))
        if found := re.fullmatch(
            r"(明治|平成|昭和|令和|大正|[MHSRT])(\d+|元)[./年](\d{1,2})[./月](\d{1,2})日?", text
        ):
            year = 1 if found[2] == "元" else int(found[2])
            return date(_ERAS[found[1]] + year, int(found[3]), int(found[4]))
        if found := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d\d)", text):
            return date(_century(int(found[3])), int(found[1]), int(found[2]))
        if found := re.fullmatch(r"(\d{1,2})-(\d{1,2})月-(\d\d)", text):
            return date(_century(int(found[3])), int(found[2]), int(found[1]))
        if found := re.fullmatch(r".曜日, ([一二三四五六七八九十]+)月 (\d{1,2}), (\d{4})", text):
            return date(int(found[3]), _MONTHS.index(found[1]) + 1, int(found[2]))
    except ValueError:
        return None
    return None


def _century(year: int) -> int:
    return 1900 + year if year >= 30 else 2000 + year


def agree(got: str, shown: str, field: LayoutField) -> bool:
    """Whether both mean the same in a column of this kind."""
    got, shown = got.strip(), shown.strip()
    # Wide digits are digits; ㈱ in a text stays.
    shown = shown.translate(_WIDE) if field.kind == "text" else unicodedata.normalize("NFKC", shown)
    if got == shown:
        return True
    if field.kind in ("date", "month"):
        mine, theirs = day_shown(got), day_shown(shown)
        if mine is None or theirs is None:
            return False
        # Two digits of a year tell no century.
        return mine == theirs or (
            re.fullmatch(r".*\D\d\d", shown) is not None
            and (mine.month, mine.day) == (theirs.month, theirs.day)
            and mine.year % 100 == theirs.year % 100
        )
    if field.kind in ("amount", "days", "flag"):
        plain = re.sub(r"[,¥￥円$\s]|US(?=\$)|USD", "", shown)
        if plain == "-":
            plain = "0"
        try:
            return Decimal(plain) == Decimal(got.replace(",", ""))
        except InvalidOperation:
            return False
    if field.kind in ("code", "serial"):
        digits = shown.replace(",", "")
        return digits.isdigit() and got == digits.zfill(int(field.length.split("-")[0]))
    if field.kind != "text":
        return got == shown.replace(",", "")
    return False


def faults(content: bytes, name: str, sheets: dict[str, list[list[str]]], book: Book) -> Iterator[str]:
    """Where daicho reads something else than is shown, and says nothing of it."""
    grid = next(grid for grid in book.grids if not grid.hidden)
    rows = sheets.get(grid.name, [])
    seen = [n for n, row in enumerate(rows) if any(cell.strip() for cell in row)]
    try:
        decoded = decode(content, f"{name}.xlsx", LAYOUT)
    except Refusal as refusal:
        if len(seen) > 1:
            yield f"{name}: refused though data are seen: {refusal.message}"
        return
    told = pl.concat([decoded.findings, judge(decoded).findings])
    # A sheet that is not read at all is no word about a cell.
    cells = {(row["record"], row["field"]) for row in told.iter_rows(named=True)}
    # What a condition lays over a column is told at its head.
    doubted = set(told.filter(code="conditional-format")["field"])
    by_row = {row["row"]: row for row in decoded.records.iter_rows(named=True)}
    titles = rows[seen[0]] if seen else []
    for n in seen[1:]:
        if n + 1 not in by_row:
            yield f"{name}: row {n + 1} is seen but not read"
    for number in by_row:
        if number - 1 not in seen and not any(record == by_row[number]["record"] for record, _ in cells):
            yield f"{name}: row {number} is read but not seen"
    fields = {field.field: field for field in LAYOUT.fields}
    for number, record in by_row.items():
        row = rows[number - 1] if number - 1 < len(rows) else []
        for place, title in enumerate(titles):
            field = fields.get(title)
            if field is None or title in doubted or (record["record"], title) in cells:
                continue
            shown = row[place] if place < len(row) else ""
            got = record[title] or ""
            if not agree(got, shown, field):
                yield f"{name}: {title} ({field.kind}) row {number}: shown {shown!r}, read {got!r}, {cell_at(grid, number, place)}"


def cell_at(grid: Grid, row: int, column: int) -> Cell | None:
    """What was drawn for a place."""
    line = grid.rows[row - 1] if row <= len(grid.rows) else []
    return line[column] if column < len(line) else None


def hold(count: int, start: int, folder: Path) -> None:
    drawn_books = drawn(count, start)
    writers: list[Callable[[Book], bytes]] = [by_openpyxl, by_xlsxwriter]
    sources = folder / "sources"
    sources.mkdir()
    paths: list[Path] = []
    for n, book in enumerate(drawn_books):
        path = sources / f"b{n}.xlsx"
        path.write_bytes(edited(writers[n % 2](book), book.edits))
        paths.append(path)
    # Every third is saved once more by LibreOffice: a third program that writes workbooks.
    again = paths[::3]
    saved = converted_together(again, "xlsx:Calc MS Excel 2007 XML", folder / "resaving")
    for path in again:
        if (saved / path.name).exists():
            path.write_bytes((saved / path.name).read_bytes())
    shown = shown_together(paths, folder / "showing")
    missing = [path.stem for path in paths if path.stem not in shown]
    assert len(missing) * 20 < count, f"LibreOffice shows nothing of {missing}"
    found = [
        fault
        for path, book in zip(paths, drawn_books, strict=True)
        if path.stem in shown
        for fault in faults(path.read_bytes(), path.stem, shown.get(path.stem, {}), book)
    ]
    assert found == [], "\n".join(found)


@pytest.mark.req("A-029")
def test_a_hundred_random_workbooks_are_read_as_they_are_shown(tmp_path: Path) -> None:
    hold(100, 20181206, tmp_path)


@pytest.mark.night
@pytest.mark.req("A-029")
@pytest.mark.parametrize("part", range(10))
def test_two_thousand_random_workbooks_are_read_as_they_are_shown(part: int, tmp_path: Path) -> None:
    hold(210, part, tmp_path)
