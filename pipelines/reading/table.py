"""What a CSV and a worksheet have in common once their cells are text: header, records, findings of the table.

Where the cells come from is ``csv_file`` and ``workbook``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import normalize

import polars as pl

from pipelines.rules import Address, Rule, findings_of
from schemas.findings import empty
from schemas.layouts import Layout
from schemas.products import PROCESS_TYPES
from schemas.submission import Refusal


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
    by_name = {_plain(name): f.field for f in layout.fields for name in (f.field, f.name_ja)}
    return [by_name.get(_plain(title)) for title in header]


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
    )
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
    found.append(findings_of(records, [ragged], layout, address))
    return Decoded(
        layout,
        records.drop("cell_count"),
        frozenset(places),
        address,
        pl.concat([part for part in found if part.height] or [empty()]),
        encoding,
    )


def _plain(title: str) -> str:
    """A header in one way of writing, so that widths and blanks do not matter."""
    return re.sub(r"\s", "", normalize("NFKC", title)).lower()
