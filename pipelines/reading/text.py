"""One text, one meaning: every cell in one way of writing its characters, and what no text may hold.

Characters only. Whether the text is what its column demands is ``pipelines.judge``; which characters nobody sees is
``schemas.characters``. The same fold serves the comparison with what is booked, which older readings left unfolded.
"""

import polars as pl

from schemas.cells import ACTIVE, FORMULA
from schemas.characters import NO_TEXT, named

_WIDE = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {"\u3000": " "}
"""Full-width ASCII. Characters such as ㈱ ① 髙 stay what they are: compatibility folding would change names."""
_TWINS = {
    "\u301c": "~",  # WAVE DASH, in CP932 FULLWIDTH TILDE, which is half-width above
    "\u2212": "-",  # MINUS SIGN, in CP932 FULLWIDTH HYPHEN-MINUS
    "\u2014": "\u2015",  # EM DASH: HORIZONTAL BAR
    "\u2016": "\u2225",  # DOUBLE VERTICAL LINE: PARALLEL TO
    "\u2011": "\u2010",  # NON-BREAKING HYPHEN: HYPHEN
    "\xa2": "\uffe0",
    "\xa3": "\uffe1",
    "\xac": "\uffe2",
    "\xaf": "\uffe3",
    "\u203e": "\uffe3",  # OVERLINE
    "\xa6": "\uffe4",
    "\xa5": "\uffe5",
}
"""Characters that two tables of JIS X 0208 give to one place: the one of them that CP932 knows (ADR 0026)."""
_FOLDED = _WIDE | _TWINS
_FROM, _TO = list(_FOLDED), list(_FOLDED.values())
_BLANK_LIST = [chr(code) for code in (0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F)]
_ENDS = " \t\r\n\ufeff" + "".join(_BLANK_LIST)
_UNUSUAL = (
    r"[^\x20-\x7e\u{3001}-\u{301b}\u{301d}-\u{3029}\u{3041}-\u{3096}\u{309b}-\u{9fff}\u{ff61}-\u{ff9f}]"
    r"|^[ '=]| $"
)
"""What a cell has that folding could change: not plain ASCII, kana or kanji, or something around the text."""
_EXPONENT = r"^[0-9](\.[0-9]+)?[Ee][+-][0-9]{2,3}$"
_NOT_PLAIN = r"[^\x20-\x7e]|^[ '=]| $|[0-9][Ee][+-][0-9]"
_TRICK = "^['=]"
_AS_TEXT = r'^="([^"]*)"$'
"""The trick that keeps zeros in a spreadsheet program."""
_NO_TEXT = f"[{NO_TEXT}]"
_ALIKE = {
    **dict.fromkeys(
        "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u207b\u208b\ufe58\ufe63\u2043\u30fc\u2500\u2501",
        "-",
    ),
    **dict.fromkeys("\u301c\u02dc\u223c\u223e\u203e\uffe3\xaf", "~"),
    **dict.fromkeys("\xa5\uffe5", "\\"),
}
"""Signs that people write for one another, beyond the compatible forms of Unicode."""


def plain(cell: pl.Expr) -> pl.Expr:
    """Whether nothing here could say anything of the cell: cheap to ask of a whole column."""
    return ~cell.str.contains(_NOT_PLAIN)


def unusual(cell: pl.Expr) -> pl.Expr:
    """Whether folding could change the cell."""
    return cell.str.contains(_UNUSUAL)


def exponent(cell: pl.Expr) -> pl.Expr:
    """Whether the cell is a number as spreadsheet programs show one of more than eleven digits."""
    return cell.str.contains(_EXPONENT)


def folded(cell: pl.Expr, inner_blanks: bool = True) -> pl.Expr:
    """The cell in the one way of writing: half-width ASCII, the CP932 form of JIS twins, NFC, bare ends; blank as null.

    What spreadsheet programs put around text is taken off: ``="00123"``, and the apostrophe with which daicho's own
    files guard what would be a formula. Blanks of other kinds inside become common ones with ``inner_blanks``, for
    text in which a blank may stand. Folding twice changes nothing more.
    """
    return cell.map_batches(lambda cells: _fold(cells, inner_blanks), return_dtype=pl.String)


def _fold(cells: pl.Series, inner_blanks: bool) -> pl.Series:
    text = cells.str.replace_many(_FROM, _TO)
    if inner_blanks:
        text = text.str.replace_many(_BLANK_LIST, [" "] * len(_BLANK_LIST))
    text = text.str.normalize("NFC").str.strip_chars(_ENDS)
    if text.str.contains(_TRICK).any():
        text = _without_tricks(text)
    return pl.select(pl.when(text != "").then(text)).to_series()


def _without_tricks(text: pl.Series) -> pl.Series:
    for _ in range(2):
        guarded = text.str.slice(1)
        is_guarded = text.str.starts_with("'") & guarded.str.contains(FORMULA) & guarded.str.contains(ACTIVE)
        text = pl.select(pl.when(is_guarded).then(guarded).otherwise(text)).to_series()
        text = text.str.replace(_AS_TEXT, "$1").str.strip_chars(_ENDS)
    return text


def folded_text(text: str) -> str:
    """As :func:`folded`, of one text.

    >>> folded_text("\\ufeff見積\\u301c０１\\xa0")
    '見積~01'
    """
    return pl.select(folded(pl.lit(text))).item() or ""


def likeness(cell: pl.Expr) -> pl.Expr:
    """What two texts share that differ in width, dashes, blanks or case only."""
    return (
        cell.str.replace_many(list(_ALIKE), list(_ALIKE.values()))
        .str.normalize("NFKC")
        .str.replace_many(list(_ALIKE), list(_ALIKE.values()))
        .str.to_lowercase()
        .str.replace_all(r"\s", "")
    )


def has_no_text(cell: pl.Expr) -> pl.Expr:
    """Whether the cell holds a character that no text may hold."""
    return cell.str.contains(_NO_TEXT)


def no_text_in(cell: pl.Expr) -> pl.Expr:
    """Those characters by code point and name, each once: ``U+200B(ゼロ幅スペース)``. For cells that hold any."""
    return cell.str.extract_all(_NO_TEXT).map_elements(
        lambda found: "、".join(dict.fromkeys(named(character) for character in found)),
        return_dtype=pl.String,
    )
