"""The one way from an upload to its records, by the version of the reading that its receipt names.

Every cell stays text (``None`` when empty). Nothing is judged but the table itself. What cannot be read at all is
refused at once. Sources: contract §5; Seed 000 ch. 9 §4-2; A-008, A-029.
"""

from collections.abc import Callable

from pipelines.reading import csv_file, first, workbook
from pipelines.reading.table import Decoded
from schemas.layouts import Layout
from schemas.reading import CURRENT_READING, FIRST_READING
from schemas.submission import Refusal

_Reader = Callable[[bytes, str, Layout], Decoded]
_READERS: dict[int, dict[str, _Reader]] = {
    FIRST_READING: {"csv": first.decode_csv, "xlsx": first.decode_workbook},
    CURRENT_READING: {"csv": csv_file.decode_csv, "xlsx": workbook.decode_workbook},
}


def decode(content: bytes, file_name: str, layout: Layout, reading: int = CURRENT_READING) -> Decoded:
    """Read an upload by a version of the reading: of its receipt, or the current one for what is not received yet.

    Raises:
        Refusal: ``empty-file``, ``file-type`` or ``unreadable-file`` when no records can be told apart.
    """
    return _READERS[reading][_checked_form(content, file_name)](content, file_name, layout)


def csv_rows(content: bytes, file_name: str, reading: int = CURRENT_READING) -> list[list[str]]:
    """The cells of a CSV as written: the header, then one list per record. For who shows the file again.

    Raises:
        Refusal: as :func:`decode`.
    """
    rows = first.csv_rows if reading == FIRST_READING else csv_file.csv_rows
    return rows(content, file_name)


def _checked_form(content: bytes, file_name: str) -> str:
    """``csv`` or ``xlsx``, by the ending of the file name."""
    suffix = file_name.rsplit(".", 1)[-1].lower() if "." in file_name else ""
    if suffix not in ("csv", "xlsx"):
        raise Refusal(
            "file-type",
            f"ファイル「{file_name}」は読めません。.csv または .xlsx のファイルを送ってください。",
        )
    if not content.strip():
        raise Refusal(
            "empty-file", f"ファイル「{file_name}」は空です。データの入ったファイルを送ってください。"
        )
    return suffix
