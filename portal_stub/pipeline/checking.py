"""What processing would find in an upload, told before it is sent: the very function behind ``daicho check``."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from schemas.layouts import Layout

MOST_TOLD = 1000
"""Findings that a result carries; its CSV has all."""
MOST_CODES = 50


@dataclass(frozen=True)
class Checked:
    """What came of a check."""

    result: dict[str, Any]
    """``records``, ``errors``, ``warnings``, ``premium_total_yen``, ``acceptance_date``, ``identical_to``, ``findings``
    (the first, each as ``daicho findings`` tells it), ``findings_total`` and ``by_code``."""
    csv: bytes
    """検査結果（CSV）: all findings."""
    kept: bytes
    """All findings in a form for :func:`marked`."""


def check(
    content: bytes,
    file_name: str,
    product: str,
    holder: str,
    count: str,
    now: datetime,
    tell: Callable[[str], None] = lambda _: None,
) -> Checked:
    """Checks an upload as if it were sent at ``now``. ``tell`` hears of the steps as ``daicho.checking.check_upload`` tells.

    Raises:
        Refusal: it would be refused at the door.
    """
    from daicho.checking import check_upload
    from daicho.clock import Clock
    from daicho.store import Store
    from outputs.documents import findings_report_csv

    done = check_upload(
        Store.open(clock=Clock(fixed=now)), content, file_name, product, holder, count, tell, apart=True
    )
    tell("report")
    findings = done.findings
    result = done.told | {
        "errors": done.errors,
        "warnings": findings.height - done.errors,
        "findings": findings.head(MOST_TOLD).to_dicts(),
        "findings_total": findings.height,
        "by_code": _by_code(findings),
    }
    stream = io.BytesIO()
    findings.write_ipc(stream, compression="zstd")
    report = findings_report_csv(findings, done.decoded.layout.labels, done.keys())
    return Checked(result, report, stream.getvalue())


def _by_code(findings: "pl.DataFrame") -> list[dict[str, Any]]:
    """How often each kind was found, the frequent first, with an example."""
    import polars as pl

    return (
        findings.group_by("severity", "code", maintain_order=True)
        .agg(pl.len().alias("count"), pl.col("record").first(), pl.col("message").first())
        .sort("severity", "count", descending=[False, True], maintain_order=True)
        .head(MOST_CODES)
        .to_dicts()
    )


def marked(content: bytes, file_name: str, product: str, kept: bytes, facts: Mapping[str, str]) -> bytes:
    """検査結果を書き込んだExcel: the sender's workbook, or one made of the cells of a CSV, with the findings in it.

    ``kept`` is that of the check of the same bytes; ``facts`` stand above the list.
    """
    import polars as pl

    from daicho.reading.uploads import Wanted, read_rows
    from outputs.documents import marked_rows, marked_workbook
    from schemas.layouts import layout_of
    from schemas.products import Product

    layout = layout_of(Product(product))
    findings = pl.read_ipc(io.BytesIO(kept))
    if file_name.lower().endswith(".xlsx"):
        return marked_workbook(content, findings, layout.labels, facts)
    rows = read_rows(Wanted(content, file_name, Product(product)))
    return marked_rows(rows, _with_cells(findings, rows[0], layout), layout.labels, facts)


def _with_cells(findings: "pl.DataFrame", header: list[str], layout: "Layout") -> "pl.DataFrame":
    """Findings of a CSV with their cells in the sheet that is made of it: a record is one row, below the header."""
    import polars as pl

    from pipelines.reading.table import columns_of, untitled
    from schemas.cells import column_letter

    first: dict[str, str] = {}
    last: dict[str, str] = {}
    for place, (title, known) in enumerate(zip(header, columns_of(header, layout), strict=True)):
        name = known or (title if title.strip() else untitled(place))
        first.setdefault(name, column_letter(place))
        last[name] = column_letter(place)
    field = pl.col("field")
    # What has no column of its own (it is missing) stands at the first one, as in workbooks.
    letter = (
        pl.when(pl.col("code") == "duplicate-column")
        .then(field.replace_strict(last, default="A", return_dtype=pl.String))
        .otherwise(field.replace_strict(first, default="A", return_dtype=pl.String))
    )
    return findings.with_columns(
        pl.format("{}{}", letter, (pl.col("record") + 1).fill_null(1)).alias("cell")
    ).select(findings.columns)
