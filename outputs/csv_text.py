"""CSV bytes for people: quoting, encoding, and protection against spreadsheet formulas.

Rules, the same for every CSV document unless its function says otherwise:

* header row, every field quoted, CR/LF, CP932 (D-029);
* one character that CP932 does not have turns the whole file into UTF-8 with BOM, so nothing is lost;
* a *text* cell that a spreadsheet would read as a formula gets an apostrophe in front. Triggers are
  ``= + - @`` (also full-width, which Japanese spreadsheets accept), tab, CR and LF at the start of the cell.
  Plain numbers and a lone ``-`` are no danger and stay; numeric columns are never touched.

Which columns a document has is not decided here (see ``columns``).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from outputs.columns import Column
from schemas.cells import ACTIVE, FORMULA

_HARMLESS = r"^[+\-]?[0-9][0-9,]*(?:\.[0-9]+)?$|^-$"


def neutralised(values: pl.Expr) -> pl.Expr:
    """Text that no spreadsheet takes for a formula: an apostrophe in front where it would be one."""
    dangerous = values.str.contains(FORMULA) & ~values.str.contains(_HARMLESS)
    return pl.when(dangerous).then(pl.concat_str(pl.lit("'"), values)).otherwise(values)


def neutralised_if_active(values: pl.Expr) -> pl.Expr:
    """As :func:`neutralised`, but only where the formula could do something.

    For files that are uploaded again: an identifier such as ``-ABC1`` keeps its bytes, ``=cmd|'/C calc'!A0``
    does not: what could run on somebody's desk does not come back unchanged.
    """
    dangerous = values.str.contains(FORMULA) & values.str.contains(ACTIVE)
    return pl.when(dangerous).then(pl.concat_str(pl.lit("'"), values)).otherwise(values)


def encoded(text: str) -> bytes:
    """CP932 when every character has a place there, otherwise UTF-8 with BOM."""
    try:
        return text.encode("cp932")
    except UnicodeEncodeError:
        return text.encode("utf-8-sig")


def csv_bytes(frame: pl.DataFrame, columns: Sequence[Column], *, reupload: bool = False) -> bytes:
    """The columns of ``frame`` in their order under their Japanese labels.

    A column that the frame does not have is written empty, so the shape of a document never depends on its
    content. ``reupload`` keeps identifiers verbatim (see :func:`neutralised_if_active`).
    """
    guard = neutralised_if_active if reupload else neutralised
    expressions = []
    for place, column in enumerate(columns):
        text = column.text(frame)
        if column.is_text:
            text = guard(text)
        expressions.append(text.fill_null("").alias(str(place)))
    body = frame.select(expressions) if frame.height else pl.DataFrame()
    header = ",".join(f'"{column.label.replace(chr(34), chr(34) * 2)}"' for column in columns) + "\r\n"
    rows = (
        body.write_csv(include_header=False, quote_style="always", line_terminator="\r\n")
        if body.width
        else ""
    )
    return encoded(header + rows)
