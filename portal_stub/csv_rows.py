"""The one way in which the portal writes CSV for people: no cell is taken for a formula, whoever its words come from.

Which columns a file has is its page's. CSV that the pipeline reads again is ``entries.tree``; documents are ``outputs``.
"""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from schemas.cells import unformulated, unformulated_if_active

MARK = b"\xef\xbb\xbf"
"""What makes spreadsheets read UTF-8."""


def csv_line(cells: Sequence[Any]) -> bytes:
    """One row in UTF-8 with CRLF, for files that are sent piece by piece; every text is guarded."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(_guarded(cell) for cell in cells)
    return out.getvalue().encode()


def quoted_writer(stream: Any) -> Callable[[Iterable[Any]], None]:
    """Writes rows with CRLF, every cell in quotes, every text guarded."""
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n")

    def write(cells: Iterable[Any]) -> None:
        writer.writerow(_guarded(cell) for cell in cells)

    return write


class Identifier(str):
    """A number or code whose signs are part of it: guarded only where it could do something."""

    __slots__ = ()


def _guarded(cell: Any) -> Any:
    if isinstance(cell, Identifier):
        return unformulated_if_active(cell)
    return unformulated(cell) if isinstance(cell, str) else cell
