"""Is the contract of a new application insured already? Only that question (contract §5, A-019)."""

import polars as pl

from pipelines.assess import Assessment
from pipelines.change import now_of
from pipelines.hierarchy import CONTRACT
from pipelines.rules import Rule, findings_of
from schemas.products import is_notice


def already_insured(assessment: Assessment, booked: pl.DataFrame, changed: pl.DataFrame) -> pl.DataFrame:
    """Findings on new applications for a contract that stands under a number.

    Args:
        assessment: the upload.
        booked: all booked rows of the contracts that it names, with ``stage``.
        changed: rows that the upload's own partial records make; a contract withdrawn further up in the file is free.
    """
    if is_notice(assessment.layout.product) or booked.is_empty():
        return assessment.findings.clear()
    withdrawn = changed.filter(pl.col("process_type") == "5", pl.col("base_history_no").is_null())
    freed = withdrawn.group_by("application_no").agg(pl.col("record").min().alias("freed_by"))
    stands = (
        now_of(booked)
        .filter(~pl.col("removed"))
        .select(*CONTRACT, "application_no")
        .unique()
        .join(freed, on="application_no", how="left")
        .group_by(CONTRACT)
        .agg(
            pl.col("application_no").min().alias("insured_as"),
            pl.col("freed_by").max().alias("freed_by"),
            pl.col("freed_by").is_null().any().alias("not_freed"),
        )
    )
    # A record that names an application is an increase, or told to be wrong.
    unnamed = pl.col("application_year").is_null() & pl.col("application_serial").is_null()
    lines = assessment.lines.filter((pl.col("process_type") == "1") & unnamed).join(
        stands, on=CONTRACT, how="left", maintain_order="left"
    )
    # One finding per branch is enough: its lines all share the contract.
    at_fault = (
        pl.col("insured_as").is_not_null()
        & (pl.col("not_freed") | (pl.col("freed_by") > pl.col("record")))
        & (pl.col("branch_record") == pl.col("record"))
    )
    number = pl.col("insured_as").str.head(-3)  # without the branch; the serial may have more than six digits
    rule = Rule("already-insured", "export_contract_no", at_fault, {"number": number})
    return findings_of(lines, [rule], assessment.layout, assessment.address)
