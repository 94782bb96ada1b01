"""From when until when a ledger line is covered (保険責任期間), as dates beside the journal's rows.

台帳型 (Seed 004 企総(4) slide 25; E-079, E-080): the danger of non-shipment from acceptance (= 保険契約締結日; 消費財 from
the contract date when told in time) to the last shipment, the danger of non-payment from shipment to settlement.

簡易 (Seed 004 簡易(4); B-025, B-026): from the actual day of shipment, whenever the notice came, and with the option from
the 輸出契約締結日. A notice sums up the shipments of a month, so the dates are the outermost ones: the first shipment
(the first day of the month when it is not told), and the last day of the month plus the days of its band.
"""

import polars as pl

from pipelines.reference import Reference
from schemas.products import Product

COVER_PERIOD = (
    *("pre_cover_from", "pre_cover_until", "post_cover_from", "post_cover_until"),
    *("cover_from", "cover_until"),
)
"""Date columns that :func:`with_cover_period` adds; null where a danger is not covered or its day is not told."""


def with_cover_period(rows: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """Journal rows of bookings → the same rows with the columns ``COVER_PERIOD``.

    ``pre_*``: the dangers before shipment (A, C), ``post_*``: those after it (B, D); ``cover_from`` and ``cover_until``:
    both together. What was taken out of the ledger (``removed``) or withdrawn (``stage``, where told) is not covered.

    Args:
        rows: journal rows, or ledger lines with their columns.
        reference: the tables that tell which 簡易 agreements have the option.
    """
    option = {"option_taken": "pre_shipment_cover"}
    frame = reference.look_up(
        rows, "agreements", {"agreement_code": "agreement_code"}, "acceptance_date", option
    )
    notice = pl.col("product") == Product.SIMPLIFIED_NOTICE
    gone = pl.col("removed").fill_null(False)
    if "stage" in frame.columns:
        gone = gone | (pl.col("stage") == "withdrawn")
    before = (
        pl.when(notice).then(pl.col("option_taken").fill_null(False)).otherwise(_covered("a", "c")) & ~gone
    )
    after = _covered("b", "d") & ~gone
    month = (pl.col("shipment_month") + "01").str.to_date("%Y%m%d")
    shipped = (
        pl.when(notice)
        .then(_day("first_shipment_date").fill_null(month))
        .otherwise(_day("last_shipment_date"))
    )
    last_shipped = pl.when(notice).then(month.dt.month_end()).otherwise(shipped)
    concluded = pl.when(notice).then(_day("earliest_contract_date")).otherwise(_insured_from())
    settled = pl.coalesce(
        pl.when(~notice).then(_day("due_date")),
        last_shipped + pl.duration(days=pl.col("days_post").fill_null(0)),
    )
    # 台帳型: nothing is covered before acceptance, so that goods that had left by then are covered after it only.
    ahead = notice | (pl.col("acceptance_date") <= shipped)
    from_shipment = pl.when(notice).then(shipped).otherwise(pl.max_horizontal(shipped, "acceptance_date"))
    frame = frame.with_columns(
        pl.when(before & ahead).then(concluded).alias("pre_cover_from"),
        pl.when(before & ahead).then(last_shipped).alias("pre_cover_until"),
        pl.when(after).then(from_shipment).alias("post_cover_from"),
        pl.when(after).then(settled).alias("post_cover_until"),
        (before & ahead).alias("before"),
    )
    return frame.with_columns(
        pl.when("before").then("pre_cover_from").otherwise("post_cover_from").alias("cover_from"),
        pl.coalesce("post_cover_until", "pre_cover_until").alias("cover_until"),
    ).drop("option_taken", "before")


def _day(name: str) -> pl.Expr:
    return pl.col(name).str.to_date("%Y%m%d")


def _covered(*dangers: str) -> pl.Expr:
    return pl.any_horizontal(pl.col(f"cover_{c}").is_not_null() for c in dangers)


def _insured_from() -> pl.Expr:
    """Acceptance; of 消費財 the contract date when it was told by the end of the month after it."""
    accepted, contract = pl.col("acceptance_date"), _day("contract_date")
    in_time = accepted <= contract.dt.offset_by("1mo").dt.month_end()
    consumer = pl.col("product") == Product.CONSUMER_GOODS
    return pl.when(consumer & in_time).then(contract).otherwise(accepted)
