"""The sheet of an .xlsx file as the exporter sees it: which one, and what of it is hidden, merged or beyond reading.

The parts are ``package``, ``sheet``, ``strings`` and ``styles``; what a cell shows is ``shown``; header and records are
``table``. Contract §5; A-008, A-029.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import polars as pl

from pipelines.reading.number_format import NumberFormat
from pipelines.reading.package import Broken, Package, elements, truth
from pipelines.reading.sheet import TYPES, Area, Condition, Surroundings, read_sheet
from pipelines.reading.shown import NARROW, NOTES, UNUSED, Habits, shown, shown_alike, use_of
from pipelines.reading.strings import meant, shared_strings
from pipelines.reading.styles import formats_of
from pipelines.reading.table import Decoded, columns_of, named, unreadable
from pipelines.rules import Address, Rule, findings_of
from schemas.cells import column_letter
from schemas.layouts import Layout
from schemas.reading import MOST_CELLS, MOST_COLUMNS, MOST_ROWS
from schemas.sheets import RESULT_SHEET, RESULT_TITLE, first_visible
from schemas.submission import Refusal

_FIRST_ROWS = 50
_ROWS = 1 << 24
"""More rows than a sheet can have."""


def decode_workbook(content: bytes, file_name: str, layout: Layout) -> Decoded:
    """Read the first visible worksheet.

    Raises:
        Refusal: ``empty-file`` without data, ``unreadable-file`` for what is no workbook or beyond the bounds.
    """
    try:
        book = _Book(Package(content))
        sheet = book.sheet_read
        table = read_sheet(
            lambda: book.package.pieces(sheet.part), lambda cells, around: _table(cells, around, book, layout)
        )
        others = list(book.others())
    except Broken as error:
        raise unreadable(file_name, str(error)) from error
    if table is None:
        raise Refusal(
            "empty-file", f"ファイル「{file_name}」のシート「{sheet.name}」は空です。データを入れてください。"
        )
    if table.cells.is_empty():
        raise Refusal(
            "empty-file", f"ファイル「{file_name}」のシート「{sheet.name}」にデータの行がありません。"
        )
    decoded = named(
        table.cells.with_columns(pl.col("row").alias("line"), pl.lit(None, pl.Int64).alias("cell_count")),
        table.header,
        [f"c{column}" for column in table.columns],
        layout,
        table.header_row,
        "xlsx",
        [column_letter(column) for column in table.columns],
    )
    decoded = replace(decoded, records=decoded.records.with_columns(_restore_zeros(layout)))
    found = [
        *_of_cells(table, decoded),
        *_of_sheet(table, decoded),
        *_of_conditions(table, decoded, book.formats.laid_over),
        *_of_others(others, sheet.name, table, layout),
    ]
    return replace(decoded, findings=pl.concat([decoded.findings, *(part for part in found if part.height)]))


# ---------------------------------------------------------------------------------------------- the workbook


@dataclass(frozen=True)
class _SheetPart:
    name: str
    part: str
    hidden: bool


class _Book:
    """Sheets, texts and formats of a workbook."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.from_1904 = self.recalculated = False
        listed: list[dict[str, str]] = []

        def see(path: tuple[str, ...], told: dict[str, str]) -> None:
            match path[1:]:
                case ("sheets", "sheet"):
                    listed.append(told)
                case ("workbookPr",):
                    self.from_1904 = truth(told.get("date1904"))
                case ("calcPr",):
                    self.recalculated = truth(told.get("fullCalcOnLoad"))

        main = package.main
        elements(package.read(main), see)
        relations = package.relations(main)
        parts = {r.id: r.part for r in relations if r.kind == "worksheet" and package.has(r.part)}
        self.sheets = [
            _SheetPart(told.get("name", ""), parts[told["id"]], told.get("state", "visible") != "visible")
            for told in listed
            if told.get("id") in parts
        ]
        by_kind = {r.kind: r.part for r in relations if package.has(r.part)}
        texts = by_kind.get("sharedStrings")
        self.strings = (
            shared_strings(package.pieces(texts)) if texts else pl.Series("text", [], dtype=pl.String)
        )
        styles = by_kind.get("styles")
        self.formats = formats_of(package.read(styles) if styles else None)
        first = first_visible([sheet.hidden for sheet in self.sheets])
        if first is None:
            raise Broken(
                "表示されているワークシートがありません。データのシートを再表示して保存し直してください。"
            )
        self.sheet_read = self.sheets[first]

    def others(self) -> Iterator[_SheetPart]:
        """Sheets with data beside the one that is read; the list of findings that daicho itself wrote is none."""
        for sheet in self.sheets:
            if sheet is self.sheet_read:
                continue
            first = read_sheet(lambda part=sheet.part: self.package.pieces(part), self._first_text)  # type: ignore[misc]
            if first is not None and not (sheet.name.startswith(RESULT_SHEET) and first == RESULT_TITLE):
                yield sheet

    def _first_text(self, frames: Iterator[pl.DataFrame], _: Surroundings) -> str | None:
        """The first text or number of a sheet; None when it shows nothing."""
        for cells in frames:
            kept = cells.filter(pl.col("kept").is_not_null())
            shared = kept["type"] == TYPES.index("s")
            places = kept["kept"].str.strip_chars().cast(pl.UInt32, strict=False)
            texts = self.strings.gather(
                pl.select(pl.when(shared & (places < len(self.strings))).then(places)).to_series()
            )
            told = (
                pl.select(pl.when(shared).then(texts).otherwise(meant(kept["kept"]))).to_series().drop_nulls()
            )
            if len(told):
                return str(told[0])
        return None


# ---------------------------------------------------------------------------------------------- the table


@dataclass(frozen=True)
class _Table:
    """Header and records of a sheet; ``cells`` has ``row`` and per column number ``c<number>``."""

    header_row: int
    header: list[str]
    columns: list[int]
    cells: pl.DataFrame
    notes: pl.DataFrame
    around: Surroundings


def _table(
    frames: Iterator[pl.DataFrame], around: Surroundings, book: _Book, layout: Layout
) -> _Table | None:
    header: pl.DataFrame | None = None
    header_row, last, count, height = 0, 0, 0, 0
    uses = pl.Series([UNUSED], dtype=pl.Int32)
    wide: list[pl.DataFrame] = []
    notes: list[pl.DataFrame] = []
    columns: set[int] = set()
    for frame in frames:
        cells = frame
        if around.formulas_shown:
            raise Broken(
                "数式を表示する設定になっています。「数式の表示」(数式→数式の表示)を解除して保存し直してください。"
            )
        habits = Habits(
            book.formats.cells,
            book.strings,
            book.from_1904,
            book.recalculated,
            around.zeros_shown,
            around.widths,
        )
        if cells.is_empty():
            continue
        if int(cells["row"].min()) <= last:  # type: ignore[arg-type]
            raise Broken("行の順序が壊れています。表計算ソフトで開いて保存し直してください。")
        last = int(cells["row"].max())  # type: ignore[arg-type]
        if header is None:
            header = _first_row(cells, habits)
            if header is None:
                continue
            header_row = int(header.item(0, "row"))
            uses = _uses(header, layout)
            columns.update(header["column"])
            cells = cells.filter(pl.col("row") > header_row)
            if cells.is_empty():
                continue
        seen = shown(cells, uses, habits)
        count += seen.texts.height
        notes.append(seen.notes)
        columns.update(seen.texts["column"].unique())
        if seen.texts.height:
            wide.append(_wide(seen.texts))
            height += wide[-1].height
        _keep_bounds(height, len(columns), count)
    if header is None:
        return None
    places = sorted(columns)
    titles = dict(header.select("column", "text").iter_rows())
    cells = pl.concat(wide, how="diagonal") if wide else pl.DataFrame(schema={"row": pl.Int64})
    return _Table(
        header_row,
        [titles.get(place, "") for place in places],
        places,
        cells.select(
            pl.col("row").cast(pl.Int64),
            *(
                pl.col(f"c{place}")
                if f"c{place}" in cells.columns
                else pl.lit(None, pl.String).alias(f"c{place}")
                for place in places
            ),
        ),
        _each_column_once(pl.concat(notes) if notes else pl.DataFrame(schema=NOTES)),
        around,
    )


def _each_column_once(notes: pl.DataFrame) -> pl.DataFrame:
    """Of columns that are too narrow the first cell only: one remedy helps all."""
    narrow = pl.col("code") == NARROW
    return notes.filter(~narrow | (narrow.cum_sum().over("column") == 1))


def _first_row(cells: pl.DataFrame, habits: Habits) -> pl.DataFrame | None:
    """The cells of the first row that shows something."""
    rows = cells["row"].unique().sort()
    for some in (cells.filter(pl.col("row").is_in(rows[:_FIRST_ROWS].implode())), cells):
        texts = shown(some, pl.Series([UNUSED], dtype=pl.Int32), habits).texts
        if texts.height:
            return texts.filter(pl.col("row") == texts["row"].min()).sort("column")
    return None


def _uses(header: pl.DataFrame, layout: Layout) -> pl.Series:
    """By column number what it is for; a second column of a field is not used."""
    fields = {field.field: field for field in layout.fields}
    uses = [UNUSED] * (int(header["column"].max()) + 2)  # type: ignore[arg-type]
    for column, name in zip(header["column"], columns_of(header["text"].to_list(), layout), strict=True):
        if name is not None:
            uses[column] = use_of(fields.pop(name, None))
    return pl.Series(uses, dtype=pl.Int32)


def _wide(texts: pl.DataFrame) -> pl.DataFrame:
    """Texts with ``row`` and ``column`` → one row per row, one column per column."""
    key = texts["column"].cast(pl.Int64) * _ROWS + texts["row"]
    order = key.arg_sort()
    key = key.gather(order)
    if (key.diff() == 0).any():
        raise Broken("同じ番地のセルが2つあります。表計算ソフトで開いて保存し直してください。")
    texts = texts.select(pl.all().gather(order))
    rows = texts["row"].unique().sort()
    columns: list[pl.Series] = [rows]
    start = 0
    for length, column in texts["column"].rle().struct.unnest().iter_rows():
        mine = texts[start : start + length]
        start += length
        if length < len(rows):
            mine = rows.to_frame().join(mine, on="row", how="left", maintain_order="left")
        columns.append(mine["text"].alias(f"c{column}"))
    return pl.DataFrame(columns)


def _keep_bounds(rows: int, columns: int, cells: int) -> None:
    if rows > MOST_ROWS:
        raise Broken(f"行が多すぎます。{MOST_ROWS:,}行以内に分けるか、CSV形式で送ってください。")
    if columns > MOST_COLUMNS:
        raise Broken(f"列が多すぎます({columns:,}列)。使わない列を削除して保存し直してください。")
    if cells > MOST_CELLS:
        raise Broken("セルが多すぎます。ファイルを分けるか、CSV形式で送ってください。")


def _restore_zeros(layout: Layout) -> Iterable[pl.Expr]:
    """Codes that a spreadsheet keeps as numbers get their leading zeros back: 105 stays, 1 in a 2-digit code is 01."""
    for field in layout.by_kind("code", "serial"):
        cell = pl.col(field.field)
        shortest = int(field.length.split("-")[0])  # a serial has six digits or more
        yield (pl.when(cell.str.contains("^[0-9]+$")).then(cell.str.pad_start(shortest, "0")).otherwise(cell))


# ---------------------------------------------------------------------------------------------- findings


def _of_cells(table: _Table, decoded: Decoded) -> Iterator[pl.DataFrame]:
    """What was noted of single cells, under their records."""
    if table.notes.is_empty():
        return
    places = decoded.records.select("record", "line", "row")
    notes = table.notes.with_columns(pl.col("row").cast(pl.Int64)).join(
        places, on="row", how="inner", maintain_order="left"
    )
    fields = _fields(table, decoded)
    for (column, code), mine in notes.partition_by(
        "column", "code", as_dict=True, maintain_order=True
    ).items():
        field = fields.get(int(str(column)))
        if field is not None:
            rule = Rule(
                str(code), field, pl.col("row").is_not_null(), {"shown": pl.col("shown")}, pl.col("value")
            )
            yield findings_of(mine, [rule], decoded.layout, decoded.address)


def _at_header(table: _Table) -> pl.DataFrame:
    return pl.DataFrame(
        {"record": [None], "line": [table.header_row], "row": [table.header_row]},
        schema={"record": pl.Int64, "line": pl.Int64, "row": pl.Int64},
    )


def _fields(table: _Table, decoded: Decoded) -> dict[int, str]:
    """By column number the field that is read from it."""
    letters = {letter: field for field, letter in decoded.address.letters.items()}
    return {
        place: letters[column_letter(place)] for place in table.columns if column_letter(place) in letters
    }


def _of_sheet(table: _Table, decoded: Decoded) -> Iterator[pl.DataFrame]:
    """Merged areas over the table, rows and columns that nobody sees."""
    fields = _fields(table, decoded)
    places = decoded.records.select("record", "line", "row")
    header = _at_header(table)
    places = pl.concat([header, places])
    rows = places["row"]

    hidden = places.filter(pl.col("row").is_in(pl.Series(table.around.hidden_rows, dtype=pl.Int64).implode()))
    if hidden.height and fields:
        rule = Rule("hidden-row", fields[min(fields)], pl.col("row").is_not_null(), {}, pl.col("row"))
        yield findings_of(hidden, [rule], decoded.layout, decoded.address)

    filled = [column for column in fields if table.cells[f"c{column}"].is_not_null().any()]
    for column in filled:
        if any(first <= column <= last for first, last in table.around.hidden_columns):
            rule = Rule(
                "hidden-column",
                fields[column],
                pl.col("row").is_not_null(),
                {},
                pl.lit(column_letter(column)),
            )
            yield findings_of(header, [rule], decoded.layout, decoded.address)

    by_field: dict[str, list[tuple[int, str]]] = {}
    for area in table.around.merged:
        hit = _hit(area, rows, fields)
        if hit is not None:
            by_field.setdefault(hit[1], []).append((hit[0], str(area)))
    for field, areas in by_field.items():
        frame = pl.DataFrame(areas, schema={"row": pl.Int64, "area": pl.String}, orient="row")
        frame = frame.join(places, on="row", how="left", maintain_order="left")
        rule = Rule("merged-cells", field, pl.col("row").is_not_null(), {}, pl.col("area"))
        yield findings_of(frame, [rule], decoded.layout, decoded.address)


def _of_conditions(
    table: _Table, decoded: Decoded, formats: list[NumberFormat | None]
) -> Iterator[pl.DataFrame]:
    """Formats that lie over cells by conditions, wherever they might show another value."""
    header = _at_header(table)
    kinds = {field.field: field for field in decoded.layout.fields}
    for column, field in _fields(table, decoded).items():
        use = use_of(kinds[field])
        found = (
            where
            for condition in table.around.conditions
            if (where := _changed(condition, column, use, table.cells, formats)) is not None
        )
        if (where := next(found, None)) is not None:
            rule = Rule("conditional-format", field, pl.col("row").is_not_null(), {}, pl.lit(where))
            yield findings_of(header, [rule], decoded.layout, decoded.address)


def _changed(
    condition: Condition, column: int, use: int, cells: pl.DataFrame, formats: list[NumberFormat | None]
) -> str | None:
    """The area in which a condition might show other values of a column."""
    known = None
    if condition.style is not None:
        known = formats[condition.style] if condition.style < len(formats) else None
        if known is None:
            return None  # colours only
    letter = column_letter(column)
    for area in condition.areas if condition.areas is not None else (None,):
        mine = cells.select("row", pl.col(f"c{column}").alias("text")).drop_nulls()
        if area is not None:
            if not area.first_column <= column <= area.last_column:
                continue
            mine = mine.filter(pl.col("row").is_between(area.first_row, area.last_row))
        if mine.height and (
            known is None or not all(shown_alike(known, text, use) for text in mine["text"].unique())
        ):
            return str(area) if area is not None else f"{letter}列"
    return None


def _hit(area: Area, rows: pl.Series, fields: dict[int, str]) -> tuple[int, str] | None:
    """The first row and field of the table that a merged area covers."""
    if area.first_row == area.last_row and area.first_column == area.last_column:
        return None
    place = rows.search_sorted(area.first_row)
    if place >= len(rows) or int(rows[place]) > area.last_row:
        return None
    covered = [column for column in fields if area.first_column <= column <= area.last_column]
    return (int(rows[place]), fields[min(covered)]) if covered else None


def _of_others(others: list[_SheetPart], read: str, table: _Table, layout: Layout) -> Iterator[pl.DataFrame]:
    header = _at_header(table)
    for sheet in others:
        code = "sheet-hidden" if sheet.hidden else "sheet-not-read"
        rule = Rule(code, sheet.name, pl.col("row").is_not_null(), {"sheet": read}, pl.lit(sheet.name))
        yield findings_of(header, [rule], layout, Address())
