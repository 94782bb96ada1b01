"""The columns of the journal: one row per ledger line version, and one per appearance of a line on a ledger.

``entry`` tells which: ``booking`` rows carry everything below; ``reconciliation`` and ``confirmation`` rows say which
booked line (``listed_journal_no``) stands on which ledger (``ledger_id``) and leave the rest null. What the journal
promises (append-only, hash chain, one writer wins) is kept by ``daicho.store.journal``.
"""

import polars as pl

from schemas.layouts import all_layout_fields
from schemas.money import COMPONENTS

INSTANT = pl.Datetime("us", "Asia/Tokyo")

META: dict[str, pl.DataType] = {
    "entry": pl.String(),
    "journal_no": pl.Int64(),
    "commit_no": pl.Int64(),
    "booked_at": INSTANT,
    "submission_id": pl.String(),
    "receipt_no": pl.Int64(),
    "record": pl.Int64(),
    "product": pl.String(),
    "submitter": pl.String(),
    "application_no": pl.String(),
    "line_id": pl.String(),
    "unit": pl.String(),
    "acceptance_date": pl.Date(),
    "reference_load": pl.Int64(),
}

TEXT: dict[str, pl.DataType] = {name: pl.String() for name in all_layout_fields()}
"""Every layout field as normalised text: codes with leading zeros, dates YYYYMMDD, amounts without commas."""

RATED: dict[str, pl.DataType] = {
    "country_category": pl.String(),
    "country_category_pre": pl.String(),
    "buyer_rating": pl.String(),
    "days_pre": pl.Int32(),
    "days_post": pl.Int32(),
    "yen_rate_micro": pl.Int64(),
    "contract_yen": pl.Int64(),
    "base_pre_yen": pl.Int64(),
    "base_post_yen": pl.Int64(),
    **{f"cover_{c}": pl.Int32() for c in COMPONENTS},
    **{f"factor_{c}": pl.String() for c in COMPONENTS},
    **{f"rate_{c}": pl.Int32() for c in COMPONENTS},
    **{f"insured_amount_{c}": pl.Int64() for c in COMPONENTS},
    **{f"premium_{c}": pl.Int64() for c in COMPONENTS},
    "premium_total": pl.Int64(),
    "change_notice_limit": pl.Date(),
}
"""What rating adds. Premiums of a shipment stand on its lowest settlement_no; its other lines carry 0 and null."""

LISTING: dict[str, pl.DataType] = {
    "listed_journal_no": pl.Int64(),
    "ledger_id": pl.String(),
}

CHAIN: dict[str, pl.DataType] = {"prev_hash": pl.String(), "commit_hash": pl.String()}

SCHEMA: dict[str, pl.DataType] = {**META, **TEXT, **RATED, **LISTING, **CHAIN}
"""All columns of the Delta table ``journal`` in order."""

BOOKING, RECONCILIATION, CONFIRMATION = "booking", "reconciliation", "confirmation"
