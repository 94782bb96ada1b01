"""From booked facts to issued documents: collects what a paper needs and hands it to ``outputs``.

Every paper has an id made of what it is about, so that making it again replaces nothing else. Which lines stand on
which ledger comes from the journal; how a paper looks is ``outputs``.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import polars as pl

from assets.yearly_papers import finance_rows
from daicho.drop import answer
from daicho.references import calendar_of, reference_of
from daicho.store import Store
from outputs import documents as paper
from pipelines.ledger import bookings, invoices, lines_of
from pipelines.reference import Reference
from schemas.findings import empty
from schemas.journal import CONFIRMATION, RECONCILIATION
from schemas.layouts import layout_of
from schemas.products import FACTS, Product, is_notice
from sensors.windows import payment_due, provided_until, status_of

ISSUER = "台帳 daicho"
MONITOR_DAYS = 30


def issue_receipt(store: Store, receipt: Mapping[str, Any]) -> str:
    """受付票 of a submission; its document id."""
    document_id = f"receipt-{receipt['submission_id']}"
    created = datetime.fromisoformat(receipt["received_at"])
    data = paper.receipt_pdf(
        receipt,
        _holder_name(reference_of(store), receipt["holder"]),
        _product_name(receipt["product"]),
        created,
        issuer=ISSUER,
    )
    _issue(
        store,
        document_id,
        "receipt",
        "pdf",
        f"{receipt['submission_id']}_受付票.pdf",
        data,
        receipt["holder"],
        created,
        receipt,
    )
    return document_id


def issue_monitor_list(store: Store, receipt: Mapping[str, Any]) -> str:
    """モニタリスト and findings report of a decided submission (D-001, D-002, D-007, D-008); the list's id.

    With them whoever dropped the file gets its answer: before the papers, so that a crash between them repeats both.
    """
    submission_id = receipt["submission_id"]
    product = Product(receipt["product"])
    labels = layout_of(product, receipt["layout_version"]).labels
    findings = store.findings.read(submission_id)
    findings = empty() if findings is None else findings
    verdict = store.events.verdict(receipt["receipt_no"])
    if verdict is None:
        raise ValueError(f"{submission_id} has no verdict yet")
    decided_at = datetime.fromisoformat(verdict["at"])
    status = str(status_of(date.fromisoformat(receipt["acceptance_date"]), decided_at, verdict["verdict"]))
    answer(store, receipt, _told(status, verdict, findings))
    lines = (
        bookings(store.journal.open().scan())
        .filter(pl.col("submission_id") == submission_id)
        .collect()
        .sort("journal_no")
    )
    reference = reference_of(store, verdict["reference_load"])  # made again, it is the same paper
    received_at = datetime.fromisoformat(receipt["received_at"])
    acceptance_date = date.fromisoformat(receipt["acceptance_date"])
    document_id = f"monitor_list-{submission_id}"
    data = paper.monitor_list_pdf(
        _header(reference, receipt["holder"], product, decided_at, document_id),
        paper.SubmissionFacts(
            submission_id,
            receipt["receipt_no"],
            receipt["user"],
            receipt["file_name"],
            received_at,
            acceptance_date,
            receipt["declared_count"],
            receipt["counted"],
            status,
            receipt["remarks"] or "",
        ),
        lines,
        findings,
        labels=labels,
        names=_names(reference, lines),
    )
    until = provided_until(decided_at, MONITOR_DAYS)
    holder = receipt["holder"]
    report = paper.findings_report_csv(findings, labels)
    _issue(
        store,
        f"findings_report-{submission_id}",
        "findings_report",
        "csv",
        f"{submission_id}_検出事項.csv",
        report,
        holder,
        decided_at,
        receipt,
        until,
    )
    # Last: the list is what tells that nothing is owed any more.
    _issue(
        store,
        document_id,
        "monitor_list",
        "pdf",
        f"{submission_id}_モニタリスト.pdf",
        data,
        holder,
        decided_at,
        receipt,
        until,
    )
    return document_id


def _told(status: str, verdict: Mapping[str, Any], findings: pl.DataFrame) -> dict[str, Any]:
    """The verdict as programs read it: status, sums and all findings."""
    return {
        "status": status,
        "errors": verdict["errors"],
        "warnings": verdict["warnings"],
        "premium_total_yen": verdict["premium_total"],
        "findings": findings.to_dicts(),
    }


def issue_reconciliation_ledger(store: Store, ledger_id: str) -> list[str]:
    """照合台帳 (or 船積通知明細書(照合用)) with its 提供データ; the document ids (D-009, D-015, D-022…D-024)."""
    lines, created, reference = _ledger(store, RECONCILIATION, ledger_id)
    product = Product(lines["product"][0])
    kind: paper.LedgerKind = "shipment_statement_check" if is_notice(product) else "reconciliation_ledger"
    return _ledger_papers(store, ledger_id, kind, lines, created, reference)


def issue_confirmed_ledger(store: Store, ledger_id: str) -> list[str]:
    """確定台帳 (or 船積通知明細書), 保険料計算書, 保険料請求書 and 提供データ of a confirmation (D-011…D-016)."""
    lines, created, reference = _ledger(store, CONFIRMATION, ledger_id)
    product = Product(lines["product"][0])
    kind: paper.LedgerKind = "shipment_statement" if is_notice(product) else "confirmed_ledger"
    issued = _ledger_papers(store, ledger_id, kind, lines, created, reference)
    labels = layout_of(product).labels
    holder = lines["policyholder_code"][0]
    unit = _unit(lines)
    facts = invoice_facts(store, ledger_id, created, reference)
    names = _names(reference, lines)
    statement_id, invoice_id = f"premium_statement-{ledger_id}", f"invoice-{ledger_id}"
    papers = [
        (
            statement_id,
            "premium_statement",
            "保険料計算書",
            paper.premium_statement_pdf(
                _header(reference, holder, product, created, statement_id),
                unit,
                lines,
                labels=labels,
                names=names,
            ),
            paper.premium_statement_csv(lines, labels),
        ),
        (
            invoice_id,
            "invoice",
            "保険料請求書",
            paper.invoice_pdf(_header(reference, holder, product, created, invoice_id), unit, facts, lines),
            paper.invoice_csv(unit, facts, lines),
        ),
    ]
    for document_id, kind_name, title, pdf, csv in papers:
        for form, data in (("pdf", pdf), ("csv", csv)):
            name = f"{ledger_id}_{title}.{form}"
            _issue(
                store,
                f"{document_id}-{form}",
                kind_name,
                form,
                name,
                data,
                holder,
                created,
                None,
                None,
                lines["unit"][0],
            )
            issued.append(f"{document_id}-{form}")
    return issued


def invoice_facts(
    store: Store, ledger_id: str, issued_at: datetime, reference: Reference
) -> paper.InvoiceFacts:
    """Number and dates of the invoice of a confirmed ledger: payable 40 days later, next business day (D-013, D-014)."""
    issued_on = issued_at.date()
    due_on = payment_due(issued_on, store.settings.payment_days, calendar_of(reference))
    return paper.InvoiceFacts(f"INV-{ledger_id}", issued_on, due_on)


def finance_extract(store: Store, month: str) -> pl.DataFrame:
    """Every invoice issued in a month (``YYYY-MM``), with the columns finance was promised."""
    journal = store.journal.open().scan()
    rows = invoices(journal).filter(pl.col("listed_at").dt.to_string("%Y-%m") == month)
    references = {name: _ledger(store, CONFIRMATION, name)[2] for name in rows["ledger_id"]}
    facts = [
        invoice_facts(store, ledger_id, issued_at, references[ledger_id])
        for ledger_id, issued_at in rows.select("ledger_id", "listed_at").iter_rows()
    ]
    names = [
        _holder_name(references[ledger_id], holder)
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
    )
    return pl.concat([ledgers, finance_rows(store, month)], how="diagonal_relaxed")


def issue_finance_extract(store: Store, month: str) -> str | None:
    """Finance's CSV of a month; a new version only when its content changed. The document id, or None."""
    import hashlib

    data = paper.finance_premiums_csv(finance_extract(store, month))
    known = store.documents.find({"kind": "finance_premiums", "unit": month}, store.clock.now())
    if known and known[-1]["sha256"] == hashlib.sha256(data).hexdigest():
        return None
    document_id = f"finance_premiums-{month}-v{len(known) + 1}"
    name = f"finance_premiums_{month}_v{len(known) + 1}.csv"
    _issue(
        store, document_id, "finance_premiums", "csv", name, data, "", store.clock.now(), None, None, month
    )
    return document_id


def _ledger_papers(
    store: Store,
    ledger_id: str,
    kind: paper.LedgerKind,
    lines: pl.DataFrame,
    created: datetime,
    reference: Reference,
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
        _issue(
            store,
            document_id,
            "provided_data",
            "csv",
            f"{ledger_id}_提供データ.csv",
            data,
            holder,
            created,
            None,
            until,
            unit,
        )
        issued.append(document_id)
    # After the data: the ledger's CSV is what tells that nothing is owed any more.
    pdf = paper.ledger_pdf(
        _header(reference, holder, product, created, f"{kind}-{ledger_id}"),
        _unit(lines),
        lines,
        kind=kind,
        labels=labels,
        names=_names(reference, lines),
    )
    for form, data in (("pdf", pdf), ("csv", paper.ledger_csv(lines, labels))):
        document_id = f"{kind}-{ledger_id}-{form}"
        _issue(
            store,
            document_id,
            kind,
            form,
            f"{ledger_id}_{title}.{form}",
            data,
            holder,
            created,
            None,
            None,
            unit,
        )
        issued.append(document_id)
    return issued


def wants_data(reference: Reference, holder: str) -> bool:
    """Whether the holder asked for 提供データ beforehand (D-023)."""
    asked = reference.table("policyholders").filter(pl.col("holder") == holder, pl.col("provided_data"))
    return asked.height > 0


def _ledger(store: Store, entry: str, ledger_id: str) -> tuple[pl.DataFrame, datetime, Reference]:
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


def _header(
    reference: Reference, holder: str, product: Product, created: datetime, document_id: str
) -> paper.DocumentHeader:
    name = _holder_name(reference, holder)
    return paper.DocumentHeader(holder, name, FACTS[product].name_ja, created, document_id, ISSUER)


def _holder_name(reference: Reference, holder: str) -> str:
    found = reference.table("policyholders").filter(pl.col("holder") == holder)["name"].to_list()
    return (found[0] if found else None) or f"保険利用者 {holder}"


def _product_name(product: str) -> str:
    return FACTS[Product(product)].name_ja


def _names(reference: Reference, lines: pl.DataFrame) -> paper.Names:
    """Names of the buyers and countries that the lines mention, latest rows first."""
    codes: Iterable[str] = (
        pl.concat([lines["counterparty_code"], lines["payer_code"], lines["guarantor_code"]])
        .unique()
        .drop_nulls()
        if lines.height
        else []
    )
    buyers = reference.table("buyers").filter(pl.col("buyer_code").is_in(list(codes))).sort("valid_from")
    countries = reference.table("country_categories").sort("valid_from")
    return paper.Names(
        {code: name or code for code, name in buyers.select("buyer_code", "name").iter_rows()},
        {code: name or code for code, name in countries.select("country", "name").iter_rows()},
    )


def _issue(
    store: Store,
    document_id: str,
    kind: str,
    form: str,
    name: str,
    data: bytes,
    holder: str,
    created: datetime,
    receipt: Mapping[str, Any] | None = None,
    until: datetime | None = None,
    unit: str | None = None,
) -> None:
    submission_id = receipt["submission_id"] if receipt else None
    store.documents.issue(document_id, kind, form, name, data, holder, created, submission_id, unit, until)
