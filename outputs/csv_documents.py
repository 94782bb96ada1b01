"""Every CSV document: which columns it has, and which frame they come from.

Forms, quoting, encoding and the protection against formulas are described in ``csv_text``; labels and kinds
of columns in ``columns``.
"""

from __future__ import annotations

import io
from collections.abc import Mapping

import polars as pl

from outputs import columns as cols
from outputs.columns import Column
from outputs.csv_text import csv_bytes, neutralised
from outputs.headers import DANGERS, InvoiceFacts, LedgerUnit
from outputs.linetexts import totals_of


def ledger_csv(lines: pl.DataFrame, labels: Mapping[str, str]) -> bytes:
    """照合台帳, 確定台帳 and both 船積通知明細書 as CSV (D-029).

    ``lines``: ledger lines in the order of the ledger. ``labels``: layout field → Japanese name, in layout
    order. Columns: number, every layout field, then what the insurer computed. Dates ``YYYYMMDD`` as in the
    layouts, yen as plain integers, rates in percent with three decimals. No totals row: the sum of a column
    equals the total in the PDF.
    """
    return csv_bytes(lines, cols.ledger_columns(labels))


def provided_data_csv(lines: pl.DataFrame, labels: Mapping[str, str]) -> bytes:
    """提供データ: the content of a 照合台帳 or 確定台帳, in the same bytes as :func:`ledger_csv` (D-022)."""
    return ledger_csv(lines, labels)


def ledger_file_csv(lines: pl.DataFrame, labels: Mapping[str, str]) -> bytes:
    """台帳ファイル: exactly the columns of the upload layout, so that it can be handed in again (D-037).

    Values are written verbatim; only a value that a spreadsheet could *execute* is neutralised, which no
    accepted record contains.
    """
    return csv_bytes(lines, cols.layout_columns(labels), reupload=True)


def findings_report_csv(findings: pl.DataFrame, labels: Mapping[str, str] | None = None) -> bytes:
    """All findings of a submission, one row each, in the order given.

    ``findings``: record, line, cell, field, code, severity, message, value. ``labels`` adds the Japanese
    names of the fields.
    """
    names = labels or {}
    severity = pl.col("severity").replace({"error": "エラー", "warning": "警告"})
    frame = findings.with_columns(
        severity.alias("severity_label"),
        pl.col("field").replace_strict(names, default=None, return_dtype=pl.String).alias("field_label")
        if names
        else pl.lit(None, dtype=pl.String).alias("field_label"),
    )
    return csv_bytes(frame, cols.FINDINGS)


def premium_statement_csv(lines: pl.DataFrame, labels: Mapping[str, str]) -> bytes:
    """保険料計算書 as CSV: per record base, rate, factor, premium of each danger, and the total (D-040)."""
    return csv_bytes(lines.with_row_index("line_no", offset=1), cols.premium_columns(labels))


def invoice_csv(unit: LedgerUnit, invoice: InvoiceFacts, lines: pl.DataFrame) -> bytes:
    """保険料請求書 as CSV: one row. Its amounts are the sums over the lines of the 保険料計算書 (D-041)."""
    totals = totals_of(lines)
    row = {
        "invoice_no": invoice.invoice_no,
        "issued_on": invoice.issued_on,
        "due_on": invoice.due_on,
        "agreement_code": unit.agreement_code,
        "department_code": unit.department_code,
        "acceptance_month": unit.acceptance_month,
        "lines": totals.lines,
        **{f"premium_{danger}": totals.premium[danger] for danger in DANGERS},
        "premium_total": totals.total,
    }
    columns = [
        Column("invoice_no", "請求番号"),
        Column("issued_on", "発行日", "date"),
        Column("due_on", "支払期限", "date"),
        Column("agreement_code", "特約コード"),
        Column("department_code", "部門"),
        Column("acceptance_month", "受理月"),
        Column("lines", "明細件数", "number"),
        *(Column(f"premium_{danger}", f"保険料{danger.upper()}", "number") for danger in DANGERS),
        Column("premium_total", "請求金額", "number"),
    ]
    frame = pl.DataFrame([row], schema_overrides={"department_code": pl.String})
    return csv_bytes(frame, columns)


def finance_premiums_csv(frame: pl.DataFrame) -> bytes:
    """The month extract for finance: machine names, UTF-8 without BOM, LF, quotes where needed, ISO dates.

    One row per invoice with the columns of :data:`outputs.columns.FINANCE_FIELDS`; others are dropped. Raises
    ``ValueError`` naming the columns that are missing.
    """
    missing = [name for name in cols.FINANCE_FIELDS if name not in frame.columns]
    if missing:
        raise ValueError(f"finance extract without column(s): {', '.join(missing)}")
    chosen = frame.select(list(cols.FINANCE_FIELDS))
    # pl.String columns only; integers and dates hold nothing a spreadsheet could run.
    guarded = chosen.with_columns(
        neutralised(pl.col(name)).alias(name) for name, kind in chosen.schema.items() if kind == pl.String
    )
    buffer = io.BytesIO()
    guarded.write_csv(buffer, date_format="%Y-%m-%d")
    return buffer.getvalue()
