"""All that can be said of one upload without the journal: decode, judge, enrich, rate, screen, in that order.

Records that change booked lines (処理種別2~5) are judged cell by cell only; what becomes of the lines is
``pipelines.change``.

``daicho check``, the portal's preview and the nightly intake call this one function, so that they cannot differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, lru_cache

import polars as pl

from pipelines.enrich import enrich
from pipelines.hierarchy import with_groups
from pipelines.judge import judge
from pipelines.money import yen_sum
from pipelines.rate import rate
from pipelines.reading.table import Decoded
from pipelines.reference import Reference
from pipelines.rules import Address, Rule, findings_of, in_order
from pipelines.screen import application_rules, content_rules, record_rules
from schemas.findings import UNSEEN
from schemas.frames import Findings, validated
from schemas.journal import RATED, TEXT
from schemas.layouts import Layout, all_layout_fields
from schemas.products import PARTIAL_TYPES, is_notice

_KEPT = {
    *("record", "line", "row", "acceptance_date", "department_ledgers"),
    *("branch_key", "branch_record", "application_id"),
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
    changes: pl.DataFrame
    """Records of process types 2 to 5 in file order, as text: ``record``, ``line``, ``row``, layout fields."""
    findings: pl.DataFrame
    count: int
    reference_load: int
    submitter: str
    received_on: date
    acceptance_date: date

    @property
    def errors(self) -> int:
        """How many findings forbid the upload."""
        return self.findings.filter(pl.col("severity") == "error").height

    @property
    def premium_total(self) -> int:
        """Sum of all premiums in yen; 0 with any error, since nothing would be booked."""
        return 0 if self.errors else yen_sum(self.lines["premium_total"])


def assess_decoded(
    decoded: Decoded, submitter: str, received_on: date, acceptance_date: date, reference: Reference
) -> Assessment:
    """Assess records that are text already (an upload after reading, or typed-in data) for their acceptance day."""
    layout = decoded.layout
    judged = judge(decoded)
    # Of a cell that cannot be read as it is seen, nothing more is said.
    unseen = decoded.findings.filter(decoded.findings["code"].is_in(list(UNSEEN)))
    cells = judged.findings
    if unseen.height:
        cells = cells.join(unseen, on=["record", "field"], how="anti", maintain_order="left")
    records = judged.records.with_columns(pl.lit(acceptance_date).alias("acceptance_date"))
    partial = pl.col("process_type").is_in(list(PARTIAL_TYPES)).fill_null(False)
    changes = records.filter(partial)
    new = rated_lines(records.filter(~partial) if changes.height else records, layout, reference)
    rules = _rules_of_new_records(layout, submitter, received_on)
    screened = pl.concat(
        [
            findings_of(_asked(records), record_rules(layout), layout, decoded.address),
            screened_lines(new, rules, layout, decoded.address, reference),
        ]
    )
    # A cell that was told unusable has no value for the rules, but it is neither blank nor different.
    hollow = screened["code"].is_in(["mandatory", "inconsistent", "branch-missing"])
    screened = pl.concat(
        [
            screened.filter(~hollow),
            screened.filter(hollow).join(
                pl.concat([judged.findings, unseen]), on=["record", "field"], how="anti"
            ),
        ]
    )
    return Assessment(
        layout,
        decoded.address,
        new.select(column for column in new.columns if column in _KEPT),
        changes.select("record", "line", "row", *layout.names),
        validated(Findings, in_order(decoded.findings, cells, screened)),
        decoded.count,
        reference.load_no,
        submitter,
        received_on,
        acceptance_date,
    )


@lru_cache(maxsize=64)
def _rules_of_new_records(layout: Layout, submitter: str, received_on: date) -> tuple[Rule, ...]:
    is_new = pl.col("process_type") == "1"
    rules = [*content_rules(layout, submitter, received_on), *application_rules(layout)]
    return tuple(replace(r, when=r.when & is_new) for r in rules)


def screened_lines(
    lines: pl.DataFrame, rules: Sequence[Rule], layout: Layout, address: Address, reference: Reference
) -> pl.DataFrame:
    """Findings of content rules over rated lines, with what the code lists and excluded goods say of them."""
    notice = is_notice(layout.product)
    lists = {"notice_kind": "notice_kinds"} if notice else {"contract_form": "contract_forms"}
    days = lines["acceptance_date"]
    for field, name in lists.items():
        known = reference.in_force(name, days).select("on", pl.col("code").alias(field), known=pl.lit(True))
        lines = lines.join(
            known.rename({"on": "acceptance_date", "known": f"{field}_known"}),
            on=["acceptance_date", field],
            how="left",
            maintain_order="left",
        ).with_columns(pl.col(f"{field}_known").fill_null(False))
    if not notice:
        goods = reference.in_force("excluded_goods", days).filter(product=str(layout.product))
        excluded = pl.col("goods_code").str.slice(0, 2).is_in(goods["chapter"].unique().to_list())
        lines = lines.with_columns(excluded.alias("goods_excluded"))
    return findings_of(_asked(lines), rules, layout, address)


def _asked(lines: pl.DataFrame) -> pl.DataFrame:
    """A product without a column is judged as if it were blank."""
    there = set(lines.columns)
    return lines.with_columns(blank for name, blank in _blanks().items() if name not in there)


@cache
def _blanks() -> dict[str, pl.Expr]:
    """Columns that rules of any product ask for, with what stands in their place."""
    days = ("change_date_day", "contract_date_day")
    return {
        **{name: pl.lit(None, pl.String).alias(name) for name in all_layout_fields()},
        **{name: pl.lit(None, pl.Date).alias(name) for name in days},
    }


def rated_lines(lines: pl.DataFrame, layout: Layout, reference: Reference) -> pl.DataFrame:
    """Typed records with ``acceptance_date`` → enriched and rated, with the ledger's column names and types."""
    product = layout.product
    rated = rate(enrich(with_groups(lines, product), product, reference), product, reference)
    return rated.with_columns(pl.col("payer_rating").alias("buyer_rating")).cast(
        {name: dtype for name, dtype in RATED.items() if name != "buyer_rating"}
    )
