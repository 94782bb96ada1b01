"""The bytes of the CSV files of 各種情報照会, in the form of 提供データ (D-029): CP932, CR/LF, all quoted, a header row.

One character that CP932 does not have turns the whole file into UTF-8 with BOM, so that nothing is lost. Words that a
spreadsheet would run get an apostrophe in front.
"""

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, BinaryIO

from portal_stub.csv_rows import Identifier, quoted_writer
from portal_stub.inquiries.layouts import Column

Rows = Callable[[], Iterable[Mapping[str, Any]]]


def write_csv(stream: BinaryIO, columns: Sequence[Column], rows: Rows) -> int:
    """Writes header and rows; how many rows there were. ``rows`` is asked for them anew when the encoding changes."""
    try:
        return _written(stream, columns, rows(), "cp932")
    except UnicodeEncodeError:
        stream.seek(0)
        stream.truncate()
        return _written(stream, columns, rows(), "utf-8-sig")


def _written(
    stream: BinaryIO, columns: Sequence[Column], rows: Iterable[Mapping[str, Any]], encoding: str
) -> int:
    text = io.TextIOWrapper(stream, encoding=encoding, newline="", write_through=True)
    count = 0
    try:
        write = quoted_writer(text)
        write(column.label for column in columns)
        for row in rows:
            write(_cell(row.get(column.name), words=column.words) for column in columns)
            count += 1
    finally:
        text.detach()
    return count


def _cell(value: Any, *, words: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, date):
        return f"{value:%Y%m%d}"
    return str(value) if words else Identifier(value)
