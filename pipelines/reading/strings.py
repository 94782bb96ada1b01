"""The shared texts of a workbook, and texts of cells in general: phonetic guides and rich formats taken off."""

import re
from collections.abc import Iterator
from xml.parsers import expat

import polars as pl

from pipelines.reading.package import Broken, damaged, local, parser_of, plain_text, unescaped
from schemas.reading import MOST_STRINGS

_PREFIX = re.compile(rb"<(?:([\w.-]+):)?sst[\s/>]")
_ITEM = re.compile(
    rb'<si>(?:<t(?: xml:space="preserve")?>([^<]*)</t>)?((?:(?!</si>).)*)</si>|<si\s*/>', re.DOTALL
)
_GUIDE = re.compile(rb"<rPh\b(?:(?!</rPh>).)*</rPh>", re.DOTALL)
_RUN = re.compile(rb"<t(?:\s[^>]*)?>([^<]*)</t>")


def shared_strings(pieces: Iterator[bytes]) -> pl.Series:
    """The shared texts in their order; blank ones are null.

    Raises:
        Broken: the part is no XML, or holds too many texts.
    """
    xml = b"".join(pieces)
    found = _PREFIX.search(xml[:4096])
    if found and found[1]:
        xml = xml.replace(b"<" + found[1] + b":", b"<").replace(b"</" + found[1] + b":", b"</")
    if xml.count(b"<si") > MOST_STRINGS:
        raise Broken("文字列が多すぎます。ファイルを分けて送ってください。")
    texts = _quickly(xml) if found else None
    if texts is None:
        texts = _thoroughly(xml)
    return meant(texts)


def meant(texts: pl.Series) -> pl.Series:
    """Character data of cells as text: entities and the spreadsheets' escapes undone, blank as null."""
    odd = texts.str.contains("&", literal=True) | texts.str.contains("_x", literal=True)
    if odd.any():
        place = odd.fill_null(False).arg_true()
        texts = texts.scatter(place, [unescaped(plain_text(text)) for text in texts.gather(place)])
    return texts.set(~texts.str.contains(r"\S").fill_null(False), None)


def _quickly(xml: bytes) -> pl.Series | None:
    """Character data of a part that is written as most programs do; None for others."""
    if xml[:2] in (b"\xff\xfe", b"\xfe\xff") or b"<!" in xml or b"<?" in xml[60:] or not _is_utf8(xml):
        return None
    if b"\r" in xml:
        xml = xml.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    texts: list[bytes] = []
    for text, rest in _ITEM.findall(xml):
        texts.append(text + b"".join(_RUN.findall(_GUIDE.sub(b"", rest))) if rest else text)
    if len(texts) != xml.count(b"<si>") + xml.count(b"<si ") + xml.count(b"<si/>"):
        return None
    return pl.Series("text", texts, dtype=pl.Binary).cast(pl.String)


def _is_utf8(xml: bytes) -> bool:
    declared = re.match(rb"""<\?xml[^>]*encoding=["']([\w.-]+)["']""", xml.removeprefix(b"\xef\xbb\xbf"))
    return declared is None or declared[1].lower() in (b"utf-8", b"us-ascii")


def _thoroughly(xml: bytes) -> pl.Series:
    """The same by a real parser: any prefix, comments, CDATA, another encoding."""
    texts: list[str] = []
    path: list[str] = []
    runs: list[str] = []

    def start(name: str, _: object) -> None:
        path.append(local(name))
        if path[1:] == ["si"]:
            runs.clear()

    def end(_: str) -> None:
        if path[1:] == ["si"]:
            texts.append("".join(runs).replace("&", "&amp;"))
        path.pop()

    def text(data: str) -> None:
        if path[-1] == "t" and "rPh" not in path:
            runs.append(data)

    try:
        parser_of(start, end, text).Parse(xml, True)
    except (expat.ExpatError, ValueError) as error:
        raise damaged() from error
    return pl.Series("text", texts, dtype=pl.String)
