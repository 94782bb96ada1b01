"""The ledger as it stands: current versions, stages, and which lines belong on which paper.

Pure views over journal rows. What the journal is: ``schemas.journal``; when papers are due: ``sensors.windows``.
"""

from collections.abc import Sequence
from datetime import date, datetime

import polars as pl

from schemas.journal import BOOKING, CONFIRMATION, RECONCILIATION, SCHEMA
from schemas.money import COMPONENTS
from sensors.calendar import BusinessCalendar
from sensors.windows import cut_off, reconciliation_due


def bookings(journal: pl.LazyFrame) -> pl.LazyFrame:
    """Booked line versions only."""
    return journal.filter(pl.col("entry") == BOOKING)


def listings(journal: pl.LazyFrame, entry: str) -> pl.LazyFrame:
    """Which booked line stands on which ledger: ``listed_journal_no``, ``ledger_id``, ``listed_at``."""
    return journal.filter(pl.col("entry") == entry).select(
        "listed_journal_no", "ledger_id", pl.col("booked_at").alias("listed_at")
    )


def standing_versions(journal: pl.LazyFrame) -> pl.LazyFrame:
    """Booked versions that nobody withdrew (処理種別5), those replaced by a correction included."""
    booked = bookings(journal)
    withdrawn = booked.filter(pl.col("process_type") == "5").select("application_no", "history_no")
    return booked.filter(pl.col("process_type") != "5").join(
        withdrawn, on=["application_no", "history_no"], how="anti"
    )


def effective_versions(journal: pl.LazyFrame) -> pl.LazyFrame:
    """Booked versions that count: neither withdrawn (5) nor replaced by a correction (4) that stands."""
    standing = standing_versions(journal)
    replaced = standing.select(
        "application_no", pl.col("replaced_history_no").alias("history_no")
    ).drop_nulls()
    return standing.join(replaced, on=["application_no", "history_no"], how="anti")


def current_versions(journal: pl.LazyFrame) -> pl.LazyFrame:
    """The lines of the newest standing version of every branch; a withdrawn branch has none."""
    standing = standing_versions(journal)
    newest = standing.group_by("application_no").agg(pl.col("history_no").max())
    return standing.join(newest, on=["application_no", "history_no"], how="semi")


def confirmed(journal: pl.LazyFrame) -> pl.LazyFrame:
    """The booked rows that stand on a 確定台帳: ``journal_no`` and the ``stage`` that this gives them."""
    return listings(journal, CONFIRMATION).select(
        pl.col("listed_journal_no").alias("journal_no"), pl.lit("confirmed").alias("stage")
    )


def with_stage(journal: pl.LazyFrame) -> pl.LazyFrame:
    """Every booked version with ``stage``.

    ``confirmed`` once it stands on a 確定台帳, ``withdrawn`` when a 5 or a 4 took it away, else ``unconfirmed``;
    withdrawals themselves are ``withdrawn``.
    """
    counts = effective_versions(journal).select("journal_no", pl.lit(True).alias("counts"))
    return (
        bookings(journal)
        .join(confirmed(journal), on="journal_no", how="left")
        .join(counts, on="journal_no", how="left")
        .with_columns(
            pl.when(pl.col("stage").is_not_null())
            .then("stage")
            .when("counts")
            .then(pl.lit("unconfirmed"))
            .otherwise(pl.lit("withdrawn"))
            .alias("stage")
        )
        .drop("counts")
    )


def current(journal: pl.LazyFrame) -> pl.LazyFrame:
    """The current version of every ledger line with its stage, in journal order.

    A line that was taken out, or whose branch was withdrawn as a whole, stays in sight as ``withdrawn``; of a
    withdrawn branch nothing is insured and nothing due any more.
    """
    now = current_versions(journal).select("journal_no", pl.lit(True).alias("is_current"))
    staged = with_stage(journal).join(now, on="journal_no", how="left")
    alive = staged.filter(
        pl.col("is_current").any().over("application_no") & pl.col("is_current")
    ).with_columns(pl.when("removed").then(pl.lit("withdrawn")).otherwise("stage").alias("stage"))
    gone = (
        staged.filter(~pl.col("is_current").any().over("application_no").fill_null(False))
        .filter(pl.col("process_type") != "5")
        .filter(pl.col("history_no") == pl.col("history_no").min().over("application_no"))
        .with_columns(
            *(pl.lit(0, pl.Int64).alias(name) for name in _YEN),
            *(pl.lit(None, pl.Int32).alias(f"rate_{c}") for c in COMPONENTS),
            pl.lit("withdrawn").alias("stage"),
        )
    )
    return pl.concat([alive, gone]).drop("is_current").sort("journal_no")


_YEN = [
    *(f"{kind}_{c}" for kind in ("premium", "insured_amount", "due") for c in COMPONENTS),
    *("premium_total", "due_total", "difference_total"),
]


def as_of(journal: pl.LazyFrame, instant: datetime) -> pl.LazyFrame:
    """The journal as it stood at an instant of the product's clock."""
    return journal.filter(pl.col("booked_at") <= instant)


def reconciliation_entries(
    journal: pl.LazyFrame, now: datetime, calendar: BusinessCalendar, units: Sequence[str] | None = None
) -> pl.DataFrame:
    """Journal rows that put due lines on a 照合台帳 (D-009, D-018).

    Args:
        journal: all rows.
        now: the lines due at this instant.
        calendar: business days.
        units: instead, all unlisted lines of these units whether due or not (before a confirmation).
    """
    listed = listings(journal, RECONCILIATION)
    # What was corrected or withdrawn before anybody saw it needs no 照合; a withdrawal is told where its version was.
    seen = (
        bookings(journal)
        .join(listed, left_on="journal_no", right_on="listed_journal_no", how="semi")
        .select("application_no", "history_no")
        .unique()
    )
    withdrawals = bookings(journal).filter(pl.col("process_type") == "5")
    open_lines = (
        pl.concat(
            [
                effective_versions(journal),
                withdrawals.join(seen, on=["application_no", "history_no"], how="semi"),
            ]
        )
        .join(listed, left_on="journal_no", right_on="listed_journal_no", how="anti")
        .collect()
    )
    if units is not None:
        open_lines = open_lines.filter(pl.col("unit").is_in(list(units)))
    else:
        days: list[date] = open_lines["notice_date"].unique().to_list()
        due = [day for day in days if reconciliation_due(day, calendar) <= now]
        open_lines = open_lines.filter(pl.col("notice_date").is_in(due))
    week = pl.col("notice_date").dt.to_string("%GW%V")
    return _entries(open_lines, RECONCILIATION, week, listed, now)


def confirmation_entries(journal: pl.LazyFrame, now: datetime, calendar: BusinessCalendar) -> pl.DataFrame:
    """Journal rows that confirm every line of the units whose cut-off has passed (D-011, D-020, D-021)."""
    listed = listings(journal, CONFIRMATION)
    open_lines = (
        effective_versions(journal)
        .join(listed, left_on="journal_no", right_on="listed_journal_no", how="anti")
        .with_columns(month_of(pl.col("unit")).alias("month"))
        .collect()
    )
    months: list[date] = open_lines["month"].unique().to_list()
    closed = [month for month in months if cut_off(month, calendar) <= now]
    open_lines = open_lines.filter(pl.col("month").is_in(closed))
    return _entries(open_lines, CONFIRMATION, pl.lit("C"), listed, now)


def month_of(unit: pl.Expr) -> pl.Expr:
    """First day of the month of acceptance of a ledger unit (``<agreement>_<department>_<YYYY-MM>``)."""
    return (unit.str.slice(-7) + "-01").str.to_date("%Y-%m-%d")


def _entries(
    lines: pl.DataFrame, entry: str, group: pl.Expr, listed: pl.LazyFrame, now: datetime
) -> pl.DataFrame:
    """One ledger per unit and group, numbered on from those that exist: ``<unit>_<group>_<n>``."""
    if lines.is_empty():
        return pl.DataFrame(schema={name: SCHEMA[name] for name in _ENTRY_COLUMNS})
    lines = lines.with_columns(pl.format("{}_{}", pl.col("unit"), group).alias("stem")).sort("journal_no")
    known = (
        listed.select(pl.col("ledger_id").unique())
        .select(pl.col("ledger_id").str.replace(r"_\d+$", "").alias("stem"))
        .group_by("stem")
        .agg(pl.len().alias("issued"))
        .collect()
    )
    return (
        lines.join(known, on="stem", how="left", maintain_order="left")
        .with_columns(
            pl.lit(entry).alias("entry"),
            pl.col("journal_no").alias("listed_journal_no"),
            pl.format("{}_{}", "stem", pl.col("issued").fill_null(0) + 1).alias("ledger_id"),
            pl.lit(now).dt.convert_time_zone("Asia/Tokyo").alias("booked_at"),
        )
        .select(_ENTRY_COLUMNS)
        .cast({name: SCHEMA[name] for name in _ENTRY_COLUMNS})
    )


_ENTRY_COLUMNS = [
    "entry",
    "booked_at",
    "submission_id",
    "product",
    "submitter",
    "application_no",
    "line_id",
    "unit",
    "acceptance_date",
    "policyholder_code",
    "listed_journal_no",
    "ledger_id",
]


def lines_of(journal: pl.LazyFrame, entry: str, ledger_id: str) -> pl.DataFrame:
    """The booked lines that stand on a ledger, in journal order."""
    numbers = listings(journal, entry).filter(pl.col("ledger_id") == ledger_id).select("listed_journal_no")
    return (
        bookings(journal)
        .join(numbers, left_on="journal_no", right_on="listed_journal_no", how="semi")
        .collect()
        .sort("journal_no")
    )


def invoices(journal: pl.LazyFrame) -> pl.DataFrame:
    """One row per confirmed ledger with its sums: what finance is told (yen due by danger, lines, issue instant).

    ``premium_*`` is the net of what the ledger's versions make due, ``charged_total`` and ``returned_total`` (both
    positive) its two sides.
    """
    return (
        listings(journal, CONFIRMATION)
        .join(bookings(journal), left_on="listed_journal_no", right_on="journal_no")
        .group_by("ledger_id")
        .agg(
            pl.col("listed_at").min(),
            pl.col("unit").first(),
            pl.col("product").first(),
            pl.col("policyholder_code").first().alias("holder"),
            pl.col("agreement_code").first(),
            pl.len().alias("lines"),
            *(pl.col(f"due_{c}").sum().alias(f"premium_{c}") for c in ("a", "b", "c", "d", "total")),
            pl.col("due_total").clip(0).sum().alias("charged_total"),
            (-pl.col("due_total").clip(None, 0)).sum().alias("returned_total"),
        )
        .sort("listed_at", "ledger_id")
        .collect()
    )
