"""Papers of yearly billings (簡易, 船積前保険料): 保険料計算書 and 保険料請求書, and their rows for finance.

The counterpart of ``papers`` for journal rows of entry ``yearly``; what the papers look like is ``outputs.yearly``.
"""

from datetime import datetime
from typing import Any

import polars as pl
from polars import selectors as cs

from assets.papers_common import header, holder_name, issue, names
from daicho.references import calendar_of, reference_of
from daicho.store import Store
from outputs import documents as paper
from outputs.yearly import YearlyFacts, yearly_invoice_pdf, yearly_statement_csv, yearly_statement_pdf
from pipelines.reference import Reference
from pipelines.yearly import billings
from schemas.journal import YEARLY
from schemas.products import Product
from sensors.windows import payment_due

_DANGERS = tuple(paper.DANGERS)


def issue_yearly_billing(store: Store, billing_id: str) -> list[str]:
    """保険料計算書 and 保険料請求書 of a billing, PDF and CSV; the document ids (B-033, E-137, E-138)."""
    rows = (
        store.journal.open()
        .scan()
        .filter(pl.col("entry") == YEARLY, pl.col("ledger_id") == billing_id)
        .collect()
        .sort("journal_no")
    )
    first = rows.row(0, named=True)
    created: datetime = first["booked_at"]
    holder, unit = first["policyholder_code"], first["unit"]
    reference = reference_of(store, first["reference_load"])  # made again, they are the same papers
    told = names(reference, rows)
    years = min(rows["year_from"].to_list()), max(rows["year_until"].to_list())
    facts = YearlyFacts(first["agreement_code"], *years, billing_id)
    invoice = _invoice_facts(store, billing_id, created, reference)
    agreement, _, month = unit.split("_")
    ledger_unit = paper.LedgerUnit(agreement, None, month)
    free = rows.with_columns(
        pl.lit(0, pl.Int64).alias(f"{kind}_{c}") for kind in ("premium", "due") for c in _DANGERS
    )

    def head(kind: str) -> paper.DocumentHeader:
        return header(reference, holder, Product.SIMPLIFIED_NOTICE, created, f"{kind}-{billing_id}")

    issued = []
    # The invoice's CSV comes last: it is what tells that nothing is owed any more.
    for kind, form, data in (
        ("premium_statement", "pdf", yearly_statement_pdf(head("premium_statement"), facts, rows, told)),
        ("premium_statement", "csv", yearly_statement_csv(rows, told)),
        ("invoice", "pdf", yearly_invoice_pdf(head("invoice"), facts, invoice, rows)),
        ("invoice", "csv", paper.invoice_csv(ledger_unit, invoice, free)),
    ):
        document_id = f"{kind}-{billing_id}-{form}"
        name = f"{billing_id}_{paper.TITLES[kind]}.{form}"
        issued.append(issue(store, document_id, kind, form, name, data, holder, created, None, None, unit))
    return issued


def finance_rows(store: Store, month: str) -> pl.DataFrame:
    """The yearly invoices issued in a month (``YYYY-MM``), with the columns of the finance extract.

    Their rate is one for A and C together, so the premium stands in ``premium_total`` only.
    """
    rows = billings(store.journal.open().scan()).filter(pl.col("billed_at").dt.to_string("%Y-%m") == month)
    told: list[dict[str, Any]] = []
    for row in rows.iter_rows(named=True):
        reference = reference_of(store, row["reference_load"])
        invoice = _invoice_facts(store, row["ledger_id"], row["billed_at"], reference)
        told.append(
            {
                "month": month,
                "invoice_no": invoice.invoice_no,
                "issued_on": invoice.issued_on,
                "due_on": invoice.due_on,
                "product": str(Product.SIMPLIFIED_NOTICE),
                "holder": row["holder"],
                "holder_name": holder_name(reference, row["holder"]),
                "agreement_code": row["agreement_code"],
                "department_code": "-",
                "acceptance_month": row["unit"].rsplit("_", 1)[1],
                "lines": row["lines"],
                **dict.fromkeys(("premium_total", "charged_total", "payable_yen"), row["premium_total"]),
            }
        )
    # Nothing is returned, and no danger has a part of its own: what is left of the columns is 0.
    frame = pl.DataFrame(told, schema=paper.FINANCE_FIELDS)
    return frame.with_columns(cs.numeric().fill_null(0))


def _invoice_facts(
    store: Store, billing_id: str, billed_at: datetime, reference: Reference
) -> paper.InvoiceFacts:
    """Payable as other invoices are: 40 days later, next business day (D-013, D-014)."""
    due_on = payment_due(billed_at.date(), store.settings.payment_days, calendar_of(reference))
    return paper.InvoiceFacts(f"INV-{billing_id}", billed_at.date(), due_on)
