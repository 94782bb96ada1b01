"""Papers of a ledger unit: 照合台帳, 確定台帳, 保険料計算書, 保険料請求書, 照合・確定差異一覧, 提供データ.

Which lines stand on which ledger comes from the journal; how a paper looks is ``outputs``.
"""

from datetime import datetime
from typing import Any

import polars as pl

from assets.papers_common import header, issue, names
from daicho.references import calendar_of, reference_of
from daicho.store import Store
from outputs import documents as paper
from pipelines.difference import differences
from pipelines.ledger import lines_of
from pipelines.reference import Reference
from pipelines.refund import settled
from schemas.journal import CONFIRMATION, RECONCILIATION
from schemas.layouts import layout_of
from schemas.products import Product, is_notice
from sensors.windows import payment_due, provided_until

TERMS = "ledger-terms"
"""Kind of the events that keep with which settings a ledger was confirmed: its papers never change with them."""


def issue_reconciliation_ledger(store: Store, ledger_id: str) -> list[str]:
    """照合台帳 (or 船積通知明細書(照合用)) with its 提供データ; the document ids (D-009, D-015, D-022…D-024)."""
    lines, created, reference = ledger_of(store, RECONCILIATION, ledger_id)
    product = Product(lines["product"][0])
    kind: paper.LedgerKind = "shipment_statement_check" if is_notice(product) else "reconciliation_ledger"
    return _ledger_papers(store, ledger_id, kind, lines, created, reference)


def issue_confirmed_ledger(store: Store, ledger_id: str) -> list[str]:
    """確定台帳 (or 船積通知明細書), 差異一覧, 保険料計算書, 保険料請求書 and 提供データ of a confirmation (D-011…D-016)."""
    lines, created, reference = ledger_of(store, CONFIRMATION, ledger_id)
    product = Product(lines["product"][0])
    kind: paper.LedgerKind = "shipment_statement" if is_notice(product) else "confirmed_ledger"
    net = paper.totals_of(lines).total
    facts = invoice_facts(store, ledger_id, created, reference, net, terms_of(store, ledger_id))
    issued = _ledger_papers(store, ledger_id, kind, lines, created, reference, facts.refund)
    labels = layout_of(product).labels
    holder, unit = lines["policyholder_code"][0], _unit(lines)
    told = differences(store.journal.open().scan(), ledger_id)

    def head(kind: str) -> paper.DocumentHeader:
        return header(reference, holder, product, created, f"{kind}-{ledger_id}")

    papers: list[tuple[str, bytes, bytes]] = [
        (
            "difference_list",
            paper.difference_list_pdf(head("difference_list"), unit, ledger_id, told, labels=labels),
            paper.difference_list_csv(told, labels),
        ),
        (
            "premium_statement",
            paper.premium_statement_pdf(
                head("premium_statement"),
                unit,
                lines,
                labels=labels,
                names=names(reference, lines),
                refund=facts.refund,
            ),
            paper.premium_statement_csv(lines, labels),
        ),
        # Last: the invoice's CSV is what tells that nothing is owed any more.
        (
            "invoice",
            paper.invoice_pdf(head("invoice"), unit, facts, lines),
            paper.invoice_csv(unit, facts, lines),
        ),
    ]
    for kind_name, pdf, csv in papers:
        for form, data in (("pdf", pdf), ("csv", csv)):
            name = f"{ledger_id}_{paper.TITLES[kind_name]}.{form}"
            document_id = f"{kind_name}-{ledger_id}-{form}"
            issue(
                store, document_id, kind_name, form, name, data, holder, created, None, None, lines["unit"][0]
            )
            issued.append(document_id)
    return issued


def terms_of(store: Store, ledger_id: str) -> dict[str, int]:
    """The settings under which a ledger was confirmed, kept when its papers are first made."""
    kept = [e["details"] for e in store.events.events(kind=TERMS) if e["details"]["ledger_id"] == ledger_id]
    terms: dict[str, Any] = kept[0] if kept else _terms_now(store)
    if not kept and store.events.document(f"invoice-{ledger_id}-csv") is None:
        store.events.record(TERMS, "daicho", ledger_id=ledger_id, **terms)
    return {name: int(terms[name]) for name in _terms_now(store)}


def all_terms(store: Store) -> dict[str, dict[str, int]]:
    """:func:`terms_of` of every ledger that has papers."""
    told: dict[str, dict[str, int]] = {}
    for event in store.events.events(kind=TERMS):
        details = event["details"]
        told.setdefault(details["ledger_id"], {name: int(details[name]) for name in _terms_now(store)})
    return told


def _terms_now(store: Store) -> dict[str, int]:
    names_ = ("payment_days", "refund_threshold_yen")
    return {name: int(getattr(store.settings, name)) for name in names_}


def invoice_facts(
    store: Store,
    ledger_id: str,
    issued_at: datetime,
    reference: Reference,
    net: int,
    terms: dict[str, int] | None = None,
) -> paper.InvoiceFacts:
    """Number and dates of the invoice of a confirmed ledger, and what becomes of its ``net`` when that is negative.

    Payable 40 days later, next business day (D-013, D-014); refunds of D-042.
    """
    terms = terms or _terms_now(store)
    issued_on = issued_at.date()
    due_on = payment_due(issued_on, terms["payment_days"], calendar_of(reference))
    yen = settled(net, terms["refund_threshold_yen"])
    refund = paper.Refund(yen.refund, yen.listed_only, terms["refund_threshold_yen"])
    return paper.InvoiceFacts(f"INV-{ledger_id}", issued_on, due_on, refund)


def _ledger_papers(
    store: Store,
    ledger_id: str,
    kind: paper.LedgerKind,
    lines: pl.DataFrame,
    created: datetime,
    reference: Reference,
    refund: paper.Refund = paper.NO_REFUND,
) -> list[str]:
    product = Product(lines["product"][0])
    labels = layout_of(product).labels
    holder, unit = lines["policyholder_code"][0], lines["unit"][0]
    title = paper.TITLES[kind]
    issued = []
    if wants_data(reference, holder):
        document_id = f"provided_data-{ledger_id}"
        until = provided_until(created, store.settings.provided_data_days)
        data = paper.provided_data_csv(lines, labels)
        name = f"{ledger_id}_提供データ.csv"
        issue(store, document_id, "provided_data", "csv", name, data, holder, created, None, until, unit)
        issued.append(document_id)
    # After the data: the ledger's CSV is what tells that nothing is owed any more.
    pdf = paper.ledger_pdf(
        header(reference, holder, product, created, f"{kind}-{ledger_id}"),
        _unit(lines),
        lines,
        kind=kind,
        labels=labels,
        names=names(reference, lines),
        refund=refund,
    )
    for form, data in (("pdf", pdf), ("csv", paper.ledger_csv(lines, labels))):
        document_id = f"{kind}-{ledger_id}-{form}"
        name = f"{ledger_id}_{title}.{form}"
        issue(store, document_id, kind, form, name, data, holder, created, None, None, unit)
        issued.append(document_id)
    return issued


def wants_data(reference: Reference, holder: str) -> bool:
    """Whether the holder asked for 提供データ beforehand (D-023)."""
    asked = reference.table("policyholders").filter(pl.col("holder") == holder, pl.col("provided_data"))
    return asked.height > 0


def ledger_of(store: Store, entry: str, ledger_id: str) -> tuple[pl.DataFrame, datetime, Reference]:
    """Lines of a ledger, when it was listed, and the tables of that time: made again, its papers are the same."""
    journal = store.journal.open().scan()
    created, load = (
        journal.filter(pl.col("entry") == entry, pl.col("ledger_id") == ledger_id)
        .select(pl.col("booked_at").min(), pl.col("reference_load").min())
        .collect()
        .row(0)
    )
    return lines_of(journal, entry, ledger_id), created, reference_of(store, load)


def _unit(lines: pl.DataFrame) -> paper.LedgerUnit:
    agreement, department, month = lines["unit"][0].split("_")
    return paper.LedgerUnit(agreement, None if department == "-" else department, month)
