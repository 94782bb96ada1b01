"""Which lines belong together: application → branch (枝番) → shipment (船積No.) → settlement (決済No.).

Adds one integer id per level, the position of the group's first row, so that everything after it groups by integers
and finds the first line by position. Contract §5 "Application", "Branch", "Ledger line".
"""

import polars as pl

from pipelines.reading.text import folded, likeness
from schemas.products import Product, is_notice

CONTRACT = ["agreement_code", "contract_key"]
"""What tells one insured contract from another, with :func:`contract_key`."""
LIKE = ["agreement_code", "contract_like"]
"""What contracts share that may be the same, with :func:`contract_likeness`."""


def contract_key(cell: str = "export_contract_no") -> pl.Expr:
    """輸出契約等番号 as it is compared: older readings booked it without folding its characters."""
    return folded(pl.col(cell)).alias("contract_key")


def contract_likeness() -> pl.Expr:
    """輸出契約等番号 without width, dashes, blanks and case."""
    return likeness(pl.col("export_contract_no")).alias("contract_like")


def numbered(year: pl.Expr, serial: pl.Expr) -> pl.Expr:
    """The number of an application as it is shown, ``YY-NNNNNN``, however many zeros its serial was written with."""
    return pl.format("{}-{}", year, serial.str.strip_chars_start("0").str.pad_start(6, "0"))


def with_groups(frame: pl.DataFrame, product: Product) -> pl.DataFrame:
    """Ledger records with ``application_id``, ``branch_id``, ``shipment_id``, ``line_no`` and ``branch_key``.

    ``application_record`` … ``line_record``: the number of the record that comes first in the group.

    Lines that share agreement_code and export_contract_no are one application, apart from those that name an
    application which they enlarge (増額新規); booked lines (with ``application_no``) are told apart by number and
    version. A blank branch number is 00. Flat notices stay as they are.
    """
    if is_notice(product):
        return frame
    booked = "application_no" in frame.columns
    application: list[pl.Expr | str] = (
        [pl.col("application_no").str.slice(0, pl.col("application_no").str.len_chars() - 3), "history_no"]
        if booked
        else ["agreement_code", "export_contract_no", "application_year", "application_serial"]
    )
    branch = [*application, pl.col("branch_no").fill_null("00")]
    shipment = [*branch, pl.col("shipment_no").fill_null("")]
    line = [*shipment, pl.col("settlement_no")]
    position = pl.col("position")  # a column: a range inside a window would count within its group
    return (
        frame.with_columns(pl.int_range(pl.len()).alias("position"))
        .with_columns(
            pl.col("branch_no").fill_null("00").alias("branch_key"),
            position.first().over(application).alias("application_id"),
            position.first().over(branch).alias("branch_id"),
            position.first().over(shipment).alias("shipment_id"),
            position.first().over(line).alias("line_no"),
        )
        .with_columns(
            first_of(pl.col("record"), level).alias(f"{level.rpartition('_')[0]}_record")
            for level in ("application_id", "branch_id", "shipment_id", "line_no")
        )
    )


def first_of(cell: pl.Expr, level: str) -> pl.Expr:
    """The value on the first line of the record's group of that level (``application_id`` … ``line_no``).

    By position, so only on the whole frame.
    """
    return cell.gather(pl.col(level))
