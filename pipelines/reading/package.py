"""The parts of an .xlsx file, streamed within bounds: nothing swells beyond them, whatever the file says of itself.

Here is the ZIP container, the relations between parts, and XML without declarations of entities. What the parts say is
``styles``, ``sheet`` and ``workbook``. Source: ECMA-376 part 2 (packages).
"""

import io
import posixpath
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from schemas.reading import MOST_INFLATED, MOST_PARTS

PIECE = 1 << 20
"""Bytes of a part that are held at a time while it is streamed."""


class Broken(Exception):
    """The file cannot be read; the words tell the sender why and what to do, in Japanese."""


_DAMAGED = "壊れているか、.xlsx 形式ではありません。表計算ソフトで保存し直してください。"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PERCENT = re.compile("%([2-7][0-9A-Fa-f])")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_OLD_STREAMS = tuple(name.encode("utf-16-le") for name in ("Workbook", "Book"))


def damaged() -> Broken:
    """What is said of a file that is no workbook, or a broken one."""
    return Broken(_DAMAGED)


@dataclass(frozen=True)
class Relation:
    """One relation of a part; ``kind`` is the last word of its type (``worksheet``, ``styles`` …)."""

    id: str
    kind: str
    part: str


class Package:
    """An .xlsx file whose parts are read one after the other.

    Raises:
        Broken: it is no package, or beyond the bounds.
    """

    def __init__(self, content: bytes) -> None:
        if content.startswith(_OLE):
            raise Broken(
                "パスワードで保護されています。Excelでパスワードを外して(ファイル→情報→ブックの保護)保存し直してください。"
                if _ENCRYPTED in content or not any(name in content for name in _OLD_STREAMS)
                else "古い形式のExcelブック(.xls)です。Excelで開き、.xlsx として保存し直してください。"
            )
        try:
            self._zip = ZipFile(io.BytesIO(content))
        except (BadZipFile, ValueError, NotImplementedError, OverflowError) as error:
            raise damaged() from error
        parts = [info for info in self._zip.infolist() if not info.is_dir()]
        if len(parts) > MOST_PARTS:
            raise Broken(
                f"部品が多すぎます({len(parts):,}個)。必要なシートだけの新しいブックにして保存し直してください。"
            )
        self._infos = {_plain(info.filename): info for info in parts}
        if len(self._infos) < len(parts):
            raise damaged()
        if any(info.flag_bits & 1 for info in parts):
            raise Broken("暗号化されています。パスワードを外して保存し直してください。")
        if any(info.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for info in parts):
            raise damaged()
        self._left = MOST_INFLATED

    def has(self, part: str) -> bool:
        """Whether there is such a part."""
        return self._name(part) is not None

    def _name(self, part: str) -> str | None:
        for name in (_plain(part), _plain(_PERCENT.sub(lambda match: chr(int(match[1], 16)), part))):
            if name in self._infos:
                return name
        return None

    def pieces(self, part: str) -> Iterator[bytes]:
        """A part in pieces of :data:`PIECE` bytes.

        Raises:
            Broken: it is missing or broken, or all that was read so far is beyond the bounds.
        """
        name = self._name(part)
        if name is None:
            raise damaged()
        info = self._infos[name]
        if info.file_size > self._left:
            raise _too_large()
        try:
            with self._zip.open(info) as stream:
                while piece := stream.read(PIECE):
                    self._left -= len(piece)
                    if self._left < 0:
                        raise _too_large()
                    yield piece
        except (
            BadZipFile,
            zlib.error,
            NotImplementedError,
            RuntimeError,
            EOFError,
            OSError,
            ValueError,
        ) as error:
            raise damaged() from error

    def read(self, part: str) -> bytes:
        """A whole part."""
        return b"".join(self.pieces(part))

    def relations(self, part: str) -> list[Relation]:
        """The relations of a part (of the package with ``""``) that stay inside the file."""
        folder, name = posixpath.split(part)
        where = posixpath.join(folder, "_rels", f"{name}.rels")
        if not self.has(where):
            return []
        found: list[Relation] = []

        def see(path: tuple[str, ...], told: dict[str, str]) -> None:
            if path[-1] != "Relationship" or told.get("TargetMode") == "External":
                return
            target = told.get("Target", "").replace("\\", "/")
            whole = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
            kind = told.get("Type", "").rpartition("/")[2]
            found.append(Relation(told.get("Id", ""), kind, posixpath.normpath(whole)))

        elements(self.read(where), see)
        return found

    @property
    def main(self) -> str:
        """The part of the workbook itself."""
        found = [r.part for r in self.relations("") if r.kind == "officeDocument" and self.has(r.part)]
        if found:
            if not found[0].endswith(".xml"):
                raise Broken(
                    "バイナリ形式のブック(.xlsb)です。Excelで開き、.xlsx として保存し直してください。"
                )
            return found[0]
        if self.has("content.xml"):
            raise Broken("OpenDocument形式(.ods)です。表計算ソフトで .xlsx として保存し直してください。")
        if self.has("xl/workbook.xml"):
            return "xl/workbook.xml"
        raise damaged()


def _plain(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _too_large() -> Broken:
    return Broken(
        f"中身が大きすぎます(展開すると{MOST_INFLATED >> 20:,}MBを超えます)。"
        "不要なシート・画像・書式を除くか、ファイルを分けて送ってください。"
    )


def parser_of(
    start: Callable[[str, dict[str, str]], Any],
    end: Callable[[str], Any] | None = None,
    text: Callable[[str], Any] | None = None,
) -> expat.XMLParserType:
    """A parser that takes no document type, so that no entity is ever declared; text comes in whole runs."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise damaged()

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    return parser


def elements(xml: bytes, see: Callable[[tuple[str, ...], dict[str, str]], None]) -> None:
    """Calls ``see`` with the path (local names from the root) and the attributes (local names) of every element.

    Raises:
        Broken: it is not well-formed, or declares a document type.
    """
    path: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        path.append(local(name))
        see(tuple(path), {local(key): value for key, value in attributes.items()})

    def end(_: str) -> None:
        path.pop()

    try:
        parser_of(start, end).Parse(xml, True)
    except (expat.ExpatError, ValueError) as error:
        raise damaged() from error


def local(name: str) -> str:
    """A name without its prefix."""
    return name.rpartition(":")[2]


def truth(text: str | None) -> bool:
    """A boolean attribute."""
    return (text or "").strip().lower() in ("1", "true", "on")


_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


def unescaped(text: str) -> str:
    """Text of a cell with the spreadsheets' own escapes (``_x000D_``) undone."""
    return _ESCAPE.sub(_letter, text) if "_x" in text else text


def _letter(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    # Half of a pair is no character, and no text can hold it.
    return match[0] if 0xD800 <= code <= 0xDFFF else chr(code)


_ENTITY = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));|&")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


def plain_text(text: str) -> str:
    """Character data of XML as it is meant: the five named entities and numbered characters.

    Raises:
        Broken: another entity, or no character.
    """
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(match: re.Match[str]) -> str:
    if match[1]:
        return _NAMED[match[1]]
    code = int(match[2]) if match[2] else int(match[3], 16) if match[3] else 0
    if not (
        code in (9, 10, 13)
        or 0x20 <= code <= 0xD7FF
        or 0xE000 <= code <= 0xFFFD
        or 0x10000 <= code <= 0x10FFFF
    ):
        raise damaged()
    return chr(code)
