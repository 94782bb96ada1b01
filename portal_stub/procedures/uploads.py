"""What may be attached, and attaching it: kinds of files by name and content, names, sizes. Seed 000 ch. 7 §3⑦; K-028 to K-031, S-028, S-029."""

import unicodedata
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from portal_stub import clock
from portal_stub.accounts.models import User
from portal_stub.procedures import files
from portal_stub.procedures.models import Application, Document

MOST_BYTES = 30 * 1024 * 1024
"""Of all files of one application together (S-028)."""
LONGEST_NAME = 100
"""Characters with the extension, half- and full-width counted alike (K-030, K-031)."""

_ZIP, _OLE = (b"PK\x03\x04", b"PK\x05\x06"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)
STARTS: dict[str, tuple[bytes, ...]] = {
    "pdf": (b"%PDF-",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "gif": (b"GIF87a", b"GIF89a"),
    "tif": (b"II*\x00", b"MM\x00*"),
    "tiff": (b"II*\x00", b"MM\x00*"),
    "docx": _ZIP,
    "xlsx": _ZIP,
    "pptx": _ZIP,
    "doc": _OLE,
    "xls": _OLE,
    "ppt": _OLE,
    "zip": _ZIP,
    "txt": (),
    "csv": (),
}
"""Permitted extensions and how such a file begins; none given: text in UTF-8 or CP932."""
ACCEPTED = ",".join(f".{extension}" for extension in STARTS)
ADVICE = (
    "PDF、Word・Excel・PowerPoint、画像（PNG・JPEG・GIF・TIFF）、テキスト（TXT・CSV）、ZIPを添付できます。"
    f"1回の申込みで合計{MOST_BYTES // 1024**2}MBまで、ファイル名は拡張子を含めて{LONGEST_NAME}文字以内です。"
)


def take(
    user: User, application: Application, slot: str, uploads: Sequence[Any], *, by_insurer: bool = False
) -> tuple[list[Document], list[str]]:
    """Judges files and keeps the good ones; what was kept, and why others were not. The caller holds the row's lock."""
    good, faults = judge_uploads(uploads, list(application.documents.filter(by_insurer=by_insurer)))
    taken = [
        Document.objects.create(
            application=application,
            slot=slot,
            name=name,
            size=upload.size,
            sha256=files.keep(upload),
            by_insurer=by_insurer,
            added_by=user,
            added_at=clock.now(),
        )
        for upload, name in good
    ]
    return taken, faults


def judge_uploads(
    uploads: Sequence[Any], held: Sequence[Document]
) -> tuple[list[tuple[Any, str]], list[str]]:
    """Parts what may be attached, with the name it gets, from what may not, with why and what to do."""
    names = {document.name.casefold() for document in held}
    total = sum(document.size for document in held)
    good: list[tuple[Any, str]] = []
    faults: list[str] = []
    for upload in uploads:
        name = file_name(upload.name)
        if fault := _fault(upload, name, names, total):
            faults.append(f"「{name[:LONGEST_NAME]}」は添付できませんでした。{fault}")
            continue
        names.add(name.casefold())
        total += upload.size
        good.append((upload, name))
    return good, faults


def file_name(name: str) -> str:
    """The bare name, composed, without control characters; folders that a browser may tell are cut off."""
    bare = PurePosixPath(name.replace("\\", "/")).name
    return "".join(
        c for c in unicodedata.normalize("NFC", bare) if unicodedata.category(c) not in {"Cc", "Cf"}
    )


def _fault(upload: Any, name: str, names: set[str], total: int) -> str:
    extension = name.rpartition(".")[2].lower() if "." in name.strip(".") else ""
    if extension not in STARTS:
        return "この種類のファイルは使えません。PDFなどに変換してください。"
    if len(name) > LONGEST_NAME:
        return f"ファイル名は{LONGEST_NAME}文字以内にしてください（現在{len(name)}文字）。"
    if name.casefold() in names:
        return "同じ名前のファイルが添付されています。名前を変えるか、先に添付したものを削除してください。"
    if not upload.size:
        return "ファイルの中身がありません。元のファイルを確認してください。"
    if total + upload.size > MOST_BYTES:
        return (
            f"添付の合計が{MOST_BYTES // 1024**2}MBを超えます（現在 {total / 1024**2:.1f}MB、"
            f"このファイル {upload.size / 1024**2:.1f}MB）。別送資料として送ることもできます。"
        )
    if not _content_fits(upload, extension):
        return f"中身が{extension.upper()}形式ではありません。元のファイルを確認してください。"
    return ""


def _content_fits(upload: Any, extension: str) -> bool:
    upload.seek(0)
    head = upload.read(4096)
    upload.seek(0)
    if starts := STARTS[extension]:
        return bool(head.startswith(starts))
    if b"\x00" in head:
        return False
    for encoding in ("utf-8", "cp932"):
        for cut in range(4):  # the last character may be cut in two
            try:
                head[: len(head) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
            return True
    return False
