"""CSV: text with commas, quotes and line ends to cells. Encodings are ``encoding``, header and records ``table``.

What programs customarily put around a table is taken off here; what would have to be guessed is refused.
"""

import csv
import io
import re

import polars as pl

from pipelines.reading.encoding import text_of
from pipelines.reading.table import Decoded, columns_of, named, unreadable
from schemas.layouts import Layout
from schemas.reading import MOST_CHARACTERS, MOST_COLUMNS, MOST_CSV_CELLS, MOST_LINES
from schemas.submission import Refusal

_FILLED = r'[^\s,"\u{feff}]'
_CELL = r'(?:"(?:[^"]|"")*"|[^",]*)'
_QUOTED_WELL = rf"^{_CELL}(?:,{_CELL})*$"
"""One record by RFC 4180: a cell is quoted as a whole or not at all."""
_AS_TEXT = (r'(^|,)="([^"]+)"', r'(^|,)="([^"]*)"')
"""``="00123"``, the trick that keeps zeros in a spreadsheet program; an empty one only where a line needs it."""
_MARKS = re.compile(
    '^\ufeff+|(?<=[\n,])\ufeff+(?="(?!"(?![\n,]|$)))|(?<=")(?<!"")\ufeff+(?=[\n,]|$)', re.ASCII
)
"""Byte order marks before and behind quotes: files put one behind the other have one in the middle. Those at the ends
of a text go with its blanks; inside of one they are told."""
_END_OF_FILE = b"\x1a"
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?,*', re.IGNORECASE)
"""A first line by which Excel is told the separator."""
_SEPARATORS = {
    "\t": "タブ",
    ";": "セミコロン(;)",
    "|": "縦線(|)",
    "，": "全角コンマ(，)",
    "、": "読点(、)",
    "；": "全角セミコロン(；)",
    ":": "コロン(:)",
}


def csv_rows(content: bytes, file_name: str) -> list[list[str]]:
    """The cells of a CSV as written: the header, then one list per record. For who shows the file again.

    Raises:
        Refusal: as :func:`decode_csv`.
    """
    lines, _, _ = _csv_lines(content, file_name)
    return [_cells_of(line, file_name) for line in lines["text"]]


def decode_csv(content: bytes, file_name: str, layout: Layout) -> Decoded:
    """The records of a CSV.

    Raises:
        Refusal: ``empty-file``, or ``unreadable-file`` with the line where it can be told.
    """
    lines, encoding, quoted = _csv_lines(content, file_name)
    header = _cells_of(lines.item(0, "text"), file_name)
    _refuse_other_separators(lines, header, layout, file_name)
    if len(header) > MOST_COLUMNS or (lines.height - 1) * len(header) > MOST_CSV_CELLS:
        raise unreadable(
            file_name,
            f"列が多すぎます({len(header):,}列、{lines.height:,}行)。使わない列を除いて保存し直してください。",
        )
    body = lines[1:]
    if body.is_empty():
        raise Refusal(
            "empty-file", f"ファイル「{file_name}」には見出し行だけがあります。データの行を加えてください。"
        )
    width = len(header)
    columns = [f"c{n}" for n in range(width)]
    # Columns that nobody asks for are not kept: they may be many.
    needed = [
        column
        for column, title, field in zip(columns, header, columns_of(header, layout), strict=True)
        if field is not None or not title.strip()
    ]
    cells = pl.read_csv(
        io.BytesIO("\n".join([",".join(columns), *body["text"].to_list()]).encode()),
        columns=needed or columns[:1],
        schema=dict.fromkeys(columns, pl.String()),
        truncate_ragged_lines=True,
        quote_char='"' if quoted else None,
    )
    bare = pl.col("text").str.replace_all(r'"[^"]*"', "q") if quoted else pl.col("text")
    counts = bare.str.count_matches(",", literal=True) + 1
    cells = cells.with_columns(
        body["line"].cast(pl.Int64),
        pl.lit(None, pl.Int64).alias("row"),
        body.select(pl.when(counts != width).then(counts).alias("cell_count")).to_series(),
    )
    return named(cells, header, columns, layout, int(lines.item(0, "line")), encoding)


def _csv_lines(content: bytes, file_name: str) -> tuple[pl.DataFrame, str, bool]:
    """Header and records as text with the line where each starts, the encoding, and whether anything is quoted."""
    if content.count(b"\n") + content.count(b"\r") > 2 * MOST_LINES:
        raise unreadable(
            file_name, f"行が多すぎます({MOST_LINES:,}行まで)。ファイルを分けて保存し直してください。"
        )
    if _END_OF_FILE in content[-200:]:
        # The last byte of a file of old, sometimes behind or before a line end.
        content = content.rstrip(b" \t\r\n\x1a")
    text, encoding = text_of(content, file_name)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\ufeff" in text:
        text = _MARKS.sub("", text)
    lines = pl.DataFrame({"text": text.split("\n")}).with_row_index("line", offset=1)
    quoted = '"' in text
    if quoted:
        lines = _join_quoted_lines(lines, file_name)
    lines = lines.filter(pl.col("text").str.contains(_FILLED))
    if lines.is_empty():
        raise Refusal(
            "empty-file", f"ファイル「{file_name}」は空です。データの入ったファイルを送ってください。"
        )
    lines = _without_separator_line(lines, file_name)
    if quoted:
        lines = _quoted_well(lines, file_name)
    _refuse_endless_cells(lines, file_name)
    return lines, encoding, quoted


def _refuse_endless_cells(lines: pl.DataFrame, file_name: str) -> None:
    for line, written in lines.filter(pl.col("text").str.len_bytes() > MOST_CHARACTERS).iter_rows():
        try:
            longest = max(len(cell) for cell in next(csv.reader(io.StringIO(written, newline=""))))
        except csv.Error:  # longer than the standard library takes
            longest = len(written)
        if longest > MOST_CHARACTERS:
            raise unreadable(
                file_name,
                f"{line}行目に{MOST_CHARACTERS:,}文字を超える値があります。"
                "区切りのコンマと改行を確かめて保存し直してください。",
            )


def _without_separator_line(lines: pl.DataFrame, file_name: str) -> pl.DataFrame:
    found = _SEPARATOR_LINE.fullmatch(lines.item(0, "text").strip())
    if found is None:
        return lines
    if found[1] != ",":
        raise _other_separator(found[1], file_name)
    if lines.height == 1:
        raise Refusal(
            "empty-file", f"ファイル「{file_name}」は空です。データの入ったファイルを送ってください。"
        )
    return lines[1:]


def _refuse_other_separators(lines: pl.DataFrame, header: list[str], layout: Layout, file_name: str) -> None:
    """Says once that another sign stands between the cells, instead of one finding per column that is missing."""
    known = sum(field is not None for field in columns_of(header, layout))
    line = lines.item(0, "text")
    for separator in _SEPARATORS:
        titles = [title.strip().strip('"') for title in line.split(separator)]
        if len(titles) > 1 and sum(field is not None for field in columns_of(titles, layout)) > max(known, 1):
            raise _other_separator(separator, file_name)


def _other_separator(separator: str, file_name: str) -> Refusal:
    name = _SEPARATORS.get(separator, f"「{separator}」")
    return unreadable(
        file_name,
        f"区切りが{name}です。コンマ区切りの CSV(表計算ソフトの「CSV(コンマ区切り)」)で保存し直してください。",
    )


def _cells_of(line: str, file_name: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(line.replace("\r", " "), newline="")))
    except csv.Error as error:
        raise _stray_quote(1, file_name) from error


def _quoted_well(lines: pl.DataFrame, file_name: str) -> pl.DataFrame:
    """The lines with spreadsheet tricks as plain quotes.

    Raises:
        Refusal: quotes inside an unquoted cell: nobody can say where the cell, or even the record, ends.
    """
    text = pl.col("text")
    stray = text.str.contains('"', literal=True) & ~text.str.contains(_QUOTED_WELL)
    at_fault = lines.select(stray).to_series()
    for trick in _AS_TEXT:
        if not at_fault.any():
            return lines
        plain = lines.filter(at_fault)["text"].str.replace_all(trick, '$1"$2"')
        lines = lines.with_columns(lines["text"].scatter(at_fault.arg_true(), plain))
        at_fault = lines.select(stray).to_series()
    if at_fault.any():
        raise _stray_quote(int(lines.filter(at_fault).item(0, "line")), file_name)
    return lines


def _stray_quote(line: int, file_name: str) -> Refusal:
    return unreadable(
        file_name,
        f'{line}行目の引用符(")の位置が正しくありません。'
        '引用符を含む値は全体を " で囲み、中の " は "" と書いてください。',
    )


def _join_quoted_lines(lines: pl.DataFrame, file_name: str) -> pl.DataFrame:
    """Lines of one record joined, when a quoted cell holds line breaks; ``line`` is where the record starts."""
    odd = lines["text"].str.count_matches('"', literal=True).cast(pl.Int64) % 2
    if not odd.sum():
        return lines
    before = odd.cum_sum() - odd
    if odd.sum() % 2:
        last = lines.filter(odd == 1)["line"][-1]
        raise unreadable(file_name, f'{last}行目の引用符(")が閉じていません。引用符を確かめてください。')
    starts = (before % 2 == 0).cast(pl.Int64).cum_sum().alias("start")
    return (
        lines.with_columns(starts)
        .group_by("start", maintain_order=True)
        .agg(pl.col("line").first(), pl.col("text").str.join("\n"))
        .select("line", "text")
    )
