"""増額新規: a new branch of an application that is there (処理種別 1 with its number and 変更事由 01).

The branch is an application of its own in rating and time; only its number belongs to the other. Contract §5; facts §2.
"""

import polars as pl

from pipelines.assess import Assessment
from pipelines.hierarchy import contract_key, numbered
from pipelines.ledger import standing_versions
from pipelines.rules import Rule, findings_of
from schemas.findings import empty
from schemas.journal import BOOKING
from schemas.products import FACTS, is_notice

_LAST_BRANCH = 99


def is_increase() -> pl.Expr:
    """Whether a new record enlarges an application that it names."""
    named = pl.col("application_year").is_not_null() & pl.col("application_serial").is_not_null()
    return named & (pl.col("change_reason") == "01").fill_null(False)


def _named(lines: pl.DataFrame) -> pl.DataFrame:
    number = numbered(pl.col("application_year"), pl.col("application_serial"))
    return lines.with_columns(number.alias("enlarges"))


def enlarged_applications(lines: pl.DataFrame) -> list[str]:
    """The numbers (``YY-NNNNNN``) of the applications that new records enlarge."""
    return _named(lines.filter(is_increase()))["enlarges"].unique().to_list()


def _facts(booked: pl.DataFrame) -> pl.DataFrame:
    """Per application: whose it is, its contract, whether it stands, and its last branch."""
    standing = standing_versions(booked.lazy().with_columns(pl.lit(BOOKING).alias("entry"))).collect()
    alive = standing.select(
        pl.col("application_no").str.head(-3).alias("enlarges"), pl.lit(True).alias("alive")
    )
    return (
        booked.with_columns(pl.col("application_no").str.head(-3).alias("enlarges"))
        .sort("application_no", "history_no")
        .group_by("enlarges", maintain_order=True)
        .agg(
            pl.col("product").first().alias("is_product"),
            pl.col("agreement_code").first().alias("is_agreement"),
            pl.col("policyholder_code").first().alias("is_policyholder"),
            pl.col("export_contract_no").last().alias("is_contract"),
            pl.col("policy_type_from").max().alias("left_ledger"),
            pl.col("branch_no").unique().alias("branches"),
            pl.col("branch_no").cast(pl.Int32).max().alias("last_branch"),
        )
        .join(alive.unique(), on="enlarges", how="left")
    )


def enlarged(assessment: Assessment, booked: pl.DataFrame) -> pl.DataFrame:
    """Findings on increases: unknown or foreign application, another contract, a branch that is taken."""
    if is_notice(assessment.layout.product):
        return empty()
    lines = _named(assessment.lines.filter((pl.col("process_type") == "1") & is_increase()))
    # Who may not act for the holder has been told so, and learns nothing of the application.
    strange = assessment.findings.filter(pl.col("field") == "policyholder_code").select("record")
    lines = lines.filter(pl.col("branch_record") == pl.col("record")).join(strange, on="record", how="anti")
    if lines.is_empty():
        return empty()
    lines = lines.join(_facts(booked), on="enlarges", how="left", maintain_order="left")
    number: dict[str, pl.Expr | str] = {"number": pl.col("enlarges")}
    field = "application_serial"
    yours = (pl.col("is_policyholder") == pl.col("policyholder_code")).fill_null(False)
    same = yours & (pl.col("is_product") == str(assessment.layout.product))
    mine = same & (pl.col("is_agreement") == pl.col("agreement_code"))
    alive = mine & pl.col("alive").fill_null(False)
    branch = pl.col("branch_no")
    full = branch.is_null() & (pl.col("last_branch") >= _LAST_BRANCH)
    rules = [
        Rule("application-unknown", field, ~yours, number),
        Rule(
            "application-other-product",
            field,
            yours & ~same,
            {**number, "product": FACTS[assessment.layout.product].name_ja},
        ),
        Rule(
            "application-other-agreement",
            "agreement_code",
            same & ~mine,
            {**number, "agreement": pl.col("is_agreement")},
        ),
        Rule("application-withdrawn", field, mine & ~alive, number),
        Rule("left-ledger", field, alive & pl.col("left_ledger").is_not_null(), number),
        Rule(
            "increase-other-contract",
            "export_contract_no",
            alive & (contract_key() != contract_key("is_contract")),
            {**number, "contract": pl.col("is_contract")},
        ),
        Rule("branch-taken", "branch_no", alive & (pl.col("branches").list.contains(branch) | full), number),
    ]
    return findings_of(lines, rules, assessment.layout, assessment.address)


def with_new_branches(lines: pl.DataFrame, booked: pl.DataFrame) -> pl.DataFrame:
    """Lines of increases with the number of their branch: as given, else the next of the application."""
    lines = _named(lines).join(
        _facts(booked).select("enlarges", "last_branch"), on="enlarges", how="left", maintain_order="left"
    )
    following = (pl.col("last_branch") + 1).cast(pl.String).str.pad_start(2, "0")
    return lines.with_columns(
        pl.coalesce("branch_no", following).alias("branch_no"),
        pl.col("enlarges").str.slice(3).alias("application_serial"),
    )
