"""From the bytes of a CSV to its text: which encoding it is in, decided strictly. What the text holds is ``csv_file``.

An encoding is never guessed where two are possible: the file is refused with the line and the bytes. ADR 0026.
"""

import re

from pipelines.reading import foreign
from pipelines.reading.foreign import first_letters, is_plainer
from pipelines.reading.table import unreadable
from schemas.submission import Refusal

UTF8_MARK = b"\xef\xbb\xbf"
_NO_LETTERS = re.compile("[\x80\uf8f0-\uf8f3]")
"""What Python makes of the bytes 80, A0, FD, FE and FF, which CP932 does not use."""
_REMEDY = "CSV UTF-8(BOM付き)で保存し直してください。"
_CESU8 = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
_ISO_2022 = re.compile(rb"\x1b[$(][@A-Z()]?[@A-Z]?")
_NOT_EUC = re.compile(rb"[\x80-\x8d\x90-\xa0\xff]")


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
            _refuse_doubt(foreign.in_utf8(text), content, file_name)
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
    _refuse_euc(content, file_name)
    other = f"{_line_at(content, broken)}行目「{_hex(_sequence(content, broken))}」"
    _refuse_doubt(foreign.lone_surrogate(content), content, file_name)
    _refuse_doubt(foreign.in_cp932(text, content, other), content, file_name)
    return text, "cp932"


def _refuse_others(content: bytes, file_name: str) -> None:
    """Encodings that no upload may be in, by their unmistakable signs."""
    if b"\x00" in content:
        wide = content[:2] in (b"\xff\xfe", b"\xfe\xff") or content.count(0, 0, 400) * 3 > len(content[:400])
        if wide:
            raise unreadable(
                file_name,
                f"文字コードが UTF-16 か UTF-32(Excel の「Unicode テキスト」など)です。{_REMEDY}",
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
    if _NO_LETTERS.search(other) or is_plainer(text, other):
        return
    found = re.search(rb"[\x80-\xff]+", content)
    assert found is not None
    raise _refused(
        content,
        found.span(),
        file_name,
        f"は UTF-8 の「{first_letters(text)}」とも Shift_JIS(CP932)の「{first_letters(other)}」とも読めます。",
    )


def _refuse_doubt(doubt: foreign.Doubt | None, content: bytes, file_name: str) -> None:
    if doubt is not None:
        raise _refused(content, (doubt.start, doubt.end), file_name, doubt.what)


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
        f"は EUC-JP の「{first_letters(other)}」とも Shift_JIS(CP932)の半角カナとも読めます。",
    )


def _looks_like_utf8(content: bytes) -> bool:
    """Whether more of the bytes are good UTF-8 than are good CP932."""
    return content.decode("utf-8", "replace").count("\ufffd") < content.decode("cp932", "replace").count(
        "\ufffd"
    ) or is_plainer(content.decode("utf-8", "replace"), content.decode("cp932", "replace"))


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
