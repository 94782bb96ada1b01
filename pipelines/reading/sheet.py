"""One worksheet: its cells as they are kept, and what of it is hidden or merged.

The rows pass in pieces, and whole columns of cells are cut at once: ``<c r="`` begins a record, ``>`` ends a field. That
holds for the XML that nearly all programs write. A sheet that is written otherwise (comments, other order of attributes,
cells without an address …) is first written anew by a real parser. What a kept value means is ``shown``.
Source: ECMA-376 part 1, 18.3.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

import polars as pl

from pipelines.reading.package import Broken, damaged, elements, local, parser_of, truth
from schemas.cells import column_letter, column_number

Result = TypeVar("Result")
TYPES = ("n", "s", "str", "inlineStr", "b", "e", "d")
"""What a cell keeps: number, shared text, text of a formula, text, truth, error, date."""
NO_FORMULA, FORMULA, RECALCULATED = 0, 1, 2

_CHUNK = 12 << 20
_MOST_APART = 1 << 26
"""Bytes before the rows, of one row, or after the rows."""
_FIELDS = 8
_RECORD = b"\x01"
"""No XML can hold this byte, so it parts what it is put between."""
_NAMES = ">".join(f"f{n}" for n in range(_FIELDS)).encode() + _RECORD
_ROOT = re.compile(rb"<(?:([\w.-]+):)?worksheet(?=[\s>])")
_BEGIN = re.compile(rb"<(?:[\w.-]+:)?sheetData\s*(/?)>")
_ATTRIBUTES = re.compile(r'(?:\s+[\w:.-]+="[^"<&]*")*\s*')
_ATTRIBUTE = re.compile(r'([\w:.-]+)="([^"]*)"')
_ROW = re.compile(rb"<row\b([^>]*)>")
_NOTHING_SEEN = Decimal("0.5")
"""Digits of width, or points of height, of which nobody sees anything."""
_COLUMNS = 16_384
_FAR = re.compile("[A-Z]{4}")
_CELL = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")


@dataclass(frozen=True)
class Area:
    """Cells from one corner to the other, rows from 1 and columns from 0, both ends included."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int

    def __str__(self) -> str:
        first = f"{column_letter(self.first_column)}{self.first_row}"
        last = f"{column_letter(self.last_column)}{self.last_row}"
        return first if first == last else f"{first}:{last}"


@dataclass(frozen=True)
class Condition:
    """A format that lies over cells when something holds: what cells then show, nobody can say from the file alone."""

    areas: tuple[Area, ...] | None
    """None: somewhere on the sheet."""
    style: int | None
    """Place of the format among those of the workbook (``styles``)."""
    hides: bool
    """A bar or a sign stands in the place of the number."""


@dataclass
class Surroundings:
    """What stands around the cells of a sheet."""

    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    """From, to, counted from 0."""
    widths: list[tuple[int, int, Decimal]] = field(default_factory=list)
    """From, to, and how many digits fit, where the file says so; the last one that holds a column counts."""
    conditions: list[Condition] = field(default_factory=list)
    formulas_shown: bool = False
    """The sheet shows formulas and bare numbers in the place of what they give."""
    hidden_rows: list[int] = field(default_factory=list)
    merged: list[Area] = field(default_factory=list)
    zeros_shown: bool = True


class Unusual(Exception):
    """The sheet is not written in the way that is cut quickly."""


def cells_of(pieces: Iterator[bytes], around: Surroundings) -> Iterator[pl.DataFrame]:
    """The cells with a value or formula, some thousand rows at a time; what stands around them is put into ``around``.

    Columns: ``row`` from 1, ``column`` from 0, ``style``, ``type`` (place in :data:`TYPES`), ``formula`` and ``kept``,
    the character data of the value (null without one).

    Raises:
        Unusual: it must be :func:`rewritten` first; what was read so far does not count.
        Broken: it is no worksheet.
    """
    window = b""
    root: re.Match[bytes] | None = None
    for piece in pieces:
        window += piece
        root = _ROOT.search(window)
        begin = _BEGIN.search(window)
        if begin is not None:
            break
        if len(window) > _MOST_APART:
            raise damaged()
    else:
        if window[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise Unusual
        raise damaged()
    if root is None or not _is_plain(window[: begin.start()]):
        raise Unusual
    prefix = (root[1] + b":") if root[1] else b""
    _see_around(window[: begin.start()] + b"</" + prefix + b"worksheet>", around)
    window = window[begin.end() :]
    if begin[1]:
        _see_around(b"<" + prefix + b"worksheet>" + window + b"".join(pieces), around)
        return
    row_end, data_end = b"</" + prefix + b"row>", b"</" + prefix + b"sheetData"
    yield from _ahead(_lots(window, pieces, row_end, data_end, prefix, around), prefix, around)


def _lots(
    window: bytes,
    pieces: Iterator[bytes],
    row_end: bytes,
    data_end: bytes,
    prefix: bytes,
    around: Surroundings,
) -> Iterator[bytes]:
    """The XML of the cells in lots of whole rows; what stands behind them is put into ``around``."""
    searched = 0
    while True:
        end = window.find(data_end, searched)
        if end >= 0:
            break
        searched = max(len(window) - len(data_end), 0)
        if len(window) >= _CHUNK:
            cut = window.rfind(row_end)
            if cut >= 0:
                cut += len(row_end)
                yield window[:cut]
                window, searched = window[cut:], max(searched - cut, 0)
            elif len(window) > _MOST_APART:
                raise Broken("1行が大きすぎます。不要な列を削除して保存し直してください。")
        more = _joined(pieces, _CHUNK - len(window))
        if not more:
            raise damaged()
        window += more
    if window[:end].strip():
        yield window[:end]
    tail = (
        window[window.index(b">", end) + 1 :] if b">" in window[end:] else b"".join([window[end:], *pieces])
    )
    rest = [tail]
    size = len(tail)
    for piece in pieces:
        size += len(piece)
        if size > _MOST_APART:
            raise Broken(
                "表の後の設定(結合・条件付き書式など)が多すぎます。新しいシートにデータだけを貼り付けてください。"
            )
        rest.append(piece)
    _see_around(b"<" + prefix + b"worksheet>" + b"".join(rest), around)


def _ahead(lots: Iterator[bytes], prefix: bytes, around: Surroundings) -> Iterator[pl.DataFrame]:
    """The cells of each lot in order; the next lot is cut while somebody works on this one."""
    with ThreadPoolExecutor(1) as pool:
        coming: Future[pl.DataFrame] | None = None
        for lot in lots:
            following = pool.submit(_cells, lot, prefix, around)
            if coming is not None:
                yield coming.result()
            coming = following
        if coming is not None:
            yield coming.result()


def _joined(pieces: Iterator[bytes], least: int) -> bytes:
    """So many bytes or all that are left, copied once."""
    found: list[bytes] = []
    size = 0
    for piece in pieces:
        found.append(piece)
        size += len(piece)
        if size >= least:
            break
    return b"".join(found)


def read_sheet(
    open_part: Callable[[], Iterator[bytes]], read: Callable[[Iterator[pl.DataFrame], Surroundings], Result]
) -> Result:
    """What ``read`` makes of the cells of a sheet and of what stands around them (complete once all cells passed).

    ``read`` is called again from the beginning when the sheet turns out to be written in an unusual way.

    Raises:
        Broken: it is no worksheet.
    """
    for rewrite in (False, True):
        around = Surroundings()
        try:
            return read(cells_of(rewritten(open_part()) if rewrite else open_part(), around), around)
        except Unusual:
            continue
    raise damaged()


def _is_plain(head: bytes) -> bool:
    declared = re.match(rb"""<\?xml[^>]*encoding=["']([\w.-]+)["']""", head.removeprefix(b"\xef\xbb\xbf"))
    return b"<!" not in head and (declared is None or declared[1].lower() in (b"utf-8", b"us-ascii"))


def _see_around(xml: bytes, around: Surroundings) -> None:
    areas: list[tuple[Area, ...]] = [()]

    def see(path: tuple[str, ...], told: dict[str, str]) -> None:
        match path[1:]:
            case ("sheetViews", "sheetView"):
                around.zeros_shown = around.zeros_shown and truth(told.get("showZeros", "1"))
                around.formulas_shown = around.formulas_shown or truth(told.get("showFormulas"))
            case ("sheetFormatPr",):
                _see_columns(0, 1 << 14, told.get("defaultColWidth"), around)
            case ("cols", "col"):
                first, last = _count(told.get("min")) - 1, _count(told.get("max")) - 1
                if truth(told.get("hidden")):
                    around.hidden_columns.append((first, last))
                else:
                    _see_columns(first, last, told.get("width"), around)
            case ("mergeCells", "mergeCell"):
                area = area_of(told.get("ref", ""))
                if area is not None:
                    around.merged.append(area)
            case ("conditionalFormatting",):
                found = (area_of(part) for part in told.get("sqref", "").split())
                areas[0] = tuple(area for area in found if area is not None)
            case ("conditionalFormatting", "cfRule") if told.get("dxfId", "").isdigit():
                around.conditions.append(Condition(areas[0], int(told["dxfId"]), hides=False))
            case ("conditionalFormatting", "cfRule", "dataBar" | "iconSet") if _hides(told):
                around.conditions.append(Condition(areas[0], None, hides=True))
            case ("extLst", "ext", "conditionalFormattings", _, "cfRule", "dxf", "numFmt"):
                around.conditions.append(Condition(None, None, hides=False))
            case ("extLst", "ext", "conditionalFormattings", _, "cfRule", "dataBar" | "iconSet") if _hides(
                told
            ):
                around.conditions.append(Condition(None, None, hides=True))

    elements(xml, see)


def _hides(told: dict[str, str]) -> bool:
    return not truth(told.get("showValue", "1"))


def _see_columns(first: int, last: int, width: str | None, around: Surroundings) -> None:
    """The width of some columns, in digits. So little that no letter can be seen is hidden."""
    digits = _measure(width)
    if digits is None:
        return
    if digits < _NOTHING_SEEN:
        around.hidden_columns.append((first, last))
    else:
        around.widths.append((first, last, digits))


def area_of(reference: str) -> Area | None:
    """``B2:C5`` as an area; None for what is no reference."""
    corners = [_CELL.fullmatch(part) for part in reference.strip().upper().split(":")]
    if not 1 <= len(corners) <= 2:
        return None
    places = [(int(corner[2]), column_number(corner[1])) for corner in corners if corner]
    if len(places) != len(corners):
        return None
    rows, columns = sorted(row for row, _ in places), sorted(column for _, column in places)
    return Area(rows[0], columns[0], rows[-1], columns[-1])


def _is_flat(text: str | None) -> bool:
    """Whether it is a height of which nobody sees anything."""
    height = _measure(text)
    return height is not None and height < _NOTHING_SEEN


def _measure(text: str | None) -> Decimal | None:
    found = re.fullmatch(r"\s*([0-9]{1,5}(?:\.[0-9]*)?|\.[0-9]+)\s*", text or "")
    return Decimal(found[1]) if found else None


def _count(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0


# ---------------------------------------------------------------------------------------------- cutting


def _cells(xml: bytes, prefix: bytes, around: Surroundings) -> pl.DataFrame:
    """The cells of some whole rows."""
    if prefix:
        xml = xml.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</")
    count = xml.count(b'<c r="')
    # Single bytes are found much faster than two of them.
    if (
        xml.count(b"<c") != count
        or (b"!" in xml and b"<!" in xml)
        or (b"?" in xml and b"<?" in xml)
        or _RECORD in xml
    ):
        raise Unusual
    _see_rows(xml, around)
    if b"\r" in xml:
        xml = xml.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        cut = pl.read_csv(
            _NAMES + xml.replace(b'<c r="', _RECORD),
            schema={f"f{n}": pl.String for n in range(_FIELDS)},
            separator=">",
            eol_char="\x01",
            quote_char=None,
            truncate_ragged_lines=True,
        )
    except pl.exceptions.PolarsError as error:
        raise damaged() from error
    # What stands before the first cell is the beginning of its row.
    cut = cut.slice(cut.height - count)
    rest = [f"f{n}" for n in range(1, _FIELDS)]
    # The address ends with its quote.
    cut = cut.select(
        _F[0].str.splitn('"', 2).struct.rename_fields(["place", "told"]).struct.unnest(), *rest
    ).select(
        pl.col("place")
        .str.strip_chars_start("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        .cast(pl.Int32, strict=False)
        .alias("row"),
        pl.col("place").str.strip_chars_end("0123456789").alias("column"),
        "told",
        *rest,
    )
    closed = cut["told"].str.ends_with("/").fill_null(False)
    if closed.any():  # cells that only have a format
        if not cut.filter(closed).select(_ends(1).all()).item():
            raise Unusual
        cut = cut.filter(~closed)
    letters, told = (cut[name].unique().fill_null("!").to_list() for name in ("column", "told"))
    meant = {text: _attributes(text) for text in told}
    cut = cut.select(
        "row",
        _looked_up(cut["column"], {text: column_number(text) for text in letters}).alias("column"),
        _looked_up(cut["told"], {text: style for text, (style, _) in meant.items()}).alias("style"),
        _looked_up(cut["told"], {text: kind for text, (_, kind) in meant.items()}).alias("type"),
        *rest,
    )
    if cut.height and (cut["row"].null_count() or not cut["row"].min() or cut["column"].min() == -1):
        raise Unusual
    return _by_shape(cut)


def _looked_up(texts: pl.Series, numbers: dict[str, int]) -> pl.Series:
    known = list(numbers)
    places = texts.cast(pl.Enum(known)).to_physical()
    return pl.Series(list(numbers.values()), dtype=pl.Int32).gather(places)


def _attributes(text: str) -> tuple[int, int]:
    """Style and type of a cell."""
    if not _ATTRIBUTES.fullmatch(text):
        raise Unusual
    told = dict(_ATTRIBUTE.findall(text))
    kind, style = told.get("t", "n"), told.get("s", "0")
    if kind not in TYPES or not style.isdigit():
        raise damaged()
    return int(style), TYPES.index(kind)


def _see_rows(xml: bytes, around: Surroundings) -> None:
    if b"hidden=" not in xml and b'ht="0' not in xml and b"'" not in xml:
        return
    for told in _ROW.findall(xml):
        if b"'" in told:
            raise Unusual
        if b"hidden=" not in told and b'ht="0' not in told:
            continue
        row = {local(key): value for key, value in _ATTRIBUTE.findall(told.decode(errors="replace"))}
        if truth(row.get("hidden")) or _is_flat(row.get("ht")):
            if not row.get("r", "").isdigit():
                raise Unusual
            around.hidden_rows.append(int(row["r"]))


_F = [pl.col(f"f{n}") for n in range(_FIELDS)]
_OPEN_FORMULA = (
    ((_F[1] == "<f") | _F[1].str.starts_with("<f ")) & ~_F[1].str.ends_with("/") & _F[2].str.ends_with("</f")
)
_CLOSED_FORMULA = _F[1].str.starts_with("<f") & _F[1].str.ends_with("/")
_TEXT_OPEN = _F[2].is_in(["<t", '<t xml:space="preserve"'])


def _value(n: int) -> pl.Expr:
    return (_F[n] == "<v") & _F[n + 1].str.ends_with("</v") & (_F[n + 2] == "</c")


def _no_value(n: int) -> pl.Expr:
    return (_F[n] == "<v/") & (_F[n + 1] == "</c")


_SHAPES: Sequence[tuple[pl.Expr, int, str, int]] = (
    (_value(1), 2, "</v", 4),
    (_F[1] == "</c", 0, "", 2),
    (_OPEN_FORMULA & _value(3), 4, "</v", 6),
    (_CLOSED_FORMULA & _value(2), 3, "</v", 5),
    (
        (_F[1] == "<is") & _TEXT_OPEN & _F[3].str.ends_with("</t") & (_F[4] == "</is") & (_F[5] == "</c"),
        3,
        "</t",
        6,
    ),
    (_no_value(1), 0, "", 3),
    (_OPEN_FORMULA & (_F[3] == "</c"), 0, "", 4),
    (_OPEN_FORMULA & _no_value(3), 0, "", 5),
    (_CLOSED_FORMULA & (_F[2] == "</c"), 0, "", 3),
    (_CLOSED_FORMULA & _no_value(2), 0, "", 4),
)
"""How a cell may be written: the test, the field of its value (0 for none) and what ends it, where the rest begins."""


def _by_shape(cut: pl.DataFrame) -> pl.DataFrame:
    parts = []
    for test, value, ending, after in _SHAPES:
        fits = cut.select((test & _ends(after)).fill_null(False)).to_series()
        if not fits.any():
            continue
        whole = bool(fits.all())
        mine = cut if whole else cut.filter(fits)
        is_formula = mine["f1"].str.starts_with("<f").fill_null(False)
        if value or is_formula.any():
            formula = (
                pl.when(~is_formula)
                .then(NO_FORMULA)
                .when(_F[1].str.contains(r'\sca="(?:1|true)"'))
                .then(RECALCULATED)
                .otherwise(FORMULA)
                if is_formula.any()
                else pl.lit(NO_FORMULA)
            )
            kept = _F[value].str.strip_suffix(ending) if value else pl.lit(None, pl.String)
            parts.append(
                mine.select(
                    "row",
                    "column",
                    "style",
                    "type",
                    formula.cast(pl.Int32).alias("formula"),
                    kept.alias("kept"),
                )
            )
        cut = cut.clear() if whole else cut.filter(~fits)
        if cut.is_empty():
            break
    if cut.height:
        raise Unusual
    return (
        pl.concat(parts)
        if parts
        else cut.select(
            "row",
            "column",
            "style",
            "type",
            pl.lit(0, pl.Int32).alias("formula"),
            pl.lit(None, pl.String).alias("kept"),
        )
    )


def _ends(n: int) -> pl.Expr:
    """From this field on there is only the end of the row, or nothing."""
    blank = _F[n].is_null() | (_F[n].str.strip_chars() == "")
    if n + 1 == _FIELDS:
        return blank | (_F[n] == "</row")
    return blank | ((_F[n] == "</row") & (_F[n + 1].is_null() | _F[n + 1].str.contains(r"^\s*(<row\b|$)")))


# ---------------------------------------------------------------------------------------------- writing anew


def rewritten(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """A worksheet in the usual way of writing, by a real parser: what matters here, and nothing else.

    Raises:
        Broken: it is not well-formed, or declares a document type.
    """
    out: list[str] = ["<worksheet>"]
    path: list[str] = []
    row = column = 0
    runs: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal row, column
        path.append(local(name))
        told = {local(key): value for key, value in attributes.items()}
        match path[1:]:
            case ["sheetData", "row"]:
                row, column = (int(told["r"]) if told.get("r", "").isdigit() else row + 1), -1
                out.append(_tag("row", {"r": str(row)} | {k: told[k] for k in ("hidden", "ht") if k in told}))
            case ["sheetData", "row", "c"]:
                place = _CELL.fullmatch(told.get("r", ""))
                column = column_number(place[1]) if place else column + 1
                if column >= _COLUMNS or _FAR.match(told.get("r", "")):
                    raise Broken(
                        "列が多すぎます(Excelの列は XFD まで)。使わない列を削除して保存し直してください。"
                    )
                at = f"{column_letter(column)}{place[2] if place else row}"
                out.append(_tag("c", {"r": at} | {k: told[k] for k in ("s", "t") if k in told}))
            case ["sheetData", "row", "c", "f"]:
                out.append(_tag("f", {"ca": told["ca"]} if "ca" in told else {}) + "</f>")
            case ["sheetData", "row", "c", "v" | "is"]:
                runs.clear()
            case ["sheetData", _, *_]:
                pass
            case [_, *_]:
                out.append(_tag(path[-1], told))

    def end(_: str) -> None:
        match path[1:]:
            case ["sheetData", "row" as last] | ["sheetData", "row", "c" as last]:
                out.append(f"</{last}>")
            case ["sheetData", "row", "c", "v"]:
                out.append(f"<v>{escape(''.join(runs), _CARRIAGE)}</v>")
            case ["sheetData", "row", "c", "is"]:
                out.append(f"<is><t>{escape(''.join(runs), _CARRIAGE)}</t></is>")
            case ["sheetData", _, *_]:
                pass
            case _:
                out.append(f"</{path[-1]}>")
        path.pop()

    def text(data: str) -> None:
        match path[1:]:
            case ["sheetData", "row", "c", "v"]:
                runs.append(data)
            case ["sheetData", "row", "c", "is", *deeper] if (
                deeper and deeper[-1] == "t" and "rPh" not in deeper
            ):
                runs.append(data)

    parser = parser_of(start, end, text)
    try:
        for piece in pieces:
            parser.Parse(piece, False)
            yield "".join(out).encode()
            out.clear()
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError) as error:
        raise damaged() from error
    yield "".join(out).encode()


_CARRIAGE = {"\r": "&#13;"}


def _tag(name: str, attributes: dict[str, str]) -> str:
    told = "".join(f" {key}={quoteattr(value, {chr(34): '&quot;'})}" for key, value in attributes.items())
    return f"<{name}{told}>"
