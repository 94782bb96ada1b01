"""Putting lines on ledgers: 照合 when the week is over, 確定 at the cut-off, finance at the end of the month.

Plain functions over the store, without Dagster. Due work is a query over calendar and journal, so that a run after
any downtime catches up; what is on which ledger is a journal entry, and papers that are missing are made again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from assets import papers
from daicho.references import calendar_of, reference_of
from daicho.store import Store
from daicho.store.journal import Snapshot
from pipelines.ledger import confirmation_entries, listings, reconciliation_entries
from schemas.journal import CONFIRMATION, RECONCILIATION, YEARLY
from sensors.windows import cut_off

Say = Callable[[str], None]


@dataclass
class Listed:
    """What one run put on ledgers."""

    ledgers: list[str] = field(default_factory=list)
    units: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    failed: list[tuple[str, Exception]] = field(default_factory=list)
    """Ledgers whose papers could not be made, and why; they stay owed."""


def reconcile_due(store: Store, say: Say = lambda _: None) -> Listed:
    """Puts every due line on a 照合台帳 and issues the papers that are owed."""
    listed = _list(store, RECONCILIATION, lambda journal: _reconciliation(store, journal))
    return _issue_owed(store, listed, RECONCILIATION, say)


def confirm_due(store: Store, say: Say = lambda _: None) -> Listed:
    """Confirms every unit past its cut-off, after reconciling what is not yet on a 照合台帳."""
    calendar = calendar_of(reference_of(store))
    now = store.clock.now()
    due = confirmation_entries(store.journal.open().scan(), now, calendar)
    units = due["unit"].unique().sort().to_list()
    first = _list(
        store,
        RECONCILIATION,
        lambda journal: reconciliation_entries(journal, now, calendar, units) if units else None,
    )
    first = _issue_owed(store, first, RECONCILIATION, say)

    def confirmed(journal: pl.LazyFrame) -> pl.DataFrame:
        # What another run booked since the 照合 above waits for the next confirmation: none without 照合 (D-021).
        checked = listings(journal, RECONCILIATION).select("listed_journal_no").collect().to_series()
        return confirmation_entries(journal, now, calendar).filter(
            pl.col("listed_journal_no").is_in(checked.to_list())
        )

    listed = _list(store, CONFIRMATION, confirmed)
    listed = _issue_owed(store, listed, CONFIRMATION, say)
    listed.documents = first.documents + listed.documents
    listed.failed = first.failed + listed.failed
    return listed


def extract_due(store: Store, say: Say = lambda _: None) -> list[str]:
    """Issues finance's month extract from the month's last business day 20:00 on; new versions only for new content."""
    now = store.clock.now()
    calendar = calendar_of(reference_of(store))
    journal = store.journal.open().scan()
    invoiced = pl.concat([listings(journal, CONFIRMATION), listings(journal, YEARLY)])
    months = invoiced.select(pl.col("listed_at").dt.date().dt.truncate("1mo").unique()).collect().to_series()
    issued = []
    for month in sorted(months.to_list()):
        # The cut-off of the month before falls on this month's last business day.
        if cut_off(_month_before(month), calendar) <= now:
            document_id = papers.issue_finance_extract(store, f"{month:%Y-%m}")
            if document_id:
                say(f"経理データ {document_id} を作成しました")
                issued.append(document_id)
    return issued


def _month_before(month: date) -> date:
    return date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)


def _reconciliation(store: Store, journal: pl.LazyFrame) -> pl.DataFrame:
    return reconciliation_entries(journal, store.clock.now(), calendar_of(reference_of(store)))


def _list(store: Store, entry: str, entries: Callable[[pl.LazyFrame], pl.DataFrame | None]) -> Listed:
    made: list[pl.DataFrame] = []
    load_no = reference_of(store).load_no

    def build(snapshot: Snapshot) -> pl.DataFrame | None:
        rows = entries(snapshot.scan())
        if rows is not None:  # with which tables the papers are made, now and whenever they are made again
            rows = rows.with_columns(pl.lit(load_no, pl.Int64).alias("reference_load"))
        made[:] = [] if rows is None else [rows]
        return rows

    store.journal.commit(build, entry)
    listed = Listed()
    for rows in made:
        listed.ledgers = rows["ledger_id"].unique(maintain_order=True).to_list()
        listed.units = rows["unit"].unique(maintain_order=True).to_list()
    return listed


def _issue_owed(store: Store, listed: Listed, entry: str, say: Say) -> Listed:
    """Papers of the new ledgers, and of earlier ones that a crash left without."""
    kinds = ("reconciliation_ledger", "shipment_statement_check") if entry == RECONCILIATION else ("invoice",)
    issued = set().union(*(store.events.issued_ids(kind) for kind in kinds))
    known = (
        listings(store.journal.open().scan(), entry)
        .select(pl.col("ledger_id").unique())
        .collect()
        .to_series()
    )
    for ledger_id in sorted(known.to_list()):
        if not any(f"{kind}-{ledger_id}-csv" in issued for kind in kinds):
            issue = (
                papers.issue_reconciliation_ledger
                if entry == RECONCILIATION
                else papers.issue_confirmed_ledger
            )
            try:
                listed.documents += issue(store, ledger_id)
            except Exception as error:  # noqa: BLE001 - one ledger must not keep the others waiting; it is told at the end
                listed.failed.append((ledger_id, error))
                continue
            say(f"{ledger_id} の帳票を作成しました")
    return listed
