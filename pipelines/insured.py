"""Is the contract of a new application insured already, or one that looks like it? Only that (contract §5, A-019)."""

import polars as pl

from pipelines.assess import Assessment
from pipelines.change import now_of
from pipelines.hierarchy import CONTRACT, LIKE, contract_key, contract_likeness
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
        .select("agreement_code", contract_key(), "application_no")
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
    lines = (
        assessment.lines.filter((pl.col("process_type") == "1") & unnamed)
        .with_columns(contract_key())
        .join(stands, on=CONTRACT, how="left", maintain_order="left")
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


def similar_contracts(assessment: Assessment, booked: pl.DataFrame) -> pl.DataFrame:
    """Warnings on new applications for a contract whose number differs from another's in width, dash, blank or case.

    Another is one that stands under a number (``booked`` as in :func:`already_insured`), or one further up in the file.
    """
    new = pl.col("application_year").is_null() & pl.col("application_serial").is_null()
    if is_notice(assessment.layout.product) or assessment.lines.is_empty():
        return assessment.findings.clear()
    lines = (
        assessment.lines.filter((pl.col("process_type") == "1") & new)
        .filter(pl.col("branch_record") == pl.col("record"))
        .with_columns(contract_key(), contract_likeness())
        .filter(pl.col("contract_like").is_not_null(), pl.col("agreement_code").is_not_null())
    )
    first = lines.group_by(LIKE).agg(
        pl.col("record").min().alias("like_record"),
        pl.col("contract_key").sort_by("record").first().alias("like_key"),
        pl.col("contract_key").n_unique().alias("ways"),
    )
    if booked.is_empty() and not (first["ways"] > 1).any():
        return assessment.findings.clear()
    stands = (
        now_of(booked)
        .filter(~pl.col("removed"))
        .select("agreement_code", contract_key(), contract_likeness(), "application_no", "export_contract_no")
        .unique()
    )
    known = (
        lines.select(*LIKE, "contract_key")
        .unique()
        .join(stands, on=LIKE, suffix="_booked")
        .filter(pl.col("contract_key") != pl.col("contract_key_booked"))
        .sort("application_no")
        .group_by(*LIKE, "contract_key", maintain_order=True)
        .agg(
            pl.format("申込番号 {} の「{}」", pl.col("application_no").str.head(-3), "export_contract_no")
            .first()
            .alias("booked_as")
        )
    )
    lines = lines.join(first, on=LIKE, how="left", maintain_order="left").join(
        known, on=[*LIKE, "contract_key"], how="left", maintain_order="left"
    )
    above = pl.when(pl.col("contract_key") != pl.col("like_key")).then(
        pl.format("レコード{}の「{}」", "like_record", "like_key")
    )
    other = pl.coalesce("booked_as", above)
    rule = Rule("similar-contract", "export_contract_no", other.is_not_null(), {"other": other})
    return findings_of(lines, [rule], assessment.layout, assessment.address)
