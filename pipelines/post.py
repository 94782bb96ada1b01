"""From assessed uploads to journal rows: numbers in receipt order, one booking per record, all or nothing.

The journal's state comes in as data; committing the rows is the store's. Contract §5 "Application", "Branch",
"Ledger line"; A-019, A-026, A-052, A-054.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import polars as pl

from pipelines.assess import Assessment
from pipelines.change import Changed, Tables, apply_changes, named
from pipelines.enlarge import enlarged, enlarged_applications, is_increase, with_new_branches
from pipelines.hierarchy import LIKE, contract_key, contract_likeness
from pipelines.insured import already_insured, similar_contracts
from pipelines.limits import limit_findings
from pipelines.money import yen_sum
from pipelines.reading.text import folded
from pipelines.rules import in_order
from schemas.findings import NEEDS_DECISION, empty
from schemas.frames import BookedLines, validated
from schemas.journal import BOOKING, CHAIN, LISTING, META, RATED, SCHEMA, TEXT, VERSION
from schemas.layouts import all_layout_fields
from schemas.money import COMPONENTS
from schemas.products import Product, is_notice
from sensors.calendar import BusinessCalendar

PAYER = ["agreement_code", "payer_code"]
EXPOSURE = (
    *(
        "agreement_code",
        "payer_code",
        "acceptance_date",
        "application_no",
        "shipment_no",
        "settlement_method",
    ),
    *(
        "last_shipment_date",
        "due_date",
        "shipment_month",
        "lc_flag",
        "days_post",
        "insured_amount_d",
        "removed",
    ),
)
"""What the use of payment limits needs of a booked line."""
_BOOKED = {**META, **TEXT, **RATED, **VERSION, **LISTING}


@dataclass(frozen=True)
class Candidate:
    """An assessed upload that waits for its booking, with its receipt."""

    receipt: Mapping[str, Any]
    assessment: Assessment
    released: frozenset[str] = frozenset()
    """Finding codes that somebody decided to let pass."""


@dataclass(frozen=True)
class Blocked:
    """A submission that is held, or waits for one: what it is about must wait as well."""

    receipt_no: int
    waits_for: int
    """The held submission at the root, itself when it is held."""
    subjects: frozenset[str]


@dataclass(frozen=True)
class LedgerState:
    """What journal and event log know that matters for booking.

    ``last_serial``: per two-digit year the last application serial. ``lines``: all booked rows, with ``stage``, of the
    applications and contracts that the candidates name. ``exposed``: current lines under the candidates' agreements and
    payers, for the use of payment limits. ``blocked``: earlier submissions that are not decided.
    """

    last_serial: Mapping[str, int]
    lines: pl.DataFrame
    exposed: pl.DataFrame = field(default_factory=lambda: _no_rows().select(EXPOSURE))
    blocked: Sequence[Blocked] = ()


@dataclass(frozen=True)
class Posted:
    """The outcome for one candidate: journal rows (empty unless booked) and all its findings."""

    receipt: Mapping[str, Any]
    rows: pl.DataFrame
    findings: pl.DataFrame
    undecided: frozenset[str] = frozenset()
    """Finding codes that need somebody's decision before anything is booked."""
    waits_for: int | None = None
    """Receipt number of the held submission about the same application that must be decided first."""
    subjects: frozenset[str] = frozenset()

    @property
    def verdict(self) -> str:
        """``booked``, ``rejected``, ``held`` while it needs a decision, ``waiting`` for another one's."""
        if self.waits_for is not None:
            return "waiting"
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
        """Yen by which the upload changed what its holder owes: premiums of new lines, differences of changed ones."""
        return yen_sum(self.rows["difference_total"])


def post(
    candidates: Sequence[Candidate],
    state: LedgerState,
    booked_at: datetime,
    tables: Tables,
    calendar: BusinessCalendar,
) -> list[Posted]:
    """Decide every candidate in receipt order and number the lines of those without errors.

    What an earlier candidate of the same call booked is there for the later ones; what it left undecided they wait for.

    Args:
        candidates: assessed uploads.
        state: the journal's and the event log's part.
        booked_at: the product's clock.
        tables: reference tables by load number, for versions of applications that older tables priced.
        calendar: business days, for the cut-off of corrections.
    """
    serials = dict(state.last_serial)
    lines, exposed = state.lines, state.exposed
    blocked = [replace(b, subjects=_folded(b.subjects)) for b in state.blocked]
    outcome: list[Posted] = []
    for candidate in sorted(candidates, key=lambda c: int(c.receipt["receipt_no"])):
        number, about = int(candidate.receipt["receipt_no"]), subjects_of(candidate.assessment)
        root = next((b.waits_for for b in blocked if b.receipt_no < number and b.subjects & about), None)
        if root is not None:
            blocked.append(Blocked(number, root, about))
            findings = candidate.assessment.findings.clear()
            outcome.append(Posted(candidate.receipt, _no_rows(), findings, waits_for=root, subjects=about))
            continue
        changed, findings = _judged(candidate.assessment, lines, tables, calendar)
        if not findings.filter(pl.col("severity") == "error").height:
            findings = in_order(findings, _limits(candidate.assessment, changed, exposed, tables))
        undecided = (NEEDS_DECISION & set(findings["code"].to_list())) - candidate.released
        errors = findings.filter(pl.col("severity") == "error").height
        rows = _no_rows()
        if undecided and not errors:
            blocked.append(Blocked(number, number, about))
        elif not errors:
            rows = _rows(candidate, changed, lines, serials, booked_at)
            lines = pl.concat(
                [lines, rows.with_columns(pl.lit("unconfirmed").alias("stage"))], how="diagonal_relaxed"
            )
            exposed = _exposed_after(exposed, rows)
        outcome.append(Posted(candidate.receipt, rows, findings, frozenset(undecided), subjects=about))
    return outcome


def _judged(
    assessment: Assessment, lines: pl.DataFrame, tables: Tables, calendar: BusinessCalendar
) -> tuple[Changed, pl.DataFrame]:
    """What the upload's partial records make of the booked lines, and all its findings."""
    changed = apply_changes(assessment, lines, tables, calendar)
    findings = [
        assessment.findings,
        changed.findings,
        already_insured(assessment, lines, changed.rows),
        similar_contracts(assessment, lines),
        enlarged(assessment, lines),
    ]
    return changed, in_order(*findings)


def _limits(assessment: Assessment, changed: Changed, exposed: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    """Warnings of payment limits that the upload brings near their end (E-052)."""
    made = changed.rows.filter(pl.col("process_type") != "5")
    lines = assessment.lines
    if made.height:
        places = assessment.changes.select("record", "line", "row")
        lines = pl.concat([lines, made.join(places, on="record")], how="diagonal_relaxed")
    if lines.is_empty():
        return empty()
    reference, day = tables(assessment.reference_load), assessment.acceptance_date
    return limit_findings(lines, exposed, reference, day, assessment.layout, assessment.address)


def _exposed_after(exposed: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The lines at stake once these rows are booked: a version takes the place of its branch's earlier one."""
    kept = exposed.join(rows.select("application_no").unique(), on="application_no", how="anti")
    made = rows.filter(pl.col("process_type") != "5").select(exposed.columns)
    return pl.concat([kept, made], how="vertical_relaxed")


def payers_of(candidates: Sequence[Candidate]) -> pl.DataFrame:
    """Agreements and payers whose limits the candidates may use, as ``agreement_code``, ``payer_code``."""
    parts = [frame.select(PAYER) for c in candidates for frame in (c.assessment.lines, c.assessment.changes)]
    schema: dict[str, Any] = dict.fromkeys(PAYER, pl.String())
    return pl.concat(parts).unique().drop_nulls() if parts else pl.DataFrame(schema=schema)


def subjects_of(assessment: Assessment) -> frozenset[str]:
    """What an upload is about: application numbers (``YY-NNNNNN``) and contracts (``agreement/contract``)."""
    numbers = named(assessment.changes, assessment.layout)["application_no"].str.head(-3).unique().to_list()
    if is_notice(assessment.layout.product):
        return frozenset(numbers)
    new = assessment.lines
    contract = pl.concat_str("agreement_code", contract_key(), separator="/")
    contracts = new.select(contract.unique().drop_nulls()).to_series().to_list()
    return frozenset([*numbers, *contracts, *enlarged_applications(new)])


def _folded(subjects: frozenset[str]) -> frozenset[str]:
    """Subjects of a submission that an older reading left with its characters as they were sent."""
    names = pl.DataFrame({"subject": sorted(subjects)}, schema={"subject": pl.String})
    return frozenset(names.select(folded(pl.col("subject"))).to_series().to_list())


def contracts_of(candidates: Sequence[Candidate]) -> pl.DataFrame:
    """The contracts that the candidates want insured, as ``agreement_code``, ``contract_like``: with those alike."""
    parts = [
        frame.select("agreement_code", contract_likeness()).unique()
        for c in candidates
        if not is_notice(c.assessment.layout.product)
        for frame in (c.assessment.lines, c.assessment.changes)
    ]
    schema: dict[str, Any] = dict.fromkeys(LIKE, pl.String())
    return pl.concat(parts).unique() if parts else pl.DataFrame(schema=schema)


def applications_of(candidates: Sequence[Candidate]) -> set[str]:
    """The numbers (``YY-NNNNNN``) of the applications that the candidates change or enlarge."""
    return {s for c in candidates for s in subjects_of(c.assessment) if "/" not in s}


def _no_rows() -> pl.DataFrame:
    return pl.DataFrame(schema={k: v for k, v in SCHEMA.items() if k not in CHAIN})


def _rows(
    candidate: Candidate,
    changed: Changed,
    booked: pl.DataFrame,
    serials: dict[str, int],
    booked_at: datetime,
) -> pl.DataFrame:
    """Journal rows of an upload without errors in file order; takes its serials."""
    receipt, assessment = candidate.receipt, candidate.assessment
    parts = [changed.rows] if changed.rows.height else []
    if assessment.lines.height:
        parts.append(_new_rows(assessment, booked, serials))
    rows = pl.concat(parts, how="diagonal_relaxed")
    if changed.rows.height:
        rows = rows.sort("record", maintain_order=True)
    rows = rows.with_columns(
        pl.lit(BOOKING).alias("entry"),
        pl.lit(None, pl.Int64).alias("journal_no"),
        pl.lit(None, pl.Int64).alias("commit_no"),
        pl.lit(booked_at).dt.convert_time_zone("Asia/Tokyo").alias("booked_at"),
        pl.lit(str(receipt["submission_id"])).alias("submission_id"),
        pl.lit(int(receipt["receipt_no"])).alias("receipt_no"),
        pl.lit(str(assessment.layout.product)).alias("product"),
        pl.lit(str(receipt["holder"])).alias("submitter"),
        *(pl.lit(None, dtype).alias(name) for name, dtype in LISTING.items()),
    )
    return validated(BookedLines, rows.select(list(_BOOKED)).cast(_BOOKED))  # type: ignore[arg-type]


def _new_rows(assessment: Assessment, booked: pl.DataFrame, serials: dict[str, int]) -> pl.DataFrame:
    """New applications with the next serials, and increases (増額新規) as new branches of theirs."""
    product = assessment.layout.product
    if is_notice(product):
        lines = _numbered(assessment.lines, pl.col("record"), serials, "notice")
        lines = lines.with_columns(pl.lit("00").alias("branch_no"))
        tail = (pl.lit("00"), pl.lit("00"))
    else:
        grown = assessment.lines.filter(is_increase())
        fresh = assessment.lines.filter(~is_increase()) if grown.height else assessment.lines
        lines = _numbered(fresh, pl.col("application_id"), serials, "application")
        lines = lines.with_columns(pl.col("branch_key").alias("branch_no"))
        if grown.height:
            lines = pl.concat([lines, with_new_branches(grown, booked)], how="diagonal_relaxed").sort(
                "record"
            )
        tail = (pl.col("shipment_no"), pl.col("settlement_no"))
    kind = "notice" if is_notice(product) else "application"
    department = pl.when(pl.col("department_ledgers").fill_null(False)).then("department_code").fill_null("-")
    lines = lines.with_columns(
        pl.lit("00").alias("history_no"),
        pl.format("{}-{}-{}", f"{kind}_year", f"{kind}_serial", "branch_no").alias("application_no"),
    )
    return lines.with_columns(
        pl.format("{}/{}/{}", "application_no", *tail).alias("line_id"),
        pl.format(
            "{}_{}_{}", "agreement_code", department, pl.col("acceptance_date").dt.to_string("%Y-%m")
        ).alias("unit"),
        pl.lit(assessment.reference_load).alias("reference_load"),
        *(pl.lit(None, pl.String).alias(name) for name in all_layout_fields() if name not in lines.columns),
        *_first_version(product),
    )


def _numbered(lines: pl.DataFrame, order: pl.Expr, serials: dict[str, int], kind: str) -> pl.DataFrame:
    """``<kind>_year`` and ``<kind>_serial`` for every application of a file, on from the last serial of the year."""
    if lines.is_empty():
        return lines
    year = f"{lines['acceptance_date'][0].year % 100:02d}"
    lines = lines.with_columns((order.rank("dense").cast(pl.Int64) + serials.get(year, 0)).alias("serial_n"))
    serials[year] = int(lines["serial_n"].max())  # type: ignore[arg-type]
    return lines.with_columns(
        pl.lit(year).alias(f"{kind}_year"),
        pl.col("serial_n").cast(pl.String).str.pad_start(6, "0").alias(f"{kind}_serial"),
    )


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
        pl.lit(1, pl.Int64).alias("records"),
        *(
            pl.lit(None, pl.Date).alias(name)
            for name in ("uncovered_from", "uncovered_until", "policy_type_from")
        ),
        *(pl.col(f"premium_{c}").alias(f"due_{c}") for c in (*COMPONENTS, "total")),
        pl.col("premium_total").alias("difference_total"),
    ]
