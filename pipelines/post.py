"""From assessed uploads to journal rows: numbers in receipt order, one booking per record, all or nothing.

The journal's state comes in as data; committing the rows is the store's. Contract §5 "Application", "Branch",
"Ledger line"; A-019, A-026, A-054.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from pipelines.assess import Assessment
from pipelines.money import yen_sum
from pipelines.rules import Rule, findings_of, in_order
from schemas.findings import NEEDS_DECISION
from schemas.frames import BookedLines
from schemas.journal import BOOKING, CHAIN, LISTING, META, RATED, SCHEMA, TEXT, VERSION
from schemas.layouts import all_layout_fields
from schemas.money import COMPONENTS
from schemas.products import Product, is_notice

CONTRACT = ["agreement_code", "export_contract_no"]


@dataclass(frozen=True)
class Candidate:
    """An assessed upload that waits for its booking, with its receipt."""

    receipt: Mapping[str, Any]
    assessment: Assessment
    released: frozenset[str] = frozenset()
    """Finding codes that somebody decided to let pass."""


@dataclass(frozen=True)
class LedgerState:
    """What the journal knows that matters for booking.

    ``last_serial``: per two-digit year the last application serial. ``live``: insured contracts as ``agreement_code``,
    ``export_contract_no``, ``application_no``; only those that the candidates name are needed.
    """

    last_serial: Mapping[str, int]
    live: pl.DataFrame


@dataclass(frozen=True)
class Posted:
    """The outcome for one candidate: journal rows (empty unless booked) and all its findings."""

    receipt: Mapping[str, Any]
    rows: pl.DataFrame
    findings: pl.DataFrame
    undecided: frozenset[str] = frozenset()
    """Finding codes that need somebody's decision before anything is booked."""

    @property
    def verdict(self) -> str:
        """``booked``, ``rejected``, or ``held`` while it waits for a decision."""
        if self.errors:
            return "rejected"
        return "held" if self.undecided else "booked"

    @property
    def errors(self) -> int:
        """Number of findings that forbid booking."""
        return self.findings.filter(pl.col("severity") == "error").height

    @property
    def warnings(self) -> int:
        """Number of findings that do not forbid booking."""
        return self.findings.height - self.errors

    @property
    def premium_total(self) -> int:
        """Yen booked."""
        return yen_sum(self.rows["premium_total"])


def post(candidates: Sequence[Candidate], state: LedgerState, booked_at: datetime) -> list[Posted]:
    """Decide every candidate in receipt order and number the lines of those without errors.

    A contract booked by an earlier candidate of the same call is insured for the later ones.
    """
    serials = dict(state.last_serial)
    live = state.live
    outcome: list[Posted] = []
    for candidate in sorted(candidates, key=lambda c: int(c.receipt["receipt_no"])):
        assessment = candidate.assessment
        findings = in_order(assessment.findings, _already_insured(assessment, live))
        rows = _no_rows()
        undecided = (NEEDS_DECISION & set(findings["code"].to_list())) - candidate.released
        if not undecided and not findings.filter(pl.col("severity") == "error").height:
            rows = _rows(candidate, serials, booked_at)
            if not is_notice(assessment.layout.product):
                live = pl.concat([live, rows.select(*CONTRACT, "application_no")])
        outcome.append(Posted(candidate.receipt, rows, findings, frozenset(undecided)))
    return outcome


def _no_rows() -> pl.DataFrame:
    return pl.DataFrame(schema={k: v for k, v in SCHEMA.items() if k not in CHAIN})


def contracts_of(candidates: Sequence[Candidate]) -> pl.DataFrame:
    """The contracts that the candidates want insured, as ``agreement_code``, ``export_contract_no``."""
    parts = [
        c.assessment.lines.select(CONTRACT).unique()
        for c in candidates
        if not is_notice(c.assessment.layout.product)
    ]
    schema: dict[str, Any] = dict.fromkeys(CONTRACT, pl.String())
    return pl.concat(parts).unique() if parts else pl.DataFrame(schema=schema)


def _already_insured(assessment: Assessment, live: pl.DataFrame) -> pl.DataFrame:
    if is_notice(assessment.layout.product) or live.is_empty():
        return assessment.findings.clear()
    numbers = live.group_by(CONTRACT).agg(pl.col("application_no").min().alias("insured_as"))
    lines = assessment.lines.filter(pl.col("process_type") == "1").join(
        numbers, on=CONTRACT, how="left", maintain_order="left"
    )
    # One finding per branch is enough: its lines all share the contract.
    at_fault = pl.col("insured_as").is_not_null() & (pl.col("branch_id") + 1 == pl.col("record"))
    number = pl.col("insured_as").str.head(-3)  # without the branch; the serial may have more than six digits
    rule = Rule("already-insured", "export_contract_no", at_fault, {"number": number})
    return findings_of(lines, [rule], assessment.layout, assessment.address)


def _rows(candidate: Candidate, serials: dict[str, int], booked_at: datetime) -> pl.DataFrame:
    """Journal rows of an upload without errors; takes its serials."""
    receipt, assessment = candidate.receipt, candidate.assessment
    product = assessment.layout.product
    lines = assessment.lines
    year = f"{lines['acceptance_date'][0].year % 100:02d}"
    order = pl.col("record") if is_notice(product) else pl.col("application_id")
    lines = lines.with_columns((order.rank("dense").cast(pl.Int64) + serials.get(year, 0)).alias("serial_n"))
    serials[year] = int(lines["serial_n"].max())  # type: ignore[arg-type]
    serial = pl.col("serial_n").cast(pl.String).str.pad_start(6, "0")
    branch = pl.lit("00") if is_notice(product) else pl.col("branch_key")
    names = (
        ("notice_year", "notice_serial") if is_notice(product) else ("application_year", "application_serial")
    )
    tail = (
        (pl.lit("00"), pl.lit("00"))
        if is_notice(product)
        else (pl.col("shipment_no"), pl.col("settlement_no"))
    )
    department = pl.when(pl.col("department_ledgers").fill_null(False)).then("department_code").fill_null("-")
    lines = lines.with_columns(
        pl.lit(year).alias(names[0]),
        serial.alias(names[1]),
        branch.alias("branch_no"),
        pl.lit("00").alias("history_no"),
    ).with_columns(pl.format("{}-{}-{}", pl.lit(year), serial, pl.col("branch_no")).alias("application_no"))
    lines = lines.with_columns(
        pl.lit(BOOKING).alias("entry"),
        pl.lit(None, pl.Int64).alias("journal_no"),
        pl.lit(None, pl.Int64).alias("commit_no"),
        pl.lit(booked_at).dt.convert_time_zone("Asia/Tokyo").alias("booked_at"),
        pl.lit(str(receipt["submission_id"])).alias("submission_id"),
        pl.lit(int(receipt["receipt_no"])).alias("receipt_no"),
        pl.lit(str(product)).alias("product"),
        pl.lit(str(receipt["holder"])).alias("submitter"),
        pl.format("{}/{}/{}", pl.col("application_no"), *tail).alias("line_id"),
        pl.format(
            "{}_{}_{}", pl.col("agreement_code"), department, pl.col("acceptance_date").dt.to_string("%Y-%m")
        ).alias("unit"),
        pl.lit(assessment.reference_load).alias("reference_load"),
        *(pl.lit(None, pl.String).alias(name) for name in all_layout_fields() if name not in lines.columns),
        *(pl.lit(None, dtype).alias(name) for name, dtype in LISTING.items()),
    )
    lines = lines.with_columns(*_first_version(product))
    columns = {**META, **TEXT, **RATED, **VERSION, **LISTING}
    return BookedLines.validate(lines.select(list(columns)).cast(columns))  # type: ignore[arg-type]


def _first_version(product: Product) -> list[pl.Expr]:
    """What the columns of ``VERSION`` say of lines that had no version before."""
    shipment = (
        pl.lit(None, pl.Date) if is_notice(product) else pl.col("last_shipment_date").str.to_date("%Y%m%d")
    )
    return [
        pl.col("acceptance_date").alias("notice_date"),
        pl.col("acceptance_date").alias("counts_from"),
        pl.lit("1").alias("acts_as"),
        *(pl.lit(None, pl.String).alias(name) for name in ("base_history_no", "replaced_history_no")),
        shipment.alias("insured_shipment_date"),
        pl.lit(False).alias("removed"),
        *(
            pl.lit(None, pl.Date).alias(name)
            for name in ("uncovered_from", "uncovered_until", "policy_type_from")
        ),
        *(pl.col(f"premium_{c}").alias(f"due_{c}") for c in (*COMPONENTS, "total")),
        pl.col("premium_total").alias("difference_total"),
    ]
