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
from outputs.headers import COMPARED, DANGERS, DIFFERENCE_WORDS, InvoiceFacts, LedgerUnit
from outputs.linetexts import totals_of, with_versions


def ledger_csv(lines: pl.DataFrame, labels: Mapping[str, str]) -> bytes:
    """照合台帳, 確定台帳 and both 船積通知明細書 as CSV (D-029).

    ``lines``: ledger lines in the order of the ledger. ``labels``: layout field → Japanese name, in layout
    order. Columns: number, every layout field, then what the insurer computed. Dates ``YYYYMMDD`` as in the
    layouts, yen as plain integers, rates in percent with three decimals. No totals row: the sum of a column
    equals the total in the PDF (with changes that of 請求額).
    """
    return csv_bytes(_told(lines), cols.ledger_columns(labels))


def _told(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines with what :data:`outputs.columns.VERSIONS` tells beyond the journal."""
    removed = pl.col("removed") if "removed" in lines.columns else pl.lit(None, pl.Boolean)
    return with_versions(lines).with_columns(
        (pl.col("premium_total") - pl.col("difference_total")).alias("before_total"),
        pl.col("premium_total").alias("after_total"),
        pl.when(removed).then(pl.lit("1")).alias("removed_mark"),
    )


def provided_data_csv(lines: pl.DataFrame, labels: Mapping[str, str]) -> bytes:
    """提供データ: the content of a 照合台帳 or 確定台帳, in the same bytes as :func:`ledger_csv` (D-022)."""
    return ledger_csv(lines, labels)


def ledger_file_csv(lines: pl.DataFrame, labels: Mapping[str, str]) -> bytes:
    """台帳ファイル: exactly the columns of the upload layout, so that it can be handed in again (D-037).

    Values are written verbatim; only a value that a spreadsheet could *execute* (``=cmd|'/C calc'!A0``) gets an
    apostrophe in front, and would have to lose it before it is handed in again.
    """
    return csv_bytes(lines, cols.layout_columns(labels), reupload=True)


def findings_report_csv(
    findings: pl.DataFrame, labels: Mapping[str, str] | None = None, keys: pl.DataFrame | None = None
) -> bytes:
    """All findings of a submission, one row each, in the order given (A-027).

    ``findings``: record, line, cell, field, code, severity, message, value. ``labels`` adds the Japanese
    names of the fields, ``keys`` (``record``, ``application_no``, ``branch_no``, ``shipment_no``,
    ``settlement_no``) which line of the ledger a record speaks of.
    """
    names = labels or {}
    if keys is not None:
        findings = findings.join(keys, on="record", how="left", maintain_order="left")
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
    return csv_bytes(_told(lines).with_row_index("line_no", offset=1), cols.premium_columns(labels))


def invoice_csv(unit: LedgerUnit, invoice: InvoiceFacts, lines: pl.DataFrame) -> bytes:
    """保険料請求書 as CSV: one row. Its amounts are the sums over the lines of the 保険料計算書 (D-041).

    請求金額 is never negative: what is returned stands in the columns after it (D-042).
    """
    totals = totals_of(lines)
    refund = invoice.refund
    row = {
        "invoice_no": invoice.invoice_no,
        "issued_on": invoice.issued_on,
        "due_on": invoice.due_on,
        "agreement_code": unit.agreement_code,
        "department_code": unit.department_code,
        "acceptance_month": unit.acceptance_month,
        "lines": totals.lines,
        **{f"premium_{danger}": totals.premium[danger] for danger in DANGERS},
        "payable": totals.total + refund.paid + refund.listed_only,
        "charged_total": totals.charged,
        "returned_total": totals.returned,
        "premium_total": totals.total,
        "refund": refund.paid,
        "listed_only": refund.listed_only,
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
        Column("payable", "請求金額", "number"),
        Column("charged_total", "追加保険料", "number"),
        Column("returned_total", "返還保険料", "number"),
        Column("premium_total", "差引合計", "number"),
        Column("refund", "返還金額（口座へ返還）", "number"),
        Column("listed_only", "記載のみの返還保険料", "number"),
    ]
    frame = pl.DataFrame([row], schema_overrides={"department_code": pl.String})
    return csv_bytes(frame, columns)


def difference_list_csv(differences: pl.DataFrame, labels: Mapping[str, str]) -> bytes:
    """照合・確定差異一覧 as CSV (D-021): one row per field that differs, a header only when nothing does.

    ``differences``: see :func:`outputs.differences.difference_list_pdf`.
    """
    listed = pl.col("changes")
    whole = pl.when(listed.list.len() > 0).then(listed)  # a line that is gone as a whole is a row, too
    rows = differences.with_row_index("no", offset=1).with_columns(whole).explode("changes").unnest("changes")
    first = pl.col("no") != pl.col("no").shift(1).fill_null(0)
    names = {**COMPARED, **labels}
    frame = rows.with_columns(
        pl.col("how").replace(DIFFERENCE_WORDS).alias("how_label"),
        pl.col("field").replace_strict(names, default=None, return_dtype=pl.String).alias("field_label"),
        *(
            pl.when(first).then(pl.col(name)).alias(name)
            for name in ("premium_before", "premium_after", "difference")
        ),
    )
    return csv_bytes(frame, cols.DIFFERENCES)


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
