"""All that can be said of one upload without the journal: decode, judge, enrich, rate, screen, in that order.

``daicho check``, the portal's preview and the nightly intake call this one function, so that they cannot differ.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

from pipelines.decode import Decoded, decode
from pipelines.enrich import enrich
from pipelines.hierarchy import with_groups
from pipelines.judge import judge, typed
from pipelines.money import yen_sum
from pipelines.rate import rate
from pipelines.reference import Reference
from pipelines.rules import Address, findings_of, in_order
from pipelines.screen import screening_rules
from schemas.frames import Findings
from schemas.journal import RATED, TEXT
from schemas.layouts import Layout, all_layout_fields, layout_of
from schemas.products import Product, is_notice

_KEPT = {
    *("record", "line", "row", "acceptance_date", "department_ledgers"),
    *("branch_key", "branch_id", "application_id"),
    *TEXT,
    *RATED,
}
"""What booking needs of a record; the rest of a wide frame would only fill memory while it waits its turn."""


@dataclass(frozen=True)
class Assessment:
    """One upload, judged: records with premiums, and every finding that needs no journal."""

    layout: Layout
    address: Address
    lines: pl.DataFrame
    """Records in file order: ``record``, ``line``, ``row``, layout text, everything enriched and rated."""
    findings: pl.DataFrame
    count: int
    reference_load: int

    @property
    def errors(self) -> int:
        """How many findings forbid the upload."""
        return self.findings.filter(pl.col("severity") == "error").height

    @property
    def premium_total(self) -> int:
        """Sum of all premiums in yen; 0 with any error, since nothing would be booked."""
        return 0 if self.errors else yen_sum(self.lines["premium_total"])


def assess(
    content: bytes,
    file_name: str,
    product: Product,
    submitter: str,
    received_on: date,
    acceptance_date: date,
    reference: Reference,
    layout_version: int = 1,
) -> Assessment:
    """Assess the bytes of an upload as they would be processed on its acceptance day.

    Raises:
        Refusal: when the bytes hold no readable records.
    """
    decoded = decode(content, file_name, layout_of(product, layout_version))
    return assess_decoded(decoded, submitter, received_on, acceptance_date, reference)


def assess_decoded(
    decoded: Decoded, submitter: str, received_on: date, acceptance_date: date, reference: Reference
) -> Assessment:
    """Assess records that are text already (an upload after decoding, or typed-in data)."""
    layout = decoded.layout
    judged = judge(decoded)
    lines = judged.records.with_columns(pl.lit(acceptance_date).alias("acceptance_date"))
    lines = rated_lines(lines, layout, reference)
    lists = (
        {"contract_form": "contract_forms"}
        if not is_notice(layout.product)
        else {"notice_kind": "notice_kinds"}
    )
    lines = lines.with_columns(
        pl.col(field).is_in(list(reference.codes(name, acceptance_date))).alias(f"{field}_known")
        for field, name in lists.items()
    )
    if not is_notice(layout.product):
        goods = reference.in_force("excluded_goods", lines["acceptance_date"]).filter(
            product=str(layout.product)
        )
        excluded = pl.col("goods_code").str.slice(0, 2).is_in(goods["chapter"].unique().to_list())
        lines = lines.with_columns(excluded.alias("goods_excluded"))
    # A product without a column is judged as if it were blank.
    asked = lines.with_columns(
        pl.lit(None, pl.String).alias(name) for name in all_layout_fields() if name not in lines.columns
    )
    screened = findings_of(asked, screening_rules(layout, submitter, received_on), layout, decoded.address)
    # A cell that was told unusable has no value for the rules, but it is neither blank nor different.
    hollow = screened["code"].is_in(["mandatory", "inconsistent", "branch-missing"])
    screened = pl.concat(
        [
            screened.filter(~hollow),
            screened.filter(hollow).join(judged.findings, on=["record", "field"], how="anti"),
        ]
    )
    return Assessment(
        layout,
        decoded.address,
        lines.select(column for column in lines.columns if column in _KEPT),
        Findings.validate(in_order(decoded.findings, judged.findings, screened)),
        decoded.count,
        reference.load_no,
    )


def rated_lines(lines: pl.DataFrame, layout: Layout, reference: Reference) -> pl.DataFrame:
    """Typed records with ``acceptance_date`` → enriched and rated, with the ledger's column names and types."""
    product = layout.product
    rated = rate(enrich(with_groups(lines, product), product, reference), product, reference)
    return rated.with_columns(pl.col("payer_rating").alias("buyer_rating")).cast(
        {name: dtype for name, dtype in RATED.items() if name != "buyer_rating"}
    )


def rerated(booked: pl.DataFrame, product: Product, reference: Reference) -> pl.DataFrame:
    """Booked lines rated again from their text, for explanation and verification.

    Args:
        booked: ledger lines of one product whose ``reference_load`` is that of ``reference``.
    """
    layout = layout_of(product)
    columns = ["line_id", "application_no", "record", "acceptance_date", *layout.names]
    return rated_lines(typed(booked.select(columns), layout), layout, reference)
