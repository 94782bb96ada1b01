"""What partial records (処理種別 2 変更, 3 訂正内変, 4 修正, 5 取消) make of booked lines.

A record names a branch and what changes in it: blank cells leave, ``-`` clears, sub-record flags add (1), change (2) or
remove (5) shipments and settlements. Records are applied in file order, version by version; each version is the complete
branch as it is afterwards, rated by ``pipelines.rerate``. Nothing here reads or writes the journal: what is booked comes
in as rows. Contract §5–§7; A-017…A-024, A-050, A-051, E-100…E-112, E-141…E-148.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from pipelines.assess import Assessment, screened_lines
from pipelines.change_rules import merge_rules, notice_rules, record_rules, substantial, version_rules
from pipelines.hierarchy import CONTRACT, contract_key, numbered
from pipelines.ledger import current_versions, month_of
from pipelines.reference import Reference
from pipelines.rerate import rated_version
from pipelines.rules import findings_of, in_order
from pipelines.screen import content_rules
from schemas.findings import empty
from schemas.journal import BOOKING, RATED, TEXT, VERSION
from schemas.layouts import IDENTIFYING, Layout
from schemas.money import COMPONENTS
from schemas.products import CLEARED, is_notice
from sensors.calendar import BusinessCalendar
from sensors.windows import cut_off

_LINE = ["application_no", "shipment_no", "settlement_no"]

Tables = Callable[[int], Reference]
"""The reference tables as they stood after a load."""


@dataclass(frozen=True)
class Changed:
    """Rows to book (journal columns without those of the upload), and what was found."""

    rows: pl.DataFrame
    findings: pl.DataFrame


def apply_changes(
    assessment: Assessment, booked: pl.DataFrame, tables: Tables, calendar: BusinessCalendar
) -> Changed:
    """Apply the partial records of an upload to the booked rows of the applications that they name.

    Args:
        assessment: the upload; its new records do not matter here.
        booked: all booked rows of those applications, with ``stage`` (``confirmed`` or else).
        tables: reference tables by load number.
        calendar: for the cut-off of corrections.
    """
    records = _in_rounds(named(assessment.changes, assessment.layout))
    found: list[pl.DataFrame] = []
    made: list[pl.DataFrame] = []
    failed = pl.DataFrame(schema={"application_no": pl.String})
    for number in sorted(records["round"].unique().to_list()):
        part = records.filter(pl.col("round") == number).join(failed, on="application_no", how="anti")
        rows, findings = _one_round(part, assessment, booked, tables, calendar)
        found.append(findings)
        if rows.height:
            made.append(rows)
            standing = [
                pl.lit("unconfirmed").alias("stage"),
                pl.lit(str(assessment.layout.product)).alias("product"),
            ]
            booked = pl.concat([booked, rows.with_columns(standing)], how="diagonal_relaxed")
        failed = pl.concat([failed, _at_fault(findings, part)]).unique()
    rows = pl.concat(made, how="diagonal_relaxed") if made else _nothing()
    return Changed(rows, in_order(*found) if found else empty())


def named(changes: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Records with ``application_no`` (``YY-NNNNNN-BB``) of the branch they are about; without a usable key left out."""
    kind = "notice" if is_notice(layout.product) else "application"
    year, serial = pl.col(f"{kind}_year"), pl.col(f"{kind}_serial")
    return changes.with_columns(
        pl.format("{}-{}", numbered(year, serial), pl.col("branch_no")).alias("application_no")
    ).filter(pl.col("application_no").is_not_null())


def _in_rounds(records: pl.DataFrame) -> pl.DataFrame:
    """``round``: which version of its branch a record makes, counted from 0 in file order.

    Neighbouring records of one branch that say the same of type, history, date and reason, and speak of different
    lines, are one version; anything else begins the next.
    """
    act = [
        pl.col(name).fill_null("") for name in ("process_type", "history_no", "change_date", "change_reason")
    ]
    line = [
        pl.col(name).fill_null("") for name in ("shipment_no", "settlement_no") if name in records.columns
    ]
    records = records.with_columns(pl.concat_str(act, separator="/").alias("act"))
    nth = pl.int_range(pl.len()).over("application_no", "act", *line)
    records = records.with_columns(pl.format("{}#{}", "act", nth).alias("act"))
    again = (pl.col("act") != pl.col("act").shift(1).over("application_no")).fill_null(False)
    return records.with_columns(again.cast(pl.Int32).cum_sum().over("application_no").alias("round")).drop(
        "act"
    )


def _one_round(
    part: pl.DataFrame,
    assessment: Assessment,
    booked: pl.DataFrame,
    tables: Tables,
    calendar: BusinessCalendar,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    layout, address = assessment.layout, assessment.address
    if part.is_empty():
        return _nothing(), empty()
    now = now_of(booked)
    facts = _facts(booked, now, calendar)
    newest = tables(assessment.reference_load)
    reasons = newest.codes("change_reasons", assessment.acceptance_date)
    holders = newest.table("policyholders").select("holder", "association")
    told = part.join(facts, on="application_no", how="left", maintain_order="left")
    told = told.join(
        holders, left_on="policyholder_code", right_on="holder", how="left", maintain_order="left"
    )
    told = told.with_columns(
        pl.lit(assessment.acceptance_date).alias("notice_date"),
        _changes_something(layout).alias("changes"),
        pl.col("change_reason").is_in(sorted(reasons)).alias("reason_known"),
    )
    if not is_notice(layout.product):
        told = _with_known_lines(told, now)
    findings = [
        findings_of(told, record_rules(layout, assessment.submitter, assessment.received_on), layout, address)
    ]
    good = told.join(_at_fault(findings[0], told), on="application_no", how="anti")
    withdrawn = _withdrawals(good.filter(pl.col("process_type") == "5"), now, booked)
    good = good.filter(pl.col("process_type") != "5")
    if good.is_empty():
        return withdrawn, in_order(*findings)
    findings.append(findings_of(good, merge_rules(layout), layout, address))
    lines, before = _merged(good, now, layout)
    lines, content = _rated(lines, booked, assessment, tables)
    lines = _compared(lines, before, layout)
    if not is_notice(layout.product):
        lines = _with_other_number(lines, now)
    findings += [
        content,
        findings_of(lines, version_rules(layout), layout, address),
        findings_of(lines.filter("first_of_branch"), notice_rules(layout), layout, address),
    ]
    return pl.concat([_settled(lines, before, layout), withdrawn], how="diagonal_relaxed"), in_order(
        *findings
    )


def now_of(booked: pl.DataFrame) -> pl.DataFrame:
    """The current version of every branch among booked rows."""
    return current_versions(booked.lazy().with_columns(pl.lit(BOOKING).alias("entry"))).collect()


def _nothing() -> pl.DataFrame:
    schema = {
        "application_no": pl.String(),
        "line_id": pl.String(),
        "record": pl.Int64(),
        "unit": pl.String(),
        "acceptance_date": pl.Date(),
        "reference_load": pl.Int64(),
    }
    return pl.DataFrame(schema={**schema, **TEXT, **RATED, **VERSION})


def _at_fault(findings: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    wrong = findings.filter(pl.col("severity") == "error").select("record").unique()
    return records.join(wrong, on="record").select("application_no").unique()


def _facts(booked: pl.DataFrame, now: pl.DataFrame, calendar: BusinessCalendar) -> pl.DataFrame:
    """Per branch what decides whether a record may come: its current version, stage, cut-off, and whose it is."""
    facts = (
        booked.group_by("application_no")
        .agg(
            pl.col("product").first().alias("is_product"),
            pl.col("agreement_code").first().alias("is_agreement"),
            pl.col("policyholder_code").first().alias("is_policyholder"),
            pl.col("history_no").cast(pl.Int32).max().alias("last_history"),
            (pl.col("stage") == "confirmed").any().alias("ever_confirmed"),
            pl.col("policy_type_from").max().alias("left_ledger"),
            pl.col("acceptance_date").min().alias("insured_from"),
            pl.col("contract_date").first().alias("is_contract_date"),
        )
        .join(
            now.group_by("application_no").agg(
                pl.col("history_no").first().alias("is_history"),
                pl.col("stage").first().alias("is_stage"),
                pl.col("unit").first().alias("is_unit"),
            ),
            on="application_no",
            how="left",
        )
        .with_columns(month_of(pl.col("is_unit")).alias("month"))
    )
    months: list[date] = facts["month"].drop_nulls().unique().to_list()
    closes = pl.DataFrame(
        {"month": months, "closes_on": [cut_off(month, calendar).date() for month in months]},
        schema={"month": pl.Date, "closes_on": pl.Date},
    )
    return facts.join(closes, on="month", how="left").drop("month")


def changeable(layout: Layout, *levels: str) -> list[str]:
    """The fields of the given levels that a partial record may change."""
    return [name for name in layout.at_level(*levels) if name not in IDENTIFYING]


def _changes_something(layout: Layout) -> pl.Expr:
    fields = [pl.col(name).is_not_null() for name in layout.names if name not in IDENTIFYING]
    flags = [
        pl.col(name).is_in(["1", "5"]).fill_null(False)
        for name in ("shipment_process_type", "settlement_process_type")
        if name in layout.names
    ]
    return pl.any_horizontal(*fields, *flags)


def _with_known_lines(told: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """``shipment_there``, ``shipment_lives``, ``line_there``, ``line_lives``: what the current version has."""
    for what, keys in (("shipment", _LINE[:2]), ("line", _LINE)):
        there = now.group_by(keys).agg(
            pl.lit(True).alias(f"{what}_there"), (~pl.col("removed")).any().alias(f"{what}_lives")
        )
        told = told.join(there, on=keys, how="left", maintain_order="left")
    return told.with_columns(
        pl.col(f"{what}_{state}").fill_null(False)
        for what in ("shipment", "line")
        for state in ("there", "lives")
    )


def _withdrawals(records: pl.DataFrame, now: pl.DataFrame, booked: pl.DataFrame) -> pl.DataFrame:
    """Rows of 取消: the withdrawn version's lines, showing what stands after it (A-023)."""
    if records.is_empty():
        return _nothing()
    lines = now.join(
        records.group_by("application_no").agg(
            pl.col("record").min().alias("by_record"),
            pl.col("notice_date").first().alias("withdrawn_on"),
            pl.len().alias("told"),
        ),
        on="application_no",
    )
    rows_of_branch = pl.int_range(pl.len()).over("application_no")
    lines = lines.with_columns(pl.when(rows_of_branch == 0).then("told").otherwise(0).alias("records"))
    # Without its newest version: what is current then is what stands.
    left = booked.join(
        lines.select("application_no", "history_no").unique(), on=["application_no", "history_no"], how="anti"
    )
    stands = now_of(left)
    yen = [f"{kind}_{c}" for kind in ("premium", "insured_amount") for c in COMPONENTS] + ["premium_total"]
    rates = [f"rate_{c}" for c in COMPONENTS]
    after = stands.select(
        "line_id",
        pl.col("history_no").alias("restored"),
        *(pl.col(name).alias(f"after_{name}") for name in [*yen, *rates]),
    )
    rows = lines.join(after, on="line_id", how="left", maintain_order="left")
    return rows.with_columns(
        pl.lit("5").alias("process_type"),
        pl.col("by_record").alias("record"),
        pl.col("withdrawn_on").alias("notice_date"),
        pl.col("restored").alias("base_history_no"),
        pl.lit(None, pl.String).alias("replaced_history_no"),
        (pl.col("after_premium_total").fill_null(0) - pl.col("premium_total")).alias("difference_total"),
        *(pl.col(f"after_{name}").fill_null(0).alias(name) for name in yen),
        *(pl.col(f"after_{name}").alias(name) for name in rates),
        *(pl.lit(0, pl.Int64).alias(f"due_{c}") for c in (*COMPONENTS, "total")),
    ).select(_nothing().columns)


# ---------------------------------------------------------------------------------------- merging


def _merged(good: pl.DataFrame, now: pl.DataFrame, layout: Layout) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The complete new versions as text, and the lines before them."""
    before = now.join(good.select("application_no").unique(), on="application_no", how="semi")
    lines = before
    if not is_notice(layout.product):
        lines = pl.concat([lines, _added(good, before, layout)], how="diagonal_relaxed")
    lines = _overridden(lines, good, ["application_no"], changeable(layout, "header", "branch", "record"))
    # Flags are of the act, not of the line: those of the version before mean nothing now.
    lines = lines.with_columns(
        pl.lit(None, pl.String).alias(flag) for flag in ("shipment_process_type", "settlement_process_type")
    )
    if not is_notice(layout.product):
        shipments = good.filter(pl.col("shipment_no").is_not_null())
        single = shipments.filter(pl.col("settlement_no").is_not_null())
        lines = _overridden(lines, shipments, _LINE[:2], changeable(layout, "shipment"))
        lines = _overridden(lines, single, _LINE, changeable(layout, "settlement"))
        lines = _without_removed(lines, shipments, single, layout)
    lines = _addressed(lines, good, layout)
    return _numbered(lines, good, layout), before


def _overridden(
    lines: pl.DataFrame, records: pl.DataFrame, keys: Sequence[str], fields: list[str]
) -> pl.DataFrame:
    """Text of ``fields`` replaced where a record of the same key gives it, null where it says ``-``."""
    if not fields or records.is_empty():
        return lines
    given = records.group_by(keys).agg(
        pl.col(name).drop_nulls().first().alias(f"new_{name}") for name in fields
    )
    return (
        lines.join(given, on=keys, how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col(f"new_{name}") == CLEARED)
            .then(None)
            .otherwise(pl.coalesce(f"new_{name}", name))
            .alias(name)
            for name in fields
        )
        .drop(f"new_{name}" for name in fields)
    )


def _added(good: pl.DataFrame, before: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Lines that records add: their own text, the branch's and, in a known shipment, the shipment's."""
    new_shipment = pl.col("shipment_process_type") == "1"
    new_line = (pl.col("settlement_process_type") == "1") | new_shipment
    own = [*changeable(layout, "settlement"), *changeable(layout, "shipment")]
    added = good.filter(
        new_line.fill_null(False) & ~pl.col("line_there") & pl.col("settlement_no").is_not_null()
    )
    added = added.select(
        *_LINE,
        *(pl.when(pl.col(name) != CLEARED).then(name).alias(name) for name in own),
    ).unique(_LINE, keep="first", maintain_order=True)
    branch = before.unique("application_no", keep="first", maintain_order=True)
    shared = [
        c for c in before.columns if c not in own and c not in _LINE and c not in RATED and c != "line_id"
    ]
    known = before.unique(_LINE[:2], keep="first", maintain_order=True).select(
        *_LINE[:2], *(pl.col(name).alias(f"known_{name}") for name in changeable(layout, "shipment"))
    )
    return (
        added.join(
            branch.select("application_no", *(c for c in shared if c != "application_no")),
            on="application_no",
        )
        .join(known, on=_LINE[:2], how="left", maintain_order="left")
        .with_columns(
            pl.coalesce(name, f"known_{name}").alias(name) for name in changeable(layout, "shipment")
        )
        .drop(f"known_{name}" for name in changeable(layout, "shipment"))
        .with_columns(
            pl.format("{}/{}/{}", *_LINE).alias("line_id"),
            pl.lit(False).alias("removed"),
        )
    )


def _without_removed(
    lines: pl.DataFrame, shipments: pl.DataFrame, single: pl.DataFrame, layout: Layout
) -> pl.DataFrame:
    """Flags of the records noted on their lines; removed lines keep nothing insured."""
    flags = shipments.group_by(_LINE[:2]).agg(
        pl.col("shipment_process_type").drop_nulls().first().alias("flag_s")
    )
    own = single.group_by(_LINE).agg(pl.col("settlement_process_type").drop_nulls().first().alias("flag_t"))
    lines = lines.join(flags, on=_LINE[:2], how="left", maintain_order="left").join(
        own, on=_LINE, how="left", maintain_order="left"
    )
    gone = (pl.col("flag_s") == "5").fill_null(False) | (pl.col("flag_t") == "5").fill_null(False)
    amounts = [f.field for f in layout.by_kind("amount") if f.level in ("shipment", "settlement")]
    lines = lines.with_columns(
        pl.col("flag_s").alias("shipment_process_type"),
        pl.col("flag_t").alias("settlement_process_type"),
        (pl.col("removed") | gone).alias("removed"),
    )
    return lines.with_columns(
        pl.when(pl.col("removed") & pl.col(name).is_not_null()).then(pl.lit("0")).otherwise(name).alias(name)
        for name in amounts
    ).drop("flag_s", "flag_t")


def _addressed(lines: pl.DataFrame, good: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """``record``, ``line``, ``row`` of the record that a line's findings belong to: its own, else the branch's first."""
    first = good.group_by("application_no", maintain_order=True).agg(
        pl.col("record").min().alias("by_branch")
    )
    lines = lines.join(first, on="application_no", how="left", maintain_order="left")
    by = [pl.col("by_branch")]
    if not is_notice(layout.product):
        for name, keys in (("by_line", _LINE), ("by_shipment", _LINE[:2])):
            own = good.filter(pl.all_horizontal(pl.col(key).is_not_null() for key in keys))
            lines = lines.join(
                own.group_by(keys).agg(pl.col("record").min().alias(name)),
                on=keys,
                how="left",
                maintain_order="left",
            )
        by = [pl.col("by_line"), pl.col("by_shipment"), *by]
    lines = lines.with_columns(pl.coalesce(by).alias("record"))
    return lines.join(
        good.select("record", "line", "row").unique("record"), on="record", how="left", maintain_order="left"
    )


def _numbered(lines: pl.DataFrame, good: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """The version's own columns: history, what it acts as, its base, unit and days (contract §7)."""
    acts = good.group_by("application_no", maintain_order=True).agg(
        pl.col("process_type").first().alias("act"),
        pl.col("last_history").first(),
        pl.col("notice_date").first().alias("noticed"),
        pl.len().alias("told"),
        *(
            pl.col(name).drop_nulls().first().alias(f"act_{name}")
            for name in ("change_date", "change_reason")
        ),
    )
    corrects = pl.col("act") == "4"
    lines = lines.join(acts, on="application_no", how="left", maintain_order="left")
    lines = lines.with_columns(
        pl.when(corrects).then("base_history_no").otherwise("history_no").alias("base_history_no"),
        pl.when(corrects).then("history_no").alias("replaced_history_no"),
        pl.when(corrects).then("acts_as").otherwise("act").alias("acts_as"),
        pl.when(corrects).then("counts_from").otherwise("noticed").alias("counts_from"),
        pl.col("noticed").alias("notice_date"),
        pl.col("act").alias("process_type"),
        (pl.col("last_history") + 1).cast(pl.String).str.pad_start(2, "0").alias("history_no"),
        *(
            pl.when(corrects).then(pl.coalesce(f"act_{name}", name)).otherwise(f"act_{name}").alias(name)
            for name in ("change_date", "change_reason")
        ),
        pl.when(corrects)
        .then(pl.col("unit").str.slice(-7))
        .otherwise(pl.col("noticed").dt.to_string("%Y-%m"))
        .alias("unit_month"),
        *(pl.lit(None, pl.Date).alias(name) for name in ("uncovered_from", "uncovered_until")),
    )
    # A department that is not used for ledgers shows as - in every unit of the agreement.
    department = (
        pl.when(pl.col("unit").str.split("_").list.get(1) == "-")
        .then(pl.lit("-"))
        .otherwise(pl.col("department_code").fill_null("-"))
    )
    return (
        lines.with_columns(
            pl.format("{}_{}_{}", "agreement_code", department, "unit_month").alias("unit"),
            (pl.int_range(pl.len()).over("application_no") == 0).alias("first_of_branch"),
        )
        .with_columns(pl.when("first_of_branch").then("told").otherwise(0).cast(pl.Int64).alias("records"))
        .drop("told", "act", "noticed", "unit_month", "last_history", "act_change_date", "act_change_reason")
    )


# ---------------------------------------------------------------------------------------- rating


def _rated(
    lines: pl.DataFrame, booked: pl.DataFrame, assessment: Assessment, tables: Tables
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The versions rated with the tables that priced their application; what is in none of them, with the newest.

    So a table that was put right later never changes a premium by the way, and a buyer registered later is found.
    """
    layout, newest = assessment.layout, assessment.reference_load
    rules = content_rules(layout, assessment.submitter, assessment.received_on)
    reckoned = {
        *RATED,
        "insured_shipment_date",
        *(f"due_{c}" for c in (*COMPONENTS, "total")),
        "difference_total",
    }
    text = lines.drop(name for name in lines.columns if name in reckoned)
    loads = lines.group_by("application_no").agg(pl.col("reference_load").min().alias("load"))
    parts: list[pl.DataFrame] = []
    found: list[pl.DataFrame] = []
    open_branches = loads
    for load in [*sorted(set(loads["load"].drop_nulls().to_list()) - {newest}), newest]:
        due = open_branches if load == newest else open_branches.filter(pl.col("load") == load)
        part = text.join(due.select("application_no"), on="application_no", how="semi", maintain_order="left")
        if part.is_empty():
            continue
        reference = tables(load)
        rated = rated_version(part, booked, layout, reference)
        findings = screened_lines(
            rated.filter(~pl.col("removed")), rules, layout, assessment.address, reference
        )
        if load != newest:
            bad = _at_fault(findings, part)
            fine = due.select("application_no").join(bad, on="application_no", how="anti")
            open_branches = open_branches.join(fine, on="application_no", how="anti")
            findings = findings.join(
                part.join(bad, on="application_no").select("record").unique(), on="record", how="anti"
            )
            rated = rated.join(bad, on="application_no", how="anti", maintain_order="left")
        parts.append(rated.with_columns(pl.lit(load, pl.Int64).alias("reference_load")))
        found.append(findings)
    return pl.concat(parts, how="diagonal_relaxed"), pl.concat(found)


def _compared(lines: pl.DataFrame, before: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Each line with what it was (``old_…``), and per branch the notice limit that its change had to keep."""
    fields = [name for name in TEXT if name in before.columns and name in lines.columns]
    old = before.select(
        "line_id",
        pl.col("insured_shipment_date").alias("old_insured"),
        pl.col("contract_yen").alias("old_contract_yen"),
        *(pl.col(name).alias(f"old_{name}") for name in fields),
    )
    limit = before.group_by("application_no").agg(pl.col("change_notice_limit").max().alias("limit_before"))
    lines = lines.join(old, on="line_id", how="left", maintain_order="left").join(
        limit, on="application_no", how="left", maintain_order="left"
    )
    return lines.with_columns(substantial(layout).any().over("application_no").alias("substantial"))


def _with_other_number(lines: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """``insured_as``: the other application under which a contract stands that a change names anew, else null."""
    own = pl.col("application_no").str.head(-3)
    standing = now.select("agreement_code", contract_key(), own.alias("insured_as")).unique()
    moved = lines.filter(contract_key() != contract_key("old_export_contract_no"))
    found = (
        moved.select("agreement_code", contract_key(), "line_id", own.alias("own"))
        .join(standing, on=CONTRACT)
        .filter(pl.col("insured_as") != pl.col("own"))
        .group_by("line_id")
        .agg(pl.col("insured_as").min())
    )
    return lines.join(found, on="line_id", how="left", maintain_order="left")


def _settled(lines: pl.DataFrame, before: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Journal rows of the versions: the act's own difference, and no cover between the limit and a late acceptance."""
    cost = before.select("line_id", pl.col("premium_total").alias("cost_before"))
    late = (
        pl.col("process_type").is_in(["2", "3"]) & (pl.col("notice_date") > pl.col("limit_before"))
    ).fill_null(False)
    leaves = late & pl.lit(not is_notice(layout.product))
    return (
        lines.join(cost, on="line_id", how="left", maintain_order="left")
        .with_columns(
            (pl.col("premium_total") - pl.col("cost_before").fill_null(0)).alias("difference_total"),
            pl.when(late).then(pl.col("limit_before") + pl.duration(days=1)).alias("uncovered_from"),
            pl.when(late).then("notice_date").alias("uncovered_until"),
            pl.when(leaves).then("notice_date").otherwise("policy_type_from").alias("policy_type_from"),
            *(pl.lit(None, dtype).alias(name) for name, dtype in TEXT.items() if name not in lines.columns),
        )
        .select(_nothing().columns)
    )
