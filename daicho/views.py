"""Questions to the ledger that several doors ask: its state for booking, its current lines for people and programs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import polars as pl

from daicho.store import Store
from pipelines.hierarchy import LIKE, contract_likeness
from pipelines.ledger import as_of, bookings, confirmed, current, current_versions, with_stage
from pipelines.post import (
    EXPOSURE,
    PAYER,
    Blocked,
    Candidate,
    LedgerState,
    applications_of,
    contracts_of,
    payers_of,
)
from schemas.layouts import all_layout_fields, layout_of
from schemas.money import COMPONENTS, percent_text
from schemas.products import Product

_FACTS = [
    "application_no",
    "acceptance_date",
    "country_category",
    "country_category_pre",
    "buyer_rating",
    "days_pre",
    "days_post",
    *(f"rate_{c}" for c in COMPONENTS),
    *(f"insured_amount_{c}" for c in COMPONENTS),
    *(f"premium_{c}" for c in COMPONENTS),
    "premium_total",
    "change_notice_limit",
    "stage",
    "notice_date",
    "insured_shipment_date",
    "uncovered_from",
    "uncovered_until",
    "policy_type_from",
    "premium_before",
    "difference_total",
    "due_total",
]
"""What a ledger line tells besides its layout fields (contract §4), with what its last version changed."""
_DATES = [
    *("acceptance_date", "change_notice_limit", "notice_date", "insured_shipment_date"),
    *("uncovered_from", "uncovered_until", "policy_type_from"),
]
_ORIGIN = ["submission_id", "record", "unit"]


def ledger_state(
    journal: pl.LazyFrame, candidates: Sequence[Candidate], blocked: Sequence[Blocked] = ()
) -> LedgerState:
    """What the journal knows that matters for these candidates."""
    booked = bookings(journal)
    number = pl.col("application_no")
    last = (
        booked.select(
            number.str.slice(0, 2).alias("year"),
            number.str.split("-").list.get(1).cast(pl.Int64).alias("serial"),
        )
        .group_by("year")
        .agg(pl.col("serial").max())
        .collect()
    )
    application = number.str.head(-3)
    numbers = applications_of(candidates) | _insured_alike(booked, contracts_of(candidates))
    lines = booked.filter(application.is_in(sorted(numbers)) if numbers else pl.lit(False)).collect()
    if lines.height:
        here = confirmed(journal).filter(pl.col("journal_no").is_in(lines["journal_no"].to_list()))
        lines = lines.join(here.collect(), on="journal_no", how="left", maintain_order="left")
    else:
        lines = lines.with_columns(pl.lit(None, pl.String).alias("stage"))
    lines = lines.with_columns(pl.col("stage").fill_null("unconfirmed"))
    return LedgerState(dict(last.iter_rows()), lines, _exposed(booked, candidates, lines), blocked)


def _insured_alike(booked: pl.LazyFrame, contracts: pl.DataFrame) -> set[str]:
    """Numbers of the applications about these contracts, or about such as look like them."""
    if contracts.is_empty():
        return set()
    under = contracts.select("agreement_code").unique().lazy()
    insured = (
        booked.join(under, on="agreement_code", how="semi")
        .select("agreement_code", "export_contract_no", pl.col("application_no").str.head(-3).alias("number"))
        .unique()
        .collect()
        .with_columns(contract_likeness())
    )
    return set(insured.join(contracts, on=LIKE, how="semi")["number"].to_list())


def _exposed(booked: pl.LazyFrame, candidates: Sequence[Candidate], lines: pl.DataFrame) -> pl.DataFrame:
    """Current lines under the agreements and payers that the candidates, or the lines they change, name."""
    keys = ("entry", "history_no", "process_type", "replaced_history_no")
    now = current_versions(booked.select(*keys, *EXPOSURE)).select(EXPOSURE)
    pairs = pl.concat([payers_of(candidates), lines.select(PAYER).unique()])
    return now.join(pairs.lazy(), on=PAYER, how="semi").collect()


def ledger_rows(
    store: Store, holder: str | None = None, product: str | None = None, at: datetime | None = None
) -> list[dict[str, Any]]:
    """Current version of every ledger line, in journal order; with ``at`` as it stood at that instant.

    Rates are percent as text, dates ISO text, yen integers, layout fields text as normalised.
    """
    rows = ledger_frame(store, at)
    if holder:
        rows = rows.filter(pl.col("policyholder_code") == holder)
    if product:
        rows = rows.filter(pl.col("product") == product)
    return [_told(row) for row in rows.collect().iter_rows(named=True)]


def ledger_columns() -> list[str]:
    """What the rows of ``ledger_rows`` may have, over all products."""
    return ["product", *all_layout_fields(), *_FACTS, *_ORIGIN]


def ledger_frame(store: Store, at: datetime | None = None, history: bool = False) -> pl.LazyFrame:
    """Ledger lines as a frame: the current versions, or with ``history`` all of them."""
    journal = store.journal.open().scan()
    if at is not None:
        journal = as_of(journal, at)
    lines = with_stage(journal).sort("journal_no") if history else current(journal)
    return lines.with_columns((pl.col("premium_total") - pl.col("difference_total")).alias("premium_before"))


def _told(row: dict[str, Any]) -> dict[str, Any]:
    names = layout_of(Product(row["product"])).names
    told = {"product": row["product"], **{name: row[name] for name in names}}
    for name in _FACTS:
        told[name] = row[name]
    for c in COMPONENTS:
        told[f"rate_{c}"] = percent_text(row[f"rate_{c}"])
    for name in _DATES:
        told[name] = row[name].isoformat() if row[name] else None
    for name in _ORIGIN:
        told[name] = row[name]
    return told
