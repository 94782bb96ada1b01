"""まとめ通知: the shipments of a month condensed into as few notices as their terms allow (Seed 004 簡易(4), table E-T5).

The default key (B-014) is agreement, counterparty, payer, destination, country of payment, currency, with or without L/C,
payment band and month of shipment. A record has room for one value of everything else, too, so shipments that differ
elsewhere (guarantor, flags, department …) stay apart: nobody's cover or premium changes by being summed up.

For trials and for those who write notices; an upload is taken as it is, summed up or not.
"""

from datetime import date

import polars as pl

from pipelines.reference import Reference
from pipelines.text import scaled_integer
from schemas.layouts import layout_of
from schemas.products import Product

KEY = (
    *("agreement_code", "counterparty_code", "payer_code", "destination_country", "payer_country"),
    *("currency", "lc_flag", "period_band", "shipment_month"),
)
"""The default key of B-014."""
EARLIEST = ("earliest_contract_date", "first_shipment_date")
"""Of these a notice tells the earliest."""
FIELDS = tuple(layout_of(Product.SIMPLIFIED_NOTICE).names)


def summed_notices(shipments: pl.DataFrame) -> pl.DataFrame:
    """One record per key with the sum of the amounts, in order of first appearance.

    An amount that does not read as one leaves the sum of its record blank, so that screening tells it.

    Args:
        shipments: one record per shipment, every field of the 簡易 layout as normalised text (blank as null).

    Returns:
        The same columns.
    """
    same = [name for name in FIELDS if name not in ("shipped_amount", *EARLIEST)]
    cents = scaled_integer(pl.col("shipped_amount"), 2).cast(pl.Int128)
    whole = pl.when(cents.is_null().any()).then(None).otherwise(cents.sum())
    return (
        shipments.with_columns(pl.col("lc_flag").fill_null("0"))  # without a mark it is none
        .group_by(same, maintain_order=True)
        .agg(_amount(whole).alias("shipped_amount"), *(pl.col(name).min() for name in EARLIEST))
        .select(FIELDS)
    )


def with_band(shipments: pl.DataFrame, days: pl.Series, reference: Reference, on: date) -> pl.DataFrame:
    """The shipments with ``period_band`` of their payment days; null where no band has room for them.

    Args:
        shipments: one record per shipment.
        days: from shipment to settlement, one per record; 0 when paid in advance.
        reference: the tables; the bands in force on ``on`` count.
    """
    bands = reference.in_force("period_bands", pl.Series([on], dtype=pl.Date)).select(
        "band", "from_days", "to_days"
    )
    asked = pl.DataFrame({"days": days.unique()}).drop_nulls()
    found = asked.join(bands, how="cross").filter(pl.col("days").is_between("from_days", "to_days"))
    taken = pl.DataFrame({"days": days}).join(found, on="days", how="left", maintain_order="left")
    return shipments.with_columns(taken["band"].alias("period_band"))


def _amount(cents: pl.Expr) -> pl.Expr:
    """Hundredths as the layout writes amounts: without decimals when there are none."""
    yen, rest = (cents // 100).cast(pl.String), (cents % 100).cast(pl.String).str.pad_start(2, "0")
    return pl.when(rest == "00").then(yen).otherwise(pl.concat_str(yen, pl.lit("."), rest))
