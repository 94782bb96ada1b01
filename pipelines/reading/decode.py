"""The one way from an upload to its records, by the version of the reading that its receipt names.

Every cell stays text (``None`` when empty). Nothing is judged but the table itself. What cannot be read at all is
refused at once. Sources: contract §5; Seed 000 ch. 9 §4-2; A-008, A-029.
"""

from collections.abc import Callable

from pipelines.reading import csv_file, first, workbook
from pipelines.reading.encoding import UTF8_MARK
from pipelines.reading.table import Decoded, unreadable
from schemas.layouts import Layout
from schemas.reading import CURRENT_READING, FIRST_READING
from schemas.submission import Refusal

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_OLD_BOOKS = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))
_OTHERS = {b"%PDF": "PDF", b"<": "HTML または XML", b"\x1f\x8b": "圧縮ファイル", b"{": "JSON"}
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
    form = _checked_form(content, file_name)
    if reading != FIRST_READING:
        _refuse_other_content(content, file_name, form)
    return _READERS[reading][form](content, file_name, layout)


def csv_rows(content: bytes, file_name: str, reading: int = CURRENT_READING) -> list[list[str]]:
    """The cells of a CSV as written: the header, then one list per record. For who shows the file again.

    Raises:
        Refusal: as :func:`decode`.
    """
    if reading == FIRST_READING:
        return first.csv_rows(content, file_name)
    _refuse_other_content(content, file_name, "csv")
    return csv_file.csv_rows(content, file_name)


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


def _refuse_other_content(content: bytes, file_name: str, form: str) -> None:
    """Says what the file is, when its first bytes tell that it is not what its name says."""
    if content.startswith(_OLE):
        if _ENCRYPTED in content:
            why = "パスワードで保護されています。パスワードを外して"
        elif any(name in content for name in _OLD_BOOKS):
            why = "中身は古い Excel 形式(.xls)です。"
        else:
            why = "中身はパスワード付きの Excel ファイルか、古い Excel 形式(.xls)です。パスワードを外し、"
        raise unreadable(file_name, f"{why}「Excel ブック(.xlsx)」または CSV で保存し直してください。")
    if form == "csv" and content.startswith(_ZIP):
        raise unreadable(
            file_name,
            "中身は圧縮ファイルまたは表計算ファイルです。CSV形式で保存し直すか、.xlsx の名前で送ってください。",
        )
    head = content[:100].removeprefix(UTF8_MARK).lstrip()
    for sign, name in _OTHERS.items():
        if form == "csv" and head.startswith(sign):
            raise unreadable(file_name, f"中身は {name} です。CSV形式で保存し直してください。")
