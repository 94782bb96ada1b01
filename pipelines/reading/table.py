"""What a CSV and a worksheet have in common once their cells are text: header, records, findings of the table.

Where the cells come from is ``csv_file`` and ``workbook``.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from unicodedata import normalize

import polars as pl

from pipelines.reading.text import exponent, folded, has_no_text, no_text_in, plain, unusual
from pipelines.rules import Address, Rule, findings_of
from schemas.findings import empty
from schemas.layouts import Layout
from schemas.products import PROCESS_TYPES
from schemas.submission import Refusal

_MIDNIGHT = r"^([0-9/-]+)[ T]0{1,2}:00(:00(\.0+)?)?$"
"""A day as a spreadsheet program writes it that keeps a time with every date."""
UNTOLD = ("invalid-character", "exponent-number", "lost-zero")
"""Findings of cells of which nobody can tell from the text what was seen."""
_GOODS = "goods_code"
_ODD_DIGITS = r"^([0-9]|[0-9]{3}|[0-9]{5})$"
"""HS codes have 2, 4 or 6 digits."""


@dataclass(frozen=True)
class Decoded:
    """The records of an upload as text.

    ``records`` has ``record`` (ordinal from 1), ``line`` (physical line of its start), ``row`` (spreadsheet row or
    null) and one String column per layout field; ``findings`` are those of header and cell counts.
    """

    layout: Layout
    records: pl.DataFrame
    present: frozenset[str]
    """Layout fields that have a column in the file."""
    address: Address
    findings: pl.DataFrame
    encoding: str
    header: tuple[str, ...] = ()
    """The titles as written, of all columns."""

    @property
    def count(self) -> int:
        """Number of records: non-blank data lines."""
        return self.records.height

    @property
    def is_spreadsheet(self) -> bool:
        """Whether the file was an .xlsx workbook."""
        return self.encoding == "xlsx"


def unreadable(file_name: str, why: str) -> Refusal:
    """Refusal of a file of which no records can be told; ``why`` tells the reason and the remedy."""
    return Refusal("unreadable-file", f"ファイル「{file_name}」を読めません。{why}")


def columns_of(header: Sequence[str], layout: Layout) -> list[str | None]:
    """Per column of a header the layout field that it names, by either name; None for an unknown one."""
    by_title = _by_title(layout)
    return [by_title.get(title) or by_title.get(_plain(title)) for title in header]


@cache
def _by_title(layout: Layout) -> dict[str, str]:
    """Plain title → field: both names of every field."""
    return {_plain(name): f.field for f in layout.fields for name in (f.field, f.name_ja)}


def named(
    cells: pl.DataFrame,
    header: list[str],
    columns: list[str],
    layout: Layout,
    header_line: int,
    encoding: str,
    letters: Sequence[str] = (),
) -> Decoded:
    """Cells under their field names, with the findings of header and cell counts.

    ``letters`` are those of the spreadsheet's columns, empty for CSV.
    """
    places: dict[str, int] = {}
    problems: list[tuple[str, str, str, Address]] = []
    for place, (title, field) in enumerate(zip(header, columns_of(header, layout), strict=True)):
        here = Address({field or title: letters[place]} if letters else {})
        if field is None:
            if title.strip():
                problems.append(("unknown-column", title, title, here))
        elif field in places:
            problems.append(("duplicate-column", field, title, here))
        else:
            places[field] = place
    address = Address({field: letters[place] for field, place in places.items()} if letters else {})
    blank = {
        place: f"{letters[place]}列" if letters else untitled(place)
        for place, title in enumerate(header)
        if not _plain(title) and columns[place] in cells.columns
    }
    records = cells.with_row_index("record", offset=1).select(
        pl.col("record").cast(pl.Int64),
        "line",
        "row",
        "cell_count",
        *(
            pl.col(columns[places[name]]).alias(name)
            if name in places
            else pl.lit(None, pl.String).alias(name)
            for name in layout.names
        ),
        *(folded(pl.col(columns[place])).alias(name) for place, name in blank.items()),
    )
    records, rules = _readable(records, layout)
    types = set(records["process_type"].unique().drop_nulls().str.strip_chars().to_list()) & PROCESS_TYPES
    needed = dict.fromkeys(name for code in sorted(types) or ["1"] for name in layout.mandatory(code))
    problems += [("missing-column", name, "", address) for name in needed if name not in places]
    at_header = pl.DataFrame(
        {"record": [None], "line": [header_line], "row": [header_line]},
        schema={"record": pl.Int64, "line": pl.Int64, "row": pl.Int64},
    )
    found = [
        findings_of(at_header, [Rule(code, name, pl.lit(True), value=pl.lit(title or None))], layout, where)
        for code, name, title, where in problems
    ]
    ragged = Rule(
        "field-count",
        "process_type",
        pl.col("cell_count").is_not_null(),
        {"expected": str(len(header))},
        value=pl.col("cell_count"),
    )
    found.append(findings_of(records, [ragged, *rules], layout, address))
    for place, name in blank.items():
        here = Address({name: letters[place]} if letters else {})
        rule = Rule("untitled-value", name, pl.col(name).is_not_null(), value=pl.col(name))
        found.append(findings_of(records, [rule], layout, here))
    return Decoded(
        layout,
        records.drop("cell_count", *blank.values()),
        frozenset(places),
        address,
        pl.concat([part for part in found if part.height] or [empty()]),
        encoding,
        tuple(header),
    )


def untitled(place: int) -> str:
    """What findings call a column of a CSV without a title, counted from 0.

    >>> untitled(22)
    '23列目'
    """
    return f"{place + 1}列目"


def _readable(records: pl.DataFrame, layout: Layout) -> tuple[pl.DataFrame, list[Rule]]:
    """Every cell in one way of writing, and rules for those of which nobody can tell what was seen.

    Columns in which everything is plain stay as they are.
    """
    strange = _any(records, layout.names, lambda cell: ~plain(cell))
    to_fold = set(_any(records, strange, unusual))
    records = records.with_columns(
        folded(pl.col(field.field), inner_blanks=field.kind == "text").alias(field.field)
        for field in layout.fields
        if field.field in to_fold
    )
    days = [field.field for field in layout.by_kind("date", "month")]
    timed = _any(records, days, lambda cell: cell.str.contains(":", literal=True))
    records = records.with_columns(pl.col(name).str.replace(_MIDNIGHT, "$1") for name in timed)
    rules = []
    for name in _any(records, strange, has_no_text):
        cell = pl.col(name)
        fill: dict[str, pl.Expr | str] = {
            "found": no_text_in(cell),
            "remedy": "その文字を消して",
        }
        rules.append(Rule("invalid-character", name, has_no_text(cell), fill))
    for field in layout.by_kind("text", "identifier", "code", "serial"):
        if field.field in strange:
            rules.append(Rule("exponent-number", field.field, exponent(pl.col(field.field))))
    if _GOODS in layout.names:
        rules.append(Rule("lost-zero", _GOODS, pl.col(_GOODS).str.contains(_ODD_DIGITS)))
    return records, rules


def _any(records: pl.DataFrame, names: Sequence[str], asked: Callable[[pl.Expr], pl.Expr]) -> list[str]:
    """The columns in which a cell is so."""
    hit = records.select(asked(pl.col(name)).any().fill_null(False).alias(name) for name in names)
    return [name for name in names if hit[name].any()]


def _plain(title: str) -> str:
    """A header in one way of writing, so that widths and blanks do not matter."""
    return re.sub(r"[\s\ufeff]", "", normalize("NFKC", title)).lower()
