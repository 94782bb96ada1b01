"""CSV: text with commas, quotes and line ends to cells. Encodings are ``encoding``, header and records ``table``."""

import csv
import io

import polars as pl

from pipelines.reading.encoding import text_of
from pipelines.reading.table import Decoded, named, unreadable
from schemas.layouts import Layout
from schemas.submission import Refusal

_FILLED = r'[^\s,"]'
_CELL = r'(?:"(?:[^"]|"")*"|[^",]*)'
_QUOTED_WELL = rf"^{_CELL}(?:,{_CELL})*$"
"""One record by RFC 4180: a cell is quoted as a whole or not at all."""
_ZIP = b"PK\x03\x04"


def csv_rows(content: bytes, file_name: str) -> list[list[str]]:
    """The cells of a CSV as written: the header, then one list per record. For who shows the file again.

    Raises:
        Refusal: as :func:`decode`.
    """
    lines, _, _ = _csv_lines(content, file_name)
    return [_header(line, file_name) for line in lines["text"]]


def _csv_lines(content: bytes, file_name: str) -> tuple[pl.DataFrame, str, bool]:
    """Header and records as text with the line where each starts, the encoding, and whether anything is quoted."""
    if content.startswith(_ZIP):
        raise unreadable(
            file_name,
            "中身は圧縮ファイルまたは表計算ファイルです。CSV形式で保存し直すか、.xlsx の名前で送ってください。",
        )
    text, encoding = text_of(content, file_name)
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
    return named(cells, header, columns, layout, int(lines.item(0, "line")), encoding)


def _header(line: str, file_name: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(line.replace("\r", " "), newline="")))
    except csv.Error as error:
        raise unreadable(
            file_name,
            "1行目を見出しとして読めません。1行目に列の名前をコンマ区切りで並べて保存し直してください。",
        ) from error


def _refuse_stray_quotes(lines: pl.DataFrame, file_name: str) -> None:
    """Quotes inside an unquoted cell: nobody can say where the cell, or even the record, ends."""
    text = pl.col("text")
    stray = lines.filter(text.str.contains('"', literal=True) & ~text.str.contains(_QUOTED_WELL))
    if not stray.is_empty():
        raise unreadable(
            file_name,
            f'{stray.item(0, "line")}行目の引用符(")の位置が正しくありません。'
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
