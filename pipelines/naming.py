"""Which line of the ledger a record speaks of, as far as it tells: the words by which people find it (A-027).

New records get their number with the booking; the others name it themselves.
"""

import polars as pl

from schemas.products import Product, is_notice


def own_number(product: Product) -> pl.Expr:
    """The number with branch (``YY-NNNNNN-BB``) that a record names itself; null where it names none."""
    year, serial = (
        ("notice_year", "notice_serial") if is_notice(product) else ("application_year", "application_serial")
    )
    return pl.format("{}-{}-{}", pl.col(year), pl.col(serial), pl.col("branch_no").fill_null("00"))


def line_keys(records: pl.DataFrame) -> pl.DataFrame:
    """Per record its ``application_no``, ``branch_no``, ``shipment_no`` and ``settlement_no``.

    ``records``: judged, with ``number``: the number with branch that each is about, or null.
    """
    return records.select(
        "record",
        pl.col("number").str.head(-3).alias("application_no"),
        pl.coalesce(pl.col("number").str.tail(2), "branch_no").alias("branch_no"),
        *(
            pl.col(name) if name in records.columns else pl.lit(None, pl.String).alias(name)
            for name in ("shipment_no", "settlement_no")
        ),
    )
