"""The face of this room: one function per kind of document, and the facts they take.

``KIND_FORMATS`` tells which formats exist of each kind (contract §4). Import from here; where a function
lives may change.
"""

from __future__ import annotations

from outputs.columns import FINANCE_FIELDS, Column, layout_columns, ledger_columns
from outputs.csv_documents import (
    finance_premiums_csv,
    findings_report_csv,
    invoice_csv,
    ledger_csv,
    ledger_file_csv,
    premium_statement_csv,
    provided_data_csv,
)
from outputs.headers import (
    DANGERS,
    NO_NAMES,
    PROCESS_TYPES,
    TITLES,
    DocumentHeader,
    InvoiceFacts,
    LedgerKind,
    LedgerUnit,
    Names,
    SubmissionFacts,
)
from outputs.ledgers import ledger_pdf
from outputs.statements import BANK_PLACEHOLDER, invoice_pdf, premium_statement_pdf
from outputs.submissions import monitor_list_pdf, receipt_pdf

KIND_FORMATS: dict[str, tuple[str, ...]] = {
    "receipt": ("pdf",),
    "monitor_list": ("pdf",),
    "findings_report": ("csv",),
    "reconciliation_ledger": ("pdf", "csv"),
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
    "NO_NAMES",
    "PROCESS_TYPES",
    "TITLES",
    "Column",
    "DocumentHeader",
    "InvoiceFacts",
    "LedgerKind",
    "LedgerUnit",
    "Names",
    "SubmissionFacts",
    "finance_premiums_csv",
    "findings_report_csv",
    "invoice_csv",
    "invoice_pdf",
    "layout_columns",
    "ledger_columns",
    "ledger_csv",
    "ledger_file_csv",
    "ledger_pdf",
    "monitor_list_pdf",
    "premium_statement_csv",
    "premium_statement_pdf",
    "provided_data_csv",
    "receipt_pdf",
]
