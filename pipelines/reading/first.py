"""The first version of the reading, frozen: uploads whose receipts name it, or none, are read by it for ever.

Nothing is mended here, since papers made again must be the same byte for byte. From bytes to text cells: encodings,
CSV, spreadsheets, header, and where each record stands.

Every cell stays text as written (``None`` when empty). Nothing is judged but the table itself: header and number of
cells. What cannot be read at all is refused at once. Sources: contract §5; Seed 000 ch. 9 §4-2; A-008, A-029.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any
from unicodedata import normalize

import polars as pl

from pipelines.reading.table import Decoded
from pipelines.rules import Address, Rule, findings_of
from schemas.cells import column_letter
from schemas.findings import empty
from schemas.layouts import Layout
from schemas.products import PROCESS_TYPES
from schemas.submission import Refusal

_FILLED = r'[^\s,"]'
_CELL = r'(?:"(?:[^"]|"")*"|[^",]*)'
_QUOTED_WELL = rf"^{_CELL}(?:,{_CELL})*$"
"""One record by RFC 4180: a cell is quoted as a whole or not at all."""
_NO_LETTERS = "\x80\uf8f0\uf8f1\uf8f2\uf8f3"
"""What Python makes of the bytes 80, A0, FD, FE and FF, which CP932 does not use."""
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


def _unreadable(file_name: str, why: str) -> Refusal:
    return Refusal("unreadable-file", f"ファイル「{file_name}」を読めません。{why}")


def csv_rows(content: bytes, file_name: str) -> list[list[str]]:
    """The cells of a CSV as written: the header, then one list per record. For who shows the file again.

    Raises:
        Refusal: as :func:`decode`.
    """
    lines, _, _ = _csv_lines(content, file_name)
    return [_header(line, file_name) for line in lines["text"]]


def _columns_of(header: Sequence[str], layout: Layout) -> list[str | None]:
    """Per column of a header the layout field that it names, by either name; None for an unknown one."""
    by_name = {_plain(name): f.field for f in layout.fields for name in (f.field, f.name_ja)}
    return [by_name.get(_plain(title)) for title in header]


def _csv_lines(content: bytes, file_name: str) -> tuple[pl.DataFrame, str, bool]:
    """Header and records as text with the line where each starts, the encoding, and whether anything is quoted."""
    if content.startswith(_ZIP):
        raise _unreadable(
            file_name,
            "中身は圧縮ファイルまたは表計算ファイルです。CSV形式で保存し直すか、.xlsx の名前で送ってください。",
        )
    text, encoding = _text_of(content, file_name)
    lines = pl.DataFrame({"text": text.split("\n")}).with_row_index("line", offset=1)
    quoted = '"' in text
    if quoted:
        lines = _join_quoted_lines(lines, file_name)
    lines = lines.filter(pl.col("text").str.contains(_FILLED))
    if lines.is_empty():
        raise Refusal(
            "empty-file", f"ファイル「{file_name}」は空です。データの入ったファイルを送ってください。"
        )
    if quoted:
        _refuse_stray_quotes(lines, file_name)
    return lines, encoding, quoted


def decode_csv(content: bytes, file_name: str, layout: Layout) -> Decoded:
    lines, encoding, quoted = _csv_lines(content, file_name)
    header = _header(lines.item(0, "text"), file_name)
    body = lines[1:]
    if body.is_empty():
        raise Refusal(
            "empty-file", f"ファイル「{file_name}」には見出し行だけがあります。データの行を加えてください。"
        )
    width = len(header)
    columns = [f"c{n}" for n in range(width)]
    cells = pl.read_csv(
        io.BytesIO("\n".join([",".join(columns), *body["text"].to_list()]).encode()),
        schema=dict.fromkeys(columns, pl.String()),
        truncate_ragged_lines=True,
        quote_char='"' if quoted else None,
    )
    bare = pl.col("text").str.replace_all(r'"[^"]*"', "q") if quoted else pl.col("text")
    counts = bare.str.count_matches(",", literal=True) + 1
    # Spreadsheet programs pad short rows with empty cells; more of them than the header has are no harm.
    trailing = bare.str.extract(r"(,*)\s*$", 1).str.len_chars()
    cells = cells.with_columns(
        body["line"].cast(pl.Int64),
        pl.lit(None, pl.Int64).alias("row"),
        body.select(
            pl.when((counts < width) | (counts - trailing > width)).then(counts).alias("cell_count")
        ).to_series(),
    )
    return _named(cells, header, columns, layout, int(lines.item(0, "line")), encoding)


def _header(line: str, file_name: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(line.replace("\r", " "), newline="")))
    except csv.Error as error:
        raise _unreadable(
            file_name,
            "1行目を見出しとして読めません。1行目に列の名前をコンマ区切りで並べて保存し直してください。",
        ) from error


def _refuse_stray_quotes(lines: pl.DataFrame, file_name: str) -> None:
    """Quotes inside an unquoted cell: nobody can say where the cell, or even the record, ends."""
    text = pl.col("text")
    stray = lines.filter(text.str.contains('"', literal=True) & ~text.str.contains(_QUOTED_WELL))
    if not stray.is_empty():
        raise _unreadable(
            file_name,
            f'{stray.item(0, "line")}行目の引用符(")の位置が正しくありません。'
            '引用符を含む値は全体を " で囲み、中の " は "" と書いてください。',
        )


def _text_of(content: bytes, file_name: str) -> tuple[str, str]:
    """The text and its encoding: UTF-8 (with or without BOM) when it is valid UTF-8, else CP932, strictly."""
    if b"\x00" in content:
        raise _unreadable(file_name, "文字ではないデータが含まれています。CSV形式で保存し直してください。")
    for encoding in ("utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "utf-8", "cp932"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "cp932" and any(letter in text for letter in _NO_LETTERS):
            continue
        text = text.replace("\r\n", "\n")
        return (text if "\n" in text else text.replace("\r", "\n")), encoding
    raise _unreadable(
        file_name, "文字コードが Shift_JIS(CP932)でも UTF-8 でもありません。どちらかで保存し直してください。"
    )


def _join_quoted_lines(lines: pl.DataFrame, file_name: str) -> pl.DataFrame:
    """Lines of one record joined, when a quoted cell holds line breaks; ``line`` is where the record starts."""
    odd = lines["text"].str.count_matches('"', literal=True).cast(pl.Int64) % 2
    if not odd.sum():
        return lines
    before = odd.cum_sum() - odd
    if odd.sum() % 2:
        last = lines.filter(odd == 1)["line"][-1]
        raise _unreadable(file_name, f'{last}行目の引用符(")が閉じていません。引用符を確かめてください。')
    starts = (before % 2 == 0).cast(pl.Int64).cum_sum().alias("start")
    return (
        lines.with_columns(starts)
        .group_by("start", maintain_order=True)
        .agg(pl.col("line").first(), pl.col("text").str.join("\n"))
        .select("line", "text")
    )


def decode_workbook(content: bytes, file_name: str, layout: Layout) -> Decoded:
    import fastexcel  # lazy: only spreadsheets need it

    if not content.startswith(_ZIP):
        raise _unreadable(
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
        raise _unreadable(
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
    return _named(cells, header, columns, layout, int(filled.item(0, "row")), "xlsx", letters)


def _with_formula_errors(sheet: pl.DataFrame, failures: Any) -> pl.DataFrame:
    """Cells that show an error such as #REF! as that text: read as blank, a broken optional cell would go unseen."""
    for failure in failures.errors if failures else ():
        row, column = failure.position
        name = re.search(r"Error\((\w+)\)", failure.detail)
        text = _FORMULA_ERRORS.get(name[1], "#ERROR!") if name else "#ERROR!"
        sheet = sheet.with_columns(sheet.to_series(column).scatter(row, text))
    return sheet


def _named(
    cells: pl.DataFrame,
    header: list[str],
    columns: list[str],
    layout: Layout,
    header_line: int,
    encoding: str,
    letters: Sequence[str] = (),
) -> Decoded:
    """Cells under their field names, with the findings of header and cell counts.

    ``letters`` are those of the spreadsheet's columns, empty for CSV.
    """
    places: dict[str, int] = {}
    problems: list[tuple[str, str, str, Address]] = []
    for place, (title, field) in enumerate(zip(header, _columns_of(header, layout), strict=True)):
        here = Address({field or title: letters[place]} if letters else {})
        if field is None:
            if title.strip():
                problems.append(("unknown-column", title, title, here))
        elif field in places:
            problems.append(("duplicate-column", field, title, here))
        else:
            places[field] = place
    address = Address({field: letters[place] for field, place in places.items()} if letters else {})
    records = cells.with_row_index("record", offset=1).select(
        pl.col("record").cast(pl.Int64),
        "line",
        "row",
        "cell_count",
        *(
            pl.col(columns[places[name]]).alias(name)
            if name in places
            else pl.lit(None, pl.String).alias(name)
            for name in layout.names
        ),
    )
    if letters:
        records = records.with_columns(_restore_zeros(layout))
    types = set(records["process_type"].unique().drop_nulls().str.strip_chars().to_list()) & PROCESS_TYPES
    needed = dict.fromkeys(name for code in sorted(types) or ["1"] for name in layout.mandatory(code))
    problems += [("missing-column", name, "", address) for name in needed if name not in places]
    at_header = pl.DataFrame(
        {"record": [None], "line": [header_line], "row": [header_line]},
        schema={"record": pl.Int64, "line": pl.Int64, "row": pl.Int64},
    )
    found = [
        findings_of(at_header, [Rule(code, name, pl.lit(True), value=pl.lit(title or None))], layout, where)
        for code, name, title, where in problems
    ]
    ragged = Rule(
        "field-count",
        "process_type",
        pl.col("cell_count").is_not_null(),
        {"expected": str(len(header))},
        value=pl.col("cell_count"),
    )
    found.append(findings_of(records, [ragged], layout, address))
    return Decoded(
        layout,
        records.drop("cell_count"),
        frozenset(places),
        address,
        pl.concat([part for part in found if part.height] or [empty()]),
        encoding,
    )


def _plain(title: str) -> str:
    """A header in one way of writing, so that widths and blanks do not matter."""
    return re.sub(r"\s", "", normalize("NFKC", title)).lower()


def _restore_zeros(layout: Layout) -> Iterable[pl.Expr]:
    """Codes that a spreadsheet keeps as numbers get their leading zeros back: 105 stays, 1 in a 2-digit code is 01."""
    for field in layout.by_kind("code", "serial"):
        cell = pl.col(field.field)
        shortest = int(field.length.split("-")[0])  # a serial has six digits or more
        yield (pl.when(cell.str.contains("^[0-9]+$")).then(cell.str.pad_start(shortest, "0")).otherwise(cell))
