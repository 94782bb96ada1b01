"""The columns of the journal: one row per ledger line version, and one per appearance of a line on a ledger.

``entry`` tells which: ``booking`` rows carry everything below; ``reconciliation`` and ``confirmation`` rows say which
booked line (``listed_journal_no``) stands on which ledger (``ledger_id``) and leave the rest null; ``yearly`` rows are
the pre-shipment premium of one buyer for an insurance year of 簡易 on a billing (``ledger_id``). What the journal
promises (append-only, hash chain, one writer wins) is kept by ``daicho.store.journal``.

A version (履歴) of a branch is the complete set of its lines, so that no version needs another one to be read. A
withdrawal (処理種別5) is a booking, too: ``history_no`` names the withdrawn version, the row shows what it leaves behind.
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
"""What rating adds. Premiums of a shipment stand on its lowest settlement_no; its other lines carry 0 and null.

``premium_*`` is what the line costs altogether as it stands, earlier returns deducted.
"""

VERSION: dict[str, pl.DataType] = {
    "notice_date": pl.Date(),
    "counts_from": pl.Date(),
    "acts_as": pl.String(),
    "base_history_no": pl.String(),
    "replaced_history_no": pl.String(),
    "insured_shipment_date": pl.Date(),
    "removed": pl.Boolean(),
    "records": pl.Int64(),
    "uncovered_from": pl.Date(),
    "uncovered_until": pl.Date(),
    "policy_type_from": pl.Date(),
    **{f"due_{c}": pl.Int64() for c in COMPONENTS},
    "due_total": pl.Int64(),
    "difference_total": pl.Int64(),
}
"""How a version stands to those before it.

``notice_date``: acceptance day of the upload that made it; ``counts_from``: day from which a return counts (of a
correction: that of the notice it corrects). ``acts_as``: 1, 2 or 3, what a correction (4) stands for.
``base_history_no``: the version against which ``due_*`` (yen to bill, negative = 返還) is reckoned, null for a first
version. ``replaced_history_no``: the version that a 4 takes the place of. ``insured_shipment_date``: the last shipment
date that the premium pays for (a free shift leaves it). ``removed``: the line was taken out and only keeps its cost. ``records``: how many records of the upload the row stands
for (several make one version, told on its first line), so that their sum is the upload's count.
``uncovered_from`` … ``uncovered_until``: no cover between the notice limit and a late acceptance. ``policy_type_from``:
the case left the ledger for a 証券型 policy. ``difference_total``: yen by which this act changed the line's cost.
"""

YEARLY_COLUMNS: dict[str, pl.DataType] = {
    "year_from": pl.Date(),
    "year_until": pl.Date(),
    "paid_limit_yen": pl.Int64(),
    "pre_limit_yen": pl.Int64(),
    "rate_p": pl.Int32(),
}
"""What only ``yearly`` rows carry: the insurance year, the limit before shipment that was paid for before and the one
that is now, and the yearly rate in thousandths of a percent (``pipelines.yearly``)."""

LISTING: dict[str, pl.DataType] = {
    "listed_journal_no": pl.Int64(),
    "ledger_id": pl.String(),
    **YEARLY_COLUMNS,
}
"""What bookings leave null."""

CHAIN: dict[str, pl.DataType] = {"prev_hash": pl.String(), "commit_hash": pl.String()}

SCHEMA: dict[str, pl.DataType] = {**META, **TEXT, **RATED, **VERSION, **LISTING, **CHAIN}
"""All columns of the Delta table ``journal`` in order."""

BOOKING, RECONCILIATION, CONFIRMATION = "booking", "reconciliation", "confirmation"
YEARLY = "yearly"
