"""The contracts at the borders of the stages, as pandera models over eager frames.

They state what the next stage may rely on; breaking one is a fault of ours, never of a sender. What a sender may
write wrongly is a finding (``schemas.findings``), judged by ``pipelines``.
"""

from typing import Any

import pandera.polars as pa
import polars as pl

from schemas.findings import KINDS
from schemas.money import COMPONENTS, MAX_RATE_MILLI, MAX_YEN
from schemas.products import Product

APPLICATION_NO = r"^\d{2}-\d{6,9}-\d{2}$"
LINE_ID = r"^\d{2}-\d{6,9}-\d{2}/\d{2}/\d{2}$"


class Findings(pa.DataFrameModel):
    """What was found in an upload; ``record`` is null for the file as a whole."""

    record: pl.Int64 = pa.Field(nullable=True, ge=1)
    line: pl.Int64 = pa.Field(nullable=True, ge=1)
    cell: pl.String = pa.Field(nullable=True, str_matches=r"^[A-Z]+\d+$")
    field: pl.String = pa.Field(nullable=True)
    code: pl.String = pa.Field(isin=list(KINDS))
    severity: pl.String = pa.Field(isin=["error", "warning"])
    message: pl.String = pa.Field(str_length={"min_value": 5})
    value: pl.String = pa.Field(nullable=True)

    class Config:
        """Exactly these columns."""

        strict = True


def _yen(upper: int = MAX_YEN) -> Any:
    return pa.Field(ge=0, le=upper)


def _due(upper: int = MAX_YEN) -> Any:
    return pa.Field(ge=-upper, le=upper)


class BookedLines(pa.DataFrameModel):
    """Journal rows of one booking: every key is there, every amount within the bounds that keep it exact."""

    submission_id: pl.String = pa.Field(str_matches=r"^S\d{8,}$")
    receipt_no: pl.Int64 = pa.Field(ge=1)
    record: pl.Int64 = pa.Field(ge=1)
    product: pl.String = pa.Field(isin=[str(product) for product in Product])
    submitter: pl.String = pa.Field(str_matches=r"^\d{9}$")
    policyholder_code: pl.String = pa.Field(str_matches=r"^\d{9}$")
    agreement_code: pl.String = pa.Field(str_matches=r"^\d{9}$")
    application_no: pl.String = pa.Field(str_matches=APPLICATION_NO)
    line_id: pl.String = pa.Field(str_matches=LINE_ID)
    history_no: pl.String = pa.Field(str_matches=r"^\d{2}$")
    process_type: pl.String = pa.Field(isin=list("12345"))
    unit: pl.String = pa.Field(str_matches=r"^\d{9}_[0-9A-Za-z-]+_\d{4}-\d{2}$")
    acceptance_date: pl.Date
    reference_load: pl.Int64 = pa.Field(ge=0)
    base_pre_yen: pl.Int64 = _yen()
    base_post_yen: pl.Int64 = _yen()
    rate_a: pl.Int32 = pa.Field(nullable=True, ge=0, le=MAX_RATE_MILLI)
    rate_b: pl.Int32 = pa.Field(nullable=True, ge=0, le=MAX_RATE_MILLI)
    rate_c: pl.Int32 = pa.Field(nullable=True, ge=0, le=MAX_RATE_MILLI)
    rate_d: pl.Int32 = pa.Field(nullable=True, ge=0, le=MAX_RATE_MILLI)
    insured_amount_a: pl.Int64 = _yen()
    insured_amount_b: pl.Int64 = _yen()
    insured_amount_c: pl.Int64 = _yen()
    insured_amount_d: pl.Int64 = _yen()
    premium_a: pl.Int64 = _yen()
    premium_b: pl.Int64 = _yen()
    premium_c: pl.Int64 = _yen()
    premium_d: pl.Int64 = _yen()
    premium_total: pl.Int64 = _yen(4 * MAX_YEN)
    notice_date: pl.Date
    counts_from: pl.Date
    acts_as: pl.String = pa.Field(isin=["1", "2", "3"])
    base_history_no: pl.String = pa.Field(nullable=True, str_matches=r"^\d{2}$")
    replaced_history_no: pl.String = pa.Field(nullable=True, str_matches=r"^\d{2}$")
    removed: pl.Boolean
    records: pl.Int64 = pa.Field(ge=0)
    due_a: pl.Int64 = _due()
    due_b: pl.Int64 = _due()
    due_c: pl.Int64 = _due()
    due_d: pl.Int64 = _due()
    due_total: pl.Int64 = _due(4 * MAX_YEN)
    difference_total: pl.Int64 = _due(4 * MAX_YEN)

    @pa.dataframe_check
    def total_is_the_sum(cls, data: pa.PolarsData) -> pl.LazyFrame:  # type: ignore[misc]  # noqa: N805 - pandera's form
        """The total is the sum of the four dangers."""
        total = pl.sum_horizontal([f"premium_{c}" for c in COMPONENTS])
        return data.lazyframe.select(pl.col("premium_total") == total)

    @pa.dataframe_check
    def due_is_the_sum(cls, data: pa.PolarsData) -> pl.LazyFrame:  # type: ignore[misc]  # noqa: N805 - pandera's form
        """The amount to bill is the sum of the four dangers'."""
        total = pl.sum_horizontal([f"due_{c}" for c in COMPONENTS])
        return data.lazyframe.select(pl.col("due_total") == total)

    @pa.dataframe_check
    def booked_once(cls, data: pa.PolarsData) -> pl.LazyFrame:  # type: ignore[misc]  # noqa: N805 - pandera's form
        """A line has each version once, and each withdrawal of a version once."""
        withdrawal = pl.col("process_type") == "5"
        return data.lazyframe.select(pl.struct("line_id", "history_no", withdrawal).is_unique())

    @pa.dataframe_check
    def unrated_is_free(cls, data: pa.PolarsData) -> pl.LazyFrame:  # type: ignore[misc]  # noqa: N805 - pandera's form
        """A danger without rate carries no insured amount, and in a first version no premium."""
        free = [
            pl.col(f"rate_{c}").is_not_null()
            | (
                (pl.col(f"insured_amount_{c}") == 0)
                & ((pl.col(f"premium_{c}") == 0) | pl.col("base_history_no").is_not_null())
            )
            for c in COMPONENTS
        ]
        return data.lazyframe.select(pl.all_horizontal(free))
