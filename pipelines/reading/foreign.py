"""Cells that decode as CP932 or as UTF-8 but were written in something else: what exports of several systems mix.

A whole file says what most of it is in (``encoding``); here single cells are looked at, by what no Japanese text looks
like. Whatever is found is a reason to refuse, never to read otherwise. ADR 0026.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import polars as pl


def _letters(leads: Sequence[int], trails: Sequence[int]) -> str:
    """The letters of CP932 with such bytes, as a class of a regular expression; ㈱ and others have their place elsewhere."""
    pairs = b"\n".join(bytes((lead, trail)) for lead in leads for trail in trails)
    found = pairs.decode("cp932", "replace").split("\n")
    kanji = (one for one in found if len(one) == 1 and one != "\ufffd" and one.encode("cp932")[0] >= leads[0])
    return "[" + "".join(dict.fromkeys(kanji)) + "]"


_LATIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PLAIN = r"[ -+\--~]*"
_END = r'(?:[\s,.;:)"&/-]|$)'


@cache
def _other_utf8() -> str:
    """Letters of CP932 whose two bytes begin a Japanese letter of UTF-8 (縺, 繧, 繝 and rare kanji), and cells of which
    nothing but letters of two bytes of UTF-8 is beyond ASCII.
    """
    of_three = _letters((*range(0xE2, 0xEA), *range(0xF0, 0xF5)), range(0x80, 0xC0))
    of_two = f"[ﾂ-ﾟ](?:[｡-ｿ]|{_letters(range(0x81, 0xA0), range(0x40, 0xFD))})"
    return f"{of_three}|(?:^|,){_PLAIN}(?:{of_two}{_PLAIN})+(?:,|$)"


@cache
def _western() -> str:
    """What Windows-1252 looks like as CP932: Médias is M馘ias, Buyer’s is Buyer痴, CAFÉ is CAFﾉ, 25°C is 25ｰC."""
    accent = _letters((*range(0xE0, 0xF0), *range(0xFA, 0xFD)), _LATIN)  # with the letter behind it
    apostrophe = _letters((0x92,), b"stST")
    mark = _letters((0x91, *range(0x93, 0x98)), _LATIN)
    return "|".join(
        (
            f"[a-z]{accent}",
            f"{accent}[a-z]",
            f"[A-Za-z]{accent}{_END}",
            f"[A-Za-z]{{2}}{apostrophe}{_END}",
            f"[A-Za-z]{mark}[a-z]",
            f"[A-Za-z]{{2}}[ﾀ-ﾟ](?:[A-Za-z]|{_END})",
            r'(?:^|[\s,("])[ﾀ-ﾟ][a-z]',
            f"[0-9] ?ｰ[CF]{_END}",
            '(?:^|[ ,"])｣[0-9]',
        )
    )


_NO_KANA = "|".join(
    (
        "(?:^|[^ｦ-ﾟぁ-ヿ])[ｧ-ｯﾞﾟ]",  # nothing begins with a small letter or a voicing mark
        "[ｦ-ｲｴｵﾅ-ﾉﾏ-ﾛﾝﾞﾟ]ﾞ",
        "[ｦ-ﾉﾏ-ﾟ]ﾟ",
        "[ｦ-ｲｴ-ｶｸ-ｻｽ-ﾀﾅﾇ-ﾊﾍ-ﾏﾑ-ﾗﾙ-ﾝ][ｬｭｮ]",
        "(?:^|[^ｦ-ﾟ])[､･][ｦ-ﾟ][､･][ｦ-ﾟ]",  # kana of EUC-JP
    )
)
"""Half-width katakana in an order that no Japanese word has: what bytes of other tables look like."""
_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_HIGH = re.compile(r"[^\x00-\x7f]+")
_KANA_WORD = re.compile("[ｦ-ﾟ]+")
_ONE_SCRIPT = re.compile("(?:[ﾎﾏ][｡-ｿ]){2,}|(?:[ﾐﾑ][｡-ｿ]){2,}")
"""Greek or Cyrillic of UTF-8 as half-width katakana."""
_MAYBE_KANA = "[\xc0-\u07ff]"
_FEW_LATIN = re.compile("[A-Z]{2}[ß-öø-ÿ\u0101-\u017f]")


@dataclass(frozen=True)
class Doubt:
    """Bytes of a cell that were written in another encoding, from ``start`` to ``end``, and what is said of them."""

    start: int
    end: int
    what: str


def lone_surrogate(content: bytes) -> Doubt | None:
    """Half a pair of CESU-8 in a cell that is UTF-8 but for it, and could be read as kanji of CP932."""
    for found in _SURROGATE.finditer(content):
        start, end = _cell_around(content, found.start())
        try:
            content[start:end].decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            continue
        return Doubt(
            *found.span(),
            "は UTF-8 にない、1文字の半分(サロゲート)です。出力する側で文字が切れていないか確かめ、",
        )
    return None


def in_cp932(text: str, content: bytes, other: str) -> Doubt | None:
    """A cell of a CP932 text that was written in UTF-8 or another encoding. ``other``: what in the file is no UTF-8."""
    for cell in _suspects(text):
        written = cell.encode("cp932")
        what = _what_of(cell, written, other)
        if what is not None:
            # Letters that CP932 has twice come back under one code, but always as two bytes.
            place = text.index(cell) + len(cell) - len(cell.lstrip(_ASCII))
            start = len(text[:place].encode("cp932"))
            return Doubt(start, start + len(cell.strip(_ASCII).encode("cp932")), what)
    return None


def in_utf8(text: str) -> Doubt | None:
    """A cell of a UTF-8 text that is half-width katakana of CP932: ﾅｼ is ``ż``. Pure ones only; accents stay."""
    if not pl.Series([text]).str.contains(_MAYBE_KANA).item():
        return None
    for cell in _cells(text, _MAYBE_KANA):
        written = cell.encode()
        try:
            other = written.decode("cp932")
        except UnicodeDecodeError:
            continue
        runs = _HIGH.findall(other)
        bare = not re.search("[A-Za-z]", cell) and not re.search(
            "[\x80-\xbf\u0370-\u07ff]|[^\x00-\u07ff]", cell
        )
        if all(_KANA_WORD.fullmatch(run) for run in runs) and (bare or _FEW_LATIN.search(cell)):
            start = (
                len(text[: text.index(cell)].encode()) + len(written) - len(written.lstrip(_ASCII.encode()))
            )
            end = start + len(written.strip(_ASCII.encode()))
            return Doubt(start, end, _either(cell, other))
    return None


def is_plainer(as_utf8: str, as_cp932: str) -> bool:
    """Whether a text read as UTF-8 is more ordinary Japanese than the same bytes read as CP932."""
    plain_8, other_8 = _ordinary(as_utf8, at_least="\u0800")
    plain_9, other_9 = _ordinary(as_cp932)
    return plain_8 > 0 and plain_8 * (plain_9 + other_9) > plain_9 * (plain_8 + other_8)


def first_letters(text: str) -> str:
    """The first letters beyond ASCII."""
    found = _HIGH.search(text)
    return found[0][:6] if found else ""


_ASCII = "".join(map(chr, range(0x80)))


def _suspects(text: str) -> Iterator[str]:
    if text.isascii():
        return
    pattern = f"{_other_utf8()}|{_western()}|{_NO_KANA}"
    if pl.Series([text]).str.contains(pattern).item():
        yield from _cells(text, pattern)


def _cells(text: str, pattern: str) -> Iterator[str]:
    """The different cells of the lines in which a pattern is, as far as commas part them."""
    lines = pl.Series("line", text.splitlines()).to_frame().filter(pl.col("line").str.contains(pattern))
    cells = lines.select(pl.col("line").str.split(",").explode().unique(maintain_order=True)).to_series()
    yield from cells.filter(cells.str.contains(pattern))


def _cell_around(content: bytes, place: int) -> tuple[int, int]:
    start = max(content.rfind(sign, 0, place) for sign in (b",", b"\n", b"\r")) + 1
    ends = [found for sign in (b",", b"\n", b"\r") if (found := content.find(sign, place)) >= 0]
    return start, min(ends, default=len(content))


def _what_of(cell: str, written: bytes, other: str) -> str | None:
    """What is said of a cell of a CP932 text; None when it is well what it looks like."""
    if is_plainer(written.decode("utf-8", "replace"), cell):
        return f"は UTF-8 の文字ですが、ファイルには UTF-8 でない部分もあります({other})。文字コードを1つに揃え、"
    try:
        as_utf8 = written.decode()
    except UnicodeDecodeError:
        pass
    else:
        return None if _is_kana(cell) else _either(as_utf8, cell)
    if re.search(_western(), cell):
        west = written.decode("cp1252", "replace")
        return f"は西欧の文字コード(Windows-1252)の「{_around(west)}」とも Shift_JIS(CP932)の「{_around(cell)}」とも読めます。"
    if re.search(_NO_KANA, cell):
        return (
            f"は Shift_JIS(CP932)では「{_around(cell)}」となり、日本語の並びではありません。"
            "EUC-JP など別の文字コードが混ざっていないか確かめ、"
        )
    return None


def _either(as_utf8: str, as_cp932: str) -> str:
    return f"は UTF-8 の「{first_letters(as_utf8)}」とも Shift_JIS(CP932)の「{first_letters(as_cp932)}」とも読めます。"


def _around(cell: str) -> str:
    """The cell from its first letters beyond ASCII on, with what stands before them."""
    place = len(cell) - len(cell.lstrip(_ASCII))
    return cell[max(place - 6, 0) : place + 6].strip(' "')


def _is_kana(cell: str) -> bool:
    """Whether a cell whose bytes are valid UTF-8 too is rather a word in half-width katakana: ﾅｼ, FAX ﾅｼ."""
    alone = cell.strip(' "')
    for found in _HIGH.finditer(alone):
        run, before, after = (
            found[0],
            alone[found.start() - 1 : found.start()],
            alone[found.end() : found.end() + 1],
        )
        if not _KANA_WORD.fullmatch(run) or _ONE_SCRIPT.fullmatch(run) or before.isalnum() or after.isalnum():
            return False
        if len(run) == 2 and run[0] == "ﾂ" and len(alone) > 2 and not re.search("[A-Za-z]", alone):
            return False  # a sign of Latin-1 beside figures: ± 5
    return True


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
