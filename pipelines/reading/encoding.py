"""From the bytes of a CSV to its text: which encoding it is in, decided strictly. What the text holds is ``csv_file``.

An encoding is never guessed where two are possible: the file is refused with the line and the bytes. ADR 0026.
"""

import re
from collections import Counter

import polars as pl

from pipelines.reading.table import unreadable
from schemas.submission import Refusal

UTF8_MARK = b"\xef\xbb\xbf"
_NO_LETTERS = re.compile("[\x80\uf8f0-\uf8f3]")
"""What Python makes of the bytes 80, A0, FD, FE and FF, which CP932 does not use."""
_REMEDY = "CSV UTF-8(BOM付き)で保存し直してください。"
_CESU8 = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
_ISO_2022 = re.compile(rb"\x1b[$(][@A-Z()]?[@A-Z]?")
_NOT_EUC = re.compile(rb"[\x80-\x8d\x90-\xa0\xff]")
_UTF8_AS_CP932 = (
    "["
    + "".join(
        letter
        for lead in (*range(0xE2, 0xEA), *range(0xF0, 0xF5))
        for trail in range(0x80, 0xC0)
        for letter in [bytes((lead, trail)).decode("cp932", "ignore")]
        if len(letter) == 1
    )
    + "]"
)
"""Letters of CP932 whose two bytes begin a Japanese letter of UTF-8: 縺, 繧, 繝 and rare kanji."""


def text_of(content: bytes, file_name: str) -> tuple[str, str]:
    """The text and its encoding: UTF-8 (with or without BOM) when it is valid UTF-8, else CP932, strictly.

    Raises:
        Refusal: ``unreadable-file`` naming line and bytes, when it is neither, or when nobody can say which.
    """
    _refuse_others(content, file_name)
    marked = content.startswith(UTF8_MARK)
    before = len(UTF8_MARK) if marked else 0
    try:
        text = content[before:].decode()
    except UnicodeDecodeError as error:
        broken = before + error.start
    else:
        if not marked and not text.isascii():
            _refuse_ambiguous(content, text, file_name)
        return text, "utf-8-sig" if marked else "utf-8"
    if marked:
        raise _not_utf8(content, broken, file_name, "UTF-8 の印(BOM)で始まりますが、")
    if surrogates := _CESU8.search(content):
        raise _refused(
            content,
            surrogates.span(),
            file_name,
            "は CESU-8(1文字を2つに分けた UTF-8)です。出力する側で UTF-8 にするか、",
        )
    try:
        text = content.decode("cp932")
    except UnicodeDecodeError as error:
        if _looks_like_utf8(content):
            raise _not_utf8(content, broken, file_name) from error
        raise _not_cp932(content, error.start, file_name) from error
    if stray := _NO_LETTERS.search(text):
        if _looks_like_utf8(content):
            raise _not_utf8(content, broken, file_name)
        raise _not_cp932(content, len(text[: stray.start()].encode("cp932")), file_name)
    _refuse_mixture(text, content, broken, file_name)
    _refuse_euc(content, file_name)
    return text, "cp932"


def _refuse_others(content: bytes, file_name: str) -> None:
    """Encodings that no upload may be in, by their unmistakable signs."""
    if b"\x00" in content:
        wide = content[:2] in (b"\xff\xfe", b"\xfe\xff") or content.count(0, 0, 400) * 3 > len(content[:400])
        if wide:
            raise unreadable(
                file_name,
                f"文字コードが UTF-16(Excel の「Unicode テキスト」など)です。{_REMEDY}",
            )
        raise _refused(
            content, (content.index(0), content.index(0) + 1), file_name, "は文字ではないデータです。"
        )
    if escape := _ISO_2022.search(content):
        raise _refused(content, escape.span(), file_name, "は ISO-2022-JP(JISコード)の切替えです。")


def _refuse_ambiguous(content: bytes, text: str, file_name: str) -> None:
    """Valid UTF-8 that is as good as CP932: half-width katakana read as letters of Europe, or the other way round."""
    try:
        other = content.decode("cp932")
    except UnicodeDecodeError:
        return
    if _NO_LETTERS.search(other) or _is_plainer(text, other):
        return
    found = re.search(rb"[\x80-\xff]+", content)
    assert found is not None
    raise _refused(
        content,
        found.span(),
        file_name,
        f"は UTF-8 の「{_cut(text)}」とも Shift_JIS(CP932)の「{_cut(other)}」とも読めます。",
    )


def _refuse_mixture(text: str, content: bytes, broken: int, file_name: str) -> None:
    """CP932 as a whole, with cells that are plainly UTF-8 read as rare kanji."""
    if text.isascii():
        return
    lines = pl.Series("line", text.splitlines()).to_frame()
    lines = lines.filter(pl.col("line").str.contains(_UTF8_AS_CP932))
    cells = lines.select(pl.col("line").str.split(",").explode().unique(maintain_order=True)).to_series()
    for cell in cells.filter(cells.str.contains(_UTF8_AS_CP932)):
        written = cell.encode("cp932")
        if _is_plainer(written.decode("utf-8", "replace"), cell):
            at = content.find(written)
            if at < 0:  # letters with two codes in CP932 come back as the other one
                raise _not_utf8(content, broken, file_name)
            start = at + len(written) - len(written.lstrip(bytes(range(0x80))))
            raise _refused(
                content,
                (start, min(start + 6, at + len(written))),
                file_name,
                "は UTF-8 の文字ですが、ファイルには UTF-8 でない部分もあります"
                f"({_line_at(content, broken)}行目「{_hex(_sequence(content, broken))}」)。"
                "文字コードを1つに揃え、",
            )


def _refuse_euc(content: bytes, file_name: str) -> None:
    """Half-width katakana in CP932 may be kanji in EUC-JP. Letters with a byte of 80 to 9F are CP932."""
    found = re.search(rb"[\x80-\xff]+", content)
    if found is None or _NOT_EUC.search(content):
        return
    try:
        other = content.decode("euc_jp")
    except UnicodeDecodeError:
        return
    raise _refused(
        content,
        found.span(),
        file_name,
        f"は EUC-JP の「{_cut(other)}」とも Shift_JIS(CP932)の半角カナとも読めます。",
    )


def _is_plainer(as_utf8: str, as_cp932: str) -> bool:
    """Whether a text read as UTF-8 is more ordinary Japanese than the same bytes read as CP932."""
    plain_8, other_8 = _ordinary(as_utf8, at_least="\u0800")
    plain_9, other_9 = _ordinary(as_cp932)
    return plain_8 > 0 and plain_8 * (plain_9 + other_9) > plain_9 * (plain_8 + other_8)


def _ordinary(text: str, at_least: str = "\x80") -> tuple[int, int]:
    """How many letters beyond ASCII are kana, kanji of level 1 and signs (–, ’, €), and how many are others."""
    plain = other = 0
    for letter, times in Counter(text).items():
        if letter >= "\x80":
            code = letter.encode("cp932", "ignore")
            kana_or_kanji = len(code) == 2 and code < b"\x98\x73"
            if letter >= at_least and (kana_or_kanji or "\u2000" <= letter <= "\u2bff"):
                plain += times
            else:
                other += times
    return plain, other


def _looks_like_utf8(content: bytes) -> bool:
    """Whether more of the bytes are good UTF-8 than are good CP932."""
    return content.decode("utf-8", "replace").count("\ufffd") < content.decode("cp932", "replace").count(
        "\ufffd"
    ) or _is_plainer(content.decode("utf-8", "replace"), content.decode("cp932", "replace"))


def _not_utf8(content: bytes, at: int, file_name: str, before: str = "") -> Refusal:
    written = _sequence(content, at)
    return unreadable(
        file_name,
        f"{before}{_line_at(content, at)}行目のバイト列「{_hex(written)}」は UTF-8 の文字ではありません。"
        "文字コードが Shift_JIS(CP932)と混ざっていないか、文字が途中で切れていないか確かめ、" + _REMEDY,
    )


def _not_cp932(content: bytes, at: int, file_name: str) -> Refusal:
    written = _sequence(content, at)[:2]
    if len(written) == 1 or written[1] < 0x40:
        written = written[:1]
    try:
        known = f"(JIS X 0213 の「{written.decode('shift_jis_2004')}」と思われます)"
    except UnicodeDecodeError:
        known = ""
    return unreadable(
        file_name,
        f"文字コードが Shift_JIS(CP932)でも UTF-8 でもありません。{_line_at(content, at)}行目のバイト列"
        f"「{_hex(written)}」は CP932 の文字ではありません{known}。その文字を直すか、" + _REMEDY,
    )


def _refused(content: bytes, span: tuple[int, int], file_name: str, what: str) -> Refusal:
    start, end = span
    return unreadable(
        file_name,
        f"{_line_at(content, start)}行目のバイト列「{_hex(content[start : min(end, start + 12)])}」{what}{_REMEDY}",
    )


def _sequence(content: bytes, at: int) -> bytes:
    """The byte at fault with those that seem to belong to it."""
    found = re.compile(rb"[\x80-\xff]{2,4}|.", re.DOTALL).match(content, at)
    return found[0] if found and len(found[0]) > 1 else content[at : at + 2].rstrip(b"\r\n")


def _line_at(content: bytes, at: int) -> int:
    before = content[:at].replace(b"\r\n", b"\n")
    return before.count(b"\n") + before.count(b"\r") + 1


def _hex(data: bytes) -> str:
    return data.hex(" ").upper()


def _cut(text: str) -> str:
    """The first letters beyond ASCII."""
    found = re.search(r"[^\x00-\x7f]+", text)
    return found[0][:6] if found else ""
