"""Worksheets of .xlsx to text cells. Header and records are ``table``."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import polars as pl

from pipelines.reading.table import Decoded, named, unreadable
from schemas.cells import column_letter
from schemas.layouts import Layout
from schemas.submission import Refusal

_ZIP = b"PK\x03\x04"
_FORMULA_ERRORS = {
    "Div0": "#DIV/0!",
    "NA": "#N/A",
    "Name": "#NAME?",
    "Null": "#NULL!",
    "Num": "#NUM!",
    "Ref": "#REF!",
    "Value": "#VALUE!",
}


def decode_workbook(content: bytes, file_name: str, layout: Layout) -> Decoded:
    import fastexcel  # lazy: only spreadsheets need it

    if not content.startswith(_ZIP):
        raise unreadable(
            file_name, ".xlsx 形式ではありません。表計算ソフトで .xlsx として保存し直してください。"
        )
    try:
        loaded = fastexcel.read_excel(content).load_sheet(
            0,
            header_row=None,
            skip_rows=0,  # row numbers must stay those the sender sees, so leading blank rows are kept
            dtypes="string",
        )
        batch, failures = loaded.to_arrow_with_errors()
        letters = [column_letter(info.absolute_index) for info in loaded.selected_columns]
    except fastexcel.FastExcelError as error:
        raise unreadable(
            file_name, "壊れているか、.xlsx 形式ではありません。表計算ソフトで保存し直してください。"
        ) from error
    sheet = _with_formula_errors(pl.DataFrame(pl.from_arrow(batch)), failures)
    columns = [f"c{n}" for n in range(sheet.width)]
    if not columns:
        raise Refusal(
            "empty-file", f"ファイル「{file_name}」の1枚目のシートは空です。データを入れてください。"
        )
    sheet = sheet.rename(dict(zip(sheet.columns, columns, strict=True))).with_row_index("row", offset=1)
    filled = sheet.filter(pl.any_horizontal(pl.col(c).str.contains(r"\S") for c in columns))
    if filled.height < 2:
        raise Refusal("empty-file", f"ファイル「{file_name}」の1枚目のシートにデータの行がありません。")
    header = [str(cell or "") for cell in filled.select(columns).row(0)]
    cells = filled[1:].with_columns(
        pl.col("row").cast(pl.Int64),
        pl.col("row").cast(pl.Int64).alias("line"),
        pl.lit(None, pl.Int64).alias("cell_count"),
    )
    table = named(cells, header, columns, layout, int(filled.item(0, "row")), "xlsx", letters)
    return replace(table, records=table.records.with_columns(_restore_zeros(layout)))


def _with_formula_errors(sheet: pl.DataFrame, failures: Any) -> pl.DataFrame:
    """Cells that show an error such as #REF! as that text: read as blank, a broken optional cell would go unseen."""
    for failure in failures.errors if failures else ():
        row, column = failure.position
        name = re.search(r"Error\((\w+)\)", failure.detail)
        text = _FORMULA_ERRORS.get(name[1], "#ERROR!") if name else "#ERROR!"
        sheet = sheet.with_columns(sheet.to_series(column).scatter(row, text))
    return sheet


def _restore_zeros(layout: Layout) -> Iterable[pl.Expr]:
    """Codes that a spreadsheet keeps as numbers get their leading zeros back: 105 stays, 1 in a 2-digit code is 01."""
    for field in layout.by_kind("code", "serial"):
        cell = pl.col(field.field)
        shortest = int(field.length.split("-")[0])  # a serial has six digits or more
        yield (pl.when(cell.str.contains("^[0-9]+$")).then(cell.str.pad_start(shortest, "0")).otherwise(cell))
