"""From booked facts to issued documents: the face of the papers, and finance's extract.

Papers of one upload are ``papers_submissions``, those of a ledger unit ``papers_ledgers``; making an issued one again is
``papers_again``. Every paper has an id made of what it is about, so that making it again replaces nothing else. How a
paper looks is ``outputs``.
"""

import hashlib

import polars as pl

from assets.papers_common import holder_name, issue
from assets.papers_ledgers import (
    all_terms,
    invoice_facts,
    issue_confirmed_ledger,
    issue_reconciliation_ledger,
    ledger_of,
    wants_data,
)
from assets.papers_submissions import issue_monitor_list, issue_receipt
from assets.yearly_papers import finance_rows
from daicho.store import Store
from outputs import documents as paper
from pipelines.ledger import invoices
from schemas.journal import CONFIRMATION

__all__ = [
    "finance_extract",
    "invoice_facts",
    "issue_confirmed_ledger",
    "issue_finance_extract",
    "issue_monitor_list",
    "issue_receipt",
    "issue_reconciliation_ledger",
    "wants_data",
]

EXTRACT = "finance-extract"
"""Kind of the events that keep up to which journal row an extract tells."""


def finance_extract(store: Store, month: str) -> pl.DataFrame:
    """Every invoice issued in a month (``YYYY-MM``), with the columns finance was promised; the yearly ones last.

    ``premium_*`` are net: what is charged less what is returned.
    """
    journal = store.journal.open().scan()
    rows = invoices(journal).filter(pl.col("listed_at").dt.to_string("%Y-%m") == month)
    references = {name: ledger_of(store, CONFIRMATION, name)[2] for name in rows["ledger_id"]}
    terms = all_terms(store)
    facts = [
        invoice_facts(store, ledger_id, issued_at, references[ledger_id], net, terms.get(ledger_id))
        for ledger_id, issued_at, net in rows.select("ledger_id", "listed_at", "premium_total").iter_rows()
    ]
    names = [
        holder_name(references[ledger_id], holder)
        for ledger_id, holder in rows.select("ledger_id", "holder").iter_rows()
    ]
    split = pl.col("unit").str.split("_")
    ledgers = rows.with_columns(
        pl.lit(month).alias("month"),
        pl.Series("invoice_no", [f.invoice_no for f in facts], dtype=pl.String),
        pl.Series("issued_on", [f.issued_on for f in facts], dtype=pl.Date),
        pl.Series("due_on", [f.due_on for f in facts], dtype=pl.Date),
        split.list.get(1).alias("department_code"),
        split.list.get(2).alias("acceptance_month"),
        pl.Series("holder_name", names, dtype=pl.String),
        pl.col("premium_total").clip(lower_bound=0).alias("payable_yen"),
        pl.Series("refund_yen", [f.refund.paid for f in facts], dtype=pl.Int64),
        pl.Series("listed_only_yen", [f.refund.listed_only for f in facts], dtype=pl.Int64),
    )
    return pl.concat([ledgers, finance_rows(store, month)], how="diagonal_relaxed")


def issue_finance_extract(store: Store, month: str) -> str | None:
    """Finance's CSV of a month; a new version only when its content changed. The document id, or None."""
    last = store.journal.open().last()[1]
    data = paper.finance_premiums_csv(finance_extract(store, month))
    known = store.documents.find({"kind": "finance_premiums", "unit": month}, store.clock.now())
    if known and known[-1]["sha256"] == hashlib.sha256(data).hexdigest():
        return None
    document_id = f"finance_premiums-{month}-v{len(known) + 1}"
    name = f"finance_premiums_{month}_v{len(known) + 1}.csv"
    store.events.record(EXTRACT, "daicho", document_id=document_id, journal_no=last)
    return issue(
        store, document_id, "finance_premiums", "csv", name, data, "", store.clock.now(), None, None, month
    )
