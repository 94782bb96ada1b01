"""The face of this room: one function per kind of document, and the facts they take.

``KIND_FORMATS`` tells which formats exist of each kind (contract §4). Import from here; where a function
lives may change.
"""

from __future__ import annotations

from outputs.columns import FINANCE_FIELDS, Column, layout_columns, ledger_columns
from outputs.csv_documents import (
    difference_list_csv,
    finance_premiums_csv,
    findings_report_csv,
    invoice_csv,
    ledger_csv,
    ledger_file_csv,
    premium_statement_csv,
    provided_data_csv,
)
from outputs.differences import difference_list_pdf
from outputs.headers import (
    DANGERS,
    NO_NAMES,
    NO_REFUND,
    PROCESS_TYPES,
    RECEIPT_RESULT,
    TITLES,
    Control,
    DocumentHeader,
    InvoiceFacts,
    LedgerKind,
    LedgerUnit,
    Names,
    Refund,
    SubmissionFacts,
)
from outputs.ledgers import NET, TOTAL, ledger_pdf
from outputs.linetexts import LineTotals, totals_of
from outputs.marked import marked_rows, marked_workbook
from outputs.statements import BANK_PLACEHOLDER, PAYABLE, invoice_pdf, premium_statement_pdf
from outputs.submissions import monitor_list_pdf, receipt_pdf, result_pdf

KIND_FORMATS: dict[str, tuple[str, ...]] = {
    "receipt": ("pdf",),
    "monitor_list": ("pdf",),
    "findings_report": ("csv",),
    "reconciliation_ledger": ("pdf", "csv"),
    "difference_list": ("pdf", "csv"),
    "confirmed_ledger": ("pdf", "csv"),
    "premium_statement": ("pdf", "csv"),
    "invoice": ("pdf", "csv"),
    "provided_data": ("csv",),
    "ledger_file": ("csv",),
    "shipment_statement_check": ("pdf", "csv"),
    "shipment_statement": ("pdf", "csv"),
    "finance_premiums": ("csv",),
}

__all__ = [
    "BANK_PLACEHOLDER",
    "DANGERS",
    "FINANCE_FIELDS",
    "KIND_FORMATS",
    "NET",
    "NO_NAMES",
    "NO_REFUND",
    "PAYABLE",
    "PROCESS_TYPES",
    "RECEIPT_RESULT",
    "TITLES",
    "TOTAL",
    "Column",
    "Control",
    "DocumentHeader",
    "InvoiceFacts",
    "LedgerKind",
    "LedgerUnit",
    "LineTotals",
    "Names",
    "Refund",
    "SubmissionFacts",
    "difference_list_csv",
    "difference_list_pdf",
    "finance_premiums_csv",
    "findings_report_csv",
    "invoice_csv",
    "invoice_pdf",
    "layout_columns",
    "ledger_columns",
    "ledger_csv",
    "ledger_file_csv",
    "ledger_pdf",
    "marked_rows",
    "marked_workbook",
    "monitor_list_pdf",
    "premium_statement_csv",
    "premium_statement_pdf",
    "provided_data_csv",
    "receipt_pdf",
    "result_pdf",
    "totals_of",
]
