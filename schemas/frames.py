"""The contracts at the borders of the stages, as pandera models over eager frames.

They state what the next stage may rely on; breaking one is a fault of ours, never of a sender. What a sender may
write wrongly is a finding (``schemas.findings``), judged by ``pipelines``.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
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


def validated(model: type[pa.DataFrameModel], frame: pl.DataFrame) -> pl.DataFrame:
    """The frame, when it keeps the contract.

    All checks of the model are asked in one plan; pandera itself asks several questions for each of them, which for a
    small upload is most of the work. It has the word as soon as one does not hold, or is of a kind not known here.

    Raises:
        pandera.errors.SchemaError: naming the column and the check that fails.
    """
    schema = model.to_schema()
    dtypes = {name: column.dtype.type for name, column in schema.columns.items()}
    there = frame.schema if schema.strict else {name: frame.schema.get(name) for name in dtypes}
    conditions = _conditions(model)
    if dict(there) == dtypes and conditions is not None:
        lazy = frame.lazy()
        whole = [check(pa.PolarsData(lazy)).select(_ALL_HOLD) for check in _frame_checks(model)]
        answers = pl.collect_all([lazy.select(conditions), *whole])
        if all(holds for answer in answers for holds in answer.row(0)):
            return frame
    return model.validate(frame)


_ALL_HOLD = pl.all().fill_null(False).all()
_AS_EXPRESSION: dict[str, Callable[[pl.Expr, Mapping[str, Any]], pl.Expr]] = {
    "greater_than_or_equal_to": lambda cell, given: cell >= given["min_value"],
    "less_than_or_equal_to": lambda cell, given: cell <= given["max_value"],
    "isin": lambda cell, given: cell.is_in(list(given["allowed_values"])),
    "str_matches": lambda cell, given: cell.str.contains(f"^(?:{given['pattern']})"),
    "str_length": lambda cell, given: cell.str.len_chars().is_between(
        given["min_value"] or 0, given["max_value"] or 2**32 - 1
    ),
}
"""pandera's own checks by name; a blank cell keeps them, whether it may be blank is another question."""


@cache
def _conditions(model: type[pa.DataFrameModel]) -> list[pl.Expr] | None:
    """One true or false per check of a column; None when the model has a check of another kind."""
    schema = model.to_schema()
    checks = [check for column in schema.columns.values() for check in column.checks]
    if any(check.name not in _AS_EXPRESSION for check in checks):
        return None
    return list(_each_condition(schema))


def _each_condition(schema: Any) -> Iterator[pl.Expr]:
    for name, column in schema.columns.items():
        cell = pl.col(name)
        if not column.nullable:
            yield cell.is_not_null().all().alias(f"{name}: filled")
        for number, check in enumerate(column.checks):
            holds = _AS_EXPRESSION[check.name](cell, check.statistics)
            yield holds.all().alias(f"{name}: {check.name} {number}")


@cache
def _frame_checks(model: type[pa.DataFrameModel]) -> list[Callable[[pa.PolarsData], pl.LazyFrame]]:
    return [check._check_fn for check in model.to_schema().checks]
